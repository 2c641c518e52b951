"""From the graph to changes: compare what a device shows now with what was last told of it, and say the difference.

The document's event rules are kept here (decisions 26 to 29 in docs/decisions.md): a call that ends is told once, as `cleared`, together
with what remains of its element; what is told already is not told again; durations alone are no change.
"""

from __future__ import annotations

from telgw.model.callview import CallView, same_view
from telgw.model.changes import CallChanged
from telgw.model.facts import Fact
from telgw.model.graph import Connection, Device
from telgw.model.states import ConnectionState
from telgw.model.views import appearances, call_view, part_view

_NULL = ConnectionState.NULL


def publish(device: Device, fact: Fact | None) -> list[CallChanged]:
    """The changes of the device since the last time, oldest call element first."""
    published = device.published
    if len(device.connections) == 1 and len(published) <= 1:
        # nearly always a device has one call; this is the loop below for that case
        only = device.connections[0]
        known = published.get(only.appearance)
        if (known is None and not published) or (known is not None and known[0] == (only,)):
            view = call_view(device, only.appearance, (only,))
            if known is not None and same_view(known[1], view):
                return []
            published[only.appearance] = ((only,), view)
            return [CallChanged(device.number, view, fact)]
    changes: list[CallChanged] = []
    groups = appearances(device)
    for appearance in [known for known in published if known not in groups]:
        connections, _ = published.pop(appearance)
        changes.append(CallChanged(device.number, _ended_view(appearance, connections), fact))
    for appearance, connections in groups.items():
        view = call_view(device, appearance, connections)
        known = published.get(appearance)
        if known is not None:
            ended = [old for old in known[0] if old.state is _NULL and not old.merged]
            if ended:
                changes.append(CallChanged(device.number, _with_ended(view, known[0], connections), fact))
                if known[0][0] not in ended:
                    # the second call is gone, and that was just told with all that remains
                    published[appearance] = (connections, view)
                    continue
            elif same_view(known[1], view):
                continue
        published[appearance] = (connections, view)
        changes.append(CallChanged(device.number, view, fact))
    return changes


def _ended_view(appearance: int, connections: tuple[Connection, ...]) -> CallView:
    """The last view of a call element: everything cleared, nothing permitted."""
    prim = connections[0]
    sec = connections[1] if len(connections) > 1 else None
    return CallView(
        appearance,
        part_view(prim),
        None if sec is None or sec.merged else part_view(sec),
        (),
        prim.call.extra_data,
    )


def _with_ended(view: CallView, old: tuple[Connection, ...], now: tuple[Connection, ...]) -> CallView:
    """The view of a call element that has just lost one of its calls, the lost one shown once more in its old place."""
    if old[0].state is _NULL:
        return view._replace(prim=part_view(old[0]), sec=part_view(now[0]))
    return view._replace(sec=part_view(old[1]))


def current(device: Device) -> list[CallView]:
    """All call elements that the device shows now."""
    return [call_view(device, appearance, connections) for appearance, connections in appearances(device).items()]
