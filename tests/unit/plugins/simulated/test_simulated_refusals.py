"""What the simulated PBX does not do, and says why; nothing has changed then (Rig.refused looks)."""

from __future__ import annotations

import pytest
from simulated_rig import Rig

from telgw.model.commands import (
    AlternateCall,
    AnswerCall,
    AssociateData,
    ClearConnection,
    Command,
    ConferenceCall,
    ConnectionID,
    ConsultationCall,
    DeflectCall,
    DirectedPickupCall,
    GetDoNotDisturb,
    GetForwarding,
    GetMessageWaiting,
    HoldCall,
    MakeCall,
    ReconnectCall,
    RetrieveCall,
    SetDoNotDisturb,
    SetForwarding,
    SingleStepConferenceCall,
    SingleStepTransferCall,
    TransferCall,
)
from telgw.model.states import ForwardType

A, B, C, D = "1101", "1102", "1103", "1104"
QUEUE = "8500"


def at(call: str, device: str) -> ConnectionID:
    return ConnectionID(call, device)


@pytest.fixture
def rig() -> Rig:
    return Rig(A, B, C, D, QUEUE, routing_devices=(QUEUE,))


@pytest.mark.parametrize(
    "command",
    [
        MakeCall("1999", A),
        SetForwarding("1999", ForwardType.BUSY, True, A),
        GetForwarding("1999"),
        SetDoNotDisturb("1999", True),
        GetDoNotDisturb("1999"),
        GetMessageWaiting("1999"),
        DirectedPickupCall(at("c1", A), "1999"),
    ],
)
def test_device_that_is_not_in_the_plan(rig: Rig, command: Command) -> None:
    assert rig.refused(command) == "1999 is no device of this PBX"


def test_a_queue_is_no_phone(rig: Rig) -> None:
    assert rig.refused(MakeCall(QUEUE, A)) == "8500 is a queue, not a phone"


@pytest.mark.parametrize(
    "command",
    [
        AnswerCall(at("c9", A)),
        ClearConnection(at("c9", A)),
        HoldCall(at("c9", A)),
        RetrieveCall(at("c9", A)),
        ConsultationCall(at("c9", A), B),
        AlternateCall(at("c9", A), at("c8", A)),
        ReconnectCall(at("c9", A), at("c8", A)),
        TransferCall(at("c9", A), at("c8", A)),
        ConferenceCall(at("c9", A), at("c8", A)),
        SingleStepConferenceCall(at("c9", A), B),
        SingleStepTransferCall(at("c9", A), B),
        DeflectCall(at("c9", A), B),
        DirectedPickupCall(at("c9", A), B),
        AssociateData(at("c9", A), "x"),
    ],
)
def test_call_that_does_not_exist(rig: Rig, command: Command) -> None:
    assert rig.refused(command) == "there is no call c9"


def test_device_that_is_not_in_the_call(rig: Rig) -> None:
    rig.talking(A, B)
    assert rig.refused(HoldCall(at("c1", C))) == "1103 is not in call c1"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (AnswerCall(at("c1", A)), "call c1 does not ring at 1101: it is connected there"),
        (HoldCall(at("c1", A)), "nobody has answered call c1 yet"),
        (HoldCall(at("c1", B)), "call c1 is not connected at 1102: it is alerting there"),
        (RetrieveCall(at("c1", A)), "call c1 is not on hold at 1101: it is connected there"),
        (ConsultationCall(at("c1", A), C), "nobody has answered call c1 yet"),
        (SingleStepConferenceCall(at("c1", A), C), "nobody has answered call c1 yet"),
        (SingleStepTransferCall(at("c1", A), C), "nobody has answered call c1 yet"),
        (DeflectCall(at("c1", A), C), "call c1 neither rings nor waits at 1101: it is connected there"),
        (DeflectCall(at("c1", B), A), "1101 is in call c1 already"),
        (DeflectCall(at("c1", B), B), "1102 is in call c1 already"),
        (DeflectCall(at("c1", B), "1999"), "1999 cannot be reached: destNotObtainable"),
        (DeflectCall(at("c1", B), " "), "there is no number to call"),
        (DirectedPickupCall(at("c1", A), C), "call c1 does not ring at 1101"),
        (DirectedPickupCall(at("c1", B), A), "1101 is in call c1 already"),
        (MakeCall(A, C), "nobody has answered call c1 yet"),
        (MakeCall(C, ""), "there is no number to call"),
    ],
)
def test_while_it_rings(rig: Rig, command: Command, reason: str) -> None:
    rig.ringing(A, B)
    assert rig.refused(command) == reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (AnswerCall(at("c1", B)), "call c1 does not ring at 1102: it is connected there"),
        (SingleStepTransferCall(at("c1", A), B), "1102 is in call c1 already"),
        (SingleStepTransferCall(at("c1", A), "1999"), "1999 cannot be reached: destNotObtainable"),
        (SingleStepConferenceCall(at("c1", A), A), "1101 is in call c1 already"),
        (DeflectCall(at("c1", B), C), "call c1 neither rings nor waits at 1102: it is connected there"),
        (TransferCall(at("c1", A), at("c1", A)), "the active and the held call must be two calls of the same phone"),
        (AlternateCall(at("c1", A), at("c1", B)), "the active and the held call must be two calls of the same phone"),
    ],
)
def test_while_they_talk(rig: Rig, command: Command, reason: str) -> None:
    rig.talking(A, B)
    assert rig.refused(command) == reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (RetrieveCall(at("c1", A)), "1101 has another active call"),
        (AlternateCall(at("c2", A), at("c1", A)), "nobody has answered call c2 yet"),
        (ConferenceCall(at("c2", A), at("c1", A)), "nobody has answered call c2 yet"),
        (TransferCall(at("c1", A), at("c2", A)), "call c1 is not active at 1101: it is hold there"),
    ],
)
def test_while_a_consultation_rings(rig: Rig, command: Command, reason: str) -> None:
    rig.talking(A, B)
    rig.do(ConsultationCall(at("c1", A), C))
    rig.batches()
    assert rig.refused(command) == reason


