"""Long polls on the real daemon: numbers, waiting, waking, giving up, and the end."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clients import IDLE_TIMERS, Http, config, http_request, metric, seq_of, service, settled, until
from tests.e2e.gateway import STANDARD, Gateway, error


@pytest.fixture(scope="module", params=["epoll", "asyncio"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(tmp_path_factory.mktemp("longpoll"), reactor=request.param) as running:
        yield running
        until(lambda: metric(running, "telgw_timers") == IDLE_TIMERS)


@pytest.fixture
def device(gateway: Gateway) -> Iterator[str]:
    """A device with an open session; afterwards nothing of it is left."""
    assert gateway.ask("openSession", deviceNumber="1101") == STANDARD
    yield "1101"
    gateway.ask("closeSession", deviceNumber="1101", clientOnly="<false/>")
    for number in ("1101", "1102"):
        if gateway.ask("queryDoNotDisturb", deviceNumber=number).count("<on/>"):
            gateway.ask("doNotDisturb", deviceNumber=number, state="<off/>")
    status = settled(gateway)
    assert (status["sessions"], status["calls"]) == (0, 0)


def waiting(gateway: Gateway, count: int) -> None:
    until(lambda: gateway.status()["waiting_polls"] == count)


@pytest.mark.parametrize("seq", [None, 0, 99, 4_000_000])
def test_given_a_number_that_is_not_the_current_one_when_polled_then_the_answer_comes_at_once(
    gateway: Gateway, device: str, seq: int | None
) -> None:
    client = Http(gateway.port)
    started = time.monotonic()
    assert seq_of(client.poll(device, seq).answer()) == 1
    assert time.monotonic() - started < 1
    client.close()


def test_given_an_older_number_when_polled_then_the_answer_comes_at_once_with_the_new_one(gateway: Gateway, device: str) -> None:
    client = Http(gateway.port)
    first = seq_of(client.poll(device, None).answer())
    gateway.ask("doNotDisturb", deviceNumber=device, state="<on/>")
    answer = client.poll(device, first).answer()
    assert seq_of(answer) == first + 1
    assert "<doNotDisturb>" in answer
    client.close()


def test_given_the_current_number_when_nothing_happens_then_the_timeout_repeats_it(gateway: Gateway, device: str) -> None:
    client = Http(gateway.port)
    seq = seq_of(client.poll(device, None).answer())
    started = time.monotonic()
    assert seq_of(client.poll(device, seq, timeout=1).answer()) == seq
    assert 0.9 < time.monotonic() - started < 2
    client.close()


def test_given_a_waiting_poll_when_a_call_comes_and_goes_then_it_is_told_and_cleared_is_told_once(gateway: Gateway, device: str) -> None:
    client = Http(gateway.port)
    seq = seq_of(client.poll(device, None).answer())
    client.poll(device, seq)
    waiting(gateway, 1)
    gateway.act("1102", "dial", number=device)
    answer = client.answer()
    while "<alerting/>" not in answer:
        answer = client.poll(device, seq_of(answer)).answer()
    client.poll(device, seq_of(answer))
    waiting(gateway, 1)
    gateway.act("1102", "hang_up")
    cleared = client.answer()
    assert "<cleared/>" in cleared
    again = client.poll(device, seq_of(cleared), timeout=1).answer()
    assert seq_of(again) == seq_of(cleared)
    assert "<calls/>" in again
    client.close()


def test_given_a_poll_over_raw_tcp_when_it_comes_then_it_is_rejected(gateway: Gateway, device: str) -> None:
    asked = "<timeout>5</timeout><snapshotSeq>1</snapshotSeq>"
    assert gateway.ask("snapshot", deviceNumber=device, resultOnEvent=asked) == error("reject")
    assert "snapshotSeq" not in gateway.ask("snapshot", deviceNumber=device)
    assert "snapshotSeq" not in gateway.post("snapshot", deviceNumber=device)


def test_given_500_waiting_polls_when_one_thing_happens_then_all_are_answered_soon(gateway: Gateway, device: str) -> None:
    clients = [Http(gateway.port).poll(device, 1, timeout=60) for _ in range(500)]
    waiting(gateway, 500)
    started = time.monotonic()
    gateway.ask("doNotDisturb", deviceNumber=device, state="<on/>")
    assert {seq_of(client.answer()) for client in clients} == {2}
    assert time.monotonic() - started < 2
    for client in clients:
        client.close()


@pytest.mark.parametrize("half", [False, True])
def test_given_waiting_polls_when_their_clients_go_then_nothing_is_left_of_them(gateway: Gateway, device: str, half: bool) -> None:
    before = metric(gateway, "telgw_requests_total", service="snapshot", outcome="given up")
    clients = [Http(gateway.port).poll(device, 1, timeout=60) for _ in range(50)]
    waiting(gateway, 50)
    for client in clients:
        if half:
            client.sock.shutdown(1)
            assert client.ended()
        client.close()
    status = settled(gateway)
    assert status["sessions"] == 1
    assert metric(gateway, "telgw_requests_total", service="snapshot", outcome="given up") == before + 50


def test_given_a_waiting_poll_of_the_web_listener_when_its_client_goes_then_nothing_is_left_of_it(gateway: Gateway, device: str) -> None:
    client = Http(gateway.web)
    asked = "<timeout>60</timeout><snapshotSeq>1</snapshotSeq>"
    client.send(http_request(service("snapshot", deviceNumber=device, resultOnEvent=asked), target="/telservices"))
    waiting(gateway, 1)
    client.close()
    waiting(gateway, 0)


@pytest.mark.parametrize("how", ["client", "administrator"])
def test_given_a_waiting_poll_when_the_session_is_closed_then_it_is_told_and_the_next_one_finds_none(
    gateway: Gateway, device: str, how: str
) -> None:
    client = Http(gateway.port).poll(device, 1)
    waiting(gateway, 1)
    if how == "client":
        assert gateway.ask("closeSession", deviceNumber=device, clientOnly="<false/>") == STANDARD
        told = "sessionClosedByClient"
    else:
        assert gateway.web_request("DELETE", f"/sessions/{device}")[0] == 200
        told = "sessionClosedByAdmin"
    answer = client.answer()
    assert f"<session><{told}/></session>" in answer
    assert client.poll(device, seq_of(answer)).answer() == error("noOpenSession")
    client.close()


def test_given_a_waiting_poll_when_the_link_is_lost_and_returns_then_both_are_told(gateway: Gateway, device: str) -> None:
    client = Http(gateway.port).poll(device, 1)
    waiting(gateway, 1)
    gateway.control("faults", {"link": "down"})
    lost = client.answer()
    assert "<session><pbxlinkOutOfService/></session>" in lost
    client.poll(device, seq_of(lost))
    gateway.control("faults", {})
    assert "<session><pbxlinkInService/></session>" in client.answer()
    client.close()


def test_given_more_polls_than_an_address_may_have_when_one_more_comes_then_only_it_is_refused(tmp_path: Path) -> None:
    with Gateway(tmp_path, config(sessions="{waiting_polls_per_address: 5}")) as gateway:
        gateway.ask("openSession", deviceNumber="1101")
        clients = [Http(gateway.port).poll("1101", 1, timeout=60) for _ in range(5)]
        waiting(gateway, 5)
        one_more = Http(gateway.port).poll("1101", 1)
        assert one_more.answer() == error("resourceError")
        gateway.ask("doNotDisturb", deviceNumber="1101", state="<on/>")
        assert {seq_of(client.answer()) for client in [*clients, one_more.poll("1101", 1)]} == {2}
        for client in [*clients, one_more]:
            client.close()


@pytest.mark.parametrize("reactor", ["epoll", "asyncio"])
def test_given_waiting_polls_when_the_gateway_stops_then_all_are_answered_and_it_exits_0(tmp_path: Path, reactor: str) -> None:
    gateway = Gateway(tmp_path, reactor=reactor)
    gateway.start()
    gateway.ask("openSession", deviceNumber="1101")
    clients = [Http(gateway.port).poll("1101", 1, timeout=60) for _ in range(200)]
    waiting(gateway, 200)
    started = time.monotonic()
    assert gateway.process is not None
    gateway.process.send_signal(signal.SIGTERM)
    for client in clients:
        assert "<session><sessionClosedByAdmin/></session>" in client.answer()
        assert client.ended()
        client.close()
    assert gateway.stop() == 0
    assert time.monotonic() - started < 5
