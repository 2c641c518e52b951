"""The connections of the web listener, counted and watched together with those of the TelServices port."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure

from telgw.base.clock import Clock
from telgw.fronts.connections import WEB, Connections
from telgw.fronts.web.site import WebSite

#: seconds that the last word may take to reach the peer
_LAST_SECONDS = 10.0
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class WebConnection(ProtocolWrapper):
    """One connection. A request must be complete in time, counted from its first byte; a complete one may wait for its answer."""

    factory: WebListener
    transport: Any

    def __init__(self, factory: WebListener, wrapped: Any) -> None:
        super().__init__(factory, wrapped)
        self.deadline: float | None = None
        #: a part of a request has come
        self._reading = False
        #: bytes of the next request came before the answer to this one
        self._more = False
        self._closing = False

    def makeConnection(self, transport: Any) -> None:
        """See ProtocolWrapper."""
        super().makeConnection(transport)
        self._patience(self.factory.request_timeout)
        address = str(getattr(transport.getPeer(), "host", "")).removeprefix("::ffff:")
        if not self.factory.connections.admit(self, address, WEB):
            self._closing = True
            transport.abortConnection()

    def _patience(self, seconds: float) -> None:
        self.deadline = self.factory.clock.seconds() + seconds

    def dataReceived(self, data: bytes) -> None:
        """See ProtocolWrapper."""
        if self._closing:
            return
        if self.deadline is None:
            self._more = True
        elif not self._reading:
            self._reading = True
            self._patience(self.factory.request_timeout)
        super().dataReceived(data)

    def working(self) -> None:
        """The request is complete: now the peer waits for us."""
        self._reading = self._more = False
        self.deadline = None

    def resting(self) -> None:
        """The answer is given; another request may come, or has begun to."""
        self._reading, self._more = self._more, False
        self._patience(self.factory.request_timeout if self._reading else self.factory.keep_alive_timeout)

    @property
    def busy(self) -> bool:
        """Whether an answer is being made or is on its way."""
        return self._closing or self.deadline is None

    def loseConnection(self) -> None:
        """See ProtocolWrapper. The peer has some time to read the last word."""
        if not self._closing:
            self._closing = True
            self._patience(_LAST_SECONDS)
        super().loseConnection()

    def overdue(self) -> None:
        """The sweep found the deadline passed."""
        if self._closing:
            self.transport.abortConnection()
            return
        if self._reading:
            self.transport.write(_TOO_SLOW)
        self.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See ProtocolWrapper."""
        self.factory.connections.gone(self)
        super().connectionLost(reason)


class WebListener(WrappingFactory[WebConnection]):
    """The listener's factory: the site behind limits. Times in seconds, those of section telservices of the configuration."""

    noisy = False
    protocol = WebConnection

    def __init__(self, site: WebSite, connections: Connections, clock: Clock) -> None:
        super().__init__(site)
        self.site = site
        self.connections = connections
        self.clock = clock
        self.request_timeout = 30.0
        self.keep_alive_timeout = 60.0
