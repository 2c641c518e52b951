"""The site of the web listener on twisted.web: limits, headers, and a router of a few lines."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from telgw.base.limits import MAX_REQUEST_BYTES
from telgw.fronts.web.answers import Answer, View, text_answer
from telgw.fronts.web.guard import Guard

_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class LimitedRequest(Request):
    """A request whose body stays in memory, and may not be longer than the longest TelServices request.

    The transport of its channel is a telgw.fronts.web.connection.WebConnection.
    """

    def gotLength(self, length: int | None) -> None:
        """See Request. A body that says it is too long is not read."""
        self._read = 0
        channel: Any = self.channel
        self._limit: int = channel.site.max_body
        self.content = BytesIO()
        if length is not None and length > self._limit:
            transport: Any = self.channel.transport
            transport.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            transport.loseConnection()

    def handleContentChunk(self, data: bytes) -> None:
        """See Request. A chunked body does not say how long it will be."""
        self._read += len(data)
        if self._read > self._limit:
            transport: Any = self.channel.transport
            transport.abortConnection()
        else:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """See Request. Bodies are read by the pages alone: with a type, forms would be taken apart here."""
        self.requestHeaders.removeHeader(b"content-type")
        super().requestReceived(command, path, version)

    def process(self) -> None:
        """See Request. It is complete: from now on the peer waits for us."""
        transport: Any = self.channel.transport
        transport.working()
        super().process()

    def finish(self) -> None:
        """See Request."""
        if self.channel is not None:
            transport: Any = self.channel.transport
            transport.resting()
        super().finish()

    def parseCookies(self) -> None:
        """See Request. No page of ours has any."""


class Router(Resource):
    """Finds the view of a path: the exact path, or the longest prefix that ends in `/`."""

    isLeaf = True

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard
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
        refusal = self._guard.refusal(request, method)
        if refusal is not None:
            return self._write(request, refusal)
        view = self._find("GET" if method == "HEAD" else method, request.path.decode("utf-8", "replace"))
        answer = view(request) if callable(view) else view
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
    """What makes requests of bytes. It writes no access log: what is refused is logged where it is refused."""

    requestFactory = LimitedRequest

    def __init__(self, router: Router) -> None:
        super().__init__(router, timeout=None)  # WebConnection keeps the time
        self.displayTracebacks = False
        #: bytes of the longest body
        self.max_body = MAX_REQUEST_BYTES

    def log(self, request: Any) -> None:
        """See Site."""
