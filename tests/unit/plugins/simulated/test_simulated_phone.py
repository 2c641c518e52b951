"""The person at the phone: habits, handset and keys; and the outside."""

from __future__ import annotations

import pytest
from simulated_rig import Rig

from telgw.model.commands import AnswerCall, ConferenceCall, ConnectionID, ConsultationCall, HoldCall, MakeCall
from telgw.model.facts import ConnectionCleared, Delivered, Established, Held, Originated, ServiceInitiated, Transferred
from telgw.model.states import EventCause as Cause

A, B, C, D = "1101", "1102", "1103", "1104"


def at(call: str, device: str) -> ConnectionID:
    return ConnectionID(call, device)


def conflict(rig: Rig, device: str, action: str, **query: str) -> str:
    before = rig.state()
    status, answer = rig.request("POST", f"devices/{device}/{action}", **query)
    assert status == 409, answer
    assert rig.state() == before
    error = answer["error"]
    assert isinstance(error, str)
    return error


@pytest.fixture
def rig() -> Rig:
    return Rig(A, B, C, D)


def test_auto_answer(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="auto", after="1500ms")
    rig.ringing(A, B)
    rig.pass_time(1.4)
    assert rig.batches() == []
    rig.pass_time(0.1)
    assert rig.said() == [Established("c1", B, A, B, cause=Cause.NORMAL)]


def test_auto_answer_at_once_is_a_turn_of_its_own(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="auto", after="0s")
    rig.ringing(A, B)
    rig.pass_time(0)
    assert rig.said() == [Established("c1", B, A, B, cause=Cause.NORMAL)]


def test_auto_answer_waits_while_the_person_is_talking(rig: Rig) -> None:
    rig.talking(B, C)
    rig.act(B, "behaviour", answer="auto", after="1s")
    rig.ringing(A, B)
    rig.pass_time(1)
    rig.pass_time(1)
    assert rig.batches() == []
    rig.act(B, "hang_up")
    rig.batches()
    rig.pass_time(1)
    assert rig.said() == [Established("c2", B, A, B, cause=Cause.NORMAL)]