def test_nobody_to_transfer_to_when_the_consultation_failed(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(ConsultationCall(at("c1", A), "1999"))
    rig.batches()
    assert rig.refused(TransferCall(at("c2", A), at("c1", A))) == "there is nobody in call c2 to be joined"
    assert rig.refused(HoldCall(at("c2", A))) == "nobody has answered call c2 yet"


def test_two_calls_between_the_same_phones_are_not_joined(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(ConsultationCall(at("c1", A), B))
    rig.do(AnswerCall(at("c2", B)))
    rig.batches()
    assert rig.refused(TransferCall(at("c2", A), at("c1", A))) == "1102 is in both calls"


def test_every_appearance_taken() -> None:
    rig = Rig(A, B, appearances=1)
    rig.talking(A, B)
    reason = "every call appearance of 1101 is taken"
    assert rig.refused(MakeCall(A, C)) == reason
    assert rig.refused(ConsultationCall(at("c1", A), C)) == reason
    rig.ringing(C, D)
    assert rig.refused(DirectedPickupCall(at("c2", D), A)) == reason


def test_no_resources() -> None:
    rig = Rig(A, B, C, max_calls=1)
    rig.talking(A, B)
    reason = "no resources: the PBX has as many calls as it can"
    assert rig.refused(MakeCall(C, D)) == reason
    assert rig.refused(ConsultationCall(at("c1", A), C)) == reason
    assert rig.request("POST", "external_call", to=C) == (409, {"error": reason})


def test_conference_that_is_full() -> None:
    rig = Rig(A, B, C, D, conference_size=3)
    rig.talking(A, B)
    rig.do(SingleStepConferenceCall(at("c1", A), C))
    rig.batches()
    reason = "a conference cannot have more than 3 parties"
    assert rig.refused(SingleStepConferenceCall(at("c1", B), D)) == reason
    rig.do(AnswerCall(at("c1", C)))
    rig.do(ConsultationCall(at("c1", A), D))
    rig.do(AnswerCall(at("c2", D)))
    rig.batches()
    assert rig.refused(ConferenceCall(at("c2", A), at("c1", A))) == reason
    rig.do(TransferCall(at("c2", A), at("c1", A)))  # those who remain are three


def test_conference_is_not_transferred_in_one_step(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(SingleStepConferenceCall(at("c1", A), C))
    rig.do(AnswerCall(at("c1", C)))
    rig.batches()
    assert rig.refused(SingleStepTransferCall(at("c1", A), D)).startswith("call c1 has more than two parties")


def test_the_outside_cannot_be_operated(rig: Rig) -> None:
    rig.do(MakeCall(A, "0123456"))
    rig.batches()
    assert rig.refused(AnswerCall(at("c1", "0123456"))) == "0123456 is no phone"
    assert rig.refused(DeflectCall(at("c1", "0123456"), C)) == "0123456 is outside: its calls cannot be sent on"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (A, "1101 cannot be forwarded to itself"),
        ("", "there is no number to forward to"),
        ("1999", "1999 is neither a device of this PBX nor an outside number"),
    ],
)
def test_forwarding_that_makes_no_sense(rig: Rig, number: str, reason: str) -> None:
    assert rig.refused(SetForwarding(A, ForwardType.IMMEDIATE, True, number)) == reason
