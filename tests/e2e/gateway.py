"""A daemon process under test, and small clients that know nothing of the daemon's code."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

START_SECONDS = 20


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def request_xml(service: str, body: str) -> bytes:
    """A TelServices request."""
    return f"<TelServiceRequest><{service}>{body}</{service}></TelServiceRequest>".encode()


def fields(**values: object) -> str:
    """Elements in the order given: text, or XML when it starts with `<`."""
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


STANDARD = "<TelServiceReturn><result><standard/></result></TelServiceReturn>"


def error(code: str) -> str:
    """The answer with that error."""
    return f"<TelServiceReturn><error><{code}/></error></TelServiceReturn>"


class Events:
    """A UDP port that collects events."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]

    def next(self, timeout: float = 5.0) -> str:
        """The next event; fails when none comes in time."""
        self.socket.settimeout(timeout)
        return self.socket.recv(65535).decode()

    def quiet(self, seconds: float = 0.15) -> None:
        """Nothing must come for so long."""
        self.socket.settimeout(seconds)
        try:
            got = self.socket.recv(65535)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected event {got!r}")

    def close(self) -> None:
        self.socket.close()


class Gateway:
    """`telgw run` in a process of its own. Use it as a context manager."""

    def __init__(self, folder: Path, config: str | None = None, reactor: str = "epoll", devices: str = '["1101-1130"]') -> None:
        self.folder = folder
        self.port, self.web, self.spare = free_ports(3)
        self.config = folder / "telgw.yaml"
        self.text = config or f"""
telservices: {{listen: "127.0.0.1:{self.port}"}}
web: {{listen: "127.0.0.1:{self.web}"}}
links: {{pbx: {{driver: simulated, devices: {devices}}}}}
"""
        self.text = self.text.replace("@PORT@", str(self.port)).replace("@WEB@", str(self.web)).replace("@SPARE@", str(self.spare))
        self.config.write_text(self.text)
        self.reactor = reactor
        self.log = folder / "telgw.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._events: list[Events] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start and wait until it says that it is ready."""
        out = self.log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "telgw.app.cli.main", "run", "-c", str(self.config), "--reactor", self.reactor],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        out.close()
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{self.log.read_text()}")
            try:
                if self.get("/status")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"the daemon was not ready in time:\n{self.log.read_text()}")

    def stop(self, how: int = signal.SIGTERM, timeout: float = 6.0) -> int:
        """Stop it and return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        process, self.process = self.process, None
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()  # the test has failed; what it started must not outlive it
            process.wait()
            raise

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for events in self._events:
            events.close()
        if self.process is not None:
            code = self.stop()
            if kind is None:
                assert code == 0, self.log.read_text()
                assert "Traceback" not in self.log.read_text(), self.log.read_text()

    # -- TelServices clients

    def raw(self, data: bytes, port: int | None = None, half_close: bool = False) -> str:
        """Send over raw TCP and read until the gateway closes."""
        with socket.create_connection(("127.0.0.1", port or self.port), timeout=10) as sock:
            sock.sendall(data)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                try:
                    more = sock.recv(65536)
                except ConnectionResetError:
                    break
                if not more:
                    break
                answer += more
        return answer.decode()

    def ask(self, service: str, **values: object) -> str:
        """One request over raw TCP."""
        return self.raw(request_xml(service, fields(**values)))

    def post(self, service: str, timeout: float = 10, **values: object) -> str:
        """One request over HTTP."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.request("POST", "/", request_xml(service, fields(**values)))
        answer = connection.getresponse().read().decode()
        connection.close()
        return answer

    def listen(self, device: str, **values: object) -> Events:
        """Open a session of the device with an event port."""
        events = Events()
        self._events.append(events)
        assert self.ask("openSession", deviceNumber=device, eventUDPPort=events.port, **values) == STANDARD
        return events

    # -- the web listener

    def web_request(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """One request to the web listener."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, bytes]:
        """GET from the web listener."""
        return self.web_request("GET", path)

    def status(self) -> dict[str, Any]:
        """What GET /status says."""
        value: dict[str, Any] = json.loads(self.get("/status")[1])
        return value

    def act(self, device: str, action: str, **query: object) -> Any:
        """Be the person at the simulated phone."""
        return self.control(f"devices/{device}/{action}", **query)

    def control(self, path: str, body: object = None, **query: object) -> Any:
        """POST to the control of the simulated PBX; fails unless it is done."""
        text = "?" + urlencode({name: str(value) for name, value in query.items()}) if query else ""
        status, answer = self.web_request(
            "POST", f"/sim/pbx/{path}{text}", None if body is None else json.dumps(body).encode()
        )
        assert status == 200, (status, answer)
        return json.loads(answer or b"null")
