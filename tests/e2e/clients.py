"""What the tests of transports and faults share: raw sockets, HTTP by hand, metrics, and waiting for something to become true."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.e2e.gateway import Gateway, fields, request_xml

Value = TypeVar("Value")
HOST = "127.0.0.1"
#: timers of a gateway with one link that has nothing to do: the next comparison with the PBX, and the look at the connection that asks
IDLE_TIMERS = 2


def until(check: Callable[[], Value], seconds: float = 5.0, every: float = 0.01) -> Value:
    """The first true value of `check`; fails when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not so within {seconds} s; last: {value!r}")
        time.sleep(every)


def config(gateway_settings: str = "", links: str = "pbx: {driver: simulated, devices: ['1101-1130']}", **sections: str) -> str:
    """A configuration: settings of the section telservices (with the port), links, and other sections as they are."""
    more = "\n".join(f"{name}: {text}" for name, text in sections.items() if name != "listen")
    listen = sections.get("listen", '"127.0.0.1:@PORT@"')
    settings = f", {gateway_settings}" if gateway_settings else ""
    return f'telservices: {{listen: {listen}{settings}}}\nweb: {{listen: "127.0.0.1:@WEB@"}}\nlinks: {{{links}}}\n{more}\n'


def connect(port: int, host: str = HOST) -> socket.socket:
    """A connection."""
    return socket.create_connection((host, port), timeout=10)


def read_to_end(sock: socket.socket) -> bytes:
    """Everything until the other side closes."""
    answer = b""
    while True:
        try:
            more = sock.recv(65536)
        except ConnectionResetError:
            return answer
        if not more:
            return answer
        answer += more


def http_request(body: bytes = b"", method: str = "POST", target: str = "/", **headers: str) -> bytes:
    """The bytes of an HTTP request; header names have `_` for `-`."""
    lines = [f"{method} {target} HTTP/1.1", "Host: gateway", *(f"{name.replace('_', '-')}: {text}" for name, text in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def service(name: str, **values: object) -> bytes:
    """The XML of a request."""
    return request_xml(name, fields(**values))


class Http:
    """An HTTP connection that is kept."""

    def __init__(self, port: int, host: str = HOST, sock: socket.socket | None = None) -> None:
        self.sock = sock or connect(port, host)
        self._file = self.sock.makefile("rb")

    def send(self, data: bytes) -> Http:
        self.sock.sendall(data)
        return self

    def ask(self, name: str, **values: object) -> Http:
        """Send a TelServices request; `answer` reads what it is answered."""
        return self.send(http_request(service(name, **values)))

    def poll(self, device: str, seq: int | None, timeout: int = 10) -> Http:
        """Send a long poll."""
        wanted = f"<timeout>{timeout}</timeout>" + ("" if seq is None else f"<snapshotSeq>{seq}</snapshotSeq>")
        return self.ask("snapshot", deviceNumber=device, resultOnEvent=wanted)

    def response(self, timeout: float = 10) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case), body of the next response."""
        self.sock.settimeout(timeout)
        line = self._file.readline()
        if not line:
            raise EOFError
        status = int(line.split()[1])
        headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, self._file.read(int(headers.get("content-length", "0")))

    def answer(self, timeout: float = 10) -> str:
        """The body of the next response, which must be a 200."""
        status, _, body = self.response(timeout)
        assert status == 200, (status, body)
        return body.decode()

    def ended(self, timeout: float = 10) -> bool:
        """Whether the gateway closes without another word."""
        self.sock.settimeout(timeout)
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._file.close()
        self.sock.close()


def seq_of(snapshot: str) -> int:
    """The number of a snapshot."""
    found = re.search(r"<snapshotSeq>(\d+)</snapshotSeq>", snapshot)
    assert found, snapshot
    return int(found[1])


def metric(gateway: Gateway, name: str, **labels: str) -> float:
    """The sum of all samples of that name that carry the labels."""
    total = 0.0
    for line in gateway.get("/metrics")[1].decode().splitlines():
        found = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name:
            carried = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            if labels.items() <= carried.items():
                total += float(found[3])
    return total


def log_lines(gateway: Gateway, event: str) -> list[dict[str, Any]]:
    """The log lines of that event so far."""
    lines = [json.loads(line) for line in gateway.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def logged(gateway: Gateway, event: str, **values: object) -> dict[str, Any]:
    """A log line of that event with those values, as soon as it is written."""

    def find() -> dict[str, Any] | None:
        return next((line for line in log_lines(gateway, event) if values.items() <= line.items()), None)

    found = until(find)
    assert found is not None
    return found


def settled(gateway: Gateway) -> dict[str, Any]:
    """Wait until nobody is connected, then the state; polls of /status do not count as connections."""

    def quiet() -> dict[str, Any] | None:
        status = gateway.status()
        return status if not (status["connections"] or status["waiting_polls"]) else None

    found = until(quiet)
    assert found is not None
    return found


def open_files(gateway: Gateway) -> int:
    """File descriptors of the daemon."""
    assert gateway.process is not None
    return len(list(Path(f"/proc/{gateway.process.pid}/fd").iterdir()))


def memory(gateway: Gateway) -> int:
    """Resident bytes of the daemon."""
    assert gateway.process is not None
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024
