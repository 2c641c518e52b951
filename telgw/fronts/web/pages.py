"""The pages of the web listener: what each path answers (docs/operations.md lists them)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telgw.core.sessions import Sessions
from telgw.core.switchboard import Switchboard
from telgw.fronts.web.administration import AdministrationPages
from telgw.fronts.web.answers import json_answer
from telgw.fronts.web.control import ControlPages
from telgw.fronts.web.guard import Guard
from telgw.fronts.web.metrics import CONTENT_TYPE as METRICS_TYPE
from telgw.fronts.web.metrics import MetricsPage
from telgw.fronts.web.phone import PhonePages
from telgw.fronts.web.site import Router
from telgw.fronts.web.telservices import Port, TelServicesPage
from telgw.stores.authorised import AuthorisedFile


def build_router(
    guard: Guard,
    status: Callable[[], tuple[int, dict[str, Any]]],
    metrics: MetricsPage,
    port: Port,
    sessions: Sessions,
    switchboard: Switchboard,
    authorised: AuthorisedFile,
) -> Router:
    """All pages."""
    router = Router(guard)
    router.add("GET", "/status", lambda request: json_answer(*status()))
    router.add("GET", "/metrics", lambda request: (200, METRICS_TYPE, metrics.render()))
    router.add("POST", "/telservices", TelServicesPage(port).post)
    phone = PhonePages()
    router.add("GET", "/phone", phone.page)
    router.add("GET", "/phone/", phone.file)
    administration = AdministrationPages(sessions, authorised)
    control = ControlPages(switchboard)
    for method, path, view in (
        ("GET", "/sessions", administration.sessions),
        ("DELETE", "/sessions/", administration.close),
        ("GET", "/authorised-devices", administration.devices),
        ("DELETE", "/authorised-devices/", administration.revoke),
        ("GET", "/sim/", control.control),
        ("POST", "/sim/", control.control),
    ):
        router.add(method, path, guard.administration(view))
    return router