def test_a_new_habit_holds_for_what_rings_now(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.pass_time(10)
    rig.act(B, "behaviour", answer="auto", after="2s")
    rig.pass_time(0)
    assert rig.said() == [Established("c1", B, A, B, cause=Cause.NORMAL)]


def test_nobody_answers(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="never")
    rig.ringing(A, B)
    rig.pass_time(10_000)
    assert rig.batches() == []
    assert rig.pending() == []


def test_dialling_on_hook_lifts_first(rig: Rig) -> None:
    rig.act(A, "dial", number="11-02")
    assert rig.said() == [
        ServiceInitiated("c1", A, Cause.NEW_CALL),
        Originated("c1", A, B, Cause.NEW_CALL),
        Delivered("c1", B, A, B, cause=Cause.NEW_CALL),
    ]


def test_lifting_a_ringing_phone_answers(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.act(B, "lift")
    assert rig.said() == [Established("c1", B, A, B, cause=Cause.NORMAL)]


def test_lift_and_hang_up(rig: Rig) -> None:
    assert rig.act(A, "lift")["hook"] == "off"
    assert rig.act(A, "hang_up")["hook"] == "on"
    assert rig.batches()[-1] == [ConnectionCleared("c1", A, Cause.NORMAL_CLEARING)]


def test_hanging_up_leaves_the_active_call_then_the_held_one(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(ConsultationCall(at("c1", A), C))
    rig.batches()
    rig.act(A, "hang_up")
    assert {fact.call for fact in rig.said() if isinstance(fact, ConnectionCleared)} == {"c2"}
    rig.act(A, "hang_up")
    assert {fact.call for fact in rig.said() if isinstance(fact, ConnectionCleared)} == {"c1"}


def test_flash_leaves_a_consultation_that_nobody_answers(rig: Rig) -> None:
    rig.talking(A, B)
    rig.act(A, "flash")
    assert rig.act(A, "flash")["calls"][0]["state"] == "connected"
    assert rig.state()["calls"] == 1


def test_transfer_and_conference_keys(rig: Rig) -> None:
    rig.talking(A, B)
    rig.act(A, "flash")
    rig.act(A, "dial", number=C)
    rig.batches()
    rig.act(A, "transfer")
    assert [type(fact) for fact in rig.said()] == [Transferred]
    rig.act(C, "answer")
    rig.act(C, "flash")
    rig.act(C, "dial", number=D)
    rig.act(D, "answer")
    assert rig.act(C, "conference")["calls"][0]["conference"] is True


@pytest.mark.parametrize(
    ("action", "query", "reason"),
    [
        ("hang_up", {}, "1104 is on hook already"),
        ("answer", {}, "1104 does not ring"),
        ("hold", {}, "1104 has no active call"),
        ("retrieve", {}, "1104 has no call on hold"),
        ("flash", {}, "1104 has no active call"),
        ("transfer", {}, "1104 has no active call"),
        ("conference", {}, "1104 has no active call"),
        ("pickup", {"number": C}, "1103 does not ring"),
        ("forward", {"type": "busy", "number": D}, "1104 cannot be forwarded to itself"),
    ],
)
def test_keys_that_do_nothing_on_an_idle_phone(rig: Rig, action: str, query: dict[str, str], reason: str) -> None:
    assert conflict(rig, D, action, **query) == reason


def test_keys_that_do_nothing_in_a_conversation(rig: Rig) -> None:
    rig.talking(A, B)
    assert conflict(rig, A, "lift") == "1101 is off hook already"
    assert conflict(rig, A, "dial", number=C) == "1101 has no dial tone: it is in call c1"
    assert conflict(rig, A, "retrieve") == "1101 has no call on hold"
    assert conflict(rig, A, "transfer") == "1101 has no call on hold"


def test_flash_while_the_only_call_still_rings(rig: Rig) -> None:
    rig.ringing(A, B)
    assert conflict(rig, A, "flash") == "nobody has answered call c1 yet"


def test_nobody_sits_at_a_queue() -> None:
    rig = Rig(routing_devices=("8500",))
    assert conflict(rig, "8500", "lift") == "8500 is a queue: there is no phone and nobody sits at it"


def test_hold_key_by_hand(rig: Rig) -> None:
    rig.talking(A, B)
    rig.act(B, "hold")
    assert rig.said() == [Held("c1", B, Cause.NORMAL)]
    assert rig.act(B, "retrieve")["hook"] == "off"


# --- the outside


def test_outside_party_answers_only_when_told() -> None:
    rig = Rig(A, external_answer_after=0.0)
    rig.do(MakeCall(A, "0123456"))
    rig.pass_time(1000)
    assert len(rig.batches()) == 1
    rig.control("POST", "external_answer", number="T1")
    assert rig.said() == [Established("c1", "0123456", A, "0123456", cause=Cause.NORMAL)]
    status, answer = rig.request("POST", "external_answer", number="T1")
    assert (status, answer["error"]) == (409, "call c1 does not ring at 0123456: it is connected there")


def test_the_same_number_twice_and_a_number_of_ours_are_told_apart_by_their_lines() -> None:
    rig = Rig(A, B, C)
    for to in (A, B):
        rig.control("POST", "external_call", from_="0160", to=to)
    rig.control("POST", "external_call", from_=D, to=C)
    others = [rig.snapshot(device).calls[0].others[0][0] for device in (A, B, C)]
    assert others == ["0160", "T2", "T3"]
    assert [rig.snapshot(device).calls[0].calling for device in (A, B, C)] == ["0160", "0160", D]


def test_lines_are_given_back_and_used_again(rig: Rig) -> None:
    for to in (A, B, C):
        rig.control("POST", "external_call", to=to)
    rig.control("POST", "external_hang_up", number="T2")
    assert rig.control("POST", "external_call", to=B)["trunk"] == "T2"
    assert rig.control("POST", "external_call", to=D)["trunk"] == "T4"


def test_no_line_free() -> None:
    rig = Rig(trunks=1)
    rig.control("POST", "external_call", to=A)
    assert rig.request("POST", "external_call", to=B) == (409, {"error": "every trunk line is taken"})


@pytest.mark.parametrize(
    ("prefix", "number", "outside"),
    [
        ("0", "0123", True),
        ("0", "012", False),
        ("0", "9123", False),
        ("0", "+331", False),
        ("0", "+33160127764", True),
        ("9", "9123", True),
        ("9", "0123", False),
        ("", "5551234", True),
        ("", "1101", False),
        ("0", "01x3", False),
        ("0", "012345678901234567890", True),
    ],
)
def test_what_is_outside(prefix: str, number: str, outside: bool) -> None:
    rig = Rig(A, outside_prefix=prefix)
    rig.do(MakeCall(A, number))
    others = rig.snapshot(A).calls[0].others
    assert (bool(others) and others[0][1].value == "alerting") is outside


def test_conference_with_two_from_outside(rig: Rig) -> None:
    rig.do(MakeCall(A, "0123456"))
    rig.pass_time(3)
    rig.do(ConsultationCall(at("c1", A), "0123456"))
    rig.pass_time(3)
    rig.do(ConferenceCall(at("c2", A), at("c1", A)))
    assert rig.snapshot(A).calls[0].others == tuple((label, rig.snapshot(A).calls[0].state) for label in ("0123456", "T2"))
    rig.batches()
    rig.do(HoldCall(at("c3", A)))
    rig.control("POST", "external_hang_up", number="T2")
    rig.control("POST", "external_hang_up", number="T1")
    assert rig.state()["calls"] == 0


def test_answer_by_command_stops_the_habit(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="auto", after="5s")
    rig.ringing(A, B)
    rig.do(AnswerCall(at("c1", B)))
    assert rig.pending() == []
