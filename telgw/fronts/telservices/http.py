"""TelServices over HTTP/1.1: POST on any path, the makeCall link, CORS (decisions 4 to 6)."""

from __future__ import annotations

import re
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from telgw.base.limits import MAX_TEXT_LENGTH
from telgw.core.deferred import is_there
from telgw.fronts.origin import own_origin
from telgw.fronts.telservices.conversation import Conversation
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.http1 import CONTINUE, Head, HttpError, HttpRequest, RequestReader, write_response
from telgw.wire.telservices.requests import MakeCall, Snapshot

_TEXT = "text/plain; charset=UTF-8"
_ALLOWED_METHODS = "POST, GET, OPTIONS"
#: bytes of further requests that may wait while one is being answered; beyond, the connection is not read
_PIPELINED = 64 * 1024

#: a target may be a whole URL (RFC 9112, 3.2.2)
_ORIGIN = re.compile(r"\Ahttps?://[^/?]*", re.IGNORECASE)
_INCOMPLETE = "the connection was half closed before the request was complete"

Headers = tuple[tuple[str, str], ...]


def origin_headers(head: Head, allowed: tuple[str, ...], host_names: tuple[str, ...]) -> Headers | None:
    """The CORS headers of the answer, or None when the page that sent the request may not.

    A page of another origin can send simple requests without being allowed to read the answer; since a request places calls, it is refused
    before it is read. Requests without `Origin` (programs, links) and of the same origin pass.
    """
    raw = head.headers.get(b"origin")
    if raw is None:
        return ()
    origin = raw.decode("latin-1")
    if not origin.isprintable():
        return None  # no browser says that, and it would not fit into a header of ours
    if origin in allowed or "*" in allowed:
        return (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"))
    host = head.headers.get(b"host", b"").decode("latin-1")
    return () if own_origin(origin, host, host_names) else None


def placed_by_foreign_page(head: Head) -> bool:
    """Whether a part of a page of another site (an image, a script) asks: such requests carry no `Origin`. Links that people follow do
    not count."""
    return head.headers.get(b"sec-fetch-site") == b"cross-site" and head.headers.get(b"sec-fetch-mode") != b"navigate"


@implementer(IPushProducer)
class HttpTalk:
    """A connection that speaks HTTP: one request at a time, the next ones wait.

    A peer that does not read its answers is not read either: the talk is the producer of its transport.
    """

    __slots__ = ("_blocked", "_conversation", "_ended", "_head", "_headers", "_paused", "_pending", "_polling", "_reader")

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._reader = RequestReader(conversation.port.max_request)
        self._pending: Deferred[bytes] | None = None
        self._head: Head | None = None
        self._headers: Headers = ()
        self._polling = False
        self._paused = False
        self._ended = False
        #: answers wait in the transport for the peer to read
        self._blocked = False
        conversation.transport.registerProducer(self, True)

    def data(self, data: bytes) -> None:
        """Bytes from the peer."""
        self._reader.receive_data(data)
        if self._head is None and not self._blocked:
            self._pump()
        elif self._reader.buffered > _PIPELINED and not self._paused:
            self._paused = True
            self._conversation.transport.pauseProducing()

    def pauseProducing(self) -> None:
        """See IPushProducer."""
        self._blocked = True
        self._conversation.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """See IPushProducer."""
        self._blocked = False
        self._go_on()

    def stopProducing(self) -> None:
        """See IPushProducer. `lost` follows."""

    def ending(self) -> None:
        """The last word is about to be said."""
        self._conversation.transport.unregisterProducer()

    def _go_on(self) -> None:
        if self._head is None and not self._conversation.closing:
            self._pump()
        if self._head is None:
            self._paused = False
        if not (self._blocked or self._paused or self._ended):
            self._conversation.transport.resumeProducing()

    def _pump(self) -> None:
        conversation = self._conversation
        try:
            while self._head is None and not conversation.closing and not self._blocked:
                request = self._reader.next_request()
                if request is None:
                    if self._reader.continue_wanted:
                        self._reader.continue_wanted = False
                        conversation.transport.write(CONTINUE)
                    if not self._reader.idle:
                        conversation.reading()
                    break
                self._serve(request)
        except HttpError as error:
            conversation.port.measures.refused["http", str(error.status)] += 1
            conversation.port.log.info("http_refused", address=conversation.address, status=error.status, reason=error.reason)
            conversation.close(write_response(error.status, error.reason.encode() + b"\n", _TEXT, keep_alive=False), interrupts=True)
            return
        if self._ended and self._head is None and not conversation.closing and not self._blocked:
            self._end()

    def _serve(self, request: HttpRequest) -> None:
        conversation = self._conversation
        port = conversation.port
        head = request.head
        conversation.working()
        self._head = head
        headers = origin_headers(head, port.settings.allowed_origins, port.settings.host_names)
        if headers is None:
            port.measures.refused["http", "origin"] += 1
            port.log.warning("origin_refused", address=conversation.address, origin=head.headers[b"origin"].decode("latin-1"))
            self._write(403, b"this origin is not in telservices.allowed_origins\n", _TEXT)
            return
        self._headers = headers
        if head.method == "POST":
            try:
                asked = port.decode(request.body, conversation.address)
            except RemoteProtocolError as error:
                self._write(200, port.responder.reject(error.reason, conversation.address))
                return
            self._ask(asked)
        elif head.method == "GET":
            self._get(head)
        elif head.method == "OPTIONS":
            self._preflight(head)
        else:
            self._write(405, b"POST a request\n", _TEXT, (("Allow", _ALLOWED_METHODS),))

    def _get(self, head: Head) -> None:
        path, _, query = _ORIGIN.sub("", head.target).partition("?")
        if path != "/makeCall" or not self._conversation.port.settings.make_call_url:
            self._write(404, b"POST a TelServices request, or GET /makeCall\n", _TEXT)
            return
        if not self._headers and placed_by_foreign_page(head):
            port = self._conversation.port
            port.measures.refused["http", "origin"] += 1
            port.log.warning("foreign_call_refused", address=self._conversation.address)
            self._write(403, b"pages of other sites may link to /makeCall, not load it\n", _TEXT)
            return
        try:
            asked = make_call_of(query)
        except RemoteProtocolError as error:
            self._write(200, self._conversation.port.responder.reject(error.reason, self._conversation.address))
            return
        self._ask(asked)

    def _preflight(self, head: Head) -> None:
        headers: Headers = (("Allow", _ALLOWED_METHODS),)
        if self._headers:
            headers = (
                ("Access-Control-Allow-Methods", _ALLOWED_METHODS),
                ("Access-Control-Allow-Headers", "Content-Type"),
                ("Access-Control-Max-Age", "600"),
            )
            if b"access-control-request-private-network" in head.headers:
                headers += (("Access-Control-Allow-Private-Network", "true"),)
        self._write(204, b"", _TEXT, headers)

    def _ask(self, asked: Any) -> None:
        pending = self._conversation.port.responder.respond(asked, self._conversation.address, True)
        if is_there(pending):
            self._write(200, cast("bytes", pending.result))
            return
        self._pending = pending
        self._polling = isinstance(asked, Snapshot) and asked.result_on_event is not None
        pending.addCallbacks(self._answered, self._given_up)

    def _answered(self, answer: bytes) -> None:
        self._pending = None
        self._write(200, answer)
        if self._paused:
            self._paused = False
            self._go_on()
        else:
            self._pump()

    def _given_up(self, failure: Failure) -> None:
        failure.trap(CancelledError)

    def _write(self, status: int, body: bytes, content_type: str = "text/xml; charset=UTF-8", headers: Headers = ()) -> None:
        conversation, head = self._conversation, self._head
        self._head = None
        if conversation.closing or head is None:
            return
        # whoever asks with HEAD takes the next bytes for the next answer, so there is no body to send him
        keep_alive = head.keep_alive and head.method != "HEAD" and not (self._ended and self._reader.idle)
        response = write_response(status, body, content_type, keep_alive, self._headers + headers if self._headers else headers)
        self._headers = ()
        if keep_alive:
            conversation.transport.write(response)
            conversation.resting()
        else:
            conversation.close(response)

    def half_closed(self) -> None:
        """A browser that went away looks like this too: a waiting poll is given up, a short request still gets its answer."""
        self._ended = True
        if self._pending is not None and self._polling:
            self._pending.cancel()
            self._conversation.close()
        elif self._head is None and not self._blocked:
            self._end()

    def _end(self) -> None:
        """Nothing more will come. What is there of another request stays incomplete."""
        if self._reader.idle:
            self._conversation.close()
            return
        self._conversation.port.log.info("http_refused", address=self._conversation.address, status=400, reason=_INCOMPLETE)
        self._conversation.port.measures.refused["http", "400"] += 1
        self._conversation.close(write_response(400, _INCOMPLETE.encode() + b"\n", _TEXT, keep_alive=False))

    def lost(self) -> None:
        """The peer is gone: nobody waits for its poll. What else it asked for is done all the same: the PBX has been told."""
        pending, self._pending = self._pending, None
        if pending is not None and self._polling:
            pending.cancel()

    def overdue(self) -> bytes | None:
        """A request that does not end gets 408; a connection that only rested is closed without a word."""
        if self._reader.idle:
            return None
        return write_response(408, b"the request was not complete in time\n", _TEXT, keep_alive=False)


def make_call_of(query: str) -> MakeCall:
    """The request behind `/makeCall?deviceNumber=..&calledDeviceNumber=..`.

    Percent-decoding only: a `+` is part of a phone number, not a space. Raises RemoteProtocolError.
    """
    values: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in values:
            raise RemoteProtocolError(f"makeCall link: {name} given twice")
        try:
            values[name] = unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            raise RemoteProtocolError(f"makeCall link: {name} is not UTF-8") from None
        if len(values[name]) > MAX_TEXT_LENGTH or not values[name].isprintable():
            raise RemoteProtocolError(f"makeCall link: {name} is too long, or has control characters")
    for name in ("deviceNumber", "calledDeviceNumber"):
        if not values.get(name, "").strip():
            raise RemoteProtocolError(f"makeCall link: {name} is missing")
    return MakeCall(values["deviceNumber"].strip(), values["calledDeviceNumber"].strip(), values.get("extraData") or None)
