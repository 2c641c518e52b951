"""The web listener of a running gateway, as a client sees it: JSON over HTTP, with nothing but the standard library."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from telgw.app.cli.command import CommandError, Parser, UsageError

DEFAULT_URL = "http://127.0.0.1:8080"
_PATIENCE = 15.0


def add_url(parser: Parser) -> None:
    """The options of every command that talks to the web listener."""
    parser.add_argument("--url", default=DEFAULT_URL, help=f"web listener of the gateway; default {DEFAULT_URL}")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


class Web:
    """The web listener at a URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise UsageError(f"{url!r} is not the address of a web listener such as {DEFAULT_URL}")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.rstrip("/")
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(parts.hostname, port, timeout=_PATIENCE)

    def request(self, method: str, *segments: str, body: bytes | None = None, **query: str) -> tuple[int, Any]:
        """Status and JSON value of the answer. Raises CommandError when there is none."""
        path = self._prefix + "/" + "/".join(quote(segment, safe="") for segment in segments)
        if query:
            path += "?" + urlencode(query)
        try:
            self._connection.request(method, path, body)
            answer = self._connection.getresponse()
            status, data = answer.status, answer.read()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise CommandError(f"no answer from {self.url}: {reason} (is the gateway running, and is this its web listener?)") from None
        finally:
            self._connection.close()
        try:
            return status, json.loads(data)
        except ValueError:
            text = data.decode("utf-8", "replace").strip().partition("\n")[0][:200]
            raise CommandError(f"{self.url}{path} answered {status}, and no JSON: {text or 'nothing'}") from None

    def get(self, *segments: str) -> Any:
        """The JSON value at a path. Raises CommandError when the answer is not 200."""
        return accepted(*self.request("GET", *segments))


def accepted(status: int, value: Any) -> Any:
    """The value of an answer; CommandError when it says that something was wrong."""
    if status == 200:
        return value
    reason = value.get("error") if isinstance(value, dict) else None
    raise CommandError(str(reason or f"the gateway answered {status}: {json.dumps(value)}"))


def print_json(value: Any) -> None:
    """The value as JSON, for programs and for people."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
