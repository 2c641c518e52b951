"""The pages of the web listener: what each path answers (docs/operations.md lists them)."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, unquote

from twisted.internet.defer import Deferred
from twisted.web.server import Request

from telgw.core.session import SessionEvent
from telgw.core.sessions import Sessions
from telgw.core.switchboard import Switchboard
from telgw.fronts.telservices.services import Services
from telgw.fronts.web.metrics import CONTENT_TYPE as METRICS_TYPE
from telgw.fronts.web.metrics import MetricsPage
from telgw.fronts.web.site import XML, Answer, Router, json_answer, text_answer
from telgw.stores.authorised import AuthorisedFile
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import decode_request
from telgw.wire.telservices.requests import Snapshot

_PHONE_TYPES = {
    ".html": "text/html; charset=UTF-8",
    ".js": "text/javascript; charset=UTF-8",
    ".css": "text/css; charset=UTF-8",
    ".svg": "image/svg+xml",
}
_PHONE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)


def build_router(
    status: Callable[[], tuple[int, dict[str, Any]]],
    metrics: MetricsPage,
    services: Services,
    sessions: Sessions,
    switchboard: Switchboard,
    authorised: AuthorisedFile,
) -> Router:
    """All pages."""
    router = Router()
    router.add("GET", "/status", lambda request: json_answer(*status()))
    router.add("GET", "/metrics", lambda request: (200, METRICS_TYPE, metrics.render()))
    router.add("POST", "/telservices", TelServicesPage(services).post)
    phone = PhonePages()
    router.add("GET", "/phone", phone.page)
    router.add("GET", "/phone/", phone.file)
    administration = AdministrationPages(sessions, authorised)
    router.add("GET", "/sessions", administration.sessions)
    router.add("DELETE", "/sessions/", administration.close)
    router.add("GET", "/authorised-devices", administration.devices)
    router.add("DELETE", "/authorised-devices/", administration.revoke)
    control = ControlPages(switchboard)
    for method in ("GET", "POST"):
        router.add(method, "/sim/", control.control)
    return router


def _body(request: Request) -> bytes:
    body: bytes = request.content.read() if request.content is not None else b""
    return body


def _segments(request: Request) -> tuple[str, ...]:
    return tuple(unquote(segment) for segment in request.path.decode("ascii", "replace").strip("/").split("/"))


class TelServicesPage:
    """TelServices for pages of this origin."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def post(self, request: Request) -> Answer | Deferred[Answer]:
        """POST /telservices."""
        address = str(getattr(request.getClientAddress(), "host", "")).removeprefix("::ffff:")
        try:
            asked = decode_request(_body(request))
        except RemoteProtocolError as error:
            return 200, XML, self._services.reject(error.reason, address)
        answering: Deferred[Any] = self._services.respond(asked, address, True)
        if isinstance(asked, Snapshot):
            return answering.addCallback(lambda answer: (200, XML, answer))
        # a page that goes away gives up its polls; what else it asked for is done all the same: the PBX has been told
        told: Deferred[Answer] = Deferred(lambda _: None)
        answering.addCallback(lambda answer: told.callback((200, XML, answer)))
        return told


class PhonePages:
    """The web phone: static files of the package."""

    def __init__(self) -> None:
        self._files = files("telgw.fronts").joinpath("phone")

    def page(self, request: Request) -> Answer:
        """GET /phone?device=1101."""
        return self._send(request, "phone.html")

    def file(self, request: Request) -> Answer:
        """GET /phone/<file>."""
        return self._send(request, _segments(request)[-1])

    def _send(self, request: Request, name: str) -> Answer:
        suffix = name[name.rfind(".") :] if "." in name else ""
        found = self._files.joinpath(name) if suffix in _PHONE_TYPES and "/" not in name and "\\" not in name else None
        if found is None or not found.is_file():
            return text_answer(404, "no such file")
        request.setHeader("content-security-policy", _PHONE_POLICY)
        return 200, _PHONE_TYPES[suffix], found.read_bytes()


class AdministrationPages:
    """What an administrator sees and does: sessions, authorised devices."""

    def __init__(self, sessions: Sessions, authorised: AuthorisedFile) -> None:
        self._sessions = sessions
        self._authorised = authorised

    def sessions(self, request: Request) -> Answer:
        """GET /sessions."""
        return json_answer(
            200,
            [
                {
                    "device": session.device,
                    "link": session.domain.name,
                    "monitored": session.monitored,
                    "seq": session.feed.seq,
                    "timeout": session.timeout,
                    "clients": [client._asdict() for client in session.clients.values()],
                }
                for session in self._sessions
            ],
        )

    def close(self, request: Request) -> Answer:
        """DELETE /sessions/<device>."""
        device = _segments(request)[-1]
        for session in self._sessions:
            if session.device == device:
                self._sessions.close_session(session, SessionEvent.CLOSED_BY_ADMIN)
                return json_answer(200, {"closed": device})
        return json_answer(404, {"error": f"no open session of device {device}"})

    def devices(self, request: Request) -> Answer:
        """GET /authorised-devices."""
        return json_answer(200, list(self._authorised))

    def revoke(self, request: Request) -> Answer:
        """DELETE /authorised-devices/<device>."""
        device = _segments(request)[-1]
        if self._authorised.revoke(device):
            return json_answer(200, {"revoked": device})
        return json_answer(404, {"error": f"device {device} is not authorised"})


class ControlPages:
    """Links that can be played with: `/sim/<link>/...` goes to the control of that link, if it has one."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def control(self, request: Request) -> Answer:
        """GET and POST /sim/<link>/..."""
        _, name, *rest = (*_segments(request), "")
        domain = self._switchboard.domains.get(name)
        control = getattr(domain.link, "control", None) if domain is not None else None
        if control is None:
            playable = sorted(one.name for one in self._switchboard.domains.values() if getattr(one.link, "control", None))
            return json_answer(404, {"error": f"no link {name!r} that can be controlled; there is {', '.join(playable) or 'none'}"})
        query = request.uri.decode("ascii", "replace").partition("?")[2]
        # `+` belongs to phone numbers; everything else is an ordinary query
        values = dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
        segments = tuple(segment for segment in rest if segment)
        method = request.method.decode("ascii")
        status, value = control.request(method, segments, values, _body(request))
        return status, "application/json; charset=UTF-8", json.dumps(value, ensure_ascii=False).encode() + b"\n"
