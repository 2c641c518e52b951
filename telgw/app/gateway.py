"""The gateway: everything that a configuration asks for, built, started, changed and stopped. The only place that knows all the others."""

from __future__ import annotations

import datetime
import resource
import time
from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks, maybeDeferred, succeed
from twisted.internet.threads import deferToThreadPool

from telgw import __version__
from telgw.app.brokenlink import BrokenLink
from telgw.app.listeners import Listeners
from telgw.app.plugins import BrokenPlugin, installed
from telgw.app.sections import Config, EventDeviceNumber, LinkSection
from telgw.base.clock import Clock
from telgw.base.limits import MAX_REQUEST_BYTES
from telgw.core.authentication import Administrator, Authentication
from telgw.core.callcontrol import CallControl
from telgw.core.domain import SwitchingDomain
from telgw.core.measures import Measures
from telgw.core.ports import Link, LinkContext, LinkState
from telgw.core.session import SessionEvent
from telgw.core.sessions import Sessions
from telgw.core.switchboard import Switchboard, call_references
from telgw.fronts.connections import TELSERVICES, Connections
from telgw.fronts.telservices.conversation import PortSettings
from telgw.fronts.telservices.notifier import DatagramSockets, UdpNotifier
from telgw.fronts.telservices.port import TelServicesPort
from telgw.fronts.telservices.projection import Projection
from telgw.fronts.telservices.services import Services
from telgw.fronts.web.connection import WebListener
from telgw.fronts.web.guard import Guard
from telgw.fronts.web.metrics import GatewayCollector, MetricsPage
from telgw.fronts.web.pages import build_router
from telgw.fronts.web.site import WebSite
from telgw.stores.authorised import AuthorisedFile

#: seconds that links may take to disconnect, and answers to leave, when the gateway stops: it is gone within 5 s whatever they do
STOP_LINKS_SECONDS = 3.0
STOP_ANSWERS_SECONDS = 1.0
#: open files that are not left to connections
SPARE_FILES = 200
#: seconds after which the gateway counts as started although a link is not up
START_LINKS_SECONDS = 3.0
_STARTING = (LinkState.IDLE, LinkState.CONNECTING, LinkState.AUTHENTICATING, LinkState.READY, LinkState.SYNCING)
_SHOWN_STATES = {LinkState.IDLE: "connecting", LinkState.READY: "syncing"}


