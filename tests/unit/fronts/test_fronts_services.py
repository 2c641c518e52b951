"""The 36 services: every one is read and gets an answer, in the right order of errors, whatever fails behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from telgw.base.outcome import ErrorCode
from telgw.core.ports import LinkContext
from telgw.fronts.telservices.services import _SERVICES
from telgw.wire.telservices.codec import decode_request, decode_return
from telgw.wire.telservices.requests import SERVICES
from telgw.wire.telservices.returns import DeviceState, Standard
from tests.scripted import ScriptedLink
from tests.world import ADDRESS, World

_VECTORS = json.loads((Path(__file__).parents[2] / "fixtures" / "telservices_vectors.json").read_text())
#: service -> the first request of the document for it
EXAMPLES: dict[str, bytes] = {}
for _vector in _VECTORS:
    if _vector["kind"] == "request":
        _name = next(name for name in SERVICES if f"<TelServiceRequest><{name}>" in _vector["xml"])
        EXAMPLES.setdefault(_name, _vector["xml"].encode())

#: the document's "This service requires an opened session", and closeSession
ON_A_CALL = {
    *("addPartyToCall", "alternateCall", "answerCall", "conferenceCall", "consultationCall", "divertCall", "dropCall", "holdCall"),
    *("qualifyCall", "reconnectCall", "retrieveCall", "transferCall"),
}
WITH_SESSION = ON_A_CALL | {"agentState", "closeSession", "queryAgentState", "snapshot"}
NOT_OFFERED = {
    *("agentState", "queryAgentState", "queryHistory", "queryUserStatistics", "searchName", "searchNumber", "updateUserDirectory"),
    *("queryRoutingPointState", "queryRoutingPointStatistics", "resumeRoutingPoint", "startRoutingPoint", "stopRoutingPoint"),
    *("suspendRoutingPoint", "updateRoutingPoint", "updateDirectory"),
}


class Scripted:
    """A switch for World whose link does as it is told."""

    def __init__(self, context: LinkContext, options: dict[str, Any]) -> None:
        self.link = ScriptedLink(context)


def world(**settings: Any) -> World:
    return World((("pbx", ("8001-8050", "1101-1199"), {}),), **settings)


def answer(it: World, service: str, http: bool = False) -> Any:
    """What the document's example of the service is answered."""
    request = decode_request(EXAMPLES[service])
    answers: list[bytes] = []
    it.services.respond(request, "192.0.2.1", http).addCallback(answers.append)
    it.pass_time(0)
    (data,) = answers
    return decode_return(data)


def device_of(service: str) -> str:
    return decode_request(EXAMPLES[service]).device_number


def test_given_the_document_when_its_examples_are_listed_then_all_36_services_are_there() -> None:
    assert len(SERVICES) == 36
    assert set(EXAMPLES) == set(SERVICES)
    assert set(_SERVICES) == set(SERVICES.values())


@pytest.mark.parametrize("service", sorted(WITH_SESSION))
def test_given_no_session_when_a_service_that_needs_one_is_asked_then_it_is_noopensession(service: str) -> None:
    it = world()
    assert answer(it, service, http=True) is ErrorCode.NO_OPEN_SESSION
    assert it.measures.requests[service, "noOpenSession"] == 1


@pytest.mark.parametrize("service", sorted(NOT_OFFERED))
def test_given_a_session_when_a_service_that_is_not_offered_is_asked_then_it_is_rejected(service: str) -> None:
    it = world()
    if service in WITH_SESSION:
        it.request(device_of(service), "openSession")
    assert answer(it, service) is ErrorCode.REJECT
    assert it.measures.requests[service, "reject"] == 1


@pytest.mark.parametrize("service", sorted(ON_A_CALL))
def test_given_a_session_without_call_when_a_call_service_is_asked_then_it_is_nocall(service: str) -> None:
    it = world()
    it.request(device_of(service), "openSession")
    assert answer(it, service) is ErrorCode.NO_CALL


