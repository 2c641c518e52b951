"""What the PBX says of a device when it is asked."""

from __future__ import annotations

import pytest
from simulated_rig import Rig

from telgw.base.outcome import ServiceError
from telgw.model.commands import (
    AnswerCall,
    ConferenceCall,
    ConnectionID,
    ConsultationCall,
    DeflectCall,
    MakeCall,
    SetDoNotDisturb,
    SetForwarding,
    SingleStepTransferCall,
    TransferCall,
)
from telgw.model.facts import ConnectionSnapshot, DeviceSnapshot
from telgw.model.states import ConnectionState as State
from telgw.model.states import ForwardType

A, B, C, D = "1101", "1102", "1103", "1104"


def at(call: str, device: str) -> ConnectionID:
    return ConnectionID(call, device)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_features(rig: Rig) -> None:
    assert rig.snapshot(A) == DeviceSnapshot(A, (), (), False, False)
    rig.do(SetForwarding(A, ForwardType.BUSY, True, B))
    rig.do(SetDoNotDisturb(A, True))
    rig.control("POST", "message_waiting", device=A, state="on")
    assert rig.snapshot(A) == DeviceSnapshot(A, (), ((ForwardType.BUSY, B),), True, True)


def test_both_ends_of_a_call(rig: Rig) -> None:
    rig.do(MakeCall(A, B, "x"))
    common = {"calling": A, "called": B, "extra_data": "x"}
    [caller], [called] = rig.snapshot(A).calls, rig.snapshot(B).calls
    assert caller == ConnectionSnapshot("c1", State.CONNECTED, ((B, State.ALERTING),), True, **common)  # type: ignore[arg-type]
    assert called == ConnectionSnapshot("c1", State.ALERTING, ((A, State.CONNECTED),), False, **common)  # type: ignore[arg-type]


def test_dial_tone_and_busy_tone(rig: Rig) -> None:
    rig.act(A, "lift")
    assert rig.snapshot(A).calls == (ConnectionSnapshot("c1", State.INITIATED, (), True, calling=A),)
    rig.act(A, "dial", number="1999")
    assert rig.snapshot(A).calls == (ConnectionSnapshot("c1", State.CONNECTED, (("1999", State.FAILED),), True, calling=A, called="1999"),)
    rig.do(MakeCall(B, B))
    assert rig.snapshot(B).calls == (ConnectionSnapshot("c2", State.FAILED, (), True, calling=B, called=B),)


def test_deflected_call(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.do(DeflectCall(at("c1", B), C))
    assert rig.snapshot(B).calls == ()
    [caller], [called] = rig.snapshot(A).calls, rig.snapshot(C).calls
    assert (caller.calling, caller.called, caller.first_called, caller.redirecting) == (A, B, None, B)
    assert (called.calling, called.called, called.first_called, called.redirecting) == (A, B, B, B)


def test_consultation_and_transfer(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(ConsultationCall(at("c1", A), C))
    assert [(call.call, call.state, call.others) for call in rig.snapshot(A).calls] == [
        ("c1", State.HELD, ((B, State.CONNECTED),)),
        ("c2", State.CONNECTED, ((C, State.ALERTING),)),
    ]
    rig.do(TransferCall(at("c2", A), at("c1", A)))
    assert rig.snapshot(A).calls == ()
    # B was called by A, C by A for B: both show the other one, and who transferred
    [held], [consulted] = rig.snapshot(B).calls, rig.snapshot(C).calls
    assert held == ConnectionSnapshot("c3", State.CONNECTED, ((C, State.ALERTING),), False, C, B, None, A)
    assert consulted == ConnectionSnapshot("c3", State.ALERTING, ((B, State.CONNECTED),), False, B, C, None, A)


def test_transferred_caller_stays_the_caller(rig: Rig) -> None:
    rig.talking(B, A)
    rig.do(ConsultationCall(at("c1", A), C))
    rig.do(AnswerCall(at("c2", C)))
    rig.do(TransferCall(at("c2", A), at("c1", A)))
    [held] = rig.snapshot(B).calls
    assert (held.outgoing, held.calling, held.called) == (True, B, C)


@pytest.mark.parametrize("caller", [A, B])
def test_single_step_transfer(rig: Rig, caller: str) -> None:
    rig.talking(caller, B if caller == A else A)
    rig.do(SingleStepTransferCall(at("c1", A), C))
    [stays], [rings] = rig.snapshot(B).calls, rig.snapshot(C).calls
    assert (stays.outgoing, stays.calling, stays.called) == ((False, C, B) if caller == A else (True, B, C))
    assert (rings.outgoing, rings.calling, rings.called, rings.redirecting) == (False, B, C, A)


def test_conference(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(ConsultationCall(at("c1", A), C))
    rig.do(AnswerCall(at("c2", C)))
    rig.do(ConferenceCall(at("c2", A), at("c1", A)))
    [call] = rig.snapshot(A).calls
    assert (call.call, call.conference, call.others) == ("c3", True, ((B, State.CONNECTED), (C, State.CONNECTED)))


def test_queue(rig: Rig) -> None:
    rig = Rig(routing_devices=("8500",))
    rig.control("POST", "external_call", to="8500")
    assert rig.snapshot("8500") == DeviceSnapshot(
        "8500", (ConnectionSnapshot("c1", State.QUEUED, (("T1", State.CONNECTED),), False, None, "8500"),)
    )


def test_unknown_device(rig: Rig) -> None:
    error = rig.answer(rig.link.snapshot("1999"))
    assert isinstance(error, ServiceError)
    assert error.reason == "1999 is no device of this PBX"
