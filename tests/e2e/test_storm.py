"""A storm: thousands of good and bad requests, sessions, calls, polls and connections at once. Afterwards everything is as before."""

from __future__ import annotations

import random
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients import (
    HOST,
    IDLE_TIMERS,
    Http,
    config,
    connect,
    http_request,
    memory,
    metric,
    open_files,
    read_to_end,
    service,
    until,
)
from tests.e2e.gateway import Gateway

DEVICES = [str(number) for number in range(1101, 1301)]
SERVICES = ["makeCall", "answerCall", "dropCall", "holdCall", "retrieveCall", "snapshot", "openSession", "closeSession", "queryForward"]
BAD = [
    b"garbage",
    b"<TelServiceRequest><oops/></TelServiceRequest>",
    b"<a b='c'/>",
    b"<!DOCTYPE x>",
    b"\x00" * 100,
    b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"<TelServiceRequest>" + b"<a>" * 100,
    b"x" * 200_000,
]
#: what every request must be answered with, if it is answered at all
ENDS = (b"</TelServiceReturn>", b"\n")


class Storm:
    """One thread of it. What it must not see goes to `complaints`."""

    def __init__(self, gateway: Gateway, seed: int, complaints: list[str]) -> None:
        self.gateway = gateway
        self.random = random.Random(seed)
        self.complaints = complaints
        self.asked = 0

    def request(self) -> bytes:
        name, device = self.random.choice(SERVICES), self.random.choice(DEVICES)
        values: dict[str, object] = {"deviceNumber": device}
        if name == "makeCall":
            values["calledDeviceNumber"] = self.random.choice(DEVICES)
        if name == "openSession":
            # half of the ports have nobody behind them
            values["eventUDPPort"] = self.random.choice([9, 40_000 + self.random.randrange(20_000)])
        return service(name, **values)

    def raw(self) -> None:
        with connect(self.gateway.port) as sock:
            sock.sendall(self.request())
            answer = read_to_end(sock)
        if not answer.endswith(ENDS[0]):
            self.complaints.append(f"raw: {answer[:200]!r}")

    def http(self) -> None:
        client = Http(self.gateway.port)
        client.send(b"".join(http_request(self.request()) for _ in range(10)))
        for _ in range(10):
            body = client.answer().encode()
            if not body.endswith(ENDS[0]):
                self.complaints.append(f"http: {body[:200]!r}")
        client.close()

    def bad(self) -> None:
        with connect(self.gateway.port) as sock:
            sock.sendall(self.random.choice(BAD))
            sock.shutdown(socket.SHUT_WR)
            answer = read_to_end(sock)
        if not answer.endswith(ENDS):
            self.complaints.append(f"bad: {answer[:200]!r}")

    def poll_and_go(self) -> None:
        device = self.random.choice(DEVICES)
        client = Http(self.gateway.port).ask("openSession", deviceNumber=device)
        client.answer()
        client.poll(device, self.random.choice([None, 1, 2, 3]), timeout=60)
        if self.random.random() < 0.5:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    def reset(self) -> None:
        sock = connect(self.gateway.port)
        sock.sendall(self.request()[: self.random.randrange(200)])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    def run(self, rounds: int) -> None:
        kinds: list[Callable[[], None]] = [self.raw] * 5 + [self.http] * 2 + [self.bad, self.poll_and_go, self.reset]
        try:
            for _ in range(rounds):
                self.random.choice(kinds)()
                self.asked += 1
        except Exception as failure:
            self.complaints.append(f"{type(failure).__name__}: {failure}")


def rage(gateway: Gateway, rounds: int, seed: int) -> list[str]:
    """Four threads of it; returns what went wrong."""
    complaints: list[str] = []
    storms = [Storm(gateway, seed * 100 + number, complaints) for number in range(4)]
    threads = [threading.Thread(target=storm.run, args=(rounds,)) for storm in storms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return complaints


def calm(gateway: Gateway) -> None:
    """Everybody goes home; then everything must be back."""
    gateway.control("faults", {"restart": True})
    until(lambda: gateway.status()["links"][0]["state"] == "up")
    client = Http(gateway.port)
    for device in DEVICES:
        client.ask("closeSession", deviceNumber=device, clientOnly="<false/>").answer()
    client.close()

    def back() -> bool:
        status = gateway.status()
        return all(status[name] == 0 for name in ("sessions", "calls", "waiting_polls", "connections"))

    until(back)
    until(lambda: metric(gateway, "telgw_timers") == IDLE_TIMERS)
    for name in ("telgw_sessions", "telgw_session_clients", "telgw_calls", "telgw_waiting_polls", "telgw_monitored_devices"):
        assert metric(gateway, name) == 0, name
    assert metric(gateway, "telgw_event_queue") == 0


@pytest.mark.parametrize("reactor", ["epoll", "asyncio"])
def test_given_a_storm_when_it_is_over_then_nothing_is_left_of_it(tmp_path: Path, reactor: str) -> None:
    text = config("idle_timeout: 2s", "pbx: {driver: simulated, devices: ['1101-1300']}", logs="{level: warning}")
    with Gateway(tmp_path, text, reactor=reactor) as gateway:
        assert rage(gateway, 150, 1) == []
        calm(gateway)
        files, resident = open_files(gateway), memory(gateway)
        for seed in (2, 3):
            assert rage(gateway, 250, seed) == []
            calm(gateway)
        assert open_files(gateway) <= files
        assert memory(gateway) - resident < 15_000_000
        assert '"level": "error"' not in gateway.log.read_text()


def test_given_a_storm_when_the_gateway_is_told_to_stop_then_it_stops_cleanly(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, config(links="pbx: {driver: simulated, devices: ['1101-1300']}", logs="{level: warning}"))
    gateway.start()
    threads = [threading.Thread(target=Storm(gateway, number, []).run, args=(100_000,)) for number in range(3)]
    crowd = [socket.create_connection((HOST, gateway.port)) for _ in range(200)]
    for thread in threads:
        thread.start()
    until(lambda: metric(gateway, "telgw_requests_total") > 500)
    assert gateway.process is not None
    started = time.monotonic()
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.stop() == 0
    assert time.monotonic() - started < 5
    for thread in threads:
        thread.join()
    for sock in crowd:
        sock.close()
    text = gateway.log.read_text()
    assert "Traceback" not in text
    assert '"level": "error"' not in text
