"""Links that can be played with: `/sim/<link>/...` goes to the control of that link, if it has one."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from twisted.web.server import Request

from telgw.core.switchboard import Switchboard
from telgw.fronts.web.answers import JSON, Answer, body_of, json_answer, segments_of


class ControlPages:
    """`/sim/<link>/...`."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def control(self, request: Request) -> Answer:
        """GET and POST /sim/<link>/..."""
        _, name, *rest = (*segments_of(request), "")
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
        status, value = control.request(method, segments, values, body_of(request))
        return status, JSON, json.dumps(value, ensure_ascii=False).encode() + b"\n"
