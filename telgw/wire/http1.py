"""HTTP/1.1 for the TelServices port: requests in, responses out, sans I/O (RFC 9112).

Why not a library here: the port speaks raw XML and HTTP side by side and answers tens of thousands of small requests a second; the web
listener, which needs more of HTTP and less speed, uses twisted.web. This codec takes the part of RFC 9112 that such requests use, and
refuses the rest with a status: it never guesses where a message ends.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from telgw.base.limits import MAX_HTTP_HEAD_BYTES, MAX_HTTP_HEADERS
from telgw.wire.errors import RemoteProtocolError

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.([01])")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00\r\n]*)")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\x00\r\n]*)?")
_LONGEST_CHUNK_LINE: Final = 256

REASONS: Final = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    505: "HTTP Version Not Supported",
}


class HttpError(RemoteProtocolError):
    """The peer does not speak HTTP as it should; `status` is the answer it gets before the connection closes."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Head(NamedTuple):
    """Request line and headers; header names in lower case, the last of equal ones counts (those that matter may not repeat)."""

    method: str
    target: str
    headers: dict[bytes, bytes]
    keep_alive: bool
    #: body length; -1 = chunked
    length: int
    expects_continue: bool


class HttpRequest(NamedTuple):
    """A complete request."""

    head: Head
    body: bytes


class RequestReader:
    """Takes bytes in any pieces, gives complete requests. Raises HttpError; after that the connection is of no more use."""

    __slots__ = ("_body", "_buffer", "_head", "_head_bytes", "_last", "_max_body", "_searched", "continue_wanted")

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body
        self._buffer = bytearray()
        self._searched = 0
        self._head: Head | None = None
        self._head_bytes = b""
        self._last: Head | None = None
        self._body = bytearray()
        #: the client waits for `100 Continue` before it sends its body
        self.continue_wanted = False

    @property
    def buffered(self) -> int:
        """Bytes that wait for the next `next_request`."""
        return len(self._buffer)

    @property
    def idle(self) -> bool:
        """Whether nothing of a request has come yet."""
        return self._head is None and not self._buffer

    def receive_data(self, data: bytes) -> None:
        """Bytes from the peer."""
        self._buffer += data

    def next_request(self) -> HttpRequest | None:
        """The next complete request, or None until more bytes come."""
        head = self._head
        if head is None:
            head = self._read_head()
            if head is None:
                return None
            self._head = head
            self.continue_wanted = head.expects_continue
        body = self._read_chunked() if head.length < 0 else self._take(head.length)
        if body is None:
            return None
        self._head = None
        self.continue_wanted = False
        return HttpRequest(head, body)

    def _take(self, length: int) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < length:
            return None
        taken = bytes(buffer[:length])
        del buffer[:length]
        return taken

    def _read_head(self) -> Head | None:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # RFC 9112, 2.2: an empty line before a request is ignored
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        # the three bytes: of the empty line that ends the head, the last one may still be missing
        if end > MAX_HTTP_HEAD_BYTES or (end < 0 and len(buffer) > MAX_HTTP_HEAD_BYTES + 3):
            raise HttpError(431, f"HTTP head longer than {MAX_HTTP_HEAD_BYTES} bytes")
        if end < 0:
            if b"\n\n" in buffer:
                raise HttpError(400, "HTTP head with bare line feeds")
            self._searched = len(buffer)
            return None
        self._searched = 0
        head_bytes = bytes(buffer[:end])
        del buffer[: end + 4]
        if head_bytes == self._head_bytes and self._last is not None:
            return self._last  # a polling client sends the same head again and again
        head = _parse_head(head_bytes, self._max_body)
        self._head_bytes, self._last = head_bytes, head
        return head

    def _read_chunked(self) -> bytes | None:
        buffer, at = self._buffer, 0
        try:
            while True:
                end = buffer.find(b"\r\n", at, at + _LONGEST_CHUNK_LINE)
                if end < 0:
                    if len(buffer) - at > _LONGEST_CHUNK_LINE:
                        raise HttpError(400, "HTTP chunk size line too long")
                    return None
                size_match = _CHUNK_SIZE.fullmatch(buffer, at, end)
                if size_match is None:
                    raise HttpError(400, "HTTP chunk without a size")
                size = int(size_match[1], 16)
                if len(self._body) + size > self._max_body:
                    raise HttpError(413, f"HTTP body longer than {self._max_body} bytes")
                if size == 0:
                    done = self._skip_trailers(end + 2)
                    if done is None:
                        return None
                    at = done
                    body = bytes(self._body)
                    self._body.clear()
                    return body
                start = end + 2
                if len(buffer) < start + size + 2:
                    return None
                if buffer[start + size : start + size + 2] != b"\r\n":
                    raise HttpError(400, "HTTP chunk longer than its size")
                self._body += buffer[start : start + size]
                at = start + size + 2
        finally:
            del buffer[:at]

    def _skip_trailers(self, at: int) -> int | None:
        """Where the message ends, `at` being the end of its last chunk line."""
        if self._buffer.startswith(b"\r\n", at):
            return at + 2
        found = self._buffer.find(b"\r\n\r\n", at)
        if found - at > MAX_HTTP_HEAD_BYTES or (found < 0 and len(self._buffer) - at > MAX_HTTP_HEAD_BYTES + 3):
            raise HttpError(431, "HTTP trailers too long")
        return None if found < 0 else found + 4


