"""Sessions whose opening takes time: who waits, who leaves meanwhile, and what a lost link makes of it."""

from __future__ import annotations

import pytest

from telgw.base.limits import MAX_CLIENTS_PER_SESSION
from telgw.core.session import Client, SessionEvent
from telgw.wire.telservices.returns import Standard
from telgw.wire.telservices.vocabulary import SessionEvent as Printed
from tests.unit.core.core_rig import NOTHING, ErrorCode, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def slow(rig: Rig) -> Rig:
    rig.link.patient = True
    return rig


def test_given_a_slow_pbx_when_two_clients_open_then_one_monitor_serves_both(slow: Rig) -> None:
    one = slow.world.request("1101", "openSession", eventUDPPort="20001")
    two = slow.world.request("1101", "openSession", eventUDPPort="20002")
    assert (one.value, two.value) == (None, None)
    assert len(slow.world.sessions) == 0
    slow.link.answer()
    assert (one.value, two.value) == (Standard(), Standard())
    assert slow.asked() == ["monitor 1101", "snapshot 1101"]
    (session,) = slow.world.sessions
    assert len(session.clients) == 2


def test_given_an_opening_session_when_the_link_is_lost_then_it_is_out_of_service_and_not_open(slow: Rig) -> None:
    opening = slow.world.request("1101", "openSession", eventUDPPort="20001")
    slow.link.go_down()
    assert opening.value is ErrorCode.PBX_LINK_OUT_OF_SERVICE
    assert slow.ask("1101", "holdCall") is ErrorCode.NO_OPEN_SESSION
    slow.link.come_up()
    slow.link.answer()
    assert slow.told() == []
    assert slow.domain.lines == {}
    assert slow.at_rest()


def test_given_an_opening_session_when_the_pbx_refuses_then_everybody_who_waits_is_told(slow: Rig) -> None:
    waiting = [slow.world.request("1101", "openSession", eventUDPPort=str(port)) for port in (20001, 20002)]
    slow.link.fail()
    assert [answer.value for answer in waiting] == [ErrorCode.PBX_REJECT] * 2
    assert len(slow.world.sessions) == 0


def test_given_an_opening_session_when_it_does_not_come_in_time_then_pbx_timeout(slow: Rig) -> None:
    opening = slow.world.request("1101", "openSession", eventUDPPort="20001")
    slow.world.pass_time(10)
    assert opening.value is ErrorCode.PBX_TIMEOUT
    slow.link.answer()
    assert slow.world.measures.late_answers["pbx"] == 1
    assert slow.domain.lines == {}


def test_given_a_limit_when_sessions_are_opening_then_they_count() -> None:
    rig = Rig(limit=1)
    rig.link.patient = True
    first = rig.world.request("1101", "openSession")
    assert rig.open("1102") is ErrorCode.SESSION_LIMIT_EXCEEDED
    rig.link.answer()
    assert first.value == Standard()


def test_given_a_session_without_monitor_when_two_services_need_it_at_once_then_one_monitor_is_started(rig: Rig) -> None:
    rig.open("1101", startPbxMonitor="false")
    rig.link.patient = True
    answers = [rig.world.request("1101", "holdCall"), rig.world.request("1101", "snapshot")]
    assert rig.asked() == ["monitor 1101"]
    rig.link.answer()
    assert answers[0].value is ErrorCode.NO_CALL
    assert answers[1].value.calls == ()


def test_given_a_session_that_closes_while_its_monitor_starts_then_no_monitor_is_left(rig: Rig) -> None:
    rig.open("1101", startPbxMonitor="false")
    rig.link.patient = True
    answer = rig.world.request("1101", "holdCall")
    assert rig.ask("1101", "closeSession") == Standard()
    rig.link.answer()
    rig.link.answer()
    assert isinstance(answer.value, ErrorCode)
    assert rig.domain.lines == {}
    assert rig.domain.graph.devices == {}
    assert rig.at_rest()


def test_given_a_monitored_session_when_the_link_is_down_then_another_client_may_join(rig: Rig) -> None:
    rig.open("1101")
    rig.link.go_down()
    assert rig.ask("1101", "openSession", eventUDPPort="20002") == Standard()
    rig.told()
    rig.link.come_up()
    assert rig.told() == [Printed.LINK_IN_SERVICE, Printed.LINK_IN_SERVICE]


def test_given_too_many_clients_when_one_more_opens_then_resource_error(rig: Rig) -> None:
    rig.open("1101")
    (session,) = rig.world.sessions
    for number in range(MAX_CLIENTS_PER_SESSION - 1):
        session.clients["198.51.100.1", number] = Client("198.51.100.1", number, False)
    assert rig.ask("1101", "openSession", eventUDPPort="20002") is ErrorCode.RESOURCE_ERROR
    assert rig.open("1101") == Standard()


def test_given_the_same_client_when_it_opens_again_then_it_replaces_itself(rig: Rig) -> None:
    rig.open("1101")
    rig.open("1101", eventUpdate="restricted", sessionTimeout="5")
    (session,) = rig.world.sessions
    assert [client.restricted for client in session.clients.values()] == [True]
    assert session.timeout == 5


def test_given_waiting_polls_when_there_are_too_many_from_one_address_then_resource_error(rig: Rig) -> None:
    rig.world.sessions.polls_per_address = 2
    rig.open("1101")
    polls = [rig.world.request("1101", "snapshot", "192.0.2.1", True, timeout="30", snapshotSeq="1") for _ in range(3)]
    assert [poll.value for poll in polls] == [None, None, ErrorCode.RESOURCE_ERROR]
    assert rig.world.sessions.waiting_polls == 2
    rig.world.pass_time(30)
    assert rig.world.sessions.waiting_polls == 0
    assert rig.at_rest()


def test_given_a_waiting_poll_when_its_client_is_gone_then_nothing_waits_any_more(rig: Rig) -> None:
    rig.open("1101")
    poll = rig.world.request("1101", "snapshot", "192.0.2.1", True, timeout="30", snapshotSeq="1")
    poll.answering.cancel()
    assert rig.world.sessions.waiting_polls == 0
    assert rig.at_rest()


def test_given_open_sessions_when_the_gateway_stops_then_everybody_is_told_and_nothing_is_left(rig: Rig) -> None:
    rig.open("1101", sessionTimeout="60")
    rig.world.sessions.close_all(SessionEvent.CLOSED_BY_ADMIN)
    assert rig.told() == [Printed.CLOSED_BY_ADMIN]
    assert rig.domain.graph.devices == {}
    assert rig.at_rest()


def test_given_a_session_being_closed_by_its_monitor_then_its_delayed_close_does_not_fire(rig: Rig) -> None:
    rig.open("1101")
    rig.ask("1101", "closeSession", actualCloseSessionTimeout="5")
    assert rig.link.sink is not None
    rig.link.sink.monitor_ended(rig.link.epoch, "1101", "enough")
    assert rig.told() == [Printed.CLOSED_BY_MONITORING_REJECT]
    assert rig.at_rest()


def test_given_nothing_then_an_unanswered_question_is_nothing_yet(slow: Rig) -> None:
    assert slow.open("1101") is NOTHING
