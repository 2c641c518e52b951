"""What a device shows of the graph: pure functions from connections to views.

A *view* is what TelServices calls a `call` element: one or two connections of a device under one id (`primCall`, and `secCall` when the
device consults), with the services that are permitted in that state. Presence, line lamps and other protocols read the same views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from telgw.model.callview import WITHHELD, CallView, PartView
from telgw.model.permitted import (
    ACTIVE,
    JOINING,
    PERMITTED_ALONE,
    PERMITTED_CALLER_QUEUED,
    PERMITTED_CONFERENCE,
    permitted_alone,
    permitted_pair,
)
from telgw.model.states import ConnectionState, LineService, LineState, Progress

if TYPE_CHECKING:
    from telgw.model.graph import Connection, Device


#: Makes a named tuple without its constructor, which is a Python function: views are made for every event of a PBX.
_new: Final = tuple.__new__

_ESTABLISHED = Progress.ESTABLISHED
_RINGING = (ConnectionState.ALERTING, ConnectionState.QUEUED)

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
            call.alias,
            connection.connected_at,
            connection.ended_at,
        ),
    )


def _conference_parties(connection: Connection, known: str) -> list[str]:
    """The other parties, the one that was there before the conference first."""
    others = [
        WITHHELD if other.shown is None else other.shown for other in connection.call.connections.values() if other is not connection
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
        if state is LineState.CONNECTED and _several(first):
            return PERMITTED_CONFERENCE
        if state is LineState.QUEUED and first.outgoing:
            return PERMITTED_CALLER_QUEUED
        return PERMITTED_ALONE[state]
    if len(connections) > 1:
        others = [_service_state(other) for other in everything if other not in connections]
        services = permitted_pair(state, _service_state(connections[1]), others)
        return services if joinable(first, connections[1]) else _without_joining(services)
    alone: list[Connection] = []
    paired: list[LineState] = []
    for group in appearances(device).values():
        if len(group) > 1:
            paired.extend(map(_service_state, group))
        elif first not in group:
            alone.append(group[0])
    states = [_service_state(other) for other in alone]
    services = permitted_alone(state, states, paired, conference=_several(first), outgoing=first.outgoing)
    if state is LineState.HOLD:
        partners = [other for other, its in zip(alone, states, strict=True) if its in ACTIVE]
    else:
        partners = [other for other, its in zip(alone, states, strict=True) if its is LineState.HOLD]
    return services if any(joinable(first, other) for other in partners) else _without_joining(services)


def _several(connection: Connection) -> bool:
    """Whether more than two take part in the call or are invited. Who is not told to us is there if our party talks to nobody else."""
    connections = connection.call.connections
    if len(connections) != 2 or connection.progress is not _ESTABLISHED:
        return len(connections) > 2
    return any(other.state in _RINGING for other in connections.values() if other is not connection)


def joinable(one: Connection, other: Connection) -> bool:
    """Whether the calls can be made one: somebody has answered, and nobody but the device itself is in both."""
    if _ESTABLISHED not in (one.progress, other.progress):
        return False
    return len(one.call.connections.keys() & other.call.connections.keys()) == 1


def _without_joining(services: tuple[LineService, ...]) -> tuple[LineService, ...]:
    return tuple(service for service in services if service not in JOINING)


def call_view(device: Device, appearance: int, connections: tuple[Connection, ...]) -> CallView:
    """The view of one call element."""
    prim = connections[0]
    sec = connections[1] if len(connections) > 1 else None
    extra = prim.call.extra_data
    if sec is not None and sec.call.extra_data is not None:
        extra = sec.call.extra_data
    view = (appearance, part_view(prim), None if sec is None else part_view(sec), permitted_services(device, connections), extra)
    return _new(CallView, view)
