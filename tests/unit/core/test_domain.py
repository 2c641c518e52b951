"""The switching domain: monitors, late answers, epochs, comparison, loss of the link."""

from __future__ import annotations

import pytest

from telgw.core.ports import LinkState
from telgw.model import commands, facts
from telgw.model.facts import ConnectionSnapshot, DeviceSnapshot
from telgw.model.states import ConnectionState
from tests.unit.core.core_rig import ErrorCode, Listener, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


def delivered(call: str = "c1", device: str = "1101") -> facts.Delivered:
    return facts.Delivered(call, device, "0123456", device)


def test_given_a_link_that_never_answers_when_followed_then_it_times_out_and_nothing_is_kept(rig: Rig) -> None:
    rig.link.patient = True
    following = rig.domain.follow("1101", Listener())
    rig.world.pass_time(9.9)
    assert not following.called
    rig.world.pass_time(0.1)
    assert rig.result(following) is ErrorCode.PBX_TIMEOUT
    assert rig.domain.lines == {}
    assert rig.domain.graph.devices == {}


def test_given_a_late_answer_when_the_deadline_has_passed_then_it_is_only_counted(rig: Rig) -> None:
    rig.link.patient = True
    outcome = rig.domain.execute(commands.MakeCall("1101", "1102"))
    rig.world.pass_time(10)
    assert rig.result(outcome) is ErrorCode.PBX_TIMEOUT
    rig.link.answer()
    assert rig.world.measures.late_answers["pbx"] == 1
    assert rig.at_rest()


def test_given_two_followers_when_the_device_starts_then_the_pbx_is_asked_once(rig: Rig) -> None:
    rig.link.patient = True
    one, two = rig.domain.follow("1101", Listener()), rig.domain.follow("1101", Listener())
    assert rig.asked() == ["monitor 1101"]
    rig.link.answer()
    assert rig.asked() == ["snapshot 1101"]
    assert (rig.result(one), rig.result(two)) == (None, None)
    assert len(rig.domain.lines["1101"].listeners) == 2


def test_given_the_only_follower_when_it_leaves_while_the_monitor_starts_then_the_monitor_is_taken_back(rig: Rig) -> None:
    rig.link.patient = True
    listener = Listener()
    following = rig.domain.follow("1101", listener)
    rig.domain.unfollow("1101", listener)
    rig.link.answer()
    rig.result(following)
    rig.domain.unfollow("1101", listener)
    rig.link.answer()
    assert rig.asked()[-1] == "unmonitor 1101"
    assert rig.domain.lines == {}
    assert rig.domain.graph.devices == {}
    assert rig.at_rest()


def test_given_a_refused_monitor_when_followed_then_nothing_is_told_or_kept(rig: Rig) -> None:
    rig.link.refusing.add("1101")
    listener = Listener()
    assert rig.result(rig.domain.follow("1101", listener)) is ErrorCode.PBX_REJECT
    rig.link.say(delivered())
    assert listener.heard == []
    assert rig.domain.lines == {}


def test_given_a_snapshot_that_fails_when_followed_then_events_tell(rig: Rig) -> None:
    rig.link.patient = True
    listener = Listener()
    following = rig.domain.follow("1101", listener)
    rig.link._settle(*rig.link.open.pop())
    rig.link.fail()
    assert rig.result(following) is None
    rig.link.say(delivered())
    assert len(listener.heard) == 1


def test_given_the_link_is_lost_while_a_monitor_starts_then_the_follower_is_refused(rig: Rig) -> None:
    rig.link.patient = True
    following = rig.domain.follow("1101", Listener())
    rig.link.go_down()
    assert rig.result(following) is ErrorCode.PBX_LINK_OUT_OF_SERVICE
    rig.link.come_up()
    rig.link.answer()
    assert rig.domain.lines == {}
    assert rig.domain.state is LinkState.UP
    assert rig.at_rest()


def test_given_an_older_epoch_when_facts_of_it_come_then_they_are_dropped_and_counted(rig: Rig) -> None:
    listener = Listener()
    rig.domain.follow("1101", listener)
    rig.link.go_down()
    rig.link.come_up()
    listener.heard.clear()
    rig.link.say(delivered(), epoch=1)
    assert listener.heard == []
    assert rig.world.measures.stale_facts["pbx"] == 1
    rig.link.say(delivered())
    assert len(listener.heard) == 1


