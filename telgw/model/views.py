"""What a device shows of the graph: pure functions from connections to views.

A *view* is what TelServices calls a `call` element: one or two connections of a device under one id (`primCall`, and `secCall` when the
device consults), with the services that are permitted in that state. Presence, line lamps and other protocols read the same views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from telgw.model.permitted import (
    PERMITTED_ALONE,
    PERMITTED_CALLER_QUEUED,
    PERMITTED_CONFERENCE,
    permitted_alone,
    permitted_pair,
)
from telgw.model.states import ConnectionState, LineCause, LineService, LineState, Progress

if TYPE_CHECKING:
    from telgw.model.graph import Connection, Device


#: stands for a number that is not shown. No number looks like it, so views need no second field to say so.
WITHHELD: Final = "*****"


class PartView(NamedTuple):
    """One call of a device (TelServices primCall or secCall).

    Parties are numbers; "" is nobody yet, `WITHHELD` a number that is not shown. Times are seconds of the gateway's clock.
    """

    state: LineState
    other: str
    added: tuple[str, ...]
    first_other: str | None
    first_called: str | None
    last_redirection: str | None
    outgoing: bool
    conference: bool
    cause: LineCause | None
    #: our reference of the call
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


#: Makes a named tuple without its constructor, which is a Python function: views are made for every event of a PBX.
_new: Final = tuple.__new__


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
_BY_PROGRESS = (
    LineState.ORIGINATED,
    LineState.QUEUED,
    LineState.DELIVERED,
    LineState.FAILED,
    LineState.CONNECTED,
    LineState.CONNECTED,
)


def line_state(connection: Connection) -> LineState:
    """The state as the device shows it: its own, and while it is simply connected, that of the far end."""
    if connection.state is ConnectionState.CONNECTED:
        return _BY_PROGRESS[connection.progress]
    return _BY_OWN_STATE[connection.state]


def _service_state(connection: Connection) -> LineState:
    """The state that decides what is permitted: whoever was transferred to somebody who has not answered can do what a caller can."""
    if connection.progress is Progress.TRANSFERRED and connection.state is ConnectionState.CONNECTED:
        return LineState.DELIVERED
    return line_state(connection)


def part_view(connection: Connection) -> PartView:
    """The view of one connection."""
    call = connection.call
    other = connection.peer
    if other is None:
        other = WITHHELD
    added: tuple[str, ...] = ()
    conference = call.conference and len(call.connections) > 2 and connection.state is not ConnectionState.NULL
    if conference:
        other, *rest = _conference_parties(connection, other)
        added = tuple(rest)
    first_called = connection.first_called
    if first_called is not None and first_called in (other, connection.device.number):
        first_called = None
    return _new(
        PartView,
        (
            line_state(connection),
            other,
            added,
            connection.first_other,
            first_called,
            connection.last_redirection,
            connection.outgoing,
            conference,
            connection.cause,
            call.ref,
            connection.connected_at,
            connection.ended_at,
        ),
    )


def _conference_parties(connection: Connection, known: str) -> list[str]:
    """The other parties, the one that was there before the conference first."""
    others = [
        WITHHELD if other.withheld else other.device.number for other in connection.call.connections.values() if other is not connection
    ]
    if known in others:
        others.remove(known)
        return [known, *others]
    # nobody yet, or known to us by another name than its connection: the first one is as good as any
    return others if known == "" else [known, *others[1:]]


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
    state = _service_state(first)
    if len(everything) == 1:
        if state is LineState.CONNECTED and _is_conference(first):
            return PERMITTED_CONFERENCE
        if state is LineState.QUEUED and first.outgoing:
            return PERMITTED_CALLER_QUEUED
        return PERMITTED_ALONE[state]
    if len(connections) > 1:
        others = [_service_state(other) for other in everything if other not in connections]
        return permitted_pair(state, _service_state(connections[1]), others)
    alone: list[LineState] = []
    paired: list[LineState] = []
    for group in appearances(device).values():
        if first not in group:
            (alone if len(group) == 1 else paired).extend(map(_service_state, group))
    return permitted_alone(state, alone, paired, conference=_is_conference(first), outgoing=first.outgoing)


def _is_conference(connection: Connection) -> bool:
    return connection.call.conference and len(connection.call.connections) > 2


def call_view(device: Device, appearance: int, connections: tuple[Connection, ...]) -> CallView:
    """The view of one call element."""
    prim = connections[0]
    sec = connections[1] if len(connections) > 1 else None
    extra = prim.call.extra_data
    if sec is not None and sec.call.extra_data is not None:
        extra = sec.call.extra_data
    view = (appearance, part_view(prim), None if sec is None else part_view(sec), permitted_services(device, connections), extra)
    return _new(CallView, view)
