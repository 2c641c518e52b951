"""What ends do with a call they are in: hold it, take it back, leave it.

Functions that can refuse do so before they change anything.
"""

from __future__ import annotations

from telgw_plugins.simulated.calls import ACTIVE, ALERTING, ANSWERED, CONNECTED, HELD, QUEUED, Leg, refusal
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.phone import Phone

from telgw.model.facts import ConnectionCleared, Held, Retrieved
from telgw.model.states import EventCause


def phone_of(leg: Leg) -> Phone:
    """The phone of the leg; lines and queues have nobody who could do anything."""
    if not isinstance(leg.end, Phone):
        raise refusal(f"{leg.end.label} is no phone")
    return leg.end


def check_established(leg: Leg) -> None:
    """Refuse unless the leg is in a conversation."""
    phone_of(leg)
    if leg.state is not CONNECTED:
        raise refusal(f"call {leg.call.id} is not connected at {leg.end.label}: it is {leg.state.value} there")
    if not leg.established():
        raise refusal(f"nobody has answered call {leg.call.id} yet")


def clear(pbx: Pbx, leg: Leg, cause: EventCause = EventCause.NORMAL_CLEARING) -> None:
    """The end leaves. A call in which nobody is left to talk to is over for the others too."""
    call = leg.call
    pbx.say(call, ConnectionCleared(call.id, leg.end.label, cause))
    pbx.remove(leg)
    legs = call.legs
    if len(legs) > 1 and any(other.state in ANSWERED for other in legs.values()):
        if sum(other.state in ANSWERED for other in legs.values()) < 3:
            call.conference = False
        return
    for other in tuple(legs.values()):
        why = EventCause.CALL_CANCELLED if other.state is ALERTING or other.state is QUEUED else cause
        pbx.say(call, ConnectionCleared(call.id, other.end.label, why))
        pbx.remove(other)


def hold(pbx: Pbx, leg: Leg, cause: EventCause = EventCause.NORMAL) -> None:
    """The end puts the call aside."""
    check_established(leg)
    leg.state = HELD
    pbx.say(leg.call, Held(leg.call.id, leg.end.label, cause))


def retrieve(pbx: Pbx, leg: Leg, cause: EventCause = EventCause.NORMAL) -> None:
    """The end takes the call back."""
    phone = phone_of(leg)
    if leg.state is not HELD:
        raise refusal(f"call {leg.call.id} is not on hold at {phone.label}: it is {leg.state.value} there")
    if phone.active() is not None:
        raise refusal(f"{phone.label} has another active call")
    leg.state = CONNECTED
    pbx.say(leg.call, Retrieved(leg.call.id, phone.label, cause))


def check_pair(active: Leg, held: Leg) -> None:
    """Refuse unless these are the active and a held call of one phone."""
    phone = phone_of(active)
    if held.end is not phone or held is active:
        raise refusal("the active and the held call must be two calls of the same phone")
    if active.state not in ACTIVE:
        raise refusal(f"call {active.call.id} is not active at {phone.label}: it is {active.state.value} there")
    if held.state is not HELD:
        raise refusal(f"call {held.call.id} is not on hold at {phone.label}: it is {held.state.value} there")


def alternate(pbx: Pbx, active: Leg, held: Leg) -> None:
    """Swap the active and the held call."""
    check_pair(active, held)
    hold(pbx, active, EventCause.ALTERNATE)
    retrieve(pbx, held, EventCause.ALTERNATE)


def reconnect(pbx: Pbx, active: Leg, held: Leg) -> None:
    """Leave the active call and go back to the held one."""
    check_pair(active, held)
    clear(pbx, active)
    retrieve(pbx, held)


def only_tone(leg: Leg) -> bool:
    """Whether an active leg hears nothing but a tone: nothing is lost with it."""
    return leg.state is not CONNECTED or leg.call.failed is not None


def check_hand_free(phone: Phone) -> None:
    """Refuse when the phone is just calling somebody: that call can neither be held nor dropped for another one."""
    active = phone.active()
    if active is not None and not only_tone(active):
        check_established(active)


def check_room(pbx: Pbx, phone: Phone) -> None:
    """Refuse unless the phone can take one more call once `make_way` was done."""
    check_hand_free(phone)
    active = phone.active()
    taken = len(phone.legs) - (active is not None and only_tone(active))
    if taken >= pbx.options.appearances:
        raise refusal(f"every call appearance of {phone.label} is taken")


def make_way(pbx: Pbx, phone: Phone) -> None:
    """Put the phone's active call aside for another one: a conversation is held, a tone or a call that nobody has answered is left."""
    active = phone.active()
    if active is None:
        return
    if only_tone(active) or not active.established():
        clear(pbx, active)
    else:
        hold(pbx, active)
