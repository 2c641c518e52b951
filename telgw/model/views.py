"""What a device shows of the graph: pure functions from connections to views.

A *view* is what TelServices calls a `call` element: one or two connections of a device under one id (`primCall`, and `secCall` when the
device consults), with the services that are permitted in that state. Presence, line lamps and other protocols read the same views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from telgw.model.permitted import permitted_alone, permitted_pair
from telgw.model.states import ConnectionState, LineCause, LineService, LineState

if TYPE_CHECKING:
    from telgw.model.graph import Connection, Device


class Party(NamedTuple):
    """A party of a call: its number ("" = nobody yet, None = withheld, then `ref` tells calls apart)."""

    number: str | None
    ref: str


class PartView(NamedTuple):
    """One call of a device (TelServices primCall or secCall). Times are seconds of the gateway's clock."""

    state: LineState
    other: Party
    added: tuple[Party, ...]
    first_other: Party | None
    first_called: Party | None
    last_redirection: Party | None
    outgoing: bool
    conference: bool
    cause: LineCause | None
    ref: str
    # the rest may differ between two views that say the same: see `same_part`
    connected_at: float | None
    ended_at: float | None

    def duration(self, now: float) -> int:
        """Whole seconds since the call was connected; stops when it ends."""
        if self.connected_at is None:
            return 0
        return max(0, int((self.ended_at if self.ended_at is not None else now) - self.connected_at))


_TIMELESS = PartView._fields.index("connected_at")


class CallView(NamedTuple):
    """One call element of a device."""

    id: int
    prim: PartView
    sec: PartView | None
    permitted: tuple[LineService, ...]
    extra_data: str | None


def same_part(one: PartView | None, other: PartView | None) -> bool:
    """Whether the views differ at most in their times."""
    if one is None or other is None:
        return one is other
    return one[:_TIMELESS] == other[:_TIMELESS]


def same_view(one: CallView, other: CallView) -> bool:
    """Whether nothing that a client could print has changed, durations aside."""
    return (
        one.permitted == other.permitted
        and one.extra_data == other.extra_data
        and same_part(one.prim, other.prim)
        and same_part(one.sec, other.sec)
    )


_BY_OWN_STATE = {
    ConnectionState.NULL: LineState.CLEARED,
    ConnectionState.INITIATED: LineState.INITIATED,
    ConnectionState.ALERTING: LineState.ALERTING,
    ConnectionState.HELD: LineState.HOLD,
    ConnectionState.QUEUED: LineState.QUEUED,
    ConnectionState.FAILED: LineState.FAILED,
}
_BY_PROGRESS = (LineState.ORIGINATED, LineState.QUEUED, LineState.DELIVERED, LineState.FAILED, LineState.CONNECTED)


def line_state(connection: Connection) -> LineState:
    """The state as the device shows it: its own, and while it is simply connected, that of the far end."""
    if connection.state is ConnectionState.CONNECTED:
        return _BY_PROGRESS[connection.progress]
    return _BY_OWN_STATE[connection.state]


def part_view(connection: Connection) -> PartView:
    """The view of one connection."""
    call = connection.call
    ref = call.ref
    peer = connection.peer
    added: tuple[Party, ...] = ()
    conference = False
    if call.conference and connection.state is not ConnectionState.NULL:
        others = [other.shown for other in call.connections.values() if other is not connection]
        if len(others) > 1:
            conference = True
            if peer in others:
                others.remove(peer)
            else:
                # nobody yet, or known to us by another name than its connection: the first one is as good as any
                first = others.pop(0)
                peer = first if peer == "" else peer
            added = tuple(Party(number, ref) for number in others)
    first_called = connection.first_called
    if first_called is not None and first_called in (peer, connection.device.number):
        first_called = None
    last = connection.last_redirection
    first_other = connection.first_other
    return PartView(
        line_state(connection),
        Party(peer, ref),
        added,
        None if first_other is None else Party(first_other, ref),
        None if first_called is None else Party(first_called, ref),
        None if last is None else Party(last, ref),
        connection.outgoing,
        conference,
        connection.cause,
        ref,
        connection.connected_at,
        connection.ended_at,
    )


def appearances(device: Device) -> dict[int, tuple[Connection, ...]]:
    """The connections of the device by call element, oldest first in each."""
    connections = device.connections
    if len(connections) == 1:
        return {connections[0].appearance: (connections[0],)}
    groups: dict[int, tuple[Connection, ...]] = {}
    for connection in connections:
        groups[connection.appearance] = (*groups.get(connection.appearance, ()), connection)
    return groups


def permitted_services(device: Device, connections: tuple[Connection, ...]) -> tuple[LineService, ...]:
    """What a client may do with this call element. Exactly this is accepted: `telgw.model.selection` asks here."""
    first = connections[0]
    everything = device.connections
    if len(everything) == 1:
        return permitted_alone(line_state(first), conference=_is_conference(first), outgoing=first.outgoing)
    if len(connections) > 1:
        others = [line_state(other) for other in everything if other not in connections]
        return permitted_pair(line_state(first), line_state(connections[1]), others)
    alone: list[LineState] = []
    paired: list[LineState] = []
    for group in appearances(device).values():
        if first not in group:
            (alone if len(group) == 1 else paired).extend(map(line_state, group))
    return permitted_alone(line_state(first), alone, paired, conference=_is_conference(first), outgoing=first.outgoing)


def _is_conference(connection: Connection) -> bool:
    return connection.call.conference and len(connection.call.connections) > 2


def call_view(device: Device, appearance: int, connections: tuple[Connection, ...]) -> CallView:
    """The view of one call element."""
    prim = connections[0]
    sec = connections[1] if len(connections) > 1 else None
    extra = prim.call.extra_data
    if sec is not None and sec.call.extra_data is not None:
        extra = sec.call.extra_data
    return CallView(
        appearance,
        part_view(prim),
        None if sec is None else part_view(sec),
        permitted_services(device, connections),
        extra,
    )
