"""Which services are permitted in which state: the tables behind `permittedServices`, and behind every choice of a call.

The entries and their order for the printed states are those of the TelServices examples; the others are noted in docs/decisions.md. What
is listed is what is accepted, and nothing else: `telgw.model.selection` accepts a request only for a call that lists its service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from telgw.model.states import LineService, LineState

S = LineService

#: a call element of one call, while the device has no other call
PERMITTED_ALONE: Final[dict[LineState, tuple[LineService, ...]]] = {
    LineState.INITIATED: (S.DROP,),
    LineState.ORIGINATED: (S.DROP,),
    LineState.DELIVERED: (S.DROP,),
    LineState.QUEUED: (S.DIVERT,),
    LineState.ALERTING: (S.ANSWER, S.DIVERT),
    LineState.CONNECTED: (S.HOLD, S.DROP, S.DIVERT, S.CONSULTATION),
    LineState.CLEARED: (),
    LineState.FAILED: (S.DROP,),
    LineState.HOLD: (S.RETRIEVE,),
}
#: a connected call of three and more, those that are only invited included: it cannot be diverted as a whole
PERMITTED_CONFERENCE: Final = (S.HOLD, S.DROP, S.CONSULTATION)
#: a call that waits in somebody's queue, seen by its caller, who must be able to give up
PERMITTED_CALLER_QUEUED: Final = (S.DROP,)

#: what a held call and a call in that state make possible together
TWO_CALLS: Final[dict[LineState, tuple[LineService, ...]]] = {
    LineState.INITIATED: (S.RECONNECT,),
    LineState.ORIGINATED: (S.RECONNECT,),
    LineState.QUEUED: (S.RECONNECT,),
    LineState.FAILED: (S.RECONNECT,),
    LineState.DELIVERED: (S.RECONNECT, S.TRANSFER),
    LineState.CONNECTED: (S.RECONNECT, S.ALTERNATE, S.TRANSFER, S.CONFERENCE),
}
ACTIVE: Final = frozenset(TWO_CALLS)
#: those of them that make one call out of two: impossible when somebody is in both
JOINING: Final = frozenset({S.TRANSFER, S.CONFERENCE})

#: a call element of two calls (consultation), by the state of the one that is not held
PERMITTED_PAIR: Final[dict[LineState, tuple[LineService, ...]]] = {
    **{state: (S.DROP, *services) for state, services in TWO_CALLS.items()},
    LineState.CONNECTED: (S.DROP, S.HOLD, *TWO_CALLS[LineState.CONNECTED]),
    LineState.HOLD: (S.RETRIEVE,),
}


def permitted_alone(
    state: LineState,
    others_alone: Sequence[LineState] = (),
    others_paired: Sequence[LineState] = (),
    *,
    conference: bool = False,
    outgoing: bool = False,
) -> tuple[LineService, ...]:
    """The services of a call element of one call.

    `others_alone` are the states of the device's other calls that stand alone, `others_paired` of those that stand in pairs. An active and
    a held call in two elements may be joined as well as in one: both elements list the two-call services. A held call cannot be taken
    back while another call is active: first that one must go.
    """
    services = PERMITTED_ALONE[state]
    if state is LineState.CONNECTED and conference:
        services = PERMITTED_CONFERENCE
    elif state is LineState.QUEUED and outgoing:
        services = PERMITTED_CALLER_QUEUED
    if state is LineState.HOLD:
        for other in others_alone:
            if other in ACTIVE:
                return TWO_CALLS[other]
        if any(other in ACTIVE for other in others_paired):
            return ()
    elif state in ACTIVE and LineState.HOLD in others_alone:
        return services + TWO_CALLS[state]
    return services


def permitted_pair(prim: LineState, sec: LineState, others: Sequence[LineState] = ()) -> tuple[LineService, ...]:
    """The services of a call element of two calls; `others` are the states of the device's other calls."""
    if prim is LineState.HOLD:
        services = PERMITTED_PAIR.get(sec, ())
    elif sec is LineState.HOLD:
        services = PERMITTED_PAIR.get(prim, ())
    else:
        return ()
    if prim is sec and any(other in ACTIVE for other in others):
        return ()
    return services
