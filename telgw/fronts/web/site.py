"""The site of the web listener on twisted.web: limits, the same-origin rule, and a router of a few lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

JSON = "application/json; charset=UTF-8"
TEXT = "text/plain; charset=UTF-8"
XML = "text/xml; charset=UTF-8"

_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_BODY_LIMIT = 1024 * 1024


class LimitedRequest(Request):
    """A request whose body may not be longer than the longest TelServices request."""

    def gotLength(self, length: int | None) -> None:
        """See Request. A body that says it is too long is not read."""
        self._read = 0
        if length is not None and length > _BODY_LIMIT:
            transport: Any = self.channel.transport
            transport.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            transport.loseConnection()
            length = 0
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """See Request. A chunked body does not say how long it will be."""
        self._read += len(data)
        if self._read > _BODY_LIMIT:
            transport: Any = self.channel.transport
            transport.abortConnection()
        else:
            super().handleContentChunk(data)

    def parseCookies(self) -> None:
        """See Request. No page of ours has any."""


Answer = tuple[int, str, bytes]
View = Callable[[Request], "Answer | Deferred[Answer]"]


def json_answer(status: int, value: object) -> Answer:
    """An answer in JSON."""
    return status, JSON, json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def text_answer(status: int, text: str) -> Answer:
    """An answer in plain text."""
    return status, TEXT, text.encode() + b"\n"


def same_origin(request: Request) -> bool:
    """Whether the request comes from a page of ours, or from no page at all.

    Pages of other sites can make a browser send requests here; nothing that changes something may come from them.
    """
    origin = request.getHeader("origin")
    host = request.getHeader("host")
    return origin is None or origin in (f"http://{host}", f"https://{host}")


class Router(Resource):
    """Finds the view of a path: the exact path, or the longest prefix that ends in `/`."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self._views: dict[tuple[str, str], View] = {}

    def add(self, method: str, path: str, view: View) -> None:
        """Serve `path` (a prefix when it ends in `/`)."""
        self._views[method, path] = view

    def _find(self, method: str, path: str) -> View | Answer:
        candidates = [path]
        while "/" in path[:-1]:
            path = path[: path.rstrip("/").rindex("/") + 1]
            candidates.append(path)
        allowed: set[str] = set()
        for candidate in candidates:
            view = self._views.get((method, candidate))
            if view is not None:
                return view
            allowed.update(other for other, known in self._views if known == candidate)
        if allowed:
            return text_answer(405, "this path takes " + ", ".join(sorted(allowed)))
        return text_answer(404, "no such page")

    def render(self, request: Request) -> Any:
        """See Resource."""
        method = request.method.decode("ascii", "replace")
        view = self._find("GET" if method == "HEAD" else method, request.path.decode("utf-8", "replace"))
        if callable(view):
            if method not in ("GET", "HEAD", "OPTIONS") and not same_origin(request):
                return self._write(request, text_answer(403, "requests from pages of other sites are refused"))
            answer = view(request)
        else:
            answer = view
        if isinstance(answer, Deferred):
            gone = request.notifyFinish()
            gone.addErrback(lambda _: answer.cancel())
            answer.addCallback(self._finish, request)
            answer.addErrback(lambda _: None)
            return NOT_DONE_YET
        return self._write(request, answer)

    def _write(self, request: Request, answer: Answer) -> bytes:
        status, content_type, body = answer
        request.setResponseCode(status)
        request.setHeader("content-type", content_type)
        for name, value in _HEADERS:
            request.setHeader(name, value)
        request.setHeader("content-length", str(len(body)))
        return body

    def _finish(self, answer: Answer, request: Request) -> None:
        request.write(self._write(request, answer))
        request.finish()


class WebSite(Site):
    """The listener's factory. It writes no access log: what is refused is logged where it is refused."""

    requestFactory = LimitedRequest

    def __init__(self, router: Router) -> None:
        super().__init__(router, timeout=60)
        self.displayTracebacks = False

    def log(self, request: Any) -> None:
        """See Site."""
