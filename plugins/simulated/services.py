"""The commands of the link: CSTA's services, each as what this PBX does for it.

A command that is refused has changed nothing. What can be refused is checked in the order: who (device, connection), in which state,
with which room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telgw_plugins.simulated import conversation, delivery, joining
from telgw_plugins.simulated.calls import INITIATED, Leg, refusal
from telgw_plugins.simulated.features import set_do_not_disturb, set_forwarding
from telgw_plugins.simulated.pbx import Pbx

from telgw.base.numbers import dialable
from telgw.model import commands as c
from telgw.model.states import EventCause, ForwardType


def execute(pbx: Pbx, command: c.Command) -> Any:
    """Do it, and give the result that the command's docstring names."""
    return _SERVICES[type(command)](pbx, command)


def _number(text: str) -> str:
    number = dialable(text)
    if not number:
        raise refusal("there is no number to call")
    return number


def _own_leg(pbx: Pbx, connection: c.ConnectionID) -> Leg:
    """The leg of a phone of ours."""
    leg = pbx.known_leg(connection)
    conversation.phone_of(leg)
    return leg


def _make_call(pbx: Pbx, command: c.MakeCall) -> c.ConnectionID:
    """A phone with dial tone dials on it; one in a conversation holds it; a busy tone ends."""
    number = _number(command.called)
    phone = pbx.known_phone(command.device)
    active = phone.active()
    if active is not None and active.state is INITIATED:
        leg = active
    else:
        conversation.check_room(pbx, phone)
        pbx.check_room()
        conversation.make_way(pbx, phone)
        leg = delivery.initiate(pbx, phone, EventCause.MAKE_CALL)
    delivery.dial(pbx, leg, number, command.extra_data)
    return c.ConnectionID(leg.call.id, phone.label)


def _answer(pbx: Pbx, command: c.AnswerCall) -> None:
    delivery.answer(pbx, _own_leg(pbx, command.connection))


def _clear(pbx: Pbx, command: c.ClearConnection) -> None:
    conversation.clear(pbx, pbx.known_leg(command.connection))


def _hold(pbx: Pbx, command: c.HoldCall) -> None:
    conversation.hold(pbx, _own_leg(pbx, command.connection))


def _retrieve(pbx: Pbx, command: c.RetrieveCall) -> None:
    conversation.retrieve(pbx, _own_leg(pbx, command.connection))


def _consult(pbx: Pbx, command: c.ConsultationCall) -> c.ConnectionID:
    number = _number(command.called)
    leg = delivery.consult(pbx, _own_leg(pbx, command.connection))
    delivery.dial(pbx, leg, number, command.extra_data)
    return c.ConnectionID(leg.call.id, leg.end.label)


def _alternate(pbx: Pbx, command: c.AlternateCall) -> None:
    conversation.alternate(pbx, _own_leg(pbx, command.active), _own_leg(pbx, command.held))


def _reconnect(pbx: Pbx, command: c.ReconnectCall) -> None:
    conversation.reconnect(pbx, _own_leg(pbx, command.active), _own_leg(pbx, command.held))


def _transfer(pbx: Pbx, command: c.TransferCall) -> None:
    joining.transfer(pbx, _own_leg(pbx, command.active), _own_leg(pbx, command.held))


def _conference(pbx: Pbx, command: c.ConferenceCall) -> None:
    joining.conference(pbx, _own_leg(pbx, command.active), _own_leg(pbx, command.held))


def _add_party(pbx: Pbx, command: c.SingleStepConferenceCall) -> None:
    joining.add_party(pbx, _own_leg(pbx, command.connection), _number(command.joining), command.extra_data)


def _send_on(pbx: Pbx, command: c.SingleStepTransferCall) -> None:
    joining.send_on(pbx, _own_leg(pbx, command.connection), _number(command.destination), command.extra_data)


def _deflect(pbx: Pbx, command: c.DeflectCall) -> None:
    leg = pbx.known_leg(command.connection)
    delivery.deflect(pbx, leg, _number(command.destination), command.extra_data)


def _pick_up(pbx: Pbx, command: c.DirectedPickupCall) -> None:
    phone = pbx.known_phone(command.device)
    delivery.pick_up(pbx, pbx.known_leg(command.connection), phone)


def _associate_data(pbx: Pbx, command: c.AssociateData) -> None:
    delivery.associate_data(pbx, pbx.known_leg(command.connection), command.extra_data)


def _set_forwarding(pbx: Pbx, command: c.SetForwarding) -> None:
    number = dialable(command.number)
    set_forwarding(pbx, pbx.known_phone(command.device), command.type, command.on, number)


def _get_forwarding(pbx: Pbx, command: c.GetForwarding) -> tuple[tuple[ForwardType, str], ...]:
    return tuple(pbx.known_phone(command.device).forwards.items())


def _set_do_not_disturb(pbx: Pbx, command: c.SetDoNotDisturb) -> None:
    set_do_not_disturb(pbx, pbx.known_phone(command.device), command.on)


def _get_do_not_disturb(pbx: Pbx, command: c.GetDoNotDisturb) -> bool:
    return pbx.known_phone(command.device).do_not_disturb


def _get_message_waiting(pbx: Pbx, command: c.GetMessageWaiting) -> bool:
    return pbx.known_phone(command.device).message_waiting


_SERVICES: dict[type[Any], Callable[[Pbx, Any], Any]] = {
    c.MakeCall: _make_call,
    c.AnswerCall: _answer,
    c.ClearConnection: _clear,
    c.HoldCall: _hold,
    c.RetrieveCall: _retrieve,
    c.ConsultationCall: _consult,
    c.AlternateCall: _alternate,
    c.ReconnectCall: _reconnect,
    c.TransferCall: _transfer,
    c.ConferenceCall: _conference,
    c.SingleStepConferenceCall: _add_party,
    c.SingleStepTransferCall: _send_on,
    c.DeflectCall: _deflect,
    c.DirectedPickupCall: _pick_up,
    c.AssociateData: _associate_data,
    c.SetForwarding: _set_forwarding,
    c.GetForwarding: _get_forwarding,
    c.SetDoNotDisturb: _set_do_not_disturb,
    c.GetDoNotDisturb: _get_do_not_disturb,
    c.GetMessageWaiting: _get_message_waiting,
}
