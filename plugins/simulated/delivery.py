"""How a call comes to somebody: dial, route, ring, answer, divert.

Functions that can refuse do so before they change anything. They are in one module because they call each other in a circle: what rings
may be forwarded, what is forwarded rings.
"""

from __future__ import annotations

from telgw_plugins.simulated.calls import ALERTING, ANSWERED, CONNECTED, FAILED, INITIATED, QUEUED, Call, Leg, refusal
from telgw_plugins.simulated.conversation import (
    check_established,
    check_room,
    clear,
    hold,
    make_way,
    phone_of,
)
from telgw_plugins.simulated.forwarding import Route, find_route, no_answer_forward
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.phone import Answer, Phone, Queue
from telgw_plugins.simulated.trunk import Line

from telgw.model.facts import (
    CallInformation,
    Conferenced,
    Delivered,
    Diverted,
    Established,
    Failed,
    NetworkReached,
    Originated,
    Queued,
    ServiceInitiated,
)
from telgw.model.states import EventCause

#: Seconds until a person who answers by habit, but is on the phone, looks again.
LOOK_AGAIN = 1.0


# --- making a call


def initiate(pbx: Pbx, phone: Phone, cause: EventCause) -> Leg:
    """The phone gets dial tone in a new call."""
    leg = pbx.add(pbx.new_call(), phone, INITIATED, phone.number)
    leg.outgoing = True
    pbx.say(leg.call, ServiceInitiated(leg.call.id, phone.label, cause))
    return leg


def dial(pbx: Pbx, leg: Leg, number: str, extra_data: str | None = None) -> None:
    """The phone with dial tone has dialled; the call goes where the number leads."""
    call = leg.call
    leg.state = CONNECTED
    if extra_data is not None:
        call.extra_data = extra_data
    pbx.say(call, Originated(call.id, leg.end.label, number, call.purpose, call.extra_data))
    place(pbx, leg, number)


def place(pbx: Pbx, leg: Leg, number: str) -> None:
    """The call that `leg` makes arrives at `number`, or fails there."""
    call = leg.call
    leg.called = number
    route = find_route(pbx, number, call, call.from_outside)
    if route.failure is EventCause.NONE:
        deliver(pbx, call, route, call.purpose, calling=leg.calling, called=number)
    else:
        _fail(pbx, leg, route)


def _fail(pbx: Pbx, leg: Leg, route: Route) -> None:
    """The caller hears a tone until it hangs up; a caller from outside hangs up at once."""
    call = leg.call
    label = route.number
    if label in call.legs:
        label = leg.called or label
    call.failed = (label, route.failure)
    if label == leg.end.label:
        leg.state = FAILED
    pbx.say(call, Failed(call.id, label, leg.calling, leg.called, route.failure))
    if isinstance(leg.end, Line):
        clear(pbx, leg)


def deliver(
    pbx: Pbx,
    call: Call,
    route: Route,
    cause: EventCause,
    *,
    calling: str | None,
    called: str | None,
    redirecting: str | None = None,
    invited_by: str | None = None,
) -> Leg:
    """The call comes to the end of the route: it rings there, or waits in the queue."""
    if route.redirecting is not None:
        redirecting, cause = route.redirecting, route.cause
    end = route.end
    if end is None:
        end = pbx.trunks.take(route.number)
    leg = pbx.add(call, end, ALERTING, calling)
    leg.called = called
    leg.redirecting = redirecting
    leg.invited_by = invited_by
    leg.rang_at = pbx.clock.seconds()
    call.hops = route.hops
    id, label, extra_data = call.id, end.label, call.extra_data
    if isinstance(end, Queue):
        leg.state = QUEUED
        cause = EventCause.ENTERING_DISTRIBUTION
        pbx.say(call, Queued(id, label, calling, called, redirecting, cause, extra_data))
        return leg
    if isinstance(end, Line):
        pbx.say(call, NetworkReached(id, label, calling, called, cause))
    pbx.say(call, Delivered(id, label, calling, called, redirecting, cause, extra_data, call.consulting_for))
    arm(pbx, leg)
    return leg


def consult(pbx: Pbx, leg: Leg) -> Leg:
    """Hold the conversation; dial tone for a call on its behalf."""
    phone = phone_of(leg)
    check_established(leg)
    check_room(pbx, phone)
    pbx.check_room()
    held_party = leg.others()[0].end.number
    hold(pbx, leg, EventCause.CONSULTATION)
    consulting = initiate(pbx, phone, EventCause.CONSULTATION)
    consulting.call.purpose = EventCause.CONSULTATION
    consulting.call.consulting_for = held_party
    return consulting


def associate_data(pbx: Pbx, leg: Leg, extra_data: str) -> None:
    """Put data on the call."""
    leg.call.extra_data = extra_data
    pbx.say(leg.call, CallInformation(leg.call.id, leg.end.label, extra_data))


# --- what happens by itself while it rings


