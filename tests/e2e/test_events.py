"""Events over UDP on the real daemon: who gets them, in which order, and what becomes of those who do not listen."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clients import HOST, IDLE_TIMERS, config, log_lines, metric, settled, until
from tests.e2e.gateway import STANDARD, Events, Gateway


@pytest.fixture(scope="module", params=["epoll", "asyncio"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(tmp_path_factory.mktemp("events"), reactor=request.param) as running:
        yield running
        until(lambda: metric(running, "telgw_timers") == IDLE_TIMERS)


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close all sessions and calls of the shared gateway, and see that nothing is left."""
    yield
    if "gateway" not in request.fixturenames:
        return
    gateway: Gateway = request.getfixturevalue("gateway")
    gateway.control("faults", {})
    for device in ("1101", "1102", "1103"):
        gateway.web_request("POST", f"/sim/pbx/devices/{device}/hang_up")
        gateway.ask("doNotDisturb", deviceNumber=device, state="<off/>")
        gateway.ask("closeSession", deviceNumber=device, clientOnly="<false/>")
    status = settled(gateway)
    assert (status["sessions"], status["calls"]) == (0, 0)
    assert metric(gateway, "telgw_monitored_devices") == 0
    assert metric(gateway, "telgw_event_queue") == 0


def test_given_several_clients_of_a_session_when_something_happens_then_each_port_hears_it_once(gateway: Gateway) -> None:
    clients = [gateway.listen("1101") for _ in range(5)]
    assert gateway.ask("openSession", deviceNumber="1101", eventUDPPort=clients[0].port) == STANDARD
    assert gateway.ask("openSession", deviceNumber="1101") == STANDARD
    assert gateway.ask("doNotDisturb", deviceNumber="1101", state="<on/>") == STANDARD
    for client in clients:
        assert "<doNotDisturb>" in client.next()
    for client in clients:
        client.quiet(0.02)


def test_given_one_port_for_several_devices_when_things_happen_then_every_event_names_its_device(gateway: Gateway) -> None:
    events = gateway.listen("1101")
    for device in ("1102", "1103"):
        assert gateway.ask("openSession", deviceNumber=device, eventUDPPort=events.port) == STANDARD
    for device in ("1103", "1101", "1102"):
        gateway.ask("doNotDisturb", deviceNumber=device, state="<on/>")
        assert f"<deviceNumber>{device}</deviceNumber>" in events.next()


def test_given_a_restricted_client_when_calls_go_on_then_it_hears_alerting_and_session_events_only(gateway: Gateway) -> None:
    restricted = gateway.listen("1102", eventUpdate="<restricted/>")
    gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102")
    assert "<alerting/>" in restricted.next()
    gateway.ask("answerCall", deviceNumber="1102")
    gateway.ask("dropCall", deviceNumber="1102")
    gateway.ask("doNotDisturb", deviceNumber="1102", state="<on/>")
    restricted.quiet(0.1)
    gateway.web_request("DELETE", "/sessions/1102")
    assert "<sessionClosedByAdmin/>" in restricted.next()


def test_given_a_dead_port_when_events_go_there_then_the_session_stays_and_the_others_hear(gateway: Gateway) -> None:
    dead = Events()
    dead.close()
    assert gateway.ask("openSession", deviceNumber="1101", eventUDPPort=dead.port) == STANDARD
    alive = gateway.listen("1101")
    for state in ("<on/>", "<off/>") * 20:
        assert gateway.ask("doNotDisturb", deviceNumber="1101", state=state) == STANDARD
        assert state in alive.next()
    assert gateway.status()["sessions"] == 1


def test_given_doubled_events_of_the_pbx_when_a_call_goes_on_then_every_change_is_told_once(gateway: Gateway) -> None:
    gateway.control("faults", {"duplicate_events": True})
    caller, called = gateway.listen("1101"), gateway.listen("1102")
    gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102")
    gateway.ask("answerCall", deviceNumber="1102")
    gateway.ask("dropCall", deviceNumber="1101")
    states = [re.findall(r"<state><(\w+)/>", caller.next()) for _ in range(5)]
    assert states == [["initiated"], ["originated"], ["delivered"], ["connected"], ["cleared"]]
    assert [re.findall(r"<state><(\w+)/>", called.next()) for _ in range(3)] == [["alerting"], ["connected"], ["cleared"]]
    caller.quiet(0.05)
    called.quiet(0.05)


def test_given_events_of_the_pbx_in_wrong_order_when_a_call_goes_on_then_the_end_is_right(gateway: Gateway) -> None:
    gateway.control("faults", {"reorder_events": True})
    gateway.listen("1101")
    for _ in range(3):
        gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102")
        gateway.act("1102", "answer")
        gateway.act("1101", "hang_up")
    until(lambda: "<calls/>" in gateway.ask("snapshot", deviceNumber="1101"))
    until(lambda: gateway.status()["calls"] == 0)


def test_given_a_low_rate_when_events_come_faster_then_some_wait_some_are_dropped_and_each_ends_as_set(tmp_path: Path) -> None:
    text = config("end_of_pdu: '\\r\\n', event_rate: 1, event_queue: 2, device_number_in_events: calls")
    with Gateway(tmp_path, text) as gateway:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as events:
            events.bind((HOST, 0))
            events.settimeout(5)
            gateway.ask("openSession", deviceNumber="1101", eventUDPPort=events.getsockname()[1])
            # one may go at once, two wait, the others are dropped: nobody waits for this client
            for state in ("<on/>", "<off/>") * 5:
                assert gateway.ask("doNotDisturb", deviceNumber="1101", state=state) == STANDARD + "\r\n"
            until(lambda: metric(gateway, "telgw_events_dropped_total", reason="too fast") == 7)
            assert metric(gateway, "telgw_event_queue") <= 2
            first = events.recv(65535).decode()
            assert first.endswith("</TelServiceEvent>\r\n")
            assert "deviceNumber" not in first
            assert "<off/>" in events.recv(65535).decode()
            lines = until(lambda: (told := log_lines(gateway, "event_dropped"))[1:] and told)
            assert [(line["why"], line["count"]) for line in lines] == [("too fast", 1), ("too fast", 6)]
            assert "<on/>" in events.recv(65535).decode()
        gateway.ask("closeSession", deviceNumber="1101")
        until(lambda: metric(gateway, "telgw_event_queue") == 0)
        until(lambda: metric(gateway, "telgw_timers") == IDLE_TIMERS)