def _parse_head(head: bytes, max_body: int) -> Head:
    lines = head.split(b"\r\n")
    match = _REQUEST_LINE.fullmatch(lines[0])
    if match is None:
        if re.fullmatch(rb"\S+ \S+ HTTP/[2-9].*", lines[0]):
            raise HttpError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
        raise HttpError(400, "not an HTTP request line")
    if len(lines) - 1 > MAX_HTTP_HEADERS:
        raise HttpError(431, f"more than {MAX_HTTP_HEADERS} HTTP headers")
    headers: dict[bytes, bytes] = {}
    for line in lines[1:]:
        field = _HEADER.fullmatch(line)
        if field is None:
            raise HttpError(400, "HTTP header that is none")
        name = field[1].lower()
        if name in headers and name in (b"content-length", b"transfer-encoding", b"host"):
            raise HttpError(400, f"HTTP header {name.decode()} given twice")
        headers[name] = field[2].rstrip(b" \t")
    minor = match[3]
    connection = headers.get(b"connection", b"").lower()
    keep_alive = b"close" not in connection if minor == b"1" else b"keep-alive" in connection
    expect = headers.get(b"expect", b"").lower()
    if expect not in (b"", b"100-continue"):
        raise HttpError(417, "HTTP expectation that is not met")
    return Head(
        match[1].decode("ascii"),
        match[2].decode("ascii"),
        headers,
        keep_alive,
        _body_length(headers, max_body, minor),
        expect == b"100-continue" and minor == b"1",
    )


def _body_length(headers: dict[bytes, bytes], max_body: int, minor: bytes) -> int:
    coding = headers.get(b"transfer-encoding")
    length = headers.get(b"content-length")
    if coding is not None:
        if minor == b"0":  # RFC 9112, 6.1: whoever passed it on may have seen another end
            raise HttpError(400, "HTTP/1.0 request with a transfer coding")
        if length is not None:
            raise HttpError(400, "HTTP body with two lengths")
        if coding.lower() != b"chunked":
            raise HttpError(501, "HTTP transfer coding other than chunked")
        return -1
    if length is None:
        return 0
    if not length.isdigit() or len(length) > 15:
        raise HttpError(400, "HTTP content length that is no number")
    if int(length) > max_body:
        raise HttpError(413, f"HTTP body longer than {max_body} bytes")
    return int(length)


_HEADS: Final[dict[tuple[int, str, bool], str]] = {}


def write_response(
    status: int,
    body: bytes,
    content_type: str = "text/xml; charset=UTF-8",
    keep_alive: bool = True,
    headers: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """The bytes of a response, without a body for 204. Header values with control characters raise ValueError: they would be another
    header."""
    key = (status, content_type, keep_alive)
    start = _HEADS.get(key)
    if start is None:
        start = _HEADS[key] = (
            f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}\r\n"
            "Cache-Control: no-store\r\n"
            f"Content-Type: {content_type}\r\n"
            f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
        )
    for name, value in headers:
        if not value.isprintable() or not name.isprintable():
            raise ValueError(f"HTTP header {name!r} with control characters")
        start += f"{name}: {value}\r\n"
    if status == 204:  # RFC 9110, 8.6: it has no length
        return f"{start}\r\n".encode("latin-1")
    return f"{start}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
