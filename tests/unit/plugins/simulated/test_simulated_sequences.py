"""The event sequences of CSTA (ECMA-269), one test for each: the complete list of facts, in order, and what came in one piece.

A = 1101, B = 1102, C = 1103, D = 1104; all are monitored unless a test says otherwise. Calls are c1, c2, c3 in the order of their making.
"""

from __future__ import annotations

import pytest
from simulated_rig import Rig

from telgw.model.commands import (
    AlternateCall,
    AnswerCall,
    AssociateData,
    ClearConnection,
    ConferenceCall,
    ConnectionID,
    ConsultationCall,
    DeflectCall,
    DirectedPickupCall,
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
from telgw.model.facts import (
    CallInformation,
    Conferenced,
    ConnectionCleared,
    Delivered,
    Diverted,
    DoNotDisturb,
    Established,
    Failed,
    Forwarding,
    Held,
    MessageWaiting,
    NetworkReached,
    Originated,
    Queued,
    Retrieved,
    ServiceInitiated,
    Transferred,
)
from telgw.model.states import EventCause as Cause
from telgw.model.states import ForwardType

A, B, C, D = "1101", "1102", "1103", "1104"


def at(call: str, device: str) -> ConnectionID:
    return ConnectionID(call, device)


@pytest.fixture
def rig() -> Rig:
    return Rig(A, B, C, D)


def consulting(rig: Rig, answered: bool = True, **more: str) -> tuple[ConnectionID, ConnectionID]:
    """A talks to B (c1, held) and consults C (c2): A's active and held connections."""
    held, _ = rig.talking(A, B)
    active = rig.do(ConsultationCall(held, C, **more))
    if answered:
        rig.do(AnswerCall(at("c2", C)))
    rig.batches()
    return active, held


# --- 8.1 to 8.5: one call


def test_8_1_basic_call_from_the_command_to_the_answer(rig: Rig) -> None:
    assert rig.do(MakeCall(A, B)) == at("c1", A)
    assert rig.said() == [
        ServiceInitiated("c1", A, Cause.MAKE_CALL),
        Originated("c1", A, B, Cause.NEW_CALL),
        Delivered("c1", B, A, B, cause=Cause.NEW_CALL),
    ]
    assert rig.do(AnswerCall(at("c1", B))) is None
    assert rig.said() == [Established("c1", B, A, B, cause=Cause.NORMAL)]


@pytest.mark.parametrize(("leaver", "other"), [(A, B), (B, A)])
def test_8_1_either_side_ends_the_call_for_both(rig: Rig, leaver: str, other: str) -> None:
    rig.talking(A, B)
    rig.do(ClearConnection(at("c1", leaver)))
    assert rig.said() == [
        ConnectionCleared("c1", leaver, Cause.NORMAL_CLEARING),
        ConnectionCleared("c1", other, Cause.NORMAL_CLEARING),
    ]
    assert rig.state()["calls"] == 0


def test_8_1_dialled_by_hand(rig: Rig) -> None:
    rig.act(A, "lift")
    assert rig.said() == [ServiceInitiated("c1", A, Cause.NEW_CALL)]
    rig.act(A, "dial", number=B)
    assert rig.said() == [Originated("c1", A, B, Cause.NEW_CALL), Delivered("c1", B, A, B, cause=Cause.NEW_CALL)]
    rig.act(B, "answer")
    assert rig.said() == [Established("c1", B, A, B, cause=Cause.NORMAL)]
    rig.act(A, "hang_up")
    assert rig.said() == [ConnectionCleared("c1", A, Cause.NORMAL_CLEARING), ConnectionCleared("c1", B, Cause.NORMAL_CLEARING)]


def test_8_2_outgoing_external_call_is_answered_by_itself(rig: Rig) -> None:
    number = "00160127764"
    rig.do(MakeCall(A, "0 01 60 12 77 64"))
    assert rig.said() == [
        ServiceInitiated("c1", A, Cause.MAKE_CALL),
        Originated("c1", A, number, Cause.NEW_CALL),
        NetworkReached("c1", number, A, number, Cause.NEW_CALL),
        Delivered("c1", number, A, number, cause=Cause.NEW_CALL),
    ]
    rig.pass_time(2.9)
    assert rig.said() == []
    rig.pass_time(0.1)
    assert rig.said() == [Established("c1", number, A, number, cause=Cause.NORMAL)]
    rig.control("POST", "external_hang_up", number=number)
    assert rig.said() == [
        ConnectionCleared("c1", number, Cause.NORMAL_CLEARING),
        ConnectionCleared("c1", A, Cause.NORMAL_CLEARING),
    ]


def test_8_3_incoming_external_call(rig: Rig) -> None:
    rig.control("POST", "external_call", from_="0160127764", to=B)
    assert rig.said() == [Delivered("c1", B, "0160127764", B, cause=Cause.NEW_CALL)]
    rig.do(AnswerCall(at("c1", B)))
    assert rig.said() == [Established("c1", B, "0160127764", B, cause=Cause.NORMAL)]
    rig.do(ClearConnection(at("c1", B)))
    assert rig.said() == [ConnectionCleared("c1", B, Cause.NORMAL_CLEARING)]


def test_8_3_withheld_number_is_not_known_and_the_line_stands_for_the_party(rig: Rig) -> None:
    rig.control("POST", "external_call", to=B)
    assert rig.said() == [Delivered("c1", B, None, B, cause=Cause.NEW_CALL)]
    rig.control("POST", "external_hang_up", number="T1")
    assert rig.said() == [ConnectionCleared("c1", "T1", Cause.NORMAL_CLEARING), ConnectionCleared("c1", B, Cause.CALL_CANCELLED)]


def test_8_4_busy_and_the_tone_lasts_until_the_caller_drops(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="busy")
    rig.do(MakeCall(A, B))
    assert rig.said() == [
        ServiceInitiated("c1", A, Cause.MAKE_CALL),
        Originated("c1", A, B, Cause.NEW_CALL),
        Failed("c1", B, A, B, Cause.BUSY),
    ]
    rig.pass_time(1000)
    assert rig.said() == []
    rig.do(ClearConnection(at("c1", A)))
    assert rig.said() == [ConnectionCleared("c1", A, Cause.NORMAL_CLEARING)]


def test_8_4_busy_when_every_appearance_is_taken() -> None:
    rig = Rig(A, appearances=2)
    rig.ringing("1105", B)
    rig.ringing("1106", B)
    rig.do(MakeCall(A, B))
    assert rig.said()[-1] == Failed("c3", B, A, B, Cause.BUSY)


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        ("1999", Cause.DEST_NOT_OBTAINABLE),
        ("0", Cause.DEST_NOT_OBTAINABLE),
        ("012", Cause.DEST_NOT_OBTAINABLE),
        ("0123", Cause.TRUNKS_BUSY),
        ("+33160127764", Cause.TRUNKS_BUSY),
    ],
)
def test_8_4_nobody_there(number: str, cause: Cause) -> None:
    rig = Rig(A, trunks=0)
    rig.do(MakeCall(A, number))
    assert rig.said()[-1] == Failed("c1", number, A, number, cause)


