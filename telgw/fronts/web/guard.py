"""Who may ask the web listener for what: names of ours, pages of ours, and administrators on this machine."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.server import Request

from telgw.core.measures import Measures
from telgw.fronts.origin import is_loopback, own_origin, trusted_host
from telgw.fronts.web.answers import Answer, View, address_of, text_answer

_SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Refuses requests before they reach a page."""

    def __init__(self, measures: Measures, log: Any) -> None:
        self.host_names: tuple[str, ...] = ()
        self.remote_administration = False
        self._measures = measures
        self._log = log

    def refusal(self, request: Request, method: str) -> Answer | None:
        """The answer to a request that may not be made; None: it may.

        Every browser says `Host`, so a request without it comes from no page.
        """
        host: str | None = request.getHeader("host")
        if host is not None and not trusted_host(host, self.host_names):
            self._measures.refused["web", "host"] += 1
            self._log.warning("host_refused", address=address_of(request), host=host)
            return text_answer(403, "this name of the gateway is not in web.host_names")
        origin: str | None = request.getHeader("origin")
        if origin is not None and method not in _SAFE and not own_origin(origin, host or "", self.host_names):
            self._measures.refused["web", "origin"] += 1
            return text_answer(403, "requests from pages of other sites are refused")
        return None

    def administration(self, view: View) -> View:
        """The same view, for administrators."""

        def guarded(request: Request) -> Answer | Deferred[Answer]:
            if not (self.remote_administration or is_loopback(address_of(request))):
                self._measures.refused["web", "remote administration"] += 1
                return text_answer(403, "only for this machine, unless web.remote_administration is true")
            return view(request)

        return guarded
