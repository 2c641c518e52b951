"""What each fact does to the graph. `apply` is the only way in for events; `telgw.model.reconcile` is the one for observations.

The function of a fact moves the connection it is about by the state table, tells the other ends of the call what they learn, and
returns the devices whose views may have changed. Applying a fact twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from telgw.model import arrivals, endings, facts, features, holding
from telgw.model.changes import Change
from telgw.model.graph import Device, Graph
from telgw.model.joins import conferenced, transferred
from telgw.model.publish import publish


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


_APPLY: Final[dict[type, Callable[[Graph, Any, float], Iterable[Any]]]] = {
    facts.ServiceInitiated: arrivals.initiated,
    facts.Originated: arrivals.originated,
    facts.NetworkReached: arrivals.network_reached,
    facts.Delivered: arrivals.delivered,
    facts.Queued: arrivals.queued,
    facts.Established: arrivals.established,
    facts.Failed: endings.failed,
    facts.Held: holding.held,
    facts.Retrieved: holding.retrieved,
    facts.ConnectionCleared: endings.connection_cleared,
    facts.CallCleared: endings.call_cleared,
    facts.Diverted: endings.diverted,
    facts.Transferred: transferred,
    facts.Conferenced: conferenced,
    facts.CallInformation: features.call_information,
    facts.Forwarding: features.forwarding,
    facts.DoNotDisturb: features.do_not_disturb,
    facts.MessageWaiting: features.message_waiting,
}
