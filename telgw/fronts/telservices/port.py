"""The TelServices port: raw XML and HTTP on one listener, told apart by the first byte (decision 1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from telgw.base.clock import Clock
from telgw.core.measures import Measures
from telgw.fronts.connections import Connections
from telgw.fronts.telservices.conversation import Conversation, PortSettings, Responder, Talk
from telgw.fronts.telservices.http import HttpTalk
from telgw.fronts.telservices.raw import RawTalk
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import REQUEST_LIMITS, RequestReader
from telgw.wire.telservices.memo import RequestMemo


class TelServicesPort(Factory):
    """Makes a conversation of every connection, as long as there are not too many."""

    noisy = False

    def __init__(
        self, responder: Responder, settings: PortSettings, connections: Connections, clock: Clock, measures: Measures, log: Any
    ) -> None:
        self.responder = responder
        self.connections = connections
        self.clock = clock
        self.measures = measures
        self.log = log
        self.memo = RequestMemo()
        self.configure(settings)

    def configure(self, settings: PortSettings) -> None:
        """Take these settings for everything that is read from now on."""
        self.settings = settings
        self.end_of_pdu = settings.end_of_pdu
        self.max_request = settings.max_request_size
        self.limits = replace(REQUEST_LIMITS, size=settings.max_request_size)
        self.idle_timeout = settings.idle_timeout
        self.request_timeout = settings.request_timeout
        self.keep_alive_timeout = settings.keep_alive_timeout

    def buildProtocol(self, addr: IAddress | None) -> Conversation:
        """See Factory."""
        host: str = getattr(addr, "host", "")
        return Conversation(self, host.removeprefix("::ffff:"))

    def http(self, conversation: Conversation) -> Talk:
        """See Port."""
        return HttpTalk(conversation)

    def raw(self, conversation: Conversation) -> Talk:
        """See Port."""
        return RawTalk(conversation)

    def decode(self, body: bytes, address: str) -> Any:
        """The request in the body of an HTTP request, whichever listener it came to. Raises RemoteProtocolError."""
        asked = self.memo.recall(body)
        if asked is not None:
            return asked
        reader = RequestReader(limits=self.limits)
        asked = reader.receive_data(body)
        if asked is None:
            raise RemoteProtocolError("the request is incomplete")
        if reader.ignored:
            self.log.info("elements_ignored", elements=reader.ignored, address=address)
        else:
            self.memo.keep(body, asked)
        return asked