def test_8_4_do_not_disturb(rig: Rig) -> None:
    rig.do(SetDoNotDisturb(B, True))
    rig.batches()
    rig.do(MakeCall(A, B))
    assert rig.said()[-1] == Failed("c1", B, A, B, Cause.DO_NOT_DISTURB)


def test_8_4_calling_oneself_is_busy_at_this_very_end(rig: Rig) -> None:
    rig.do(MakeCall(A, A))
    assert rig.said()[-1] == Failed("c1", A, A, A, Cause.BUSY)
    rig.do(ClearConnection(at("c1", A)))
    assert rig.said() == [ConnectionCleared("c1", A, Cause.NORMAL_CLEARING)]


def test_8_5_caller_gives_up(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.do(ClearConnection(at("c1", A)))
    assert rig.said() == [ConnectionCleared("c1", A, Cause.NORMAL_CLEARING), ConnectionCleared("c1", B, Cause.CALL_CANCELLED)]


def test_8_5_called_party_rejects(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.do(ClearConnection(at("c1", B)))
    assert rig.said() == [ConnectionCleared("c1", B, Cause.NORMAL_CLEARING), ConnectionCleared("c1", A, Cause.NORMAL_CLEARING)]


# --- 8.6 to 8.9: hold, consult, alternate, reconnect


def test_8_6_hold_and_retrieve(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(HoldCall(at("c1", A)))
    assert rig.said() == [Held("c1", A, Cause.NORMAL)]
    rig.do(RetrieveCall(at("c1", A)))
    assert rig.said() == [Retrieved("c1", A, Cause.NORMAL)]


def test_8_6_both_sides_may_hold(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(HoldCall(at("c1", A)))
    rig.do(HoldCall(at("c1", B)))
    rig.do(RetrieveCall(at("c1", A)))
    assert rig.batches() == [[Held("c1", A, Cause.NORMAL)], [Held("c1", B, Cause.NORMAL)], [Retrieved("c1", A, Cause.NORMAL)]]


def test_8_7_consultation(rig: Rig) -> None:
    rig.talking(A, B)
    assert rig.do(ConsultationCall(at("c1", A), C)) == at("c2", A)
    assert rig.said() == [
        Held("c1", A, Cause.CONSULTATION),
        ServiceInitiated("c2", A, Cause.CONSULTATION),
        Originated("c2", A, C, Cause.CONSULTATION),
        Delivered("c2", C, A, C, cause=Cause.CONSULTATION, consulting_for=B),
    ]
    rig.do(AnswerCall(at("c2", C)))
    assert rig.said() == [Established("c2", C, A, C, cause=Cause.NORMAL)]


def test_8_7_consultation_by_hand(rig: Rig) -> None:
    rig.talking(A, B)
    rig.act(A, "flash")
    assert rig.said() == [Held("c1", A, Cause.CONSULTATION), ServiceInitiated("c2", A, Cause.CONSULTATION)]
    rig.act(A, "dial", number=C)
    assert rig.said() == [
        Originated("c2", A, C, Cause.CONSULTATION),
        Delivered("c2", C, A, C, cause=Cause.CONSULTATION, consulting_for=B),
    ]


def test_8_8_alternate(rig: Rig) -> None:
    active, held = consulting(rig)
    rig.do(AlternateCall(active, held))
    assert rig.said() == [Held("c2", A, Cause.ALTERNATE), Retrieved("c1", A, Cause.ALTERNATE)]
    rig.act(A, "flash")
    assert rig.said() == [Held("c1", A, Cause.ALTERNATE), Retrieved("c2", A, Cause.ALTERNATE)]


@pytest.mark.parametrize("answered", [True, False])
def test_8_9_reconnect(rig: Rig, answered: bool) -> None:
    rig.do(ReconnectCall(*consulting(rig, answered)))
    assert rig.said() == [
        ConnectionCleared("c2", A, Cause.NORMAL_CLEARING),
        ConnectionCleared("c2", C, Cause.NORMAL_CLEARING if answered else Cause.CALL_CANCELLED),
        Retrieved("c1", A, Cause.NORMAL),
    ]


def test_8_9_reconnect_from_a_failed_consultation(rig: Rig) -> None:
    rig.act(C, "behaviour", answer="busy")
    rig.do(ReconnectCall(*consulting(rig, answered=False)))
    assert rig.said() == [ConnectionCleared("c2", A, Cause.NORMAL_CLEARING), Retrieved("c1", A, Cause.NORMAL)]


# --- 8.10 to 8.13: calls that become one


def test_8_10_transfer_after_the_answer(rig: Rig) -> None:
    rig.do(TransferCall(*consulting(rig)))
    assert rig.said() == [Transferred("c3", A, "c1", "c2", ((B, "c1"), (C, "c2")), C, Cause.TRANSFER)]
    rig.do(ClearConnection(at("c3", B)))
    assert rig.said() == [ConnectionCleared("c3", B, Cause.NORMAL_CLEARING), ConnectionCleared("c3", C, Cause.NORMAL_CLEARING)]


def test_8_10_transfer_before_the_answer(rig: Rig) -> None:
    rig.do(TransferCall(*consulting(rig, answered=False)))
    assert rig.said() == [Transferred("c3", A, "c1", "c2", ((B, "c1"), (C, "c2")), C, Cause.TRANSFER)]
    rig.do(AnswerCall(at("c3", C)))
    assert rig.said() == [Established("c3", C, B, C, A, Cause.NORMAL)]


def test_8_10_transfer_after_an_alternation_joins_the_same_ends(rig: Rig) -> None:
    active, held = consulting(rig)
    rig.do(AlternateCall(active, held))
    rig.batches()
    rig.do(TransferCall(held, active))
    assert rig.said() == [Transferred("c3", A, "c2", "c1", ((C, "c2"), (B, "c1")), B, Cause.TRANSFER)]


def test_8_10_transfer_of_an_external_party(rig: Rig) -> None:
    rig.control("POST", "external_call", from_="0160127764", to=A)
    rig.do(AnswerCall(at("c1", A)))
    rig.do(ConsultationCall(at("c1", A), C))
    assert rig.batches()[-1][-1] == Delivered("c2", C, A, C, cause=Cause.CONSULTATION, consulting_for="0160127764")
    rig.do(TransferCall(at("c2", A), at("c1", A)))
    assert rig.said() == [Transferred("c3", A, "c1", "c2", (("0160127764", "c1"), (C, "c2")), C, Cause.TRANSFER)]
    rig.do(AnswerCall(at("c3", C)))
    assert rig.said() == [Established("c3", C, "0160127764", C, A, Cause.NORMAL)]


def test_8_10_two_transfers_in_a_row(rig: Rig) -> None:
    """TelServices, call event, example 4: B consults C, C consults D, C transfers, then B transfers A to D."""
    rig.talking(A, B)
    rig.do(ConsultationCall(at("c1", B), C))
    rig.do(AnswerCall(at("c2", C)))
    rig.do(ConsultationCall(at("c2", C), D))
    rig.do(AnswerCall(at("c3", D)))
    rig.batches()
    rig.do(TransferCall(at("c3", C), at("c2", C)))
    assert rig.said() == [Transferred("c4", C, "c2", "c3", ((B, "c2"), (D, "c3")), D, Cause.TRANSFER)]
    rig.do(TransferCall(at("c4", B), at("c1", B)))
    assert rig.said() == [Transferred("c5", B, "c1", "c4", ((A, "c1"), (D, "c4")), D, Cause.TRANSFER)]


def test_8_11_conference_and_how_it_ends(rig: Rig) -> None:
    rig.do(ConferenceCall(*consulting(rig)))
    assert rig.said() == [Conferenced("c3", A, "c1", "c2", C, ((A, "c1"), (B, "c1"), (C, "c2")), Cause.CONFERENCE)]
    rig.do(ClearConnection(at("c3", B)))
    assert rig.said() == [ConnectionCleared("c3", B, Cause.NORMAL_CLEARING)]
    rig.do(ClearConnection(at("c3", C)))
    assert rig.said() == [ConnectionCleared("c3", C, Cause.NORMAL_CLEARING), ConnectionCleared("c3", A, Cause.NORMAL_CLEARING)]


def test_8_12_single_step_conference(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(SingleStepConferenceCall(at("c1", A), C))
    cause = Cause.SINGLE_STEP_CONFERENCE
    assert rig.said() == [Delivered("c1", C, A, C, cause=cause)]
    rig.do(AnswerCall(at("c1", C)))
    assert rig.said() == [
        Established("c1", C, A, C, cause=Cause.NORMAL),
        Conferenced("c1", A, "c1", None, C, ((A, "c1"), (B, "c1"), (C, "c1")), cause),
    ]


def test_8_12_the_invited_party_does_not_want_to(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(SingleStepConferenceCall(at("c1", A), C))
    rig.batches()
    rig.do(ClearConnection(at("c1", C)))
    assert rig.said() == [ConnectionCleared("c1", C, Cause.NORMAL_CLEARING)]
    assert [call.conference for call in rig.snapshot(A).calls] == [False]


def test_8_13_single_step_transfer(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(SingleStepTransferCall(at("c1", A), C))
    cause = Cause.SINGLE_STEP_TRANSFER
    assert rig.said() == [
        Transferred("c1", A, "c1", None, ((B, "c1"),), C, cause),
        Delivered("c1", C, B, C, A, cause),
    ]
    rig.do(AnswerCall(at("c1", C)))
    assert rig.said() == [Established("c1", C, B, C, A, Cause.NORMAL)]


# --- 8.14 to 8.17: calls that go elsewhere


def test_8_14_deflect(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.do(DeflectCall(at("c1", B), C))
    assert rig.said() == [Diverted("c1", B, C, Cause.REDIRECTED), Delivered("c1", C, A, B, B, Cause.REDIRECTED)]
    rig.do(DeflectCall(at("c1", C), D))
    assert rig.said() == [Diverted("c1", C, D, Cause.REDIRECTED), Delivered("c1", D, A, B, C, Cause.REDIRECTED)]
    rig.do(AnswerCall(at("c1", D)))
    assert rig.said() == [Established("c1", D, A, B, C, Cause.NORMAL)]


def test_8_14_deflect_outside(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.do(DeflectCall(at("c1", B), "0123456"))
    assert rig.said() == [
        Diverted("c1", B, "0123456", Cause.REDIRECTED),
        NetworkReached("c1", "0123456", A, B, Cause.REDIRECTED),
        Delivered("c1", "0123456", A, B, B, Cause.REDIRECTED),
    ]


def test_8_15_immediate_forwarding(rig: Rig) -> None:
    rig.do(SetForwarding(B, ForwardType.IMMEDIATE, True, C))
    rig.batches()
    rig.do(MakeCall(A, B))
    assert rig.said()[2:] == [Delivered("c1", C, A, B, B, Cause.CALL_FORWARD_IMMEDIATE)]


def test_8_15_busy_forwarding(rig: Rig) -> None:
    rig.do(SetForwarding(B, ForwardType.BUSY, True, C))
    rig.act(B, "behaviour", answer="busy")
    rig.batches()
    rig.do(MakeCall(A, B))
    assert rig.said()[2:] == [Delivered("c1", C, A, B, B, Cause.CALL_FORWARD_BUSY)]


def test_8_15_no_answer_forwarding(rig: Rig) -> None:
    rig.do(SetForwarding(B, ForwardType.NO_ANSWER, True, C))
    rig.batches()
    rig.do(MakeCall(A, B))
    assert rig.said()[2:] == [Delivered("c1", B, A, B, cause=Cause.NEW_CALL)]
    rig.pass_time(19.9)
    assert rig.said() == []
    rig.pass_time(0.1)
    cause = Cause.CALL_FORWARD_NO_ANSWER
    assert rig.said() == [Diverted("c1", B, C, cause), Delivered("c1", C, A, B, B, cause)]
    assert rig.pending() == []


def test_8_15_chain_names_the_first_called_and_the_last_redirecting_device(rig: Rig) -> None:
    rig.do(SetForwarding(B, ForwardType.IMMEDIATE, True, C))
    rig.do(SetForwarding(C, ForwardType.IMMEDIATE, True, D))
    rig.batches()
    rig.do(MakeCall(A, B))
    assert rig.said()[2:] == [Delivered("c1", D, A, B, C, Cause.CALL_FORWARD_IMMEDIATE)]


def test_8_16_pickup(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.do(DirectedPickupCall(at("c1", B), C))
    assert rig.said() == [Diverted("c1", B, C, Cause.CALL_PICKUP), Established("c1", C, A, B, B, Cause.CALL_PICKUP)]


def test_8_16_pickup_by_hand_holds_what_the_phone_does(rig: Rig) -> None:
    rig.ringing(A, B)
    rig.talking(C, D)
    rig.act(C, "pickup", number=B)
    assert rig.said() == [
        Held("c2", C, Cause.NORMAL),
        Diverted("c1", B, C, Cause.CALL_PICKUP),
        Established("c1", C, A, B, B, Cause.CALL_PICKUP),
    ]


def test_8_17_queue_and_distribution() -> None:
    q = "8500"
    rig = Rig(A, C, q, routing_devices=(q,))
    rig.do(MakeCall(A, q))
    assert rig.said() == [
        ServiceInitiated("c1", A, Cause.MAKE_CALL),
        Originated("c1", A, q, Cause.NEW_CALL),
        Queued("c1", q, A, q, cause=Cause.ENTERING_DISTRIBUTION),
    ]
    rig.do(DeflectCall(at("c1", q), C))
    assert rig.said() == [Diverted("c1", q, C, Cause.DISTRIBUTED), Delivered("c1", C, A, q, q, Cause.DISTRIBUTED)]


def test_8_17_caller_hangs_up_in_the_queue() -> None:
    q = "8500"
    rig = Rig(q, routing_devices=(q,))
    rig.control("POST", "external_call", from_="0160127764", to=q)
    assert rig.said() == [Queued("c1", q, "0160127764", q, cause=Cause.ENTERING_DISTRIBUTION)]
    rig.control("POST", "external_hang_up", number="0160127764")
    assert rig.said() == [
        ConnectionCleared("c1", "0160127764", Cause.NORMAL_CLEARING),
        ConnectionCleared("c1", q, Cause.CALL_CANCELLED),
    ]


# --- 8.18, 8.20, 8.22


def test_8_18_features_by_command_and_by_hand(rig: Rig) -> None:
    rig.do(SetForwarding(A, ForwardType.BUSY_EXT, True, B))
    rig.act(A, "forward", type="busyExt", number=B)  # no change, no event
    rig.act(A, "forward", type="busyExt", state="off")
    rig.do(SetDoNotDisturb(A, True))
    rig.act(A, "do_not_disturb", state="on")
    rig.act(A, "do_not_disturb", state="off")
    rig.control("POST", "message_waiting", device=A, state="on")
    assert rig.batches() == [
        [Forwarding(A, ForwardType.BUSY_EXT, True, B)],
        [Forwarding(A, ForwardType.BUSY_EXT, False, B)],
        [DoNotDisturb(A, True)],
        [DoNotDisturb(A, False)],
        [MessageWaiting(A, True)],
    ]


def test_8_20_data_travels_with_the_call(rig: Rig) -> None:
    rig.do(MakeCall(A, B, "order 7"))
    assert rig.said()[1:] == [
        Originated("c1", A, B, Cause.NEW_CALL, "order 7"),
        Delivered("c1", B, A, B, cause=Cause.NEW_CALL, extra_data="order 7"),
    ]
    rig.do(DeflectCall(at("c1", B), C))
    assert rig.said()[-1] == Delivered("c1", C, A, B, B, Cause.REDIRECTED, "order 7")
    rig.do(DeflectCall(at("c1", C), D, "order 8"))
    assert rig.said()[-1] == Delivered("c1", D, A, B, C, Cause.REDIRECTED, "order 8")
    rig.do(AnswerCall(at("c1", D)))
    assert rig.said() == [Established("c1", D, A, B, C, Cause.NORMAL, "order 8")]
    rig.do(AssociateData(at("c1", D), "order 9"))
    assert rig.said() == [CallInformation("c1", D, "order 9")]


@pytest.mark.parametrize(("held", "active", "joined"), [("h", "a", "h"), (None, "a", "a"), ("h", None, "h"), (None, None, None)])
def test_8_20_data_survives_a_transfer(rig: Rig, held: str | None, active: str | None, joined: str | None) -> None:
    rig.talking(A, B, extra_data=held)
    rig.do(ConsultationCall(at("c1", A), C, active))
    rig.do(TransferCall(at("c2", A), at("c1", A)))
    rig.batches()
    rig.do(AnswerCall(at("c3", C)))
    assert rig.said() == [Established("c3", C, B, C, A, Cause.NORMAL, joined)]


# --- more than the document's sequences


def test_answering_a_second_call_holds_the_first(rig: Rig) -> None:
    rig.talking(A, B)
    rig.ringing(C, B)
    rig.do(AnswerCall(at("c2", B)))
    assert rig.said() == [Held("c1", B, Cause.NORMAL), Established("c2", B, C, B, cause=Cause.NORMAL)]


def test_making_a_call_in_a_conversation_holds_it(rig: Rig) -> None:
    rig.talking(A, B)
    rig.do(MakeCall(A, C))
    assert rig.said()[:2] == [Held("c1", A, Cause.NORMAL), ServiceInitiated("c2", A, Cause.MAKE_CALL)]


def test_making_a_call_with_dial_tone_dials_on_it(rig: Rig) -> None:
    rig.act(A, "lift")
    rig.batches()
    assert rig.do(MakeCall(A, B)) == at("c1", A)
    assert rig.said() == [Originated("c1", A, B, Cause.NEW_CALL), Delivered("c1", B, A, B, cause=Cause.NEW_CALL)]


def test_making_a_call_with_busy_tone_ends_the_tone(rig: Rig) -> None:
    rig.do(MakeCall(A, "1999"))
    rig.batches()
    rig.do(MakeCall(A, B))
    assert rig.said()[:2] == [ConnectionCleared("c1", A, Cause.NORMAL_CLEARING), ServiceInitiated("c2", A, Cause.MAKE_CALL)]


def test_nobody_who_is_monitored_takes_part_then_nothing_is_said() -> None:
    rig = Rig(C)
    rig.talking(A, B)
    rig.do(SetDoNotDisturb(A, True))
    rig.do(ConsultationCall(at("c1", A), C))
    assert rig.batches() == [
        [Delivered("c2", C, A, C, cause=Cause.CONSULTATION, consulting_for=B)],
    ]
    rig.do(TransferCall(at("c2", A), at("c1", A)))
    assert rig.said() == [Transferred("c3", A, "c1", "c2", ((B, "c1"), (C, "c2")), C, Cause.TRANSFER)]


def test_who_has_left_hears_no_more() -> None:
    rig = Rig(A)
    rig.talking(A, B)
    rig.do(ClearConnection(at("c1", A)))
    assert rig.said() == [ConnectionCleared("c1", A, Cause.NORMAL_CLEARING)]
