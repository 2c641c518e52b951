"""Forwardings: nine types, who wins, chains, and what happens while it rings."""

from __future__ import annotations

from itertools import pairwise

import pytest
from simulated_rig import Rig

from telgw.model.commands import AnswerCall, ConnectionID, DeflectCall, GetForwarding, MakeCall, SetDoNotDisturb, SetForwarding
from telgw.model.facts import ConnectionCleared, Delivered, Diverted, Established, Failed, NetworkReached, Queued
from telgw.model.states import EventCause as Cause
from telgw.model.states import ForwardType

A, B, C, D = "1101", "1102", "1103", "1104"
OUTSIDE = "0160127764"


def forward(rig: Rig, device: str, type: ForwardType, number: str) -> None:
    rig.do(SetForwarding(device, type, True, number))
    rig.batches()


def ringing_after(rig: Rig, external: bool, seconds: float = 0.0) -> str:
    """Which device rings, so many seconds after B was called."""
    if external:
        rig.control("POST", "external_call", from_=OUTSIDE, to=B)
    else:
        rig.do(MakeCall(A, B))
    rig.pass_time(seconds)
    delivered = [fact for batch in rig.batches() for fact in batch if isinstance(fact, Delivered)]
    return delivered[-1].device


@pytest.mark.parametrize("external", [False, True])
@pytest.mark.parametrize(
    ("general", "internal", "outer", "busy", "seconds"),
    [
        (ForwardType.IMMEDIATE, ForwardType.IMMEDIATE_INT, ForwardType.IMMEDIATE_EXT, False, 0.0),
        (ForwardType.BUSY, ForwardType.BUSY_INT, ForwardType.BUSY_EXT, True, 0.0),
        (ForwardType.NO_ANSWER, ForwardType.NO_ANSWER_INT, ForwardType.NO_ANSWER_EXT, False, 20.0),
    ],
)
def test_the_specific_forwarding_wins_over_the_general_one(
    external: bool, general: ForwardType, internal: ForwardType, outer: ForwardType, busy: bool, seconds: float
) -> None:
    for forwards, expected in (
        ({general: C}, C),
        ({general: C, internal: D, outer: "1105"}, "1105" if external else D),
        ({internal: D, outer: "1105"}, "1105" if external else D),
    ):
        rig = Rig(A, B, C, D, "1105")
        if busy:
            rig.act(B, "behaviour", answer="busy")
        for type, number in forwards.items():
            forward(rig, B, type, number)
        assert ringing_after(rig, external, seconds) == expected


def test_only_internal_calls_are_forwarded() -> None:
    rig = Rig(B, C)
    forward(rig, B, ForwardType.IMMEDIATE_INT, C)
    assert ringing_after(rig, external=True) == B


def test_forwardings_are_told_and_taken_back() -> None:
    rig = Rig()
    forward(rig, B, ForwardType.BUSY, C)
    forward(rig, B, ForwardType.NO_ANSWER_EXT, "+33160127764")
    assert rig.do(GetForwarding(B)) == ((ForwardType.BUSY, C), (ForwardType.NO_ANSWER_EXT, "+33160127764"))
    rig.do(SetForwarding(B, ForwardType.BUSY, False, ""))
    assert rig.do(GetForwarding(B)) == ((ForwardType.NO_ANSWER_EXT, "+33160127764"),)


def test_immediate_forwarding_comes_before_do_not_disturb_which_comes_before_busy() -> None:
    rig = Rig(A)
    forward(rig, B, ForwardType.BUSY, C)
    rig.do(SetDoNotDisturb(B, True))
    rig.act(B, "behaviour", answer="busy")
    rig.do(MakeCall(A, B))
    assert rig.said()[-1] == Failed("c1", B, A, B, Cause.DO_NOT_DISTURB)
    rig.act(A, "hang_up")
    forward(rig, B, ForwardType.IMMEDIATE, D)
    rig.do(MakeCall(A, B))
    assert rig.said()[-1] == Delivered("c2", D, A, B, B, Cause.CALL_FORWARD_IMMEDIATE)


def test_forwarded_to_somebody_who_is_busy() -> None:
    rig = Rig(A)
    rig.act(C, "behaviour", answer="busy")
    forward(rig, B, ForwardType.IMMEDIATE, C)
    rig.do(MakeCall(A, B))
    assert rig.said()[-1] == Failed("c1", C, A, B, Cause.BUSY)


def test_forwarded_back_to_the_caller_is_busy() -> None:
    rig = Rig(A)
    forward(rig, B, ForwardType.IMMEDIATE, A)
    rig.do(MakeCall(A, B))
    assert rig.said()[-1] == Failed("c1", B, A, B, Cause.BUSY)


@pytest.mark.parametrize(("hops", "arrives"), [(5, True), (6, False)])
def test_chain_of_more_than_five_arrives_nowhere(hops: int, arrives: bool) -> None:
    rig = Rig(A)
    chain = [str(1102 + step) for step in range(hops + 1)]
    for one, other in pairwise(chain):
        forward(rig, one, ForwardType.IMMEDIATE, other)
    rig.do(MakeCall(A, B))
    last = rig.said()[-1]
    if arrives:
        assert last == Delivered("c1", chain[-1], A, B, chain[-2], Cause.CALL_FORWARD_IMMEDIATE)
    else:
        assert last == Failed("c1", chain[-1], A, B, Cause.DEST_NOT_OBTAINABLE)


