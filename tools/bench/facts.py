"""PBX facts to UDP datagrams, in the process of a gateway: facts are put in where a link puts them in.

Run as a process: `python -m tools.bench.facts KIND DEVICES COUNT` prints one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import structlog

from telgw.app import logs
from telgw.app.config import parse
from telgw.app.daemon import install_reactor, settle_garbage_collector
from telgw.app.sections import LogFormat, LogLevel
from telgw.core.session import Client
from telgw.model.facts import Delivered, Established, Fact, Held, Originated, Retrieved

#: events of one pair until it talks: one originated, two delivered, two established
SETUP_EVENTS = 5

RECEIVER = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True)
s.settimeout(float(sys.argv[2])); times = []
try:
    while len(times) < int(sys.argv[1]):
        s.recv(4096); times.append(time.monotonic())
except TimeoutError:
    pass
print(" ".join(map(repr, times)))
"""


class Facts:
    """A gateway with `devices` followed devices, and calls between neighbours that hold and retrieve."""

    def __init__(self, devices: int) -> None:
        from telgw.app.gateway import Gateway

        self.reactor = install_reactor("epoll")
        config = parse(
            f'{{telservices: {{listen: "127.0.0.1:0", event_rate: 1000000}}, web: {{listen: none}},'
            f' links: {{pbx: {{driver: simulated, devices: ["10000-{10000 + devices - 1}"]}}}}}}',
            Path.cwd(),
        )
        logs.configure(LogLevel.ERROR, LogFormat.JSON)
        self.gateway = Gateway(config, self.reactor, structlog.get_logger())
        self.devices = devices
        self.domain = self.gateway.switchboard.domains["pbx"]

    def follow(self, port: int) -> None:
        """Sessions of all devices, all events to one port."""
        for number in range(10000, 10000 + self.devices):
            self.gateway.sessions.open(str(number), Client("127.0.0.1", port, False))
        facts: list[Fact] = []
        for number in range(10000, 10000 + self.devices, 2):
            call, caller, called = f"b{number}", str(number), str(number + 1)
            facts += [Originated(call, caller, called), Delivered(call, called, caller, called), Established(call, called, caller, called)]
        self.tell(facts)

    def tell(self, facts: list[Fact]) -> None:
        """What a link does."""
        self.domain.facts(self.domain._epoch, facts)

    def pulse(self, index: int) -> Fact:
        """The next fact: two datagrams, one to each party."""
        number = 10000 + index * 2 % self.devices
        held = index * 2 // self.devices % 2 == 0
        return (Held if held else Retrieved)(f"b{number}", str(number))


def receiver(count: int, patience: float) -> tuple[subprocess.Popen[str], int]:
    """A process that notes when each datagram came, and its port."""
    process = subprocess.Popen([sys.executable, "-c", RECEIVER, str(count), str(patience)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def sustained(devices: int, count: int) -> dict[str, float]:
    """Datagrams per second when facts come as fast as they are taken, 50 to a turn of the reactor."""
    facts = Facts(devices)
    setup = devices // 2 * SETUP_EVENTS
    process, port = receiver(setup + count, 3)
    result: dict[str, float] = {}
    told = 0

    def turn() -> None:
        nonlocal told
        facts.tell([facts.pulse(index) for index in range(told, told + 50)])
        told += 50
        if told * 2 < count:
            facts.reactor.callLater(0, turn)
        else:
            result["cpu"] = time.process_time() - cpu
            facts.reactor.callInThread(end)

    def end() -> None:
        assert process.stdout is not None
        times = [float(text) for text in process.stdout.read().split()][setup:]
        result["rate"] = (len(times) - 1) / (times[-1] - times[0])
        result["received"] = len(times)
        facts.reactor.callFromThread(facts.reactor.stop)

    def begin() -> None:
        nonlocal cpu
        facts.follow(port)
        settle_garbage_collector()
        cpu = time.process_time()
        turn()

    cpu = 0.0
    facts.gateway.start().addCallback(lambda _: begin())
    facts.reactor.addSystemEventTrigger("before", "shutdown", facts.gateway.stop)
    facts.reactor.run()
    result["cpu_per_event"] = result["cpu"] / count
    return result


def latency(devices: int, count: int) -> dict[str, float]:
    """Seconds from fact to datagram at 2,000 events (1,000 facts) a second: median and 99th percentile."""
    facts = Facts(devices)
    process, port = receiver(10**9, 2)
    told: list[float] = []
    result: dict[str, float] = {}

    def tick(begun: float) -> None:
        due = int((time.monotonic() - begun) * 1000)
        while len(told) * 2 < count and len(told) < due:
            told.append(time.monotonic())
            facts.tell([facts.pulse(len(told) - 1)])
        if len(told) * 2 < count:
            facts.reactor.callLater(0.001, tick, begun)
        else:
            facts.reactor.callInThread(end)

    def end() -> None:
        assert process.stdout is not None
        times = [float(text) for text in process.stdout.read().split()][-2 * len(told) :]
        delays = sorted(times[index] - told[index // 2] for index in range(len(times)))
        result["median"], result["p99"] = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
        result["lost"] = 2 * len(told) - len(times)
        facts.reactor.callFromThread(facts.reactor.stop)

    def begin() -> None:
        facts.follow(port)
        settle_garbage_collector()
        facts.reactor.callLater(0.2, lambda: tick(time.monotonic()))

    facts.gateway.start().addCallback(lambda _: begin())
    facts.reactor.addSystemEventTrigger("before", "shutdown", facts.gateway.stop)
    facts.reactor.run()
    return result


KINDS = {"sustained": sustained, "latency": latency}

if __name__ == "__main__":
    print(json.dumps(KINDS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))))
