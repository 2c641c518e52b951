"""Make the graph agree with what the PBX says there is: after every link-up, on demand, and now and then to be sure.

An observation is not an event: the graph jumps to it, whatever the state table says. What a client then sees are ordinary call events.
"""

from __future__ import annotations

from telgw.model.changes import Change, DoNotDisturbChanged, ForwardChanged, MessageWaitingChanged
from telgw.model.facts import ConnectionSnapshot, DeviceSnapshot
from telgw.model.graph import Connection, Device, Graph
from telgw.model.publish import publish
from telgw.model.states import ConnectionState, LineCause, Progress
from telgw.model.table import PROGRESS_OF


def suspend(graph: Graph) -> None:
    """The link is lost: until it is back nobody sees a call, and nothing is told."""
    graph.in_service = False
    graph.held_back.clear()
    graph.suspects.clear()
    for device in graph.devices.values():
        device.published.clear()


def resume(graph: Graph, confirmed: set[tuple[str, str]]) -> list[Change]:
    """The link is back and every monitored device has been compared: forget what the PBX no longer has, tell all that exists.

    `confirmed` are the (call, device) pairs that the snapshots named. Calls that survived keep their ids and durations.
    """
    for device in list(graph.devices.values()):
        if device.monitored:
            for connection in [one for one in device.connections if (one.call.alias, device.number) not in confirmed]:
                graph.drop(connection)
    for call in list(graph.calls.values()):
        if not any(connection.device.monitored for connection in call.connections.values()):
            graph.forget(call)
    graph.in_service = True
    changes: list[Change] = []
    for device in list(graph.devices.values()):
        if device.monitored:
            device.published.clear()
            changes += publish(device, None)
    return changes


def reconcile(graph: Graph, snapshot: DeviceSnapshot, now: float) -> list[Change]:
    """Make the device agree with its snapshot; the changes are the corrections (none while the link is out of service)."""
    device = graph.monitor(snapshot.device)
    told = {seen.call for seen in snapshot.calls}
    touched = [device]
    for connection in [one for one in device.connections if one.call.alias not in told]:
        touched += [other.device for other in connection.call.connections.values()]
        graph.disconnect(connection, now, LineCause.DROPPED_BY_OTHER_PARTY)
    for seen in snapshot.calls:
        _observe(graph, device, seen, now)
        touched += [other.device for other in graph.calls[seen.call].connections.values()]
    changes: list[Change] = []
    if graph.in_service:
        for one in dict.fromkeys(touched):
            if one.monitored:
                changes += publish(one, None)
    graph.forget_unfollowed()
    return changes + _features(device, snapshot)


def _observe(graph: Graph, device: Device, seen: ConnectionSnapshot, now: float) -> None:
    graph.revive(seen.call)
    call = graph.call(seen.call)
    connection = call.connections.get(device.number)
    known = connection is not None and not connection.guessed
    if connection is None:
        connection = graph.connect(call, device.number)
    connection.guessed = False
    if not known:
        connection.outgoing = seen.calling == device.number if seen.outgoing is None else seen.outgoing
    _observe_others(graph, connection, seen)
    connection.state = seen.state
    connection.progress = _progress_after(connection.progress, _progress(seen)) if known else _progress(seen)
    if connection.progress is Progress.ESTABLISHED and connection.connected_at is None:
        connection.connected_at = now
    if seen.state is ConnectionState.HELD and not connection.held_order:
        connection.held_order = graph.next_order()
    graph.give_appearance(connection)
    if seen.extra_data is not None:
        call.extra_data = seen.extra_data
    if seen.first_called is not None:
        call.first_called = seen.first_called
    call.conference = seen.conference
    if not known or connection.peer in ("", None):
        connection.peer = _peer(seen, connection)
        connection.first_called = seen.first_called
        connection.last_redirection = seen.redirecting


def _observe_others(graph: Graph, connection: Connection, seen: ConnectionSnapshot) -> None:
    """The other ends as the snapshot of one device names them. A monitored device has a snapshot of its own, which knows better.

    An end that could not be reached is named as failed, and takes no part in the call.
    """
    call = connection.call
    told = dict(seen.others)
    for number, state in seen.others:
        other = call.connections.get(number)
        if other is None and state is not ConnectionState.FAILED:
            if number in graph.devices and graph.devices[number].monitored:
                graph.suspects.add(number)
                continue
            other = graph.connect(call, number)
            other.guessed = True
            other.state = state
            other.progress = PROGRESS_OF[seen.state] if state is not ConnectionState.ALERTING else Progress.NONE
            other.outgoing = not connection.outgoing
            other.peer = connection.device.number
            graph.give_appearance(other)
        elif other is not None and not other.device.monitored:
            other.state = state
    if told:
        for other in list(call.connections.values()):
            if other is not connection and not other.device.monitored and other.device.number not in told:
                graph.drop(other)


def _progress(seen: ConnectionSnapshot) -> Progress:
    if seen.progress is not None:
        return seen.progress
    if seen.state is ConnectionState.ALERTING:
        return Progress.NONE
    return max((PROGRESS_OF[state] for _, state in seen.others), default=Progress.NONE)


def _progress_after(known: Progress, seen: Progress) -> Progress:
    """Where it rings after a conversation, that was transferred; what is not told is as it was."""
    if known in (Progress.ESTABLISHED, Progress.TRANSFERRED) and seen in (Progress.QUEUED, Progress.REACHED):
        return Progress.TRANSFERRED
    return known if seen is Progress.NONE else seen


def _peer(seen: ConnectionSnapshot, connection: Connection) -> str | None:
    if connection.outgoing:
        if len(seen.others) == 1 and seen.redirecting is not None:
            return seen.others[0][0]
        return seen.called if seen.called is not None else next((number for number, _ in seen.others), "")
    if seen.calling is not None:
        return seen.calling
    return None


def _features(device: Device, snapshot: DeviceSnapshot) -> list[Change]:
    changes: list[Change] = []
    if snapshot.forwards is not None:
        told = dict(snapshot.forwards)
        for type_, number in device.forwards.items():
            if type_ not in told:
                changes.append(ForwardChanged(device.number, type_, False, number))
        for type_, number in told.items():
            if device.forwards.get(type_) != number:
                changes.append(ForwardChanged(device.number, type_, True, number))
        device.forwards = told
    if snapshot.do_not_disturb is not None and snapshot.do_not_disturb is not device.do_not_disturb:
        device.do_not_disturb = snapshot.do_not_disturb
        changes.append(DoNotDisturbChanged(device.number, snapshot.do_not_disturb))
    if snapshot.message_waiting is not None and snapshot.message_waiting is not device.message_waiting:
        device.message_waiting = snapshot.message_waiting
        changes.append(MessageWaitingChanged(device.number, snapshot.message_waiting))
    return changes