def arm(pbx: Pbx, leg: Leg, not_before: float = 0.0) -> None:
    """Set the timer of a ringing leg to what happens next if nobody does anything: an answer or a forwarding."""
    leg.stop_timer()
    end = leg.end
    if isinstance(end, Line):
        if pbx.options.external_answer_after > 0:
            leg.timer = pbx.later(pbx.options.external_answer_after, answer, leg)
        return
    if not isinstance(end, Phone) or (end.behaviour.answer is not Answer.AUTO and not end.forwards):
        return
    answer_at = forward_at = None
    if end.behaviour.answer is Answer.AUTO:
        answer_at = max(leg.rang_at + end.behaviour.after, not_before)
    if not leg.stays and no_answer_forward(end.forwards, _called_from_outside(leg)) is not None:
        forward_at = leg.rang_at + pbx.options.no_answer_after
    now = pbx.clock.seconds()
    if answer_at is not None and (forward_at is None or answer_at <= forward_at):
        leg.timer = pbx.later(answer_at - now, _answer_by_habit, leg)
    elif forward_at is not None:
        leg.timer = pbx.later(forward_at - now, _forward_unanswered, leg)


def _called_from_outside(leg: Leg) -> bool:
    return leg.call.from_outside and leg.invited_by is None


def _answer_by_habit(pbx: Pbx, leg: Leg) -> None:
    if phone_of(leg).active() is None:
        answer(pbx, leg)
    else:
        arm(pbx, leg, not_before=pbx.clock.seconds() + LOOK_AGAIN)


def _forward_unanswered(pbx: Pbx, leg: Leg) -> None:
    """The phone goes on ringing when nobody can be reached where it is forwarded to."""
    leg.timer = None
    from_outside = _called_from_outside(leg)
    number = no_answer_forward(phone_of(leg).forwards, from_outside)
    if number is not None:
        route = find_route(pbx, number, leg.call, from_outside, leg.call.hops + 1)
        if route.failure is EventCause.NONE:
            _divert(pbx, leg, number, route, EventCause.CALL_FORWARD_NO_ANSWER)
            return
    leg.stays = True
    arm(pbx, leg)


# --- answering and diverting


def answer(pbx: Pbx, leg: Leg, cause: EventCause = EventCause.NORMAL) -> None:
    """The ringing end answers; a conversation of the same phone is held, a call that it is still making is dropped."""
    if leg.state is not ALERTING:
        raise refusal(f"call {leg.call.id} does not ring at {leg.end.label}: it is {leg.state.value} there")
    if isinstance(leg.end, Phone):
        make_way(pbx, leg.end)
    leg.stop_timer()
    leg.state = CONNECTED
    call = leg.call
    call.hops = 0
    pbx.say(
        call,
        Established(call.id, leg.end.label, leg.calling, leg.called, leg.redirecting, cause, call.extra_data),
    )
    if leg.invited_by is not None:
        _come_in(pbx, leg)


def _come_in(pbx: Pbx, leg: Leg) -> None:
    """An invited end has answered: with three or more it is a conference now."""
    call, host = leg.call, leg.invited_by
    leg.invited_by = None
    if sum(other.state in ANSWERED for other in call.legs.values()) < 3:
        return
    call.conference = True
    if host not in call.legs:
        host = leg.others()[0].end.label
    parties = tuple((label, call.id) for label in call.legs)
    pbx.say(
        call,
        Conferenced(call.id, host, call.id, None, leg.end.label, parties, EventCause.SINGLE_STEP_CONFERENCE),
    )


def deflect(pbx: Pbx, leg: Leg, number: str, extra_data: str | None = None) -> None:
    """The ringing phone, or the queue, sends its call on. If nobody can be reached there, it stays where it is."""
    if leg.state is not ALERTING and leg.state is not QUEUED:
        raise refusal(f"call {leg.call.id} neither rings nor waits at {leg.end.label}: it is {leg.state.value} there")
    if isinstance(leg.end, Line):
        raise refusal(f"{leg.end.label} is outside: its calls cannot be sent on")
    call = leg.call
    if number in call.legs:
        raise refusal(f"{number} is in call {call.id} already")
    route = find_route(pbx, number, call, _called_from_outside(leg))
    if route.failure is not EventCause.NONE:
        raise refusal(f"{number} cannot be reached: {route.failure.value}")
    if extra_data is not None:
        call.extra_data = extra_data
    cause = EventCause.DISTRIBUTED if leg.state is QUEUED else EventCause.REDIRECTED
    _divert(pbx, leg, number, route, cause)


def _divert(pbx: Pbx, leg: Leg, number: str, route: Route, cause: EventCause) -> None:
    call = leg.call
    pbx.say(call, Diverted(call.id, leg.end.label, number, cause))
    pbx.remove(leg)
    deliver(
        pbx,
        call,
        route,
        cause,
        calling=leg.calling,
        called=leg.called,
        redirecting=leg.end.number,
        invited_by=leg.invited_by,
    )


def pick_up(pbx: Pbx, leg: Leg, phone: Phone) -> None:
    """`phone` answers what rings elsewhere."""
    call = leg.call
    if leg.state is not ALERTING or not isinstance(leg.end, Phone):
        raise refusal(f"call {call.id} does not ring at {leg.end.label}")
    if phone.label in call.legs:
        raise refusal(f"{phone.label} is in call {call.id} already")
    check_room(pbx, phone)
    make_way(pbx, phone)
    cause = EventCause.CALL_PICKUP
    pbx.say(call, Diverted(call.id, leg.end.label, phone.label, cause))
    calling, called, redirecting = leg.calling, leg.called, leg.end.number
    pbx.remove(leg)
    taken = pbx.add(call, phone, ALERTING, calling)
    taken.called, taken.redirecting, taken.invited_by = called, redirecting, leg.invited_by
    answer(pbx, taken, cause)
