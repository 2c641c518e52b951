"""What each fact does to the graph. `apply` is the only way in for events; `telgw.model.reconcile` is the one for observations.

Every function below takes a fact, moves the connection it is about by the state table, tells the other ends of the call what they learn,
and returns the devices whose views may have changed. Applying a fact twice changes nothing the second time.
Long because it has one function for each fact, and those share what a connection learns of its far end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from telgw.base.limits import MAX_CALLS_PER_DEVICE
from telgw.model import facts
from telgw.model.changes import Change, DoNotDisturbChanged, ForwardChanged, MessageWaitingChanged
from telgw.model.graph import Call, Connection, Device, Graph
from telgw.model.joins import conferenced, transferred
from telgw.model.publish import publish
from telgw.model.states import ConnectionState, EventCause, LineCause, Progress
from telgw.model.table import PROGRESS_OF, TRANSITIONS, Event, Verdict, progress_after

Touched = Iterable[Device]
NOBODY: Final[tuple[Device, ...]] = ()

_HELD = ConnectionState.HELD
_CONNECTED = ConnectionState.CONNECTED
_ESTABLISHED = Progress.ESTABLISHED

#: ECMA-269 causes of a failed call that TelServices calls `busy`; all others are `destNotObtainable`
_BUSY: Final = frozenset({EventCause.BUSY, EventCause.CALL_FORWARD_BUSY})


def apply(graph: Graph, fact: facts.Fact, now: float) -> list[Change]:
    """Apply the fact; the changes are for monitored devices only, in the order in which they are to be told.

    `now` is the gateway's clock in seconds. A fact that cannot have happened changes nothing: it is counted in `graph.illegal`, and its
    device is put into `graph.suspects` to be compared with the PBX.
    """
    touched = _APPLY[type(fact)](graph, fact, now)
    changes: list[Change] = []
    for device in touched:
        if not isinstance(device, Device):
            changes.append(device)  # a feature: there is nothing to compare
        elif device.monitored and graph.in_service:
            if graph.held_back:
                graph.held_back.discard(device)
            changes += publish(device, fact)
    if graph.restarting:
        graph.restart_durations(now)
    if graph.left:
        graph.forget_unfollowed()
    return changes


def flush(graph: Graph) -> list[Change]:
    """Tell what was held back for a second half that did not come (see `held`)."""
    changes: list[Change] = []
    for device in sorted(graph.held_back, key=lambda device: device.number):
        changes += publish(device, None)
    graph.held_back.clear()
    return changes


def _step(graph: Graph, connection: Connection, event: Event) -> bool:
    """Move the connection by the table; False when the event is old news or impossible."""
    entry = TRANSITIONS[connection.state, event]
    if isinstance(entry, Verdict):
        if entry is Verdict.ILLEGAL:
            graph.suspect(connection.device)
        return False
    connection.state = entry
    return True


def _enter(graph: Graph, alias: str, number: str, event: Event, now: float) -> Connection | None:
    """The connection that the fact is about, made if need be, and moved by the table. None: nothing happened."""
    call = graph.calls.get(alias)
    if call is None:
        if graph.is_dead(alias, now):
            return None
        call = graph.call(alias)
    connection = call.connections.get(number)
    if connection is None:
        if number in call.left:
            if event is not Event.DELIVERED and event is not Event.QUEUED:
                return None
            call.left.discard(number)  # the call has come back to it
        if len(graph.device(number).connections) >= MAX_CALLS_PER_DEVICE:
            graph.suspect(graph.device(number))
            return None
        connection = graph.connect(call, number)
        connection.progress = max((PROGRESS_OF[other.state] for other in _others(connection)), default=Progress.NONE)
    return connection if _step(graph, connection, event) else None


def _others(connection: Connection) -> list[Connection]:
    return [other for other in connection.call.connections.values() if other is not connection]


def _devices(call: Call) -> list[Device]:
    return [connection.device for connection in call.connections.values()]


def initiated(graph: Graph, fact: facts.ServiceInitiated, now: float) -> Touched:
    """Off hook. The event begins a call, so its name cannot be that of a dead one."""
    graph.revive(fact.call)
    connection = _enter(graph, fact.call, fact.device, Event.INITIATED, now)
    if connection is None:
        return NOBODY
    connection.outgoing = True
    graph.give_appearance(connection, fact.cause)
    return (connection.device,)


def originated(graph: Graph, fact: facts.Originated, now: float) -> Touched:
    """The number is dialled."""
    connection = _enter(graph, fact.call, fact.device, Event.ORIGINATED, now)
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
    connection = _enter(graph, fact.call, fact.device, Event.DELIVERED, now)
    if connection is None:
        return NOBODY
    connection.peer = fact.calling
    others = _others(connection)
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
    connection = _enter(graph, fact.call, fact.device, event, now)
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
    for other in _others(connection):
        if other.progress is not _ESTABLISHED:
            _told_arrival(other, fact, told)
    call.diverting = None
    return _devices(call)


def established(graph: Graph, fact: facts.Established, now: float) -> Touched:
    """The device answered: for both ends the conversation begins now."""
    connection = _enter(graph, fact.call, fact.device, Event.ESTABLISHED, now)
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
    for other in _others(connection):
        if other.progress is not _ESTABLISHED and other.state in (_CONNECTED, _HELD):
            transferred_before = other.progress is Progress.TRANSFERRED
            _told_arrival(other, fact, _ESTABLISHED)
            if not transferred_before:
                other.connected_at = now
    call.diverting = None
    return _devices(call)


def held(graph: Graph, fact: facts.Held, now: float) -> Touched:
    """The device holds the call; a conference goes on without it, a single other party is told.

    When the device holds in order to consult, the call that it makes is told by the next fact; a client must see both as one event
    (document, Call, example 3), so the device's own view waits for it.
    """
    connection = _enter(graph, fact.call, fact.device, Event.HELD, now)
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
    connection = _enter(graph, fact.call, fact.device, Event.RETRIEVED, now)
    if connection is None:
        return NOBODY
    _found_in_the_middle(graph, connection)
    connection.cause = None
    return [connection.device, *_tell_single_other(connection, LineCause.RETRIEVED_BY_OTHER_PARTY)]


def _found_in_the_middle(graph: Graph, connection: Connection) -> None:
    """A call that is first heard of in the middle of its life: its parties must be asked of the PBX."""
    if connection.appearance == 0:
        connection.progress = _ESTABLISHED
        connection.peer = next((other.device.number for other in _others(connection)), None)
        graph.give_appearance(connection)
        if connection.device.monitored:
            graph.suspects.add(connection.device.number)


def _tell_single_other(connection: Connection, cause: LineCause) -> list[Device]:
    others = _others(connection)
    if len(others) != 1 or others[0].progress is not _ESTABLISHED:
        return []
    others[0].cause = cause
    return [others[0].device]


def failed(graph: Graph, fact: facts.Failed, now: float) -> Touched:
    """The call cannot be completed, or (blocked) the device is left in a call that is over."""
    call = graph.calls.get(fact.call)
    connection = None if call is None else call.connections.get(fact.device)
    if call is None or not call.connections:
        if fact.calling != fact.device:
            return NOBODY  # nobody whom we follow is calling, and the refusing device takes no part
        connection = _enter(graph, fact.call, fact.device, Event.FAILED, now)
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
        if not _step(graph, connection, Event.FAILED):
            return NOBODY
        connection.cause = _failure(fact.cause)
        return (connection.device,)
    touched = _devices(call)
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
    touched = _devices(call)
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
        if fact.device in call.left or len(call.connections) != 1:
            return NOBODY
        return _over(graph, call, now)  # the other end was never told to us: a trunk, a device that nobody follows
    touched = _devices(call)
    conversing = _converses(leaving)
    graph.disconnect(leaving, now)
    remaining = list(call.connections.values())
    if len(remaining) == 1:
        last = remaining[0]
        if conversing or not _converses(last):
            graph.disconnect(last, now, LineCause.DROPPED_BY_OTHER_PARTY)
    elif conversing:
        for connection in remaining:
            _left_with(connection, leaving, [one for one in remaining if one is not connection])
        call.conference = call.conference and len(remaining) > 2
    return touched


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
    if connection is None or not _step(graph, connection, Event.DIVERTED):
        return NOBODY
    cause = LineCause.ROUTE if fact.cause is EventCause.DISTRIBUTED else LineCause.REDIRECT
    graph.disconnect(connection, now, cause)
    if not call.connections:
        graph.revive(fact.call)  # it goes on elsewhere under the same name
    return (connection.device,)


def call_information(graph: Graph, fact: facts.CallInformation, now: float) -> Touched:
    """New correlator data."""
    call = graph.calls.get(fact.call)
    if call is None:
        return NOBODY
    call.extra_data = fact.extra_data
    return _devices(call)


def forwarding(graph: Graph, fact: facts.Forwarding, now: float) -> Iterable[Change]:
    """A forwarding was set or taken back."""
    device = graph.devices.get(fact.device)
    if device is None or not device.monitored:
        return ()
    before = device.forwards.get(fact.type)
    if fact.on:
        device.forwards[fact.type] = fact.number
        return () if before == fact.number else (ForwardChanged(fact.device, fact.type, True, fact.number),)
    device.forwards.pop(fact.type, None)
    return () if before is None else (ForwardChanged(fact.device, fact.type, False, before),)


def do_not_disturb(graph: Graph, fact: facts.DoNotDisturb, now: float) -> Iterable[Change]:
    """Do not disturb was switched."""
    device = graph.devices.get(fact.device)
    if device is None or not device.monitored or device.do_not_disturb is fact.on:
        return ()
    device.do_not_disturb = fact.on
    return (DoNotDisturbChanged(fact.device, fact.on),)


def message_waiting(graph: Graph, fact: facts.MessageWaiting, now: float) -> Iterable[Change]:
    """The message lamp was switched."""
    device = graph.devices.get(fact.device)
    if device is None or not device.monitored or device.message_waiting is fact.on:
        return ()
    device.message_waiting = fact.on
    return (MessageWaitingChanged(fact.device, fact.on),)


_APPLY: Final[dict[type, Callable[[Graph, Any, float], Iterable[Any]]]] = {
    facts.ServiceInitiated: initiated,
    facts.Originated: originated,
    facts.NetworkReached: network_reached,
    facts.Delivered: delivered,
    facts.Queued: queued,
    facts.Established: established,
    facts.Failed: failed,
    facts.Held: held,
    facts.Retrieved: retrieved,
    facts.ConnectionCleared: connection_cleared,
    facts.CallCleared: call_cleared,
    facts.Diverted: diverted,
    facts.Transferred: transferred,
    facts.Conferenced: conferenced,
    facts.CallInformation: call_information,
    facts.Forwarding: forwarding,
    facts.DoNotDisturb: do_not_disturb,
    facts.MessageWaiting: message_waiting,
}
