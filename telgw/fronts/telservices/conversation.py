"""One connection of the TelServices port: what it needs of the port, its deadlines, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from typing import Protocol as TypingProtocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, INegotiated
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from telgw.base.clock import Clock
from telgw.base.limits import MAX_REQUEST_BYTES
from telgw.core.measures import Measures
from telgw.fronts.connections import Connections
from telgw.wire.telservices.memo import RequestMemo
from telgw.wire.xmlsafe import Limits

_BLANK = b" \t\r\n"
_HTTP_FIRST = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Responder(TypingProtocol):
    """What answers requests (telgw.fronts.telservices.services)."""

    def respond(self, request: Any, address: str, http: bool) -> Deferred[bytes]:
        """The encoded answer; never fails. Cancel it when the client is gone."""

    def reject(self, reason: str, address: str) -> bytes:
        """The encoded answer to what is no request, counted and logged."""


@dataclass(frozen=True)
class PortSettings:
    """The settings of the port; their meaning and defaults are those of section telservices of the configuration. Times in seconds."""

    end_of_pdu: bytes = b""
    make_call_url: bool = True
    allowed_origins: tuple[str, ...] = ()
    idle_timeout: float = 10.0
    request_timeout: float = 30.0
    keep_alive_timeout: float = 60.0
    max_request_size: int = MAX_REQUEST_BYTES
    #: names of this machine, for pages loaded from here (telgw.fronts.origin)
    host_names: tuple[str, ...] = ()


class Talk(TypingProtocol):
    """What one connection speaks."""

    def data(self, data: bytes) -> None: ...
    def half_closed(self) -> None: ...
    def lost(self) -> None: ...
    def overdue(self) -> bytes | None: ...
    def ending(self) -> None: ...


class Port(TypingProtocol):
    """The port that a conversation belongs to."""

    responder: Responder
    connections: Connections
    clock: Clock
    measures: Measures
    log: Any
    memo: RequestMemo
    settings: PortSettings
    end_of_pdu: bytes
    max_request: int
    limits: Limits
    idle_timeout: float
    request_timeout: float
    keep_alive_timeout: float

    def decode(self, body: bytes, address: str) -> Any:
        """The request in the body of an HTTP request. Raises RemoteProtocolError."""

    def http(self, conversation: Conversation) -> Talk:
        """What speaks HTTP."""

    def raw(self, conversation: Conversation) -> Talk:
        """What speaks raw XML."""


@implementer(IHalfCloseableProtocol)
class Conversation(Protocol):
    """One connection. Its deadline is kept by the sweep of `Connections`."""

    deadline: float | None
    transport: Any

    def __init__(self, port: Port, address: str) -> None:
        self.port = port
        self.address = address
        self.talk: Talk | None = None
        self.closing = False
        #: when the request that is being read must be complete; None: none has begun
        self.complete_by: float | None = None
        self.deadline = None

    def connectionMade(self) -> None:
        """See Protocol."""
        port = self.port
        now = port.clock.seconds()
        self.complete_by = now + port.request_timeout
        self.deadline = now + port.idle_timeout
        if not port.connections.admit(self, self.address):
            self.closing = True
            self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        """See Protocol."""
        if self.closing:
            return
        talk = self.talk
        if talk is None:
            seen = data.lstrip(_BLANK)
            if not seen:
                return  # blanks alone do not renew the deadline
            if seen[0] in _HTTP_FIRST:
                self.transport.setTcpKeepAlive(True)
                talk = self.talk = self.port.http(self)
                data = seen
            else:
                talk = self.talk = self.port.raw(self)
        talk.data(data)

    def reading(self) -> None:
        """A part of a request has come: wait for more, but neither long nor for ever."""
        port = self.port
        now = port.clock.seconds()
        if self.complete_by is None:
            self.complete_by = now + port.request_timeout
        self.deadline = min(self.complete_by, now + port.idle_timeout)

    def working(self) -> None:
        """The request is complete: now the client waits for us."""
        self.complete_by = self.deadline = None

    def resting(self) -> None:
        """The answer is given, another request may come."""
        self.complete_by = None
        self.deadline = self.port.clock.seconds() + self.port.keep_alive_timeout

    @property
    def busy(self) -> bool:
        """Whether an answer is being made or is on its way."""
        return self.closing or (self.talk is not None and self.deadline is None)

    def close(self, last: bytes = b"", interrupts: bool = False) -> None:
        """Say the last word and close; the peer has some time to read it.

        `interrupts`: the peer may still be sending. Closing at once would reset the connection, which can take the last word with it
        before the peer reads it; so only our half is closed, and what still comes is dropped (RFC 9112, 9.6). TLS closes so by itself.
        """
        self.closing = True
        self.deadline = self.port.clock.seconds() + self.port.idle_timeout
        if self.talk is not None:
            self.talk.ending()
        if last:
            self.transport.write(last)
        if interrupts and not INegotiated.providedBy(self.transport):
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()

    def overdue(self) -> None:
        """The sweep found the deadline passed."""
        if self.closing or self.talk is None:
            self.transport.abortConnection()
            return
        last = self.talk.overdue()
        self.close(last or b"", interrupts=last is not None)

    def readConnectionLost(self) -> None:
        """The peer has said all it wants to say; it may still listen."""
        if not self.closing:
            if self.talk is None:
                self.close()
            else:
                self.talk.half_closed()
        if self.closing:  # there is no more to be dropped
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our half is closed, as `close` wanted it."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See Protocol."""
        self.port.connections.gone(self)
        self.closing = True
        if self.talk is not None:
            self.talk.lost()
            self.talk = None
