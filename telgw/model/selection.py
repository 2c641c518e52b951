"""Which call a request is about.

A client names a device and, if it likes, the numbers of other parties; the model finds the one call that permits the service. No call
permits it, or none has that other party: there is no call to act on (`noCall`). The order of preference is noted in docs/decisions.md.
"""

from __future__ import annotations

from typing import NamedTuple

from telgw.base.numbers import same_number
from telgw.model.callview import WITHHELD
from telgw.model.graph import Connection, Device
from telgw.model.permitted import JOINING
from telgw.model.states import LineService, LineState
from telgw.model.views import appearances, joinable, line_state, part_view, permitted_services

#: which of the states that permit a service is acted on first
_PREFERENCE = {
    LineService.DROP: (
        LineState.CONNECTED,
        LineState.DELIVERED,
        LineState.ORIGINATED,
        LineState.INITIATED,
        LineState.QUEUED,
        LineState.FAILED,
    ),
    LineService.ANSWER: (LineState.ALERTING,),
    LineService.HOLD: (LineState.CONNECTED,),
    LineService.RETRIEVE: (LineState.HOLD,),
    LineService.CONSULTATION: (LineState.CONNECTED,),
    LineService.DIVERT: (LineState.ALERTING, LineState.QUEUED, LineState.CONNECTED),
}
_PAIRED = {
    LineService.RECONNECT: _PREFERENCE[LineService.DROP],
    LineService.TRANSFER: (LineState.CONNECTED, LineState.DELIVERED),
    LineService.ALTERNATE: (LineState.CONNECTED,),
    LineService.CONFERENCE: (LineState.CONNECTED,),
}


class Pair(NamedTuple):
    """The active and the held connection of a two-call service."""

    active: Connection
    held: Connection


def _has_other(connection: Connection, number: str | None) -> bool:
    if not number:
        return True
    view = part_view(connection)
    withheld = f"{WITHHELD}-{view.ref}"
    return any(number == withheld if party == WITHHELD else same_number(party, number) for party in (view.other, *view.added))


def select(device: Device, service: LineService, other: str | None = None) -> Connection | None:
    """The connection that `service` (one call) acts on, or None.

    Among calls in the same state the oldest is taken; of held calls the one held last.
    """
    found: list[Connection] = []
    for connections in appearances(device).values():
        if service in permitted_services(device, connections):
            found += [one for one in connections if line_state(one) in _PREFERENCE[service] and _has_other(one, other)]
    if not found:
        return None
    if service is LineService.RETRIEVE:
        return max(found, key=lambda connection: connection.held_order)
    order = _PREFERENCE[service]
    return min(found, key=lambda connection: (order.index(line_state(connection)), connection.order))


def select_for_adding(device: Device, other: str | None = None) -> Connection | None:
    """The connection to which a party can be added: connected, else held. (The document lists no permitted service for it.)"""
    order = (LineState.CONNECTED, LineState.HOLD)
    found = [one for one in device.connections if line_state(one) in order and _has_other(one, other)]
    return min(found, key=lambda connection: (order.index(line_state(connection)), connection.order), default=None)


def select_pair(device: Device, service: LineService, prim_other: str | None = None, sec_other: str | None = None) -> Pair | None:
    """The two connections that `service` acts on, or None: the pair of one element, or an active and a held call of two elements.

    `prim_other` must be a party of the older call, `sec_other` one of the other.
    """
    groups = appearances(device)
    candidates: list[tuple[Connection, Connection]] = []
    singles: list[Connection] = []
    for connections in groups.values():
        if service not in permitted_services(device, connections):
            continue
        if len(connections) > 1:
            candidates.append((connections[0], connections[1]))
        else:
            singles.append(connections[0])
    actives = [one for one in singles if line_state(one) is not LineState.HOLD]
    held = sorted((one for one in singles if line_state(one) is LineState.HOLD), key=lambda one: -one.held_order)
    candidates += [(one, other) if one.order < other.order else (other, one) for one in actives for other in held]
    for prim, sec in candidates:
        active, waiting = (sec, prim) if line_state(prim) is LineState.HOLD else (prim, sec)
        ready = line_state(waiting) is LineState.HOLD and line_state(active) in _PAIRED[service]
        if service in JOINING and not joinable(prim, sec):
            continue
        if ready and _has_other(prim, prim_other) and _has_other(sec, sec_other):
            return Pair(active, waiting)
    return None
