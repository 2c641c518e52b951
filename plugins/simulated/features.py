"""What a phone is set to: forwardings, do-not-disturb, the message lamp, the habits of its person.

Setting what is set already says nothing: there is no event without a change.
"""

from __future__ import annotations

from telgw_plugins.simulated.calls import ALERTING, refusal
from telgw_plugins.simulated.delivery import arm
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.phone import Behaviour, Phone

from telgw.model.facts import DoNotDisturb, Forwarding, MessageWaiting
from telgw.model.states import ForwardType


def set_forwarding(pbx: Pbx, phone: Phone, type: ForwardType, on: bool, number: str) -> None:
    """Forward calls of that type to `number`, or no more (then the number does not matter)."""
    before = phone.forwards.get(type)
    if not on:
        if before is not None:
            del phone.forwards[type]
            pbx.say_feature(phone, Forwarding(phone.label, type, False, before))
            _rearm(pbx, phone)
        return
    if not number:
        raise refusal("there is no number to forward to")
    if number == phone.label:
        raise refusal(f"{number} cannot be forwarded to itself")
    if not pbx.is_device(number) and not pbx.is_outside(number):
        raise refusal(f"{number} is neither a device of this PBX nor an outside number")
    if before != number:
        phone.forwards[type] = number
        pbx.say_feature(phone, Forwarding(phone.label, type, True, number))
        _rearm(pbx, phone)


def set_do_not_disturb(pbx: Pbx, phone: Phone, on: bool) -> None:
    """Refuse calls, or take them again; what rings already goes on ringing."""
    if phone.do_not_disturb is not on:
        phone.do_not_disturb = on
        pbx.say_feature(phone, DoNotDisturb(phone.label, on))


def set_message_waiting(pbx: Pbx, phone: Phone, on: bool) -> None:
    """Switch the lamp."""
    if phone.message_waiting is not on:
        phone.message_waiting = on
        pbx.say_feature(phone, MessageWaiting(phone.label, on))


def set_behaviour(pbx: Pbx, phone: Phone, behaviour: Behaviour) -> None:
    """The person gets into another habit; it holds for what rings now, too."""
    phone.behaviour = behaviour
    _rearm(pbx, phone)


def _rearm(pbx: Pbx, phone: Phone) -> None:
    for leg in phone.legs:
        if leg.state is ALERTING:
            leg.stays = False
            arm(pbx, leg)
