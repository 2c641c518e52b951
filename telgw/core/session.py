"""A session: one followed device, the clients that share it, and the numbered feed of what happens to it (document, Session)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple, Protocol

from telgw.base.clock import Clock, Timer
from telgw.core.domain import SwitchingDomain
from telgw.core.feed import Feed
from telgw.model.callview import CallView, has_ended_part
from telgw.model.changes import CallChanged, Change
from telgw.model.graph import Device
from telgw.model.publish import current
from telgw.model.states import ForwardType


class SessionEvent(Enum):
    """The six events of a session itself."""

    CLOSED_BY_ADMIN = "sessionClosedByAdmin"
    CLOSED_BY_TIMEOUT = "sessionClosedByTimeout"
    CLOSED_BY_MONITORING_REJECT = "sessionClosedByMonitoringReject"
    CLOSED_BY_CLIENT = "sessionClosedByClient"
    LINK_OUT_OF_SERVICE = "pbxlinkOutOfService"
    LINK_IN_SERVICE = "pbxlinkInService"

    __hash__ = object.__hash__


class Client(NamedTuple):
    """A client of a session: where it is, and where its events go (None: it polls)."""

    address: str
    port: int | None
    #: only events of alerting calls (document, eventUpdate)
    restricted: bool


SessionChange = Change | SessionEvent


class Notifier(Protocol):
    """Sends the events of sessions to clients that have a port for them."""

    def notify(self, device: str, change: SessionChange, clients: Iterable[Client]) -> None:
        """Tell the clients; never fails."""


class LineSnapshot(NamedTuple):
    """Everything that a client may know of a device now."""

    seq: int | None
    calls: tuple[CallView, ...]
    forwards: tuple[tuple[ForwardType, str], ...]
    message_waiting: bool
    do_not_disturb: bool
    event: SessionEvent | None


class Session:
    """One device followed for TelServices clients. It listens to its line once the PBX monitors it."""

    __slots__ = (
        "_clock",
        "_expired",
        "_notifier",
        "_refused",
        "clients",
        "closed",
        "closing",
        "device",
        "domain",
        "feed",
        "last_action",
        "monitored",
        "polls",
        "timeout",
        "timer",
    )

    def __init__(
        self, device: str, domain: SwitchingDomain, clock: Clock, notifier: Notifier, refused: Callable[[Session, str], None]
    ) -> None:
        self.device = device
        self.domain = domain
        #: (address, port) -> client, oldest first
        self.clients: dict[tuple[str, int | None], Client] = {}
        self.feed: Feed[SessionChange] = Feed()
        self.monitored = False
        self.closed: SessionEvent | None = None
        #: address -> timer of a delayed close
        self.closing: dict[str, Timer] | None = None
        self.timeout: int | None = None
        self.timer: Timer | None = None
        self.last_action = clock.seconds()
        #: polls that wait now: the session does not expire under them
        self.polls = 0
        #: told with the reason when the PBX no longer lets the device be followed
        self._refused = refused
        self._clock = clock
        self._notifier = notifier

    # -- LineListener

    def changed(self, change: SessionChange) -> None:
        """A call, a feature or the session itself changed: number it, and send it to the clients."""
        self.feed.append(change)
        self._notifier.notify(self.device, change, self.clients.values())

    def link_changed(self, in_service: bool) -> None:
        """The link was lost or is back."""
        self.changed(SessionEvent.LINK_IN_SERVICE if in_service else SessionEvent.LINK_OUT_OF_SERVICE)

    def monitor_refused(self, reason: str) -> None:
        """The PBX does not let the device be followed any more."""
        self.monitored = False
        self._refused(self, reason)

    # -- clients

    def touch(self) -> None:
        """A client did something: the session timeout starts again."""
        self.last_action = self._clock.seconds()

    # -- state

    def line(self) -> Device | None:
        """The device in the graph; None while nothing is known of its calls."""
        if not self.monitored or not self.domain.graph.in_service:
            return None
        return self.domain.graph.devices.get(self.device)

    def snapshot(self, since: int | None = None, numbered: bool = False) -> LineSnapshot:
        """The state now; calls that ended and session events that came after `since` are in it once.

        So is the end of one of the two calls of an element, as long as nothing else has happened to the element.
        """
        device = self.line()
        views = tuple(current(device)) if device is not None else ()
        known = self.domain.graph.devices.get(self.device)
        ended: list[CallView] = []
        latest: dict[int, CallView] = {}
        event: SessionEvent | None = None
        missed = self.feed.since(self.feed.seq if since is None else since) if numbered else None
        for item in missed or ():
            if isinstance(item, SessionEvent):
                event = item
            elif isinstance(item, CallChanged):
                if item.over:
                    ended.append(item.view)
                latest[item.view.id] = item.view
        views = tuple(latest[view.id] if view.id in latest and has_ended_part(latest[view.id]) else view for view in views)
        return LineSnapshot(
            self.feed.seq if numbered else None,
            (*ended, *views),
            tuple(known.forwards.items()) if known is not None else (),
            known is not None and known.message_waiting,
            known is not None and known.do_not_disturb,
            event,
        )
