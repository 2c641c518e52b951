"""Calls that are held and taken back."""

from __future__ import annotations

from telgw.model import facts
from telgw.model.graph import Connection, Device, Graph
from telgw.model.states import ConnectionState, EventCause, LineCause, Progress
from telgw.model.steps import NOBODY, Touched, enter, other_ends
from telgw.model.table import Event

_HELD = ConnectionState.HELD
_CONNECTED = ConnectionState.CONNECTED
_ESTABLISHED = Progress.ESTABLISHED


def held(graph: Graph, fact: facts.Held, now: float) -> Touched:
    """The device holds the call; a conference goes on without it, a single other party is told.

    When the device holds in order to consult, the call that it makes is told by the next fact; a client must see both as one event
    (document, Call, example 3), so the device's own view waits for it.
    """
    connection = enter(graph, fact.call, fact.device, Event.HELD, now)
    if connection is None:
        return NOBODY
    _found_in_the_middle(graph, connection)
    connection.cause = None
    connection.held_order = graph.next_order()
    others = _tell_single_other(connection, LineCause.HELD_BY_OTHER_PARTY)
    if fact.cause is EventCause.CONSULTATION and connection.device.monitored:
        graph.held_back.add(connection.device)
        return others
    return [connection.device, *others]


def retrieved(graph: Graph, fact: facts.Retrieved, now: float) -> Touched:
    """The device takes the call back."""
    connection = enter(graph, fact.call, fact.device, Event.RETRIEVED, now)
    if connection is None:
        return NOBODY
    _found_in_the_middle(graph, connection)
    connection.cause = None
    return [connection.device, *_tell_single_other(connection, LineCause.RETRIEVED_BY_OTHER_PARTY)]


def _found_in_the_middle(graph: Graph, connection: Connection) -> None:
    """A call that is first heard of in the middle of its life: its parties must be asked of the PBX."""
    if connection.appearance == 0:
        connection.progress = _ESTABLISHED
        connection.peer = next((other.device.number for other in other_ends(connection)), None)
        graph.give_appearance(connection)
        if connection.device.monitored:
            graph.suspects.add(connection.device.number)


def _tell_single_other(connection: Connection, cause: LineCause) -> list[Device]:
    others = other_ends(connection)
    if len(others) != 1 or others[0].progress is not _ESTABLISHED:
        return []
    others[0].cause = cause
    return [others[0].device]