@pytest.mark.parametrize("service", sorted(set(SERVICES) - WITH_SESSION - NOT_OFFERED))
def test_given_no_session_when_a_service_that_needs_none_is_asked_then_it_is_done(service: str) -> None:
    it = world()
    assert not isinstance(answer(it, service), ErrorCode)
    assert it.measures.requests[service, "accepted"] == 1
    assert it.measures.latency[service].counts != []


@pytest.mark.parametrize("service", sorted(set(SERVICES) - NOT_OFFERED - {"closeSession", "snapshot"}))
def test_given_the_link_is_down_when_a_service_of_the_pbx_is_asked_then_it_is_pbxlinkoutofservice(service: str) -> None:
    it = world()
    if service != "openSession":
        it.request(device_of(service), "openSession")
    it.switch.faults({"link": "down"})
    assert answer(it, service) is ErrorCode.PBX_LINK_OUT_OF_SERVICE


@pytest.mark.parametrize("service", sorted(set(SERVICES) - WITH_SESSION - NOT_OFFERED))
def test_given_a_device_that_no_link_owns_when_a_service_of_the_pbx_is_asked_then_it_is_pbxreject(service: str) -> None:
    it = World((("pbx", ("7001-7002",), {}),))
    assert answer(it, service) is ErrorCode.PBX_REJECT


def test_given_the_link_is_down_when_a_snapshot_is_asked_then_the_session_still_answers() -> None:
    it = world()
    it.request("1101", "openSession")
    it.switch.faults({"link": "down"})
    got = it.request("1101", "snapshot").value
    assert isinstance(got, DeviceState)
    assert got.calls == ()


@pytest.mark.parametrize("service", sorted(set(SERVICES) - NOT_OFFERED - {"closeSession", "snapshot"}))
def test_given_a_driver_that_raises_when_a_service_is_asked_then_there_is_an_answer(service: str) -> None:
    it = World((("pbx", ("1101-1199", "8001-8050"), {}),), build=Scripted)
    if service != "openSession":
        it.request(device_of(service), "openSession")

    def broken(_: Any) -> Any:
        raise RuntimeError("the driver is broken")

    it.switch.link.execute = it.switch.link.monitor = broken
    assert answer(it, service) is (ErrorCode.NO_CALL if service in ON_A_CALL else ErrorCode.PBX_REJECT)


