"""Calls that begin and arrive: from the dial tone to the answer."""

from __future__ import annotations

from telgw.model import facts
from telgw.model.graph import Connection, Graph
from telgw.model.states import ConnectionState, EventCause, LineCause, Progress
from telgw.model.steps import NOBODY, Touched, devices, enter, other_ends
from telgw.model.table import PROGRESS_OF, Event, progress_after

_HELD = ConnectionState.HELD
_CONNECTED = ConnectionState.CONNECTED
_ESTABLISHED = Progress.ESTABLISHED


def initiated(graph: Graph, fact: facts.ServiceInitiated, now: float) -> Touched:
    """Off hook. The event begins a call, so its name cannot be that of a dead one."""
    graph.revive(fact.call)
    connection = enter(graph, fact.call, fact.device, Event.INITIATED, now)
    if connection is None:
        return NOBODY
    connection.outgoing = True
    graph.give_appearance(connection, fact.cause)
    return (connection.device,)


def originated(graph: Graph, fact: facts.Originated, now: float) -> Touched:
    """The number is dialled."""
    connection = enter(graph, fact.call, fact.device, Event.ORIGINATED, now)
    if connection is None:
        return NOBODY
    call = connection.call
    connection.outgoing = True
    if not connection.peer:
        connection.peer = fact.called
    graph.give_appearance(connection, fact.cause)
    if call.first_called is None:
        call.first_called = fact.called
    if fact.extra_data is not None:
        call.extra_data = fact.extra_data
    return (connection.device,)


def _arrive(connection: Connection, fact: facts.Delivered | facts.Queued | facts.Established) -> None:
    """What the device where a call arrives is told about it."""
    call = connection.call
    redirecting = fact.redirecting or call.diverting
    if call.first_called is None:
        call.first_called = fact.called
    connection.peer = fact.calling
    connection.first_called = fact.called or call.first_called
    connection.last_redirection = redirecting
    connection.cause = None


def _told_arrival(
    other: Connection, fact: facts.Delivered | facts.Queued | facts.Established | facts.NetworkReached, told: Progress
) -> None:
    """What the other end learns when its call arrives somewhere."""
    call = other.call
    redirecting = None if isinstance(fact, facts.NetworkReached) else fact.redirecting or call.diverting
    caller = other.outgoing or other.progress is Progress.TRANSFERRED
    other.progress = progress_after(other.progress, told)
    redirected = redirecting is not None and (other.last_redirection != redirecting or other.peer != fact.device)
    if redirected and caller:
        other.peer = fact.device
        other.last_redirection = redirecting
        other.first_called = call.first_called
        other.cause = LineCause.ROUTE if fact.cause is EventCause.DISTRIBUTED else LineCause.REDIRECT
    elif fact.cause is EventCause.CALL_PICKUP and caller:
        other.peer = fact.device
        other.cause = LineCause.REDIRECT
    elif other.progress is not Progress.TRANSFERRED:
        other.cause = None
        if other.peer == "":
            other.peer = fact.called or fact.device


def network_reached(graph: Graph, fact: facts.NetworkReached, now: float) -> Touched:
    """The call is in the public network: for the caller the same as delivered, since more may never be told."""
    connection = enter(graph, fact.call, fact.device, Event.DELIVERED, now)
    if connection is None:
        return NOBODY
    connection.peer = fact.calling
    others = other_ends(connection)
    for other in others:
        if other.progress is not _ESTABLISHED:
            _told_arrival(other, fact, Progress.REACHED)
    return [other.device for other in others]


def delivered(graph: Graph, fact: facts.Delivered, now: float) -> Touched:
    """The device rings."""
    return _arrived(graph, fact, Event.DELIVERED, now)


def queued(graph: Graph, fact: facts.Queued, now: float) -> Touched:
    """The call waits at the device."""
    return _arrived(graph, fact, Event.QUEUED, now)


def _arrived(graph: Graph, fact: facts.Delivered | facts.Queued, event: Event, now: float) -> Touched:
    connection = enter(graph, fact.call, fact.device, event, now)
    if connection is None:
        return NOBODY
    call = connection.call
    graph.give_appearance(connection, fact.cause)
    _arrive(connection, fact)
    if isinstance(fact, facts.Delivered):
        connection.first_other = fact.consulting_for
    if fact.extra_data is not None:
        call.extra_data = fact.extra_data
    told = PROGRESS_OF[connection.state]
    for other in other_ends(connection):
        if other.progress is not _ESTABLISHED:
            _told_arrival(other, fact, told)
    call.diverting = None
    return devices(call)


def established(graph: Graph, fact: facts.Established, now: float) -> Touched:
    """The device answered: for both ends the conversation begins now."""
    connection = enter(graph, fact.call, fact.device, Event.ESTABLISHED, now)
    if connection is None:
        return NOBODY
    call = connection.call
    if connection.appearance == 0:
        graph.give_appearance(connection, fact.cause)
        connection.outgoing = fact.calling == fact.device
        _arrive(connection, fact)
        if connection.outgoing:
            connection.peer = fact.called
    connection.cause = None
    connection.progress = _ESTABLISHED
    connection.connected_at = now
    if fact.extra_data is not None:
        call.extra_data = fact.extra_data
    for other in other_ends(connection):
        if other.progress is not _ESTABLISHED and other.state in (_CONNECTED, _HELD):
            transferred_before = other.progress is Progress.TRANSFERRED
            _told_arrival(other, fact, _ESTABLISHED)
            if not transferred_before:
                other.connected_at = now
    call.diverting = None
    return devices(call)
