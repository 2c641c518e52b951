"""Calls that become one: transfer, conference, and both in a single step.

Functions that refuse do so before they change anything.
"""

from __future__ import annotations

from telgw_plugins.simulated.calls import ALERTING, ANSWERED, CONNECTED, HELD, QUEUED, Call, Leg, refusal
from telgw_plugins.simulated.conversation import check_established, check_pair, phone_of
from telgw_plugins.simulated.delivery import deliver
from telgw_plugins.simulated.forwarding import Route, find_route
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.trunk import Line

from telgw.model.facts import Conferenced, Transferred
from telgw.model.states import EventCause


def _check_joinable(pbx: Pbx, active: Leg, held: Leg, parties: int) -> None:
    check_pair(active, held)
    if active.call is held.call:
        raise refusal("these are not two calls")
    if active.state is not CONNECTED or active.call.failed is not None:
        raise refusal(f"there is nobody in call {active.call.id} to be joined")
    for label in active.call.legs:
        if label != active.end.label and label in held.call.legs:
            raise refusal(f"{label} is in both calls")
    if parties > pbx.options.conference_size:
        raise refusal(f"a conference cannot have more than {pbx.options.conference_size} parties")


def _tell_each_other(one: Leg, other: Leg) -> None:
    """From now on `other` is who `one` talks to. What rings or waits still goes by the number that was called."""
    if one.outgoing:
        one.called = other.end.number
    else:
        one.calling = other.end.number
        if one.state is not ALERTING and one.state is not QUEUED:
            one.called = one.end.number


def _join(pbx: Pbx, held: Call, active: Call, legs: list[Leg]) -> Call:
    """A new call with these legs of both."""
    joined = pbx.new_call()
    joined.extra_data = active.extra_data if held.extra_data is None else held.extra_data
    for leg in legs:
        pbx.move(leg, joined)
    joined.conference = sum(leg.state in ANSWERED for leg in legs) > 2
    return joined


def transfer(pbx: Pbx, active: Leg, held: Leg) -> None:
    """The other ends of both calls talk to each other, or one rings for the other; the phone is out."""
    staying, joining = held.others(), active.others()
    _check_joinable(pbx, active, held, len(staying) + len(joining))
    answered = [leg for leg in (*staying, *joining) if leg.state in ANSWERED]
    if not answered:
        raise refusal(f"nobody has answered call {active.call.id} nor call {held.call.id} yet")
    primary, secondary, label = held.call, active.call, active.end.label
    legs = staying + joining
    parties = tuple((leg.end.label, leg.call.id) for leg in legs)
    watched = primary.watchers + secondary.watchers
    pbx.remove(held)
    pbx.remove(active)
    joined = _join(pbx, primary, secondary, legs)
    joined.from_outside = isinstance(answered[0].end, Line)
    if len(legs) == 2:
        _tell_each_other(staying[0], joining[0])
        _tell_each_other(joining[0], staying[0])
    for leg in legs:
        leg.redirecting = phone_of(active).number
    destination = joining[0].end.label
    pbx.say_of(watched, Transferred(joined.id, label, primary.id, secondary.id, parties, destination))


def conference(pbx: Pbx, active: Leg, held: Leg) -> None:
    """Everybody in both calls is in one call."""
    staying, joining = held.others(), active.others()
    _check_joinable(pbx, active, held, 1 + len(staying) + len(joining))
    check_established(active)
    primary, secondary, label = held.call, active.call, active.end.label
    legs = [held, *staying, *joining]
    parties = tuple((leg.end.label, leg.call.id) for leg in legs)
    pbx.remove(active)
    held.state = CONNECTED
    joined = _join(pbx, primary, secondary, legs)
    joined.from_outside = primary.from_outside
    pbx.say(joined, Conferenced(joined.id, label, primary.id, secondary.id, joining[0].end.label, parties))


def _reach(pbx: Pbx, call: Call, number: str, from_outside: bool) -> Route:
    if number in call.legs:
        raise refusal(f"{number} is in call {call.id} already")
    route = find_route(pbx, number, call, from_outside)
    if route.failure is not EventCause.NONE:
        raise refusal(f"{number} cannot be reached: {route.failure.value}")
    return route


def add_party(pbx: Pbx, leg: Leg, number: str, extra_data: str | None) -> None:
    """Call `number` into the conversation, which the phone may have put aside; it is in it when it answers."""
    if leg.state is not HELD:
        check_established(leg)
    call = leg.call
    if len(call.legs) >= pbx.options.conference_size:
        raise refusal(f"a conference cannot have more than {pbx.options.conference_size} parties")
    route = _reach(pbx, call, number, from_outside=False)
    if extra_data is not None:
        call.extra_data = extra_data
    cause = EventCause.SINGLE_STEP_CONFERENCE
    deliver(pbx, call, route, cause, calling=leg.end.number, called=number, invited_by=leg.end.label)


def send_on(pbx: Pbx, leg: Leg, number: str, extra_data: str | None) -> None:
    """The other end of the conversation calls `number` instead; the phone is out."""
    check_established(leg)
    call, phone = leg.call, phone_of(leg)
    if len(call.legs) > 2:
        raise refusal(f"call {call.id} has more than two parties: it cannot be transferred in one step")
    other = leg.others()[0]
    from_outside = isinstance(other.end, Line)
    route = _reach(pbx, call, number, from_outside)
    if extra_data is not None:
        call.extra_data = extra_data
    call.from_outside = from_outside
    cause = EventCause.SINGLE_STEP_TRANSFER
    parties = ((other.end.label, call.id),)
    pbx.say(call, Transferred(call.id, phone.label, call.id, None, parties, number, cause))
    pbx.remove(leg)
    call.consulting_for = None
    other.redirecting = phone.number
    if other.outgoing:
        other.called = number
    else:
        other.calling, other.called = number, other.end.number
    deliver(pbx, call, route, cause, calling=other.end.number, called=number, redirecting=phone.number)
