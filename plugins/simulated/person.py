"""The person at the phone: what hands can do with handset and keys.

A refusal is a key that does nothing in this state; nothing has changed then.

    lift       a ringing call is answered, otherwise dial tone
    hang_up    leaves what the handset is busy with; on hook, the call put aside last
    dial       on dial tone; a phone that is on hook is lifted first
    answer     the call that has been ringing longest
    hold       the active call
    retrieve   the call put aside last
    flash      active and held call: alternate; a call that nobody answers is left for the held one; one active call: hold, dial tone
    transfer   joins the held and the active call, and leaves
    conference joins the held and the active call, and stays
    pickup     answers the call that rings at another phone
"""

from __future__ import annotations

from telgw_plugins.simulated import conversation, delivery, joining
from telgw_plugins.simulated.calls import INITIATED, Leg, refusal
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.phone import Phone

from telgw.model.states import EventCause


def lift(pbx: Pbx, phone: Phone) -> None:
    """Take the handset up."""
    if phone.active() is not None:
        raise refusal(f"{phone.label} is off hook already")
    if phone.ringing() is not None:
        answer(pbx, phone)
    else:
        _dial_tone(pbx, phone)


def _dial_tone(pbx: Pbx, phone: Phone) -> Leg:
    conversation.check_room(pbx, phone)
    pbx.check_room()
    return delivery.initiate(pbx, phone, EventCause.NEW_CALL)


def hang_up(pbx: Pbx, phone: Phone) -> None:
    """Put the handset down."""
    leg = phone.active() or phone.held()
    if leg is None:
        raise refusal(f"{phone.label} is on hook already")
    conversation.clear(pbx, leg)


def dial(pbx: Pbx, phone: Phone, number: str) -> None:
    """Press the digits."""
    leg = phone.active()
    if leg is None:
        leg = _dial_tone(pbx, phone)
    elif leg.state is not INITIATED:
        raise refusal(f"{phone.label} has no dial tone: it is in call {leg.call.id}")
    delivery.dial(pbx, leg, number)


def answer(pbx: Pbx, phone: Phone) -> None:
    """Answer what rings."""
    leg = phone.ringing()
    if leg is None:
        raise refusal(f"{phone.label} does not ring")
    delivery.answer(pbx, leg)


def hold(pbx: Pbx, phone: Phone) -> None:
    """Press the hold key."""
    conversation.hold(pbx, _active(phone))


def retrieve(pbx: Pbx, phone: Phone) -> None:
    """Take the held call back."""
    conversation.retrieve(pbx, _held(phone))


def flash(pbx: Pbx, phone: Phone) -> None:
    """Press the hook for a moment."""
    active, held = _active(phone), phone.held()
    if held is None:
        delivery.consult(pbx, active)
    elif conversation.only_tone(active) or not active.established():
        conversation.reconnect(pbx, active, held)
    else:
        conversation.alternate(pbx, active, held)


def transfer(pbx: Pbx, phone: Phone) -> None:
    """Press the transfer key."""
    joining.transfer(pbx, _active(phone), _held(phone))


def conference(pbx: Pbx, phone: Phone) -> None:
    """Press the conference key."""
    joining.conference(pbx, _active(phone), _held(phone))


def pickup(pbx: Pbx, phone: Phone, other: Phone) -> None:
    """Answer what rings at `other`."""
    leg = other.ringing()
    if leg is None:
        raise refusal(f"{other.label} does not ring")
    delivery.pick_up(pbx, leg, phone)


def _active(phone: Phone) -> Leg:
    leg = phone.active()
    if leg is None:
        raise refusal(f"{phone.label} has no active call")
    return leg


def _held(phone: Phone) -> Leg:
    leg = phone.held()
    if leg is None:
        raise refusal(f"{phone.label} has no call on hold")
    return leg
