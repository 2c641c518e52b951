"""The first step of every call event: find the connection that it is about, make it if need be, and move it by the state table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from telgw.base.limits import MAX_CALLS_PER_DEVICE
from telgw.model.graph import Call, Connection, Device, Graph
from telgw.model.states import Progress
from telgw.model.table import PROGRESS_OF, TRANSITIONS, Event, Verdict

#: what an event function returns: the devices whose views may have changed
Touched = Iterable[Device]
NOBODY: Final[tuple[Device, ...]] = ()

#: what brings a device into a call that it has left
_COMING_BACK: Final = frozenset({Event.DELIVERED, Event.QUEUED, Event.ESTABLISHED})


def step(graph: Graph, connection: Connection, event: Event) -> bool:
    """Move the connection by the table; False when the event is old news or impossible."""
    entry = TRANSITIONS[connection.state, event]
    if isinstance(entry, Verdict):
        if entry is Verdict.ILLEGAL:
            graph.suspect(connection.device)
        return False
    connection.state = entry
    return True


def enter(graph: Graph, alias: str, number: str, event: Event, now: float) -> Connection | None:
    """The connection that the fact is about, made if need be, and moved by the table. None: nothing happened."""
    call = graph.calls.get(alias)
    if call is None:
        if graph.is_dead(alias, now):
            return None
        call = graph.call(alias)
    connection = call.connections.get(number)
    if connection is None:
        if number in call.left:
            if event not in _COMING_BACK:
                return None
            if event is Event.ESTABLISHED:
                graph.suspects.add(number)  # back without having rung (a pickup), or late news: the PBX will tell
            call.left.discard(number)  # the call has come back to it
        if len(graph.device(number).connections) >= MAX_CALLS_PER_DEVICE:
            graph.suspect(graph.device(number))
            return None
        connection = graph.connect(call, number)
        connection.progress = max((PROGRESS_OF[other.state] for other in other_ends(connection)), default=Progress.NONE)
    return connection if step(graph, connection, event) else None


def other_ends(connection: Connection) -> list[Connection]:
    return [other for other in connection.call.connections.values() if other is not connection]


def devices(call: Call) -> list[Device]:
    return [connection.device for connection in call.connections.values()]
