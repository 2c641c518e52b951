"""What an administrator sees and does: sessions, authorised devices."""

from __future__ import annotations

from twisted.web.server import Request

from telgw.core.session import SessionEvent
from telgw.core.sessions import Sessions
from telgw.fronts.web.answers import Answer, json_answer, segments_of
from telgw.stores.authorised import AuthorisedFile


class AdministrationPages:
    """`/sessions` and `/authorised-devices`."""

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
        device = segments_of(request)[-1]
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
        device = segments_of(request)[-1]
        if self._authorised.revoke(device):
            return json_answer(200, {"revoked": device})
        return json_answer(404, {"error": f"device {device} is not authorised"})