class Gateway:
    """One running gateway. Built without touching the network; `start` fails with ListenError or what reading the state raises."""

    def __init__(self, config: Config, reactor: Any, log: Any) -> None:
        self.config = config
        self.phase = "starting"
        self._reactor = reactor
        self._log = log
        self._started_at = time.time()
        self.clock = clock = Clock(reactor, time.monotonic)
        self.measures = measures = Measures()
        self.switchboard = Switchboard()
        self._refs = call_references(datetime.datetime.now(datetime.UTC))
        self._saving: Deferred[Any] = succeed(None)
        self.authorised = AuthorisedFile(config.state.state_directory, self._in_thread, log.bind(part="authorised"))
        self._datagrams = DatagramSockets()
        self._projection = Projection()
        self._notifier = UdpNotifier(self._datagram, self._datagrams.send, clock, measures, log.bind(part="events"))
        self.sessions = Sessions(
            self.switchboard, Authentication(None, self.authorised), self._notifier, clock, log.bind(part="sessions")
        )
        self._calls = CallControl(self.switchboard, self.sessions)
        self.services = Services(self.sessions, self._calls, self._projection, clock, measures, log.bind(part="telservices"))
        self.connections = Connections(clock, measures, log.bind(part="telservices"), 1, 1)
        self._port = TelServicesPort(self.services, PortSettings(), self.connections, clock, measures, log.bind(part="telservices"))
        self._guard = Guard(measures, log.bind(part="web"))
        self._site = WebListener(WebSite(self._router()), self.connections, clock)
        self._connections_lowered = False
        self.listeners = Listeners(reactor, log)
        self._settle(config)
        for name, section in config.links.items():
            self.switchboard.add(self._domain(name, section))

    # -- parts

    def _datagram(self, device: str, change: Any) -> bytes:
        datagram = self.services.datagram(device, change)
        return datagram + self._port.end_of_pdu if self._port.end_of_pdu else datagram

    def _in_thread(self, write: Any) -> None:
        """One write after the other, none of them on the reactor."""
        self._saving.addBoth(lambda _: deferToThreadPool(self._reactor, self._reactor.getThreadPool(), write))

    def _router(self) -> Any:
        gauges = {
            "telgw_event_queue": ("UDP events that wait for their target", lambda: float(self._notifier.queued)),
            "telgw_connections": ("Open TelServices connections", lambda: float(self.connections.of(TELSERVICES))),
            "telgw_timers": ("Timers that are set", lambda: float(len(self.clock.pending()))),
        }
        collector = GatewayCollector(self.measures, self.switchboard, self.sessions, gauges)
        return build_router(
            self._guard, self.status, MetricsPage(collector), self._port, self.sessions, self.switchboard, self.authorised
        )

    def _domain(self, name: str, section: LinkSection) -> SwitchingDomain:
        plugin = installed()[section.driver]
        assert not isinstance(plugin, BrokenPlugin)  # the configuration was checked
        log = self._log.bind(link=name)
        link: Link
        try:
            link = plugin.build(LinkContext(name, section.devices, self.clock, log), section.options)
        except Exception as error:
            log.exception("link_build_failed", driver=section.driver)
            link = BrokenLink(f"the driver {section.driver} cannot build the link: {error!r}")
        return SwitchingDomain(
            name,
            section.driver,
            section.devices,
            link,
            self.clock,
            self._refs,
            self.measures,
            log,
            section.request_timeout,
            section.resync_interval,
        )

    def _settle(self, config: Config) -> None:
        """Take the settings that may change while everything runs."""
        sessions, telservices = config.sessions, config.telservices
        administrator = sessions.authentication.administrator
        self.sessions.authentication.administrator = (
            None if administrator is None else Administrator(administrator.user_id, administrator.password)
        )
        self.sessions.limit = sessions.limit
        self.sessions.polls_per_address = sessions.waiting_polls_per_address
        self._calls.qualify_may_answer = sessions.qualify_call_may_answer
        self._projection.configure(
            telservices.call_reference, telservices.device_number_in_events is EventDeviceNumber.ALL, sessions.first_other_party
        )
        self._notifier.rate = telservices.event_rate
        self._notifier.queue = telservices.event_queue
        self._notifier.restricted_session_events = telservices.restricted_session_events
        self.connections.limit = self._affordable(telservices.max_connections)
        self.connections.limit_per_address = telservices.max_connections_per_address
        self._port.configure(
            PortSettings(
                telservices.end_of_pdu,
                telservices.make_call_url,
                telservices.allowed_origins,
                telservices.idle_timeout,
                telservices.request_timeout,
                telservices.keep_alive_timeout,
                telservices.max_request_size,
                config.web.host_names,
            )
        )
        self._site.request_timeout = telservices.request_timeout
        self._site.keep_alive_timeout = telservices.keep_alive_timeout
        self._site.site.max_body = max(MAX_REQUEST_BYTES, telservices.max_request_size)
        self._guard.host_names = config.web.host_names
        self._guard.remote_administration = config.web.remote_administration

    def _affordable(self, connections: int) -> int:
        """No more connections than files may be open: the rest is for links, listeners and what the gateway reads and writes."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        most = max(1, files - SPARE_FILES)
        if files == resource.RLIM_INFINITY or connections <= most:
            return connections
        if not self._connections_lowered:
            self._connections_lowered = True
            self._log.warning("connections_lowered", asked=connections, limit=most, open_files=files)
        return most

    # -- life

    def start(self) -> Deferred[None]:
        """Listen and connect. Fires when clients may come: every link is up, or has had its time."""
        self.authorised.load()
        listening: Deferred[None] = self.listeners.apply(self.config, self._port, self._site)
        return listening.addCallback(lambda _: self._start_links())

    def _start_links(self) -> Deferred[None]:
        for domain in self.switchboard.domains.values():
            self._start_link(domain)
        started: Deferred[None] = Deferred()
        self._await_links(started, self.clock.seconds() + START_LINKS_SECONDS)
        return started

    def _start_link(self, domain: SwitchingDomain) -> None:
        """A driver that fails is out of service, and nobody else is."""
        try:
            domain.start()
        except Exception as error:
            self._log.exception("link_start_failed", link=domain.name)
            domain.status(LinkState.REFUSED, 0, f"the driver {domain.driver} cannot start: {error!r}")

    def _stop_link(self, domain: SwitchingDomain) -> Deferred[None]:
        stopping: Deferred[None] = maybeDeferred(domain.stop)
        return stopping.addErrback(
            lambda failure: self._log.error("link_stop_failed", link=domain.name, reason=failure.getErrorMessage())
        )

    def _await_links(self, started: Deferred[None], until: float) -> None:
        waiting = any(domain.state in _STARTING for domain in self.switchboard.domains.values())
        if waiting and self.clock.seconds() < until and self.phase == "starting":
            self.clock.call_later(0.01, self._await_links, started, until)
            return
        if self.phase == "starting":
            self.phase = "running"
        started.callback(None)

    def stop(self) -> Deferred[None]:
        """Say goodbye to everybody and be gone; takes less than 5 s."""
        if self.phase == "stopping":
            return succeed(None)
        self.phase = "stopping"
        self._log.info("stopping")
        self.sessions.close_all(SessionEvent.CLOSED_BY_ADMIN)
        links = DeferredList([self._stop_link(domain) for domain in self.switchboard.domains.values()], consumeErrors=True)
        links.addTimeout(STOP_LINKS_SECONDS, self._reactor, onTimeoutCancel=lambda *_: None)
        stopped: Deferred[None] = Deferred()
        links.addBoth(lambda _: self._await_answers(stopped, self.clock.seconds() + STOP_ANSWERS_SECONDS))
        return stopped

    def _await_answers(self, stopped: Deferred[None], until: float) -> None:
        """Answers that are on their way may still leave; connections that only rest need not."""
        if self.connections.busy and self.clock.seconds() < until:
            self.clock.call_later(0.02, self._await_answers, stopped, until)
            return
        self.connections.close_all()
        self._datagrams.close()
        closing = DeferredList([self.listeners.close(), self._saving], consumeErrors=True)

        def last(_: object) -> None:
            self.clock.cancel_all()
            self._log.info("stopped")
            stopped.callback(None)

        closing.addBoth(last)

    @inlineCallbacks
    def reload(self, config: Config) -> Generator[Deferred[Any], Any, None]:
        """Apply the differences; sessions, calls and links that did not change stay.

        Fails with ListenError, or with what reading the state raises, and with nothing changed. One call must be over before the next.
        """
        authorised = self.authorised
        if config.state.state_directory != self.config.state.state_directory:
            # another object: what is still being written belongs to the old file
            authorised = AuthorisedFile(config.state.state_directory, self._in_thread, self._log.bind(part="authorised"))
            authorised.load()
        yield self.listeners.apply(config, self._port, self._site)
        if authorised is not self.authorised:
            self.authorised = authorised
            self.sessions.authentication = Authentication(None, authorised)
            self._site.site.resource = self._router()
        before, self.config = self.config, config
        self._settle(config)
        for name, section in before.links.items():
            new = config.links.get(name)
            if new is None or (new.driver, new.options) != (section.driver, section.options):
                self._drop_link(name)
        for name, section in config.links.items():
            domain = self.switchboard.domains.get(name)
            if domain is None:
                domain = self._domain(name, section)
                self.switchboard.add(domain)
                self._start_link(domain)
                continue
            domain.request_timeout = section.request_timeout
            domain.resync_interval = section.resync_interval
            if domain.devices != section.devices:
                domain.devices = section.devices
                try:
                    domain.link.devices_changed(section.devices)
                except Exception:
                    self._log.exception("link_driver_failed", link=name, asked="devices_changed")
                self.switchboard.owners_changed()
        self._drop_orphans()
        self._log.info("reloaded", source=str(config.source))

    def _drop_link(self, name: str) -> None:
        domain = self.switchboard.remove(name)
        for session in self.sessions:
            if session.domain is domain:
                self.sessions.close_session(session, SessionEvent.CLOSED_BY_ADMIN)
        self._stop_link(domain)

    def _drop_orphans(self) -> None:
        """Sessions of devices that their link no longer owns."""
        for session in self.sessions:
            if self.switchboard.domain_of(session.device) is not session.domain:
                self.sessions.close_session(session, SessionEvent.CLOSED_BY_ADMIN)

    # -- state

    def status(self) -> tuple[int, dict[str, Any]]:
        """What GET /status answers."""
        now, wall = self.clock.seconds(), time.time()
        links = [
            {
                "name": domain.name,
                "driver": domain.driver,
                "state": _SHOWN_STATES.get(domain.state, domain.state.value),
                "since": _timestamp(wall - (now - domain.since)),
                "reason": domain.reason,
                "monitored": len(domain.lines),
                "calls": len(domain.graph.calls),
            }
            for domain in self.switchboard.domains.values()
        ]
        return (200 if self.phase == "running" else 503), {
            "status": self.phase,
            "version": __version__,
            "uptime": round(wall - self._started_at, 3),
            "links": links,
            "sessions": len(self.sessions),
            "calls": sum(len(domain.graph.calls) for domain in self.switchboard.domains.values()),
            "waiting_polls": self.sessions.waiting_polls,
            "connections": self.connections.of(TELSERVICES),
        }


def _timestamp(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")
