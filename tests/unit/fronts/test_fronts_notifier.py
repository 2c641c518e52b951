"""Events over UDP: who gets them, how fast, and what becomes of those that cannot be sent."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from front_rig import Log
from twisted.internet import task

from telgw.base.clock import Clock
from telgw.base.limits import MAX_DATAGRAM_BYTES
from telgw.core.measures import Measures
from telgw.core.session import Client, SessionEvent
from telgw.fronts.telservices import notifier as module
from telgw.fronts.telservices.notifier import DatagramSockets, UdpNotifier
from telgw.model.changes import DoNotDisturbChanged
from tests.world import World

HERE, THERE = "192.0.2.1", "192.0.2.2"
CHANGE = DoNotDisturbChanged("1101", True)


class Rig:
    """A notifier whose datagrams are noted as (datagram, target)."""

    def __init__(self, **settings: Any) -> None:
        self.time = task.Clock()
        self.clock = Clock(self.time)
        self.measures = Measures()
        self.log = Log()
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.datagram: bytes | Exception = b"<event/>"
        self.encoded = 0
        self.failing: dict[str, OSError] = {}
        self.notifier = UdpNotifier(self._encode, self._send, self.clock, self.measures, self.log, **settings)

    def _encode(self, device: str, change: Any) -> bytes:
        self.encoded += 1
        if isinstance(self.datagram, Exception):
            raise self.datagram
        return self.datagram

    def _send(self, datagram: bytes, target: tuple[str, int]) -> None:
        if target[0] in self.failing:
            raise self.failing[target[0]]
        self.sent.append((datagram, target))

    def notify(self, *clients: tuple[str, int | None], change: Any = CHANGE, restricted: bool = False) -> None:
        self.notifier.notify("1101", change, [Client(address, port, restricted) for address, port in clients])


def test_given_clients_with_and_without_ports_when_something_changes_then_it_is_written_once_and_sent_to_each_port() -> None:
    it = Rig()
    it.notify((HERE, 20001), (HERE, None), (HERE, 20002), (THERE, 20001))
    assert [target for _, target in it.sent] == [(HERE, 20001), (HERE, 20002), (THERE, 20001)]
    assert it.encoded == 1
    assert it.measures.events_sent == 3
    assert it.time.calls == []


def test_given_nobody_with_a_port_when_something_changes_then_nothing_is_written() -> None:
    it = Rig()
    it.notify((HERE, None))
    assert it.encoded == 0


@pytest.mark.parametrize(
    ("change", "wanted", "told"),
    [
        (CHANGE, True, False),
        (SessionEvent.CLOSED_BY_ADMIN, True, True),
        (SessionEvent.LINK_OUT_OF_SERVICE, True, True),
        (SessionEvent.CLOSED_BY_ADMIN, False, False),
    ],
)
def test_given_a_restricted_client_when_no_call_alerts_then_it_hears_of_its_session_only(change: Any, wanted: bool, told: bool) -> None:
    it = Rig(restricted_session_events=wanted)
    it.notify((HERE, 1), change=change, restricted=True)
    assert bool(it.sent) is told


def test_given_restricted_clients_when_calls_go_on_then_they_hear_of_alerting_ones_only() -> None:
    it = World()
    it.request("1101", "openSession", eventUDPPort="1", eventUpdate="restricted")
    it.request("1102", "openSession", eventUDPPort="2", eventUpdate="restricted")
    it.request("1102", "openSession", eventUDPPort="3")
    it.request("1101", "makeCall", calledDeviceNumber="1102")
    it.request("1102", "answerCall")
    it.request("1102", "dropCall")
    it.pass_time(1)
    told = {port: [one.datagram for one in it.told if one.port == port] for port in (1, 2, 3)}
    assert told[1] == []
    assert len(told[2]) == 1
    assert b"<alerting/>" in told[2][0]
    assert len(told[3]) > 1


# -- pace


@pytest.mark.parametrize(("rate", "at_once"), [(1, 1), (100, 100), (1000, 200), (4000, 200), (20_000, 1000)])
def test_given_events_faster_than_the_rate_when_they_come_then_they_wait_in_order_and_leave_at_the_rate(rate: int, at_once: int) -> None:
    it = Rig(rate=rate, queue=3 * rate)
    all_of_them = at_once + 2 * rate
    for number in range(all_of_them):
        it.datagram = b"%d" % number
        it.notify((HERE, 1))
    assert len(it.sent) == at_once
    assert it.notifier.queued == 2 * rate
    it.time.pump([0.01] * 100)
    assert abs(len(it.sent) - (at_once + rate)) <= max(1, rate // 20)
    it.time.pump([0.01] * 120)
    assert [datagram for datagram, _ in it.sent] == [b"%d" % number for number in range(all_of_them)]
    assert it.notifier.queued == 0
    assert it.time.calls == []


def test_given_a_quiet_time_before_when_a_burst_comes_then_no_more_of_it_leaves_at_once() -> None:
    it = Rig(rate=20_000, queue=10_000)
    for _ in range(2):
        before = len(it.sent)
        for _ in range(5000):
            it.notify((HERE, 1))
        assert len(it.sent) - before == 1000
        it.time.pump([0.01] * 1000)
        assert it.notifier.queued == 0


def test_given_a_target_whose_events_wait_when_another_gets_one_then_that_one_leaves_at_once() -> None:
    it = Rig(rate=1, queue=10)
    for _ in range(5):
        it.notify((HERE, 1))
    it.notify((THERE, 1))
    assert [target[0] for _, target in it.sent] == [HERE, THERE]


def test_given_a_full_queue_when_events_come_then_the_new_ones_are_dropped_counted_and_logged() -> None:
    it = Rig(rate=1, queue=3)
    for number in range(10):
        it.datagram = b"%d" % number
        it.notify((HERE, 7))
    assert it.measures.events_dropped["too fast"] == 6
    assert it.log.lines[-1] == ("info", "event_dropped", {"why": "too fast", "address": HERE, "port": 7, "count": 1})
    it.time.pump([0.1] * 50)
    assert [datagram for datagram, _ in it.sent] == [b"0", b"1", b"2", b"3"]
    assert it.time.calls == []


def test_given_many_dropped_events_when_they_are_logged_then_each_target_has_one_line_a_second_with_their_number() -> None:
    it = Rig()
    it.failing = {HERE: OSError(101, "unreachable"), THERE: OSError(1, "forbidden")}

    def told() -> list[tuple[str, int, str]]:
        lines, it.log.lines = it.log.lines, []
        assert {event for _, event, _ in lines} <= {"event_dropped"}
        return [(fields["address"], fields["count"], fields["why"]) for _, _, fields in lines]

    for _ in range(500):
        it.notify((HERE, 1))
    assert told() == [(HERE, 1, "unreachable")]
    it.time.advance(0.5)
    it.notify((HERE, 1), (THERE, 1))
    it.notify((THERE, 1))
    it.failing[HERE] = OSError(1, "forbidden")
    it.notify((HERE, 1))
    assert told() == [(THERE, 1, "forbidden")]
    it.time.advance(0.5)
    assert told() == [(HERE, 501, "forbidden, unreachable")]
    it.notify((HERE, 1))
    it.time.advance(0.5)
    assert told() == [(THERE, 1, "forbidden")]
    it.time.advance(0.5)
    assert told() == [(HERE, 1, "forbidden")]
    # and then nothing: nobody is remembered, no timer is left
    it.time.pump([0.25] * 8)
    assert told() == []
    assert it.time.calls == []
    assert it.measures.events_dropped == {"unreachable": 501, "forbidden": 4}
    it.notify((HERE, 1))
    assert told() == [(HERE, 1, "forbidden")]


def test_given_more_targets_than_are_remembered_when_events_wait_then_memory_is_bounded_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_REMEMBERED_TARGETS", 10)
    it = Rig(rate=1, queue=10)
    it.notify((HERE, 1))
    it.notify((HERE, 1))
    for port in range(2, 200):
        it.notify((HERE, port))
        assert len(it.notifier._rates) <= 11
    it.time.pump([0.1] * 20)
    assert [target[1] for _, target in it.sent].count(1) == 2


# -- failures


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (BlockingIOError(11, "Resource temporarily unavailable"), "Resource temporarily unavailable"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (OSError("odd"), "not sent"),
    ],
)
def test_given_a_target_that_cannot_be_reached_when_events_leave_then_it_is_counted_and_the_others_get_theirs(
    error: OSError, why: str
) -> None:
    it = Rig()
    it.failing[HERE] = error
    it.notify((HERE, 1), (THERE, 1))
    assert it.sent == [(b"<event/>", (THERE, 1))]
    assert it.measures.events_dropped == {why: 1}
    assert it.log.events() == ["event_dropped"]


def test_given_an_event_that_is_too_long_for_a_datagram_when_it_is_written_then_it_is_dropped_and_counted() -> None:
    it = Rig()
    it.datagram = b"x" * (MAX_DATAGRAM_BYTES + 1)
    it.notify((HERE, 1), (THERE, 1))
    assert it.sent == []
    assert it.measures.events_dropped == {"too long": 1}
    it.datagram = b"x" * MAX_DATAGRAM_BYTES
    it.notify((HERE, 1))
    assert len(it.sent) == 1


def test_given_an_event_that_cannot_be_written_when_it_happens_then_nobody_is_harmed() -> None:
    it = Rig()
    it.datagram = ValueError("cannot be said")
    it.notify((HERE, 1), (THERE, 1))
    assert it.measures.events_dropped == {"cannot be written": 1}
    assert it.log.events() == ["event_failed"]


# -- sockets (the loopback interface; nothing waits)


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_given_a_target_of_either_family_when_a_datagram_leaves_then_it_goes_by_that_family(family: int, host: str) -> None:
    sockets = DatagramSockets()
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        receiver.bind((host, 0))
        receiver.settimeout(5)
        sockets.send(b"one", (host, receiver.getsockname()[1]))
        assert receiver.recv(100) == b"one"
    sockets.close()
    sockets.close()


def test_given_a_dead_target_when_datagrams_leave_then_none_of_them_blocks_or_raises() -> None:
    sockets = DatagramSockets()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    for _ in range(50):
        sockets.send(b"one", ("127.0.0.1", port))
    sockets.close()