# -- what fails inside


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("service", sorted(SERVICES))
def test_given_a_service_that_raises_when_it_is_asked_then_it_is_resourceerror_a_log_line_and_a_count(
    service: str, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = world()
    logged: list[str] = []
    monkeypatch.setattr(it.services, "_log", _Noting(logged))

    def broken(*_: Any) -> Deferred[Any]:
        if late:
            return succeed(None).addCallback(lambda _: 1 // 0)
        raise ZeroDivisionError

    monkeypatch.setitem(_SERVICES, SERVICES[service], broken)
    assert answer(it, service) is ErrorCode.RESOURCE_ERROR
    assert "service_failed" in logged
    assert it.measures.requests[service, "resourceError"] == 1


@pytest.mark.parametrize("late", [False, True])
def test_given_an_answer_that_cannot_be_written_when_it_is_due_then_it_is_resourceerror_and_a_log_line(
    late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = world()
    logged: list[str] = []
    monkeypatch.setattr(it.services, "_log", _Noting(logged))
    waiting: Deferred[Any] = Deferred()
    monkeypatch.setitem(_SERVICES, SERVICES["queryForward"], lambda *_: waiting)
    if not late:
        waiting.callback(object())
    answers: list[bytes] = []
    it.services.respond(decode_request(EXAMPLES["queryForward"]), "192.0.2.1", False).addCallback(answers.append)
    if late:
        waiting.callback(object())
    assert b"resourceError" in answers[0]
    assert logged == ["service_failed"]
    assert it.measures.requests["queryForward", "resourceError"] == 1
    assert it.measures.requests["queryForward", "accepted"] == 0


class _Noting:
    def __init__(self, events: list[str]) -> None:
        self._events = events

    def __getattr__(self, level: str) -> Any:
        return lambda event, **fields: self._events.append(event)


# -- polls


def test_given_a_poll_over_raw_tcp_when_asked_then_it_is_rejected() -> None:
    it = world()
    it.request("1101", "openSession")
    assert it.request("1101", "snapshot", timeout="10").value is ErrorCode.REJECT
    assert it.sessions.waiting_polls == 0


def test_given_a_poll_that_is_cancelled_when_it_is_gone_then_nothing_is_left_of_it() -> None:
    it = world()
    it.request("1101", "openSession")
    timers = it.clock.pending()
    poll = it.request("1101", "snapshot", ADDRESS, True, timeout="10", snapshotSeq="1")
    assert it.sessions.waiting_polls == 1
    poll.answering.cancel()
    assert it.sessions.waiting_polls == 0
    assert it.clock.pending() == timers
    assert it.measures.requests["snapshot", "given up"] == 1


def test_given_many_polls_of_one_session_when_an_event_wakes_them_then_the_answer_is_written_once() -> None:
    it = world()
    it.request("1101", "openSession")
    polls = [it.request("1101", "snapshot", ADDRESS, True, timeout="10", snapshotSeq="1") for _ in range(500)]
    it.request("1101", "doNotDisturb", state="on")
    it.pass_time(0.01)
    assert len({id(poll.data) for poll in polls}) == 1
    assert b"<snapshotSeq>2</snapshotSeq>" in (polls[0].data or b"")


def test_given_too_many_polls_of_one_address_when_one_more_comes_then_only_it_is_resourceerror() -> None:
    it = world()
    it.sessions.polls_per_address = 2
    it.request("1101", "openSession")
    polls = [it.request("1101", "snapshot", ADDRESS, True, timeout="10", snapshotSeq="1") for _ in range(3)]
    assert [poll.value for poll in polls] == [None, None, ErrorCode.RESOURCE_ERROR]
    other = it.request("1101", "snapshot", "192.0.2.2", True, timeout="10", snapshotSeq="1")
    assert other.data is None
    it.pass_time(11)
    assert isinstance(polls[0].value, DeviceState)
    assert isinstance(other.value, DeviceState)


def test_given_a_session_that_is_opened_over_http_when_it_is_asked_then_it_is_standard() -> None:
    assert isinstance(world().request("1101", "openSession", ADDRESS, True).value, Standard)


# -- sessions that end while the PBX is asked


def test_given_a_session_whose_monitor_is_being_started_when_it_is_closed_then_the_monitor_ends_too() -> None:
    it = World((("pbx", ("1101-1199",), {}),), build=Scripted)
    link = it.switch.link
    it.request("1101", "openSession", startPbxMonitor="false")
    link.patient = True
    snapshot = it.request("1101", "snapshot")
    joining = it.request("1101", "openSession", "192.0.2.2")
    assert it.request("1101", "closeSession", clientOnly="false").value == Standard()
    link.answer()
    it.pass_time(0)
    assert snapshot.value is ErrorCode.NO_OPEN_SESSION
    assert joining.value is ErrorCode.NO_OPEN_SESSION
    assert len(it.sessions) == 0
    assert it.domain.lines == {}
    assert link.asked[-1] == ("unmonitor", "1101")


def test_given_a_session_that_is_being_opened_when_everybody_who_asked_is_gone_then_the_monitor_ends() -> None:
    it = World((("pbx", ("1101-1199",), {}),), build=Scripted)
    link = it.switch.link
    link.patient = True
    opening = it.request("1101", "openSession", ADDRESS, True)
    opening.answering.cancel()
    link.answer()
    it.pass_time(0)
    assert len(it.sessions) == 0
    assert it.domain.lines == {}


def test_given_a_driver_that_answers_with_nothing_when_it_is_asked_then_it_is_pbxreject_and_the_next_may_try() -> None:
    it = World((("pbx", ("1101-1199",), {}),), build=Scripted)
    link = it.switch.link
    monitor, link.monitor = link.monitor, lambda device: None
    assert it.request("1101", "openSession").value is ErrorCode.PBX_REJECT
    link.monitor = monitor
    assert it.request("1101", "openSession").value == Standard()
