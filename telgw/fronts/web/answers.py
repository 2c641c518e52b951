"""What the pages of the web listener are made of: answers, and what they read from requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import unquote

from twisted.internet.defer import Deferred
from twisted.web.server import Request

JSON = "application/json; charset=UTF-8"
TEXT = "text/plain; charset=UTF-8"
XML = "text/xml; charset=UTF-8"

#: status, type and bytes
Answer = tuple[int, str, bytes]
View = Callable[[Request], "Answer | Deferred[Answer]"]


def json_answer(status: int, value: object) -> Answer:
    """An answer in JSON."""
    return status, JSON, json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def text_answer(status: int, text: str) -> Answer:
    """An answer in plain text."""
    return status, TEXT, text.encode() + b"\n"


def body_of(request: Request) -> bytes:
    """The body."""
    body: bytes = request.content.read() if request.content is not None else b""
    return body


def segments_of(request: Request) -> tuple[str, ...]:
    """The parts of the path."""
    return tuple(unquote(segment) for segment in request.path.decode("ascii", "replace").strip("/").split("/"))


def address_of(request: Request) -> str:
    """The address of the peer."""
    return str(getattr(request.getClientAddress(), "host", "")).removeprefix("::ffff:")
