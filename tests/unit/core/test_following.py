"""Who is followed while links come and go: no monitor without a follower, no session closed by its own traffic."""

from __future__ import annotations

import pytest

from telgw.core.ports import LinkState
from tests.world import World


def monitored(it: World) -> set[str]:
    return set(it.switch.link.pbx.monitored())


@pytest.mark.parametrize("patience", [0.1, 0.5, 0.9, 1.3, 2.5])
def test_given_a_link_that_comes_back_slowly_when_a_session_closes_meanwhile_then_no_monitor_is_left(patience: float) -> None:
    """The monitors of a link-up are asked for one after the other: whoever leaves in between must not leave his behind."""
    it = World()
    for device in ("1101", "1102"):
        it.request(device, "openSession", eventUDPPort="1")
    it.switch.faults({"link": "down"})
    it.switch.faults({"delay": "800ms"})
    it.pass_time(patience)
    it.request("1102", "closeSession")
    it.pass_time(10)
    assert it.domain.state is LinkState.UP
    assert monitored(it) == {"1101"}


def test_given_a_driver_that_connects_again_without_a_word_when_it_is_ready_then_clients_hear_both_ends() -> None:
    it = World()
    it.request("1101", "openSession", eventUDPPort="1")
    it.domain.status(LinkState.READY, 7)
    it.pass_time(1)
    told = [str(event.event.content) for event in it.told]
    assert told == ["SessionEvent.LINK_OUT_OF_SERVICE", "SessionEvent.LINK_IN_SERVICE"]


def test_given_comparisons_that_were_switched_off_when_an_interval_is_set_then_they_begin() -> None:
    it = World(resync_interval=0)
    it.request("1101", "openSession", eventUDPPort="1")
    asked: list[str] = []
    snapshot = it.switch.link.snapshot
    it.switch.link.snapshot = lambda device: (asked.append(device), snapshot(device))[1]
    it.pass_time(1000)
    assert asked == []
    it.domain.resync_interval = 60
    it.pass_time(130)
    assert asked == ["1101", "1101"]


def test_given_a_session_timeout_when_only_services_that_are_not_offered_name_the_device_then_it_stays_open() -> None:
    """Any request that names the device starts the timeout again."""
    it = World()
    it.request("1101", "openSession", eventUDPPort="1", sessionTimeout="2")
    for _ in range(4):
        it.pass_time(1)
        it.request("1101", "queryHistory")
    assert len(it.sessions) == 1
    it.pass_time(3)
    assert len(it.sessions) == 0


def test_given_a_long_poll_over_raw_tcp_when_there_is_no_session_then_it_is_rejected_and_nothing_is_started() -> None:
    it = World()
    answer = it.request("1101", "snapshot", timeout="5")
    assert answer.data == b"<TelServiceReturn><error><reject/></error></TelServiceReturn>"
    assert monitored(it) == set()
