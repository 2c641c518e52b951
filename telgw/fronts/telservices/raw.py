"""Raw XML over TCP: one request, one answer, and the connection closes (document, Transport protocol)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import RequestReader

if TYPE_CHECKING:
    from telgw.fronts.telservices.port import Conversation


class RawTalk:
    """A connection that speaks raw XML."""

    __slots__ = ("_conversation", "_done", "_reader")

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._reader = RequestReader(end_of_pdu=conversation.port.end_of_pdu, limits=conversation.port.limits)
        self._done = False

    def data(self, data: bytes) -> None:
        """Bytes from the peer; what comes after the request is not ours to read."""
        if self._done:
            return
        conversation = self._conversation
        port = conversation.port
        try:
            request = self._reader.receive_data(data)
        except RemoteProtocolError as error:
            self._reject(error.reason)
            return
        if request is None:
            conversation.reading()
            return
        if self._reader.ignored:
            port.log.info("elements_ignored", elements=self._reader.ignored, address=conversation.address)
        self._done = True
        conversation.working()
        port.responder.respond(request, conversation.address, False).addCallback(self._answer)

    def _answer(self, answer: bytes) -> None:
        self._conversation.close(answer + self._conversation.port.end_of_pdu)

    def _reject(self, reason: str) -> None:
        self._done = True
        self._answer(self._conversation.port.responder.reject(reason, self._conversation.address))

    def half_closed(self) -> None:
        """Nothing more will come: an incomplete request stays incomplete, a complete one is answered all the same."""
        if not self._done:
            self._reject("the connection was half closed before the request was complete")

    def lost(self) -> None:
        """The peer is gone. What it asked for is done all the same: the PBX has been told."""
        self._done = True

    def overdue(self) -> bytes | None:
        """The request did not come in time."""
        if self._done:
            return None
        self._done = True
        port = self._conversation.port
        return port.responder.reject("the request was not complete in time", self._conversation.address) + port.end_of_pdu
