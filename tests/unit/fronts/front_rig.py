"""A TelServices port without sockets: connections on string transports, answers when the test wants them, time by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet import task
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from telgw.base.clock import Clock
from telgw.core.measures import Measures
from telgw.fronts.connections import Connections
from telgw.fronts.telservices.conversation import Conversation, PortSettings
from telgw.fronts.telservices.port import TelServicesPort

ANSWER = b"<TelServiceReturn><result><standard/></result></TelServiceReturn>"
REJECT = b"<TelServiceReturn><error><reject/></error></TelServiceReturn>"
DROP = b"<TelServiceRequest><dropCall><deviceNumber>1101</deviceNumber></dropCall></TelServiceRequest>"
POLL = (
    b"<TelServiceRequest><snapshot><deviceNumber>1101</deviceNumber>"
    b"<resultOnEvent><timeout>60</timeout><snapshotSeq>1</snapshotSeq></resultOnEvent></snapshot></TelServiceRequest>"
)


class Log:
    """Log lines as (level, event, fields)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def bind(self, **_: Any) -> Log:
        return self

    def __getattr__(self, level: str) -> Any:
        if level not in ("debug", "info", "warning", "error", "exception"):
            raise AttributeError(level)
        return lambda event, **fields: self.lines.append((level, event, fields))

    def events(self) -> list[str]:
        return [event for _, event, _ in self.lines]


class Responder:
    """Answers at once, or when the test says so while `patient`."""

    def __init__(self) -> None:
        self.patient = False
        self.asked: list[tuple[Any, str, bool]] = []
        self.rejected: list[str] = []
        self.open: list[Deferred[bytes]] = []
        self.cancelled = 0
        self.answer = ANSWER

    def respond(self, request: Any, address: str, http: bool) -> Deferred[bytes]:
        self.asked.append((request, address, http))
        if not self.patient:
            return succeed(self.answer)
        waiting: Deferred[bytes] = Deferred(self._cancelled)
        self.open.append(waiting)
        return waiting

    def _cancelled(self, _: Deferred[bytes]) -> None:
        self.cancelled += 1

    def reject(self, reason: str, address: str) -> bytes:
        self.rejected.append(reason)
        return REJECT


class Wire(StringTransport):
    """A TCP transport that only notes what is done with it; it holds back what is written while `stuck`."""

    def __init__(self, stuck: bool = False) -> None:
        super().__init__(lenient=True)
        self.stuck = stuck
        self.half_closed = False
        self.keep_alive = False
        self.lost = lambda: None

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.stuck and self.producer is not None:
            self.producer.pauseProducing()

    def drain(self) -> None:
        """The peer reads everything."""
        self.stuck = False
        self.producer.resumeProducing()

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        super().abortConnection()
        self.lost()

    def setTcpKeepAlive(self, on: bool) -> None:
        self.keep_alive = on

    @property
    def closing(self) -> bool:
        """Whether the gateway closes: the peer reads an end."""
        return self.disconnecting or self.half_closed

    @property
    def aborted(self) -> bool:
        return self.disconnected


class Peer:
    """One connection."""

    def __init__(self, port: TelServicesPort, address: str, wire: Wire) -> None:
        self.wire = wire
        self.conversation: Conversation = port.buildProtocol(IPv4Address("TCP", address, 40000))
        wire.lost = self.vanish
        self.conversation.makeConnection(wire)

    def send(self, data: bytes, pieces: int | None = None) -> Peer:
        for at in range(0, len(data), pieces or max(1, len(data))):
            self.conversation.dataReceived(data[at : at + (pieces or len(data))])
        return self

    def half_close(self) -> None:
        self.conversation.readConnectionLost()

    def vanish(self) -> None:
        self.conversation.connectionLost(Failure(ConnectionDone()))

    @property
    def got(self) -> bytes:
        value: bytes = self.wire.value()
        return value

    @property
    def statuses(self) -> list[int]:
        """The statuses of the HTTP responses so far."""
        return [int(part[:3]) for part in self.got.split(b"HTTP/1.1 ")[1:]]


class Rig:
    """The port and its surroundings."""

    def __init__(self, settings: PortSettings | None = None, limit: int = 100, per_address: int = 100) -> None:
        self.time = task.Clock()
        self.clock = Clock(self.time)
        self.measures = Measures()
        self.log = Log()
        self.responder = Responder()
        self.connections = Connections(self.clock, self.measures, self.log, limit, per_address)
        self.port = TelServicesPort(
            self.responder, settings or PortSettings(), self.connections, self.clock, self.measures, self.log
        )
        self.peers: list[Peer] = []

    def connect(self, address: str = "192.0.2.1", stuck: bool = False) -> Peer:
        peer = Peer(self.port, address, Wire(stuck))
        self.peers.append(peer)
        return peer

    def pass_time(self, seconds: float) -> None:
        """In steps in which the sweep has its turn."""
        self.time.pump([0.25] * round(seconds / 0.25))

    def end(self) -> None:
        """Everybody goes; nothing may be left."""
        for peer in self.peers:
            peer.vanish()
        self.pass_time(2)
        assert len(self.connections) == 0
        assert not self.time.calls, self.time.calls
        assert self.clock.pending() == []


@contextmanager
def rig(settings: PortSettings | None = None, **limits: int) -> Iterator[Rig]:
    """A rig that is left as it was found."""
    made = Rig(settings, **limits)
    yield made
    made.end()


def http(method: str = "POST", target: str = "/", body: bytes = b"", version: str = "1.1", **headers: str) -> bytes:
    """An HTTP request; header names have `_` for `-`."""
    lines = [f"{method} {target} HTTP/{version}", "Host: gateway:20000"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
