"""Transfers and conferences: the two facts that take calls apart and put them together (specs: ECMA-269 Transferred, Conferenced)."""

from __future__ import annotations

from telgw.model import facts
from telgw.model.graph import Call, Connection, Device, Graph
from telgw.model.states import ConnectionState, LineCause, Progress

_ANSWERED = (ConnectionState.CONNECTED, ConnectionState.HELD)


def _gather(graph: Graph, fact: facts.Transferred | facts.Conferenced, now: float) -> tuple[Call, list[Call]]:
    """The resulting call, and the old calls as far as they are known; everybody who stays is moved into the result."""
    names = {fact.primary_old, fact.secondary_old, *(alias for _, alias in fact.parties)} - {None, fact.call}
    olds = [graph.calls[alias] for alias in dict.fromkeys((fact.primary_old, fact.secondary_old)) if alias in graph.calls]
    olds += [call for alias in names if (call := graph.calls.get(alias or "")) is not None and call not in olds]
    seen = {old.alias: peers for old in olds if len(peers := [one.peer for one in old.connections.values()]) == 1}
    graph.revive(fact.call)
    result = graph.call(fact.call)
    for old in olds:
        if old is result:
            continue
        for connection in list(old.connections.values()):
            number = connection.device.number
            if number != fact.device and number in result.connections:
                connection.merged = connection.appearance == result.connections[number].appearance  # it was in both calls
                graph.leave(connection, now, None)
            elif number != fact.device:
                graph.move(connection, result)
        if result.extra_data is None:
            result.extra_data = old.extra_data
        if result.first_called is None:
            result.first_called = old.first_called
        result.conference = result.conference or old.conference
    for number, alias in fact.parties:
        if number not in result.connections and number != fact.device:
            stranger = graph.connect(result, number)
            stranger.state = ConnectionState.CONNECTED
            stranger.progress = Progress.ESTABLISHED
            stranger.connected_at = now
            if alias in seen:
                stranger.shown = seen[alias][0]  # whoever talked to it alone knows it by its number
            graph.give_appearance(stranger)
            if stranger.device.monitored:
                graph.suspects.add(number)
    return result, olds


def transferred(graph: Graph, fact: facts.Transferred, now: float) -> list[Device]:
    """The device joined the other ends and left: for it everything is cleared, for them the other party changes.

    Durations are told once more as they were with the device that transfers, then start again (document, Call).
    """
    leaving = [
        connection
        for alias in dict.fromkeys((fact.primary_old, fact.secondary_old))
        if alias is not None
        and (call := graph.calls.get(alias)) is not None
        and (connection := call.connections.get(fact.device)) is not None
    ]
    known = graph.calls.get(fact.call)
    if not leaving and known is not None and fact.device in known.left:
        return []  # told twice
    result, olds = _gather(graph, fact, now)
    touched: list[Device] = [connection.device for connection in leaving[:1]]
    result.left.add(fact.device)
    for connection in leaving:
        graph.leave(connection, now, LineCause.TRANSFER)
    graph.left.append(result)  # perhaps nobody who is monitored is in it
    for connection in result.connections.values():
        _follow_transfer(graph, result, connection, fact)
        touched.append(connection.device)
    result.conference = sum(connection.state in _ANSWERED for connection in result.connections.values()) > 2
    _bury(graph, olds, result, now)
    return touched


def _follow_transfer(graph: Graph, result: Call, connection: Connection, fact: facts.Transferred) -> None:
    answered = [other for other in result.connections.values() if other is not connection and other.state in _ANSWERED]
    others = [other.shown for other in result.connections.values() if other is not connection]
    if connection.state in _ANSWERED and connection.connected_at is not None:
        connection.progress = Progress.ESTABLISHED if answered else Progress.TRANSFERRED
        graph.restarting.append(connection)
    if len(others) == 1:
        connection.peer = others[0]
    elif not others:
        connection.peer = fact.destination
    elif connection.peer not in others:
        connection.peer = answered[0].shown if answered else others[0]
    connection.first_other = None
    connection.last_redirection = fact.device
    connection.cause = LineCause.TRANSFER


def conferenced(graph: Graph, fact: facts.Conferenced, now: float) -> list[Device]:
    """The device joined its calls and stays, or added a party: everybody is in one call."""
    own = [
        connection
        for alias in dict.fromkeys((fact.primary_old, fact.secondary_old, fact.call))
        if alias is not None
        and (call := graph.calls.get(alias)) is not None
        and (connection := call.connections.get(fact.device)) is not None
    ]
    result, olds = _gather(graph, fact, now)
    if own:
        keeping = own[0]
        for merged in own[1:]:
            if merged is not keeping:
                merged.merged = merged.appearance == keeping.appearance
                graph.leave(merged, now, LineCause.CONFERENCE)
        if keeping.call is not result:
            graph.move(keeping, result)
        if fact.secondary_old is not None and keeping.state is ConnectionState.HELD:
            keeping.state = ConnectionState.CONNECTED
    result.conference = sum(connection.state in _ANSWERED for connection in result.connections.values()) > 2
    for connection in result.connections.values():
        if connection.state in (ConnectionState.CONNECTED, ConnectionState.HELD):
            connection.progress = Progress.ESTABLISHED
            connection.first_other = None
            if connection.connected_at is None:
                connection.connected_at = now
            if result.conference:
                connection.cause = LineCause.CONFERENCE
    _bury(graph, olds, result, now)
    return [connection.device for connection in result.connections.values()]


def _bury(graph: Graph, olds: list[Call], result: Call, now: float) -> None:
    for old in olds:
        if old is not result and not old.connections:
            graph.bury(old.alias, now)
    if not result.connections:
        graph.bury(result.alias, now)
