"""Where a call to a number arrives: plan, forwardings, do-not-disturb, busy.

Order at each phone: immediate forwarding, do-not-disturb, busy (every appearance taken, or a person who is always busy), ringing. A
forwarding for internal or for external callers wins over the general one. Do-not-disturb refuses; it does not use the busy forwarding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from telgw_plugins.simulated.calls import Call, End
from telgw_plugins.simulated.phone import Answer

from telgw.model.states import EventCause, ForwardType

if TYPE_CHECKING:
    from telgw_plugins.simulated.pbx import Pbx

#: A chain longer than this is a loop in all but name: the longest sensible one is desk, mobile, colleague, group, voice mail.
MAX_HOPS = 5

_IMMEDIATE = (ForwardType.IMMEDIATE_INT, ForwardType.IMMEDIATE_EXT, ForwardType.IMMEDIATE)
_BUSY = (ForwardType.BUSY_INT, ForwardType.BUSY_EXT, ForwardType.BUSY)
_NO_ANSWER = (ForwardType.NO_ANSWER_INT, ForwardType.NO_ANSWER_EXT, ForwardType.NO_ANSWER)


class Route(NamedTuple):
    """Where a call goes. `end` None without `failure`: outside. `redirecting` and `cause` tell of the last forwarding on the way."""

    number: str
    end: End | None
    failure: EventCause = EventCause.NONE
    redirecting: str | None = None
    cause: EventCause = EventCause.NONE
    hops: int = 0


def _chosen(forwards: Mapping[ForwardType, str], types: tuple[ForwardType, ForwardType, ForwardType], from_outside: bool) -> str | None:
    return forwards.get(types[1] if from_outside else types[0]) or forwards.get(types[2])


def no_answer_forward(forwards: Mapping[ForwardType, str], from_outside: bool) -> str | None:
    """Where a phone with these forwardings sends a call that nobody answers."""
    return _chosen(forwards, _NO_ANSWER, from_outside) if forwards else None


def find_route(pbx: Pbx, number: str, call: Call, from_outside: bool, hops: int = 0) -> Route:
    """Where `call` arrives when it is sent to `number`. Nothing is changed yet."""
    redirecting: str | None = None
    cause = EventCause.NONE
    while True:
        if hops > MAX_HOPS:
            return Route(number, None, EventCause.DEST_NOT_OBTAINABLE, redirecting, cause, hops)
        phone = pbx.phone(number)
        if phone is None:
            end: End | None = pbx.queues.get(number)
            failure = EventCause.NONE
            if end is None:
                if not pbx.is_outside(number):
                    failure = EventCause.DEST_NOT_OBTAINABLE
                elif not pbx.trunks.free:
                    failure = EventCause.TRUNKS_BUSY
            elif number in call.legs:
                failure = EventCause.BUSY
            return Route(number, end, failure, redirecting, cause, hops)
        # a phone that is in the call already cannot ring for it
        busy = len(phone.legs) >= pbx.options.appearances or phone.behaviour.answer is Answer.BUSY or number in call.legs
        target = None
        if phone.forwards:
            target, next_cause = (
                _chosen(phone.forwards, _IMMEDIATE, from_outside),
                EventCause.CALL_FORWARD_IMMEDIATE,
            )
            if target is None and busy and not phone.do_not_disturb:
                target, next_cause = _chosen(phone.forwards, _BUSY, from_outside), EventCause.CALL_FORWARD_BUSY
        if target is None:
            failure = EventCause.NONE
            if phone.do_not_disturb:
                failure = EventCause.DO_NOT_DISTURB
            elif busy:
                failure = EventCause.BUSY
            return Route(number, phone, failure, redirecting, cause, hops)
        redirecting, number, cause = number, target, next_cause
        hops += 1
