"""Raw XML over TCP: one request, one answer, and the connection closes (document, Transport protocol)."""

from __future__ import annotations

from telgw.core.deferred import then
from telgw.fronts.telservices.conversation import Conversation
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import RequestReader
from telgw.wire.telservices.requests import Request


class RawTalk:
    """A connection that speaks raw XML."""

    __slots__ = ("_conversation", "_done", "_reader")

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._reader: RequestReader | None = None
        self._done = False

    def data(self, data: bytes) -> None:
        """Bytes from the peer; what comes after the request is not ours to read."""
        if self._done:
            return
        conversation = self._conversation
        port = conversation.port
        request = port.memo.recall(data) if self._reader is None else None
        if request is None:
            try:
                request = self._read(data)
            except RemoteProtocolError as error:
                self._reject(error.reason)
                return
            if request is None:
                conversation.reading()
                return
        self._done = True
        conversation.working()
        then(port.responder.respond(request, conversation.address, False), self._answer)

    def _read(self, data: bytes) -> Request | None:
        port = self._conversation.port
        reader = self._reader
        if reader is None:
            reader = self._reader = RequestReader(end_of_pdu=port.end_of_pdu, limits=port.limits)
            request = reader.receive_data(data)
            if request is not None and not reader.ignored and data.endswith(b">"):
                port.memo.keep(data, request)
        else:
            request = reader.receive_data(data)
        if reader.ignored:
            port.log.info("elements_ignored", elements=reader.ignored, address=self._conversation.address)
        return request

    def _answer(self, answer: bytes) -> None:
        self._conversation.close(answer + self._conversation.port.end_of_pdu)

    def _reject(self, reason: str) -> None:
        self._done = True
        port = self._conversation.port
        answer = port.responder.reject(reason, self._conversation.address)
        self._conversation.close(answer + port.end_of_pdu, interrupts=True)

    def half_closed(self) -> None:
        """Nothing more will come: an incomplete request stays incomplete, a complete one is answered all the same."""
        if not self._done:
            self._reject("the connection was half closed before the request was complete")

    def lost(self) -> None:
        """The peer is gone. What it asked for is done all the same: the PBX has been told."""
        self._done = True

    def ending(self) -> None:
        """The last word is about to be said."""

    def overdue(self) -> bytes | None:
        """The request did not come in time."""
        if self._done:
            return None
        self._done = True
        port = self._conversation.port
        return port.responder.reject("the request was not complete in time", self._conversation.address) + port.end_of_pdu
