"""The link, and everything that can be wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from simulated_rig import NOTHING, Rig

from telgw.base.numbers import DeviceSet
from telgw.base.outcome import ServiceError
from telgw.core.ports import LinkState
from telgw.model.commands import (
    AnswerCall,
    ClearConnection,
    ConnectionID,
    DeflectCall,
    GetDoNotDisturb,
    GetForwarding,
    GetMessageWaiting,
    HoldCall,
    MakeCall,
    SetForwarding,
    SingleStepTransferCall,
)
from telgw.model.facts import ConnectionCleared, Delivered, Established, MessageWaiting, Originated, ServiceInitiated
from telgw.model.states import EventCause as Cause
from telgw.model.states import ForwardType

A, B, C = "1101", "1102", "1103"


def at(call: str, device: str) -> ConnectionID:
    return ConnectionID(call, device)


def faults(rig: Rig, **given: Any) -> Any:
    return rig.control("POST", "faults", json.dumps(given).encode())


def outcome(rig: Rig, deferred: Any) -> str:
    """The code of the refusal, "silence", or "done"."""
    result = rig.answer(deferred)
    if isinstance(result, ServiceError):
        return result.code.value
    return "silence" if result is NOTHING else "done"


@pytest.fixture
def rig() -> Rig:
    return Rig(A, B)


def test_link_comes_up_in_a_later_turn() -> None:
    rig = Rig(start=False)
    rig.link.start(rig)
    assert rig.statuses == [(LinkState.CONNECTING, 1, "")]
    assert outcome(rig, rig.link.monitor(A)) == "pbxlinkOutOfService"
    rig.pass_time(0)
    assert rig.statuses[1:] == [(LinkState.READY, 1, "")]
    assert outcome(rig, rig.link.monitor(A)) == "done"


def test_stop_leaves_nothing_running(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="auto")
    rig.ringing(A, B)
    rig.ringing("1105", "0123456")
    faults(rig, delay="1s")
    rig.link.execute(HoldCall(at("c1", A))).addErrback(lambda failure: None)
    assert rig.pending()
    assert outcome(rig, rig.link.stop()) == "done"
    assert rig.pending() == []


def test_stop_while_it_connects_or_restarts(rig: Rig) -> None:
    faults(rig, restart=True)
    rig.link.stop()
    assert rig.pending() == []
    rig.pass_time(10)
    assert rig.statuses[-1][0] is LinkState.WAITING


def test_monitoring_twice_is_once_and_unmonitoring_never_fails(rig: Rig) -> None:
    assert outcome(rig, rig.link.monitor(A)) == "done"
    assert outcome(rig, rig.link.unmonitor(A)) == "done"
    assert outcome(rig, rig.link.unmonitor(A)) == "done"
    assert outcome(rig, rig.link.unmonitor("1999")) == "done"
    assert outcome(rig, rig.link.monitor("1999")) == "pbxReject"
    rig.link.unmonitor(B)
    rig.do(MakeCall(A, B))
    assert rig.batches() == []


def test_monitor_started_and_ended_in_the_middle_of_a_call() -> None:
    rig = Rig()
    rig.ringing(A, B)
    rig.link.monitor(A)
    rig.do(AnswerCall(at("c1", B)))
    assert rig.said() == [Established("c1", B, A, B, cause=Cause.NORMAL)]
    rig.link.unmonitor(A)
    rig.do(ClearConnection(at("c1", B)))
    assert rig.batches() == []


def test_link_down_and_up_again_while_calls_live_on(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="auto", after="1s")
    rig.ringing(A, B)
    assert faults(rig, link="down") == {"link": "down"}
    assert rig.statuses[-1] == (LinkState.WAITING, 1, "the link is down")
    assert outcome(rig, rig.link.execute(HoldCall(at("c1", A)))) == "pbxlinkOutOfService"
    assert outcome(rig, rig.link.snapshot(A)) == "pbxlinkOutOfService"
    rig.pass_time(100)
    assert rig.batches() == []
    assert faults(rig, link="up") == {}
    assert rig.statuses[-1] == (LinkState.CONNECTING, 2, "")
    rig.pass_time(0)
    assert rig.statuses[-1] == (LinkState.READY, 2, "")
    assert rig.snapshot(A).calls[0].others == ((B, rig.snapshot(A).calls[0].state),)
    rig.do(ClearConnection(at("c1", A)))
    assert rig.batches() == []  # the monitors died with the link


def test_link_stays_down_until_the_set_no_longer_says_so(rig: Rig) -> None:
    faults(rig, link="down")
    faults(rig, link="down", delay="1s")
    assert len(rig.statuses) == 3
    faults(rig)
    rig.pass_time(0)
    assert [state for state, _, _ in rig.statuses[3:]] == [LinkState.CONNECTING, LinkState.READY]


def test_link_that_is_down_before_it_starts() -> None:
    rig = Rig(start=False)
    faults(rig, link="down")
    rig.link.start(rig)
    assert rig.statuses == [(LinkState.WAITING, 0, "the link is down")]
    faults(rig)
    rig.pass_time(0)
    assert rig.statuses[-1] == (LinkState.READY, 1, "")


@pytest.mark.parametrize(
    "name",
    ["holdCall", "dropCall", "clearConnection", "forward", "setForwarding", "openSession", "monitorStart", "snapshot", "queryForward"],
)
@pytest.mark.parametrize(("fault", "code"), [("reject", "pbxReject"), ("silent", "silence")])
def test_refused_and_silent_services(rig: Rig, name: str, fault: str, code: str) -> None:
    requests = {
        "holdCall": lambda: rig.link.execute(HoldCall(at("c1", A))),
        "clearConnection": lambda: rig.link.execute(ClearConnection(at("c1", A))),
        "setForwarding": lambda: rig.link.execute(SetForwarding(A, ForwardType.BUSY, True, B)),
        "getForwarding": lambda: rig.link.execute(GetForwarding(A)),
        "monitorStart": lambda: rig.link.monitor(C),
        "snapshot": lambda: rig.link.snapshot(A),
    }
    csta = {"dropCall": "clearConnection", "forward": "setForwarding", "openSession": "monitorStart", "queryForward": "getForwarding"}
    rig.talking(A, B)
    assert faults(rig, **{fault: [name]}) == {fault: [name]}
    before = rig.state()
    affected = csta.get(name, name)
    assert outcome(rig, requests.pop(affected)()) == code
    assert rig.state() == before
    assert rig.batches() == []
    requests.pop("clearConnection", None)
    assert {outcome(rig, request()) for request in requests.values()} == {"done"}


def test_divert_call_is_two_services_of_csta(rig: Rig) -> None:
    faults(rig, reject=["divertCall"])
    rig.ringing(A, B)
    assert outcome(rig, rig.link.execute(DeflectCall(at("c1", B), C))) == "pbxReject"
    rig.do(AnswerCall(at("c1", B)))
    assert outcome(rig, rig.link.execute(SingleStepTransferCall(at("c1", B), C))) == "pbxReject"


def test_silence_wins_over_refusal_and_a_new_set_replaces_the_old_one(rig: Rig) -> None:
    faults(rig, reject=["makeCall"], silent=["makeCall"])
    assert outcome(rig, rig.link.execute(MakeCall(A, B))) == "silence"
    faults(rig, reject=["queryMsgWaiting"])
    assert outcome(rig, rig.link.execute(MakeCall(A, B))) == "done"
    assert outcome(rig, rig.link.execute(GetMessageWaiting(A))) == "pbxReject"
    assert outcome(rig, rig.link.execute(GetDoNotDisturb(A))) == "done"


def test_refused_monitor_ends_the_present_one(rig: Rig) -> None:
    faults(rig, refuse_monitor=[A, C])
    assert rig.told[-1] == ("monitor_ended", A)
    assert outcome(rig, rig.link.monitor(A)) == "pbxReject"
    assert outcome(rig, rig.link.monitor(C)) == "pbxReject"
    assert outcome(rig, rig.link.monitor("1104")) == "done"
    rig.do(MakeCall(A, C))
    assert rig.batches() == []
    faults(rig)
    assert outcome(rig, rig.link.monitor(A)) == "done"


def test_delay_keeps_the_order_of_facts_and_answers(rig: Rig) -> None:
    faults(rig, delay="200ms")
    heard: list[object] = []
    rig.link.execute(MakeCall(A, B)).addCallback(lambda result: heard.append((result, len(rig.batches()))))
    rig.pass_time(0.1)
    rig.link.execute(AnswerCall(at("c1", B))).addCallback(lambda result: heard.append((result, len(rig.batches()))))
    assert rig.batches() == []
    assert heard == []
    rig.pass_time(0.1)
    assert heard == [(at("c1", A), 1)]
    rig.pass_time(0.1)
    assert heard[1:] == [(None, 1)]


def test_nothing_overtakes_what_is_still_delayed(rig: Rig) -> None:
    faults(rig, delay="1s")
    heard: list[object] = []
    rig.link.execute(MakeCall(A, B)).addCallback(heard.append)
    faults(rig)
    rig.link.execute(AnswerCall(at("c1", B))).addCallback(heard.append)
    rig.link.execute(HoldCall(at("c9", B))).addErrback(lambda failure: heard.append(failure.value.code.value))
    assert heard == []
    rig.pass_time(1)
    assert [len(batch) for batch in rig.batches()] == [3, 1]
    assert heard == [at("c1", A), None, "pbxReject"]
    assert rig.do(ClearConnection(at("c1", A))) is None  # at once again
    assert rig.pending() == []


def test_delayed_answers_fail_when_the_link_goes_down(rig: Rig) -> None:
    faults(rig, delay="1s")
    answer = rig.link.execute(MakeCall(A, B))
    faults(rig, link="down")
    assert outcome(rig, answer) == "pbxlinkOutOfService"
    rig.pass_time(10)
    assert rig.batches() == []


def test_duplicate_events(rig: Rig) -> None:
    faults(rig, duplicate_events=True)
    rig.do(MakeCall(A, B))
    kinds = [type(fact) for fact in rig.said()]
    assert kinds == [ServiceInitiated, ServiceInitiated, Originated, Originated, Delivered, Delivered]


def test_reordered_events(rig: Rig) -> None:
    faults(rig, reorder_events=True)
    rig.do(MakeCall(A, B))
    assert [type(fact) for fact in rig.said()] == [Originated, ServiceInitiated, Delivered]
    rig.do(ClearConnection(at("c1", A)))
    assert [fact.device for fact in rig.said() if isinstance(fact, ConnectionCleared)] == [B, A]


def test_faults_together(rig: Rig) -> None:
    faults(rig, reorder_events=True, duplicate_events=True, delay=0.5, reject=["holdCall"])
    rig.link.execute(MakeCall(A, B))
    assert rig.batches() == []
    rig.pass_time(0.5)
    assert [type(fact) for fact in rig.said()] == [Originated, Originated, ServiceInitiated, ServiceInitiated, Delivered, Delivered]


def test_restart_forgets_everything_and_the_link_is_back_within_a_second(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="auto")
    rig.do(SetForwarding(A, ForwardType.BUSY, True, B))
    rig.act(A, "do_not_disturb", state="on")
    rig.control("POST", "message_waiting", device=A, state="on")
    rig.ringing(A, B)
    assert faults(rig, restart=True) == {}
    assert rig.statuses[-1] == (LinkState.WAITING, 1, "the PBX restarts")
    assert rig.pending() == ["SimulatedLink._connect"]
    assert (rig.state()["calls"], rig.state()["devices"]) == (0, [])
    rig.pass_time(0.5)
    rig.pass_time(0)
    assert [status[:2] for status in rig.statuses[-2:]] == [(LinkState.CONNECTING, 2), (LinkState.READY, 2)]
    assert rig.pending() == []
    assert rig.do(MakeCall(A, B)) == at("c2", A)  # names of calls are not used again


def test_restart_with_the_link_down(rig: Rig) -> None:
    rig.ringing(A, B)
    assert faults(rig, restart=True, link="down") == {"link": "down"}
    rig.pass_time(10)
    assert rig.statuses[-1] == (LinkState.WAITING, 1, "the link is down")
    assert rig.state()["calls"] == 0


def test_restart_interrupted_by_a_link_that_goes_down(rig: Rig) -> None:
    faults(rig, restart=True)
    faults(rig, link="down")
    rig.pass_time(10)
    assert rig.statuses[-1] == (LinkState.WAITING, 1, "the link is down")
    assert rig.pending() == []


def test_restart_twice_in_a_row(rig: Rig) -> None:
    faults(rig, restart=True)
    rig.pass_time(0.3)
    faults(rig, restart=True)
    rig.pass_time(0.3)
    assert rig.statuses[-1][0] is LinkState.WAITING
    rig.pass_time(0.2)
    rig.pass_time(0)
    assert rig.statuses[-1] == (LinkState.READY, 2, "")


def test_other_devices_than_before(rig: Rig) -> None:
    rig.talking(A, B)
    rig.talking("1105", "1106")
    rig.link.devices_changed(DeviceSet(["1102-1106", "2001"]))
    assert rig.said() == [ConnectionCleared("c1", A, Cause.NORMAL_CLEARING), ConnectionCleared("c1", B, Cause.NORMAL_CLEARING)]
    assert (rig.state()["calls"], rig.state()["count"]) == (1, 6)
    assert outcome(rig, rig.link.execute(MakeCall("2001", B))) == "done"
    assert outcome(rig, rig.link.execute(MakeCall(A, B))) == "pbxReject"
    faults(rig, restart=True)
    assert rig.state()["ranges"] == ["1102-1106", "2001"]


def test_commands_given_while_facts_are_told_speak_after_them() -> None:
    rig = Rig(B)
    seen: list[list[str]] = []

    def facts(epoch: int, told: Any) -> None:
        seen.append([type(fact).__name__ for fact in told])
        if seen == [["Delivered"]]:
            assert outcome(rig, rig.link.execute(AnswerCall(at("c1", B)))) == "done"
            assert seen == [["Delivered"]]

    rig.facts = facts  # type: ignore[method-assign]
    rig.do(MakeCall(A, B))
    assert seen == [["Delivered"], ["Established"]]
    assert rig.pending() == []


def test_lamp_is_told_only_of_monitored_devices(rig: Rig) -> None:
    rig.control("POST", "message_waiting", device=C, state="on")
    assert rig.batches() == []
    rig.control("POST", "message_waiting", device=A, state="on")
    assert rig.said() == [MessageWaiting(A, True)]
    assert rig.do(GetMessageWaiting(C)) is True
