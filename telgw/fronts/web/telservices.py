"""TelServices for pages of this origin: `POST /telservices` does what the TelServices port does."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.web.server import Request

from telgw.fronts.telservices.conversation import Responder
from telgw.fronts.web.answers import XML, Answer, address_of, body_of, text_answer
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.requests import Snapshot


class Port(Protocol):
    """The TelServices port, as far as the page needs it."""

    responder: Responder
    max_request: int

    def decode(self, body: bytes, address: str) -> Any:
        """The request in the body of an HTTP request. Raises RemoteProtocolError."""


class TelServicesPage:
    """The page."""

    def __init__(self, port: Port) -> None:
        self._port = port

    def post(self, request: Request) -> Answer | Deferred[Answer]:
        """POST /telservices."""
        port, address, body = self._port, address_of(request), body_of(request)
        if len(body) > port.max_request:
            return text_answer(413, "the request is longer than telservices.max_request_size")
        try:
            asked = port.decode(body, address)
        except RemoteProtocolError as error:
            return 200, XML, port.responder.reject(error.reason, address)
        answering = port.responder.respond(asked, address, True)
        if isinstance(asked, Snapshot):
            polled: Deferred[Any] = answering
            return polled.addCallback(lambda answer: (200, XML, answer))
        # a page that goes away gives up its polls; what else it asked for is done all the same: the PBX has been told
        told: Deferred[Answer] = Deferred()
        answering.addCallback(lambda answer: told.callback((200, XML, answer)))
        return told
