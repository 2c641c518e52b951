"""Calls that fail, end, or leave a device for another."""

from __future__ import annotations

from typing import Final

from telgw.model import facts
from telgw.model.graph import Call, Connection, Graph
from telgw.model.states import ConnectionState, EventCause, LineCause, Progress
from telgw.model.steps import NOBODY, Touched, devices, enter, step
from telgw.model.table import Event

_HELD = ConnectionState.HELD
_CONNECTED = ConnectionState.CONNECTED
_ESTABLISHED = Progress.ESTABLISHED

#: ECMA-269 causes of a failed call that TelServices calls `busy`; all others are `destNotObtainable`
_BUSY: Final = frozenset({EventCause.BUSY, EventCause.CALL_FORWARD_BUSY})


def failed(graph: Graph, fact: facts.Failed, now: float) -> Touched:
    """The call cannot be completed, or (blocked) the device is left in a call that is over."""
    call = graph.calls.get(fact.call)
    connection = None if call is None else call.connections.get(fact.device)
    if call is None or not call.connections:
        if fact.calling != fact.device:
            return NOBODY  # nobody whom we follow is calling, and the refusing device takes no part
        connection = enter(graph, fact.call, fact.device, Event.FAILED, now)
        if connection is None:
            return NOBODY
        connection.outgoing = True
        connection.peer = fact.called
        connection.cause = _failure(fact.cause)
        graph.give_appearance(connection, fact.cause)
        return (connection.device,)
    if connection is not None and connection.progress is _ESTABLISHED:
        return _over(graph, call, now) if fact.cause is EventCause.BLOCKED else NOBODY
    if connection is not None and connection.outgoing:
        if not step(graph, connection, Event.FAILED):
            return NOBODY
        connection.cause = _failure(fact.cause)
        return (connection.device,)
    touched = devices(call)
    if connection is not None:
        graph.disconnect(connection, now)
    for other in call.connections.values():
        if other.progress is not _ESTABLISHED:
            other.progress = Progress.FAILED
            other.cause = _failure(fact.cause)
    return touched


def _failure(cause: EventCause) -> LineCause:
    return LineCause.BUSY if cause in _BUSY else LineCause.DEST_NOT_OBTAINABLE


def _over(graph: Graph, call: Call, now: float) -> Touched:
    """The call is over for everybody who is still in it, and none of them ended it."""
    touched = devices(call)
    for connection in list(call.connections.values()):
        graph.disconnect(connection, now, LineCause.DROPPED_BY_OTHER_PARTY)
    return touched


def connection_cleared(graph: Graph, fact: facts.ConnectionCleared, now: float) -> Touched:
    """A device left. A call of two is then over; a conference goes on while two remain."""
    call = graph.calls.get(fact.call)
    if call is None:
        return NOBODY
    leaving = call.connections.get(fact.device)
    if leaving is None:
        return NOBODY if fact.device in call.left else _stranger_cleared(graph, call, now)
    touched = devices(call)
    conversing = _converses(leaving)
    graph.disconnect(leaving, now)
    remaining = list(call.connections.values())
    if len(remaining) == 1:
        last = remaining[0]
        if conversing or not _converses(last):
            graph.disconnect(last, now, LineCause.DROPPED_BY_OTHER_PARTY)
    if call.connections:
        call.left.add(fact.device)
    if conversing and len(remaining) > 1:
        for connection in remaining:
            _left_with(connection, leaving, [one for one in remaining if one is not connection])
        call.conference = call.conference and sum(one.state in (_CONNECTED, _HELD) for one in remaining) > 2
    return touched


def _stranger_cleared(graph: Graph, call: Call, now: float) -> Touched:
    """An end left that was never told to us: a trunk, a device that nobody follows."""
    if len(call.connections) == 1:
        return _over(graph, call, now)
    talking = [one for one in call.connections.values() if _converses(one)]
    if len(talking) != 1:
        return NOBODY
    # it was who the only one of ours who talks was talking to; the others only ring
    alone = talking[0]
    alone.peer = next(one.shown for one in call.connections.values() if one is not alone)
    alone.cause, alone.progress = None, Progress.TRANSFERRED
    return devices(call)


def _converses(connection: Connection) -> bool:
    return connection.progress is _ESTABLISHED and connection.state in (_CONNECTED, _HELD)


def _left_with(connection: Connection, leaving: Connection, others: list[Connection]) -> None:
    """One party of several has left; whoever stays talks to the others, or waits for one that was invited."""
    if connection.peer == leaving.shown or len(others) == 1:
        connection.peer = others[0].shown
    if connection.progress is _ESTABLISHED:
        connection.cause = None
        if not any(other.state in (_CONNECTED, _HELD) for other in others):
            connection.progress = Progress.TRANSFERRED


def call_cleared(graph: Graph, fact: facts.CallCleared, now: float) -> Touched:
    """The call is over."""
    call = graph.calls.get(fact.call)
    return NOBODY if call is None else _over(graph, call, now)


def diverted(graph: Graph, fact: facts.Diverted, now: float) -> Touched:
    """The call leaves the device for another; who called is told when it arrives there."""
    call = graph.calls.get(fact.call)
    if call is None:
        return NOBODY
    call.diverting = fact.device
    connection = call.connections.get(fact.device)
    if connection is None or not step(graph, connection, Event.DIVERTED):
        return NOBODY
    cause = LineCause.ROUTE if fact.cause is EventCause.DISTRIBUTED else LineCause.REDIRECT
    graph.disconnect(connection, now, cause)
    call.left.add(fact.device)
    if not call.connections:
        graph.revive(fact.call)  # it goes on elsewhere under the same name
    return (connection.device,)