def test_given_followers_when_the_link_comes_back_then_service_is_told_before_the_calls(rig: Rig) -> None:
    listener = Listener()
    rig.domain.follow("1101", listener)
    rig.link.go_down()
    rig.link.snapshots["1101"] = DeviceSnapshot("1101", (ConnectionSnapshot("c1", ConnectionState.ALERTING, calling="0123456"),))
    rig.asked()
    rig.link.come_up()
    assert rig.asked() == ["monitor 1101", "snapshot 1101"]
    assert listener.heard[:2] == [False, True]
    assert [change.view.prim.other for change in listener.heard[2:]] == ["0123456"]


def test_given_a_monitor_refused_after_the_link_came_back_then_its_followers_are_told_and_the_others_are_not(rig: Rig) -> None:
    one, other = Listener(), Listener()
    rig.domain.follow("1101", one)
    rig.domain.follow("1102", other)
    rig.link.go_down()
    rig.link.refusing.add("1101")
    rig.link.come_up()
    assert one.heard == [False, "this device is not to be monitored"]
    assert other.heard == [False, True]
    assert list(rig.domain.lines) == ["1102"]


def test_given_a_monitor_that_is_not_answered_after_the_link_came_back_then_the_pbx_is_asked_again(rig: Rig) -> None:
    listener = Listener()
    rig.domain.follow("1101", listener)
    rig.link.go_down()
    rig.link.patient = True
    rig.link.come_up()
    rig.world.pass_time(10)
    assert listener.heard == [False, True]
    rig.link.open.clear()
    rig.link.patient = False
    rig.asked()
    rig.world.pass_time(30)
    assert rig.asked() == ["monitor 1101", "snapshot 1101"]


def test_given_an_impossible_fact_when_it_comes_then_the_device_is_compared_a_second_later(rig: Rig) -> None:
    rig.domain.follow("1101", Listener())
    rig.link.say(facts.ServiceInitiated("c1", "1101"), facts.Held("c1", "1101"))
    rig.asked()
    rig.world.pass_time(0.9)
    assert rig.asked() == []
    rig.world.pass_time(0.1)
    assert rig.asked() == ["snapshot 1101"]
    assert rig.world.measures.illegal_facts["pbx"] == 1
    assert rig.domain.graph.calls == {}


def test_given_a_listener_that_fails_when_something_happens_then_the_others_hear_it(rig: Rig) -> None:
    class Broken(Listener):
        def changed(self, change: object) -> None:
            raise RuntimeError("broken")

    good = Listener()
    rig.domain.follow("1101", Broken())
    rig.domain.follow("1101", good)
    rig.link.say(delivered())
    assert len(good.heard) == 1
    assert rig.world.log.failures
    rig.world.log.failures.clear()


def test_given_a_driver_that_raises_when_asked_then_the_pbx_has_refused(rig: Rig) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("broken driver")

    rig.link.execute = broken  # type: ignore[assignment,method-assign]
    assert rig.result(rig.domain.execute(commands.MakeCall("1101", "1102"))) is ErrorCode.PBX_REJECT
    assert rig.world.log.failures
    rig.world.log.failures.clear()


def test_given_an_interval_when_it_passes_then_every_followed_device_is_compared() -> None:
    rig = Rig(resync_interval=600.0)
    rig.domain.follow("1101", Listener())
    rig.domain.follow("1102", Listener())
    rig.asked()
    rig.world.pass_time(600)
    assert rig.asked() == ["snapshot 1101", "snapshot 1102"]
    rig.world.pass_time(600)
    assert rig.asked() == ["snapshot 1101", "snapshot 1102"]


def test_given_a_domain_that_is_stopped_when_the_link_speaks_then_nobody_listens(rig: Rig) -> None:
    listener = Listener()
    rig.domain.follow("1101", listener)
    sink = rig.link.sink
    rig.domain.stop()
    assert sink is not None
    sink.status(LinkState.READY, 7)
    assert rig.domain.state is LinkState.DRAINING
    assert listener.heard == [False]
    assert rig.at_rest()
