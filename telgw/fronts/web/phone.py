"""The web phone: static files of the package."""

from __future__ import annotations

from importlib.resources import files

from twisted.web.server import Request

from telgw.fronts.web.answers import Answer, segments_of, text_answer

_TYPES = {
    ".html": "text/html; charset=UTF-8",
    ".js": "text/javascript; charset=UTF-8",
    ".css": "text/css; charset=UTF-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)


class PhonePages:
    """The page and what it loads."""

    def __init__(self) -> None:
        self._files = files("telgw.fronts").joinpath("phone")

    def page(self, request: Request) -> Answer:
        """GET /phone?device=1101."""
        return self._send(request, "phone.html")

    def file(self, request: Request) -> Answer:
        """GET /phone/<file>."""
        return self._send(request, segments_of(request)[-1])

    def _send(self, request: Request, name: str) -> Answer:
        suffix = name[name.rfind(".") :] if "." in name else ""
        found = self._files.joinpath(name) if suffix in _TYPES and "/" not in name and "\\" not in name else None
        if found is None or not found.is_file():
            return text_answer(404, "no such file")
        request.setHeader("content-security-policy", _POLICY)
        return 200, _TYPES[suffix], found.read_bytes()
