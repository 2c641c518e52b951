"""TelServices messages as bytes and as values: the public face of this package.

Requests come in a stream without delimiters, so `RequestReader` finds the end of one; everything else is given whole. Reading raises
RemoteProtocolError, whatever the bytes; writing raises LocalProtocolError for values that the protocol cannot say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from telgw.base.limits import MAX_REQUEST_BYTES, MAX_TEXT_LENGTH, MAX_XML_DEPTH, MAX_XML_ELEMENTS
from telgw.base.outcome import ErrorCode
from telgw.wire.errors import LocalProtocolError, RemoteProtocolError
from telgw.wire.telservices.events import Event
from telgw.wire.telservices.reading import Flaw, Read, compile_reader
from telgw.wire.telservices.requests import SERVICES, Request
from telgw.wire.telservices.returns import RESULTS, Return
from telgw.wire.telservices.schema import OneOf, Shape, names_in, shape_of
from telgw.wire.telservices.writing import Write, compile_writer
from telgw.wire.xmlsafe import DocumentScanner, Limits, parse_document
from telgw.wire.xmltree import Names

#: Bytes that a text of allowed length has at most as a writer sends it: no character takes more than `&amp;`.
_MAX_TEXT_BYTES = 5 * MAX_TEXT_LENGTH
#: What a stranger may send.
REQUEST_LIMITS = Limits(MAX_REQUEST_BYTES, MAX_XML_DEPTH, MAX_XML_ELEMENTS, _MAX_TEXT_BYTES)
#: What a gateway may answer to our own tools: a history of some 100,000 records.
ANSWER_LIMITS = Limits(64 * 1024 * 1024, MAX_XML_DEPTH, 2_000_000, _MAX_TEXT_BYTES)

#: Names of ignored elements that are reported of one request.
_MAX_IGNORED = 20

REQUEST_SHAPE = shape_of(Annotated[Any, OneOf("service", SERVICES)])
RETURN_SHAPE = shape_of(
    Annotated[
        Any,
        OneOf("result or error", {"result": Annotated[Any, OneOf("result", RESULTS)], "error": ErrorCode}),
    ]
)
EVENT_SHAPE = shape_of(Event)

_REQUEST, _RETURN, _EVENT = "TelServiceRequest", "TelServiceReturn", "TelServiceEvent"
_BLANKS = b" \t\r\n"


@lru_cache(maxsize=8)
def _marks(mark: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:[ \t\r\n]++|" + re.escape(mark) + rb")*")


def _lead(data: bytes, mark: bytes) -> int:
    """How many bytes at the beginning are blanks and marks that end a message."""
    lead = _marks(mark).match(data)
    return lead.end() if lead is not None else 0


class _Reading:
    """How the messages of one kind are read."""

    __slots__ = ("_names", "_read", "_root")

    def __init__(self, root: str, shape: Shape, *, filled: bool) -> None:
        self._root = root
        self._read: Read = compile_reader(shape, filled=filled)
        self._names = Names({root, "true", "false", *names_in(shape)})

    def value(self, document: bytes, ignored: list[str]) -> Any:
        """The value of a whole document that a scanner has let through."""
        root = parse_document(document, self._names)
        if root.tag != self._root:
            raise RemoteProtocolError(f"the root is {str(root.tag)[:40]!r}, not {self._root}")
        try:
            return self._read(root, ignored)
        except Flaw as flaw:
            raise RemoteProtocolError(str(flaw) if flaw.path else f"{self._root}{flaw}") from None

    def whole(self, data: bytes, limits: Limits, end_of_pdu: bytes, ignored: list[str]) -> Any:
        """The value of the one message in `data`."""
        mark = end_of_pdu.strip(_BLANKS)
        if mark:
            data = data[_lead(data, mark) :]
        scanner = DocumentScanner(limits)
        document = scanner.receive_data(data)
        if document is None:
            raise RemoteProtocolError("the message is incomplete" if data else "there is no message")
        rest = scanner.trailing
        if rest and rest.strip(_BLANKS) not in (b"", mark):
            raise RemoteProtocolError("there is something after the message")
        return self.value(document, ignored)


_request = _Reading(_REQUEST, REQUEST_SHAPE, filled=True)
_return = _Reading(_RETURN, RETURN_SHAPE, filled=False)
_event = _Reading(_EVENT, EVENT_SHAPE, filled=False)


class RequestReader:
    """One request out of a stream of bytes ("there is no mechanism to delimit the protocol data units").

    Feed it with `receive_data` until that returns the request. Bytes after the request are dropped: a connection carries one. With
    `end_of_pdu` (the setting telserver.TelServices.endOfPDU.sequence) such a sequence may also come before the request.
    """

    __slots__ = ("_done", "_lead", "_limits", "_mark", "_scanner", "_skipped", "ignored")

    def __init__(self, *, end_of_pdu: bytes = b"", limits: Limits = REQUEST_LIMITS) -> None:
        #: Elements that were not understood and left out, each once as "parent/element", and not more than a log line should have.
        self.ignored: tuple[str, ...] = ()
        self._mark = end_of_pdu.strip(_BLANKS) if end_of_pdu else b""
        self._limits = limits
        self._scanner: DocumentScanner | None = None
        self._lead = b""
        self._skipped = 0
        self._done = False

    def receive_data(self, data: bytes) -> Request | None:
        """Take the next bytes; return the request as soon as it is complete, else None. After the request, or after an error, nothing is
        read any more."""
        if self._done:
            return None
        try:
            if self._scanner is None:
                if self._mark and not (data := self._without_lead(data)):
                    return None
                self._scanner = DocumentScanner(self._limits)
            document = self._scanner.receive_data(data)
        except RemoteProtocolError:
            self._done = True
            raise
        if document is None:
            return None
        self._done = True
        ignored: list[str] = []
        request: Request = _request.value(document, ignored)
        if ignored:
            self.ignored = tuple(dict.fromkeys(ignored))[:_MAX_IGNORED]
        return request

    def receive_end(self) -> None:
        """The peer sends no more. Raise RemoteProtocolError when that leaves us without a request."""
        if not self._done:
            self._done = True
            raise RemoteProtocolError("the request is incomplete" if self._scanner is not None else "there is no request")

    def _without_lead(self, data: bytes) -> bytes:
        """What is left after all sequences that end a message; empty while more bytes must tell."""
        mark = self._mark
        self._skipped += len(data)
        data = self._lead + data
        data = data[_lead(data, mark) :]
        if not mark.startswith(data):
            return data
        if self._skipped > self._limits.size:
            raise RemoteProtocolError(f"more than {self._limits.size} bytes before the request")
        self._lead = data
        return b""


def decode_request(data: bytes, *, end_of_pdu: bytes = b"") -> Request:
    """The request in `data`, which holds it whole."""
    request: Request = _request.whole(data, REQUEST_LIMITS, end_of_pdu, [])
    return request


def decode_return(data: bytes, *, end_of_pdu: bytes = b"") -> Return:
    """The answer in `data`, which holds it whole."""
    answer: Return = _return.whole(data, ANSWER_LIMITS, end_of_pdu, [])
    return answer


def decode_event(data: bytes, *, end_of_pdu: bytes = b"") -> Event:
    """The event in `data`: one datagram."""
    event: Event = _event.whole(data, REQUEST_LIMITS, end_of_pdu, [])
    return event


def _encoder(write: Write) -> Callable[[Any], bytes]:
    def encode(value: Any) -> bytes:
        try:
            return write(value).encode()
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise LocalProtocolError(f"{type(value).__name__} cannot be written: {error!r}") from error

    return encode


_write_request = _encoder(compile_writer(REQUEST_SHAPE, _REQUEST))
_write_return = _encoder(compile_writer(RETURN_SHAPE, _RETURN))
_write_event = _encoder(compile_writer(EVENT_SHAPE, _EVENT))


def encode_request(request: Request) -> bytes:
    """The request as it is sent."""
    return _write_request(request)


def encode_return(answer: Return) -> bytes:
    """The answer as it is sent."""
    return _write_return(answer)


def encode_event(event: Event) -> bytes:
    """The event as it is sent."""
    return _write_event(event)