def test_circle_arrives_nowhere() -> None:
    rig = Rig(A)
    forward(rig, B, ForwardType.IMMEDIATE, C)
    forward(rig, C, ForwardType.IMMEDIATE, B)
    rig.do(MakeCall(A, B))
    assert isinstance(rig.said()[-1], Failed)


def test_circle_of_people_who_do_not_answer_ends_after_five() -> None:
    rig = Rig(A, B, C)
    forward(rig, B, ForwardType.NO_ANSWER, C)
    forward(rig, C, ForwardType.NO_ANSWER, B)
    rig.do(MakeCall(A, B))
    for _ in range(10):
        rig.pass_time(20)
    facts = [fact for batch in rig.batches() for fact in batch]
    assert sum(isinstance(fact, Diverted) for fact in facts) == 5
    assert [call.state.value for call in rig.snapshot(C).calls] == ["alerting"]
    assert rig.pending() == []


def test_nobody_to_be_reached_then_it_goes_on_ringing() -> None:
    rig = Rig(A, B)
    forward(rig, B, ForwardType.NO_ANSWER, C)
    rig.act(C, "behaviour", answer="busy")
    rig.do(MakeCall(A, B))
    rig.batches()
    rig.pass_time(100)
    assert rig.batches() == []
    rig.do(AnswerCall(ConnectionID("c1", B)))
    assert rig.said() == [Established("c1", B, A, B, cause=Cause.NORMAL)]


def test_nobody_to_be_reached_and_the_person_who_answers_by_habit_is_talking() -> None:
    rig = Rig(A, B)
    rig.act(B, "behaviour", answer="auto", after="2s")
    forward(rig, B, ForwardType.NO_ANSWER, C)
    rig.act(C, "behaviour", answer="busy")
    rig.talking(B, D)
    rig.ringing(A, B)
    for _ in range(60):
        rig.pass_time(1)
    assert rig.batches() == []
    rig.act(B, "hang_up")
    rig.batches()
    rig.pass_time(1)
    assert rig.said() == [Established("c2", B, A, B, cause=Cause.NORMAL)]


def test_forwarding_set_while_it_rings_counts_from_the_first_ring() -> None:
    rig = Rig(A, B, C)
    rig.ringing(A, B)
    rig.pass_time(15)
    forward(rig, B, ForwardType.NO_ANSWER, C)
    rig.pass_time(4.9)
    assert rig.batches() == []
    rig.pass_time(0.1)
    assert rig.said()[-1] == Delivered("c1", C, A, B, B, Cause.CALL_FORWARD_NO_ANSWER)


def test_answered_or_taken_back_in_time() -> None:
    rig = Rig(A, B, C)
    forward(rig, B, ForwardType.NO_ANSWER, C)
    rig.talking(A, B)
    assert rig.pending() == []
    rig.ringing(D, B)
    rig.act(B, "forward", type="noAnswer", state="off")
    assert rig.pending() == []


def test_forwarded_outside_and_into_a_queue() -> None:
    rig = Rig(A, routing_devices=("8500",))
    forward(rig, B, ForwardType.IMMEDIATE, OUTSIDE)
    rig.do(MakeCall(A, B))
    cause = Cause.CALL_FORWARD_IMMEDIATE
    assert rig.said()[2:] == [NetworkReached("c1", OUTSIDE, A, B, cause), Delivered("c1", OUTSIDE, A, B, B, cause)]
    rig.act(A, "hang_up")
    forward(rig, B, ForwardType.IMMEDIATE, "8500")
    rig.do(MakeCall(A, B))
    assert rig.said()[2:] == [Queued("c2", "8500", A, B, B, Cause.ENTERING_DISTRIBUTION)]


def test_deflected_to_a_phone_that_is_forwarded() -> None:
    rig = Rig(A, B, C, D)
    forward(rig, C, ForwardType.IMMEDIATE, D)
    rig.ringing(A, B)
    rig.do(DeflectCall(ConnectionID("c1", B), C))
    assert rig.said() == [Diverted("c1", B, C, Cause.REDIRECTED), Delivered("c1", D, A, B, C, Cause.CALL_FORWARD_IMMEDIATE)]


def test_external_caller_meets_a_busy_phone_and_is_gone() -> None:
    rig = Rig(B)
    rig.act(B, "behaviour", answer="busy")
    answer = rig.control("POST", "external_call", from_=OUTSIDE, to=B)
    assert answer == {"call": "c1", "trunk": "T1", "from": OUTSIDE, "to": B, "state": "failed", "cause": "busy"}
    assert rig.batches() == []
    assert rig.state()["trunks"]["lines"] == []


def test_external_caller_is_forwarded_outside_through_two_lines() -> None:
    rig = Rig(B)
    forward(rig, B, ForwardType.IMMEDIATE, OUTSIDE)
    rig.control("POST", "external_call", from_=OUTSIDE, to=B)
    assert [line["trunk"] for line in rig.state()["trunks"]["lines"]] == ["T1", "T2"]
    rig.pass_time(3)
    rig.control("POST", "external_hang_up", number="T2")
    assert rig.state()["calls"] == 0
    assert rig.batches() == []  # none of our devices takes part


def test_no_answer_after_is_a_setting() -> None:
    rig = Rig(B, no_answer_after=5.0)
    forward(rig, B, ForwardType.NO_ANSWER, C)
    rig.ringing(A, B)
    rig.pass_time(5)
    assert rig.said() == [Diverted("c1", B, C, Cause.CALL_FORWARD_NO_ANSWER)]
    rig.act(A, "hang_up")
    assert rig.said() == []
    assert not any(isinstance(fact, ConnectionCleared) for batch in rig.batches() for fact in batch)
