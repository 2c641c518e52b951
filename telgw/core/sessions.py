"""The sessions: opening, sharing, expiring and closing them (document, Session; decisions 13 to 21 in docs/decisions.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from telgw.base.clock import Clock
from telgw.base.limits import MAX_CLIENTS_PER_SESSION, MAX_POLL_SECONDS, MAX_WAITING_POLLS
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.authentication import Authentication
from telgw.core.deadline import refused
from telgw.core.session import Client, Notifier, Session, SessionEvent
from telgw.core.switchboard import Switchboard


class Sessions:
    """All open sessions, by device number."""

    def __init__(
        self,
        switchboard: Switchboard,
        authentication: Authentication,
        notifier: Notifier,
        clock: Clock,
        log: Any,
        limit: int = 0,
        polls_per_address: int = 10_000,
    ) -> None:
        self.limit = limit
        self.polls_per_address = polls_per_address
        self.authentication = authentication
        self._switchboard = switchboard
        self._notifier = notifier
        self._clock = clock
        self._log = log
        self._open: dict[str, Session] = {}
        self._opening: dict[str, list[Deferred[Session]]] = {}
        self._polls: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._open.values()))

    def get(self, device: str) -> Session | None:
        """The open session of the device. A client that asks has acted: the session timeout starts again."""
        session = self._open.get(device)
        if session is not None:
            session.touch()
        return session

    # -- open

    def open(
        self,
        device: str,
        client: Client,
        user_id: str | None = None,
        password: str | None = None,
        timeout: int | None = None,
        start_monitor: bool = True,
    ) -> Deferred[Session]:
        """Open the session of the device for the client, or join the one that is open.

        `timeout` in seconds (> 0; None: the session lasts until it is closed). Fails with a ServiceError, in this order:
        pbxReject (no link owns the device), pbxlinkOutOfService, invalidCredentials, sessionLimitExceeded, then what the PBX says to the
        monitor; resourceError when the session has too many clients.
        """
        session = self._open.get(device)
        if session is None:
            opening = self._open_first(device, user_id, password, start_monitor)
        elif start_monitor and not session.monitored:
            opening = self.ensure_monitor(session)
        else:
            opening = succeed(session)
        opening.addCallback(self._join, client, timeout)
        return opening

    def _open_first(self, device: str, user_id: str | None, password: str | None, start_monitor: bool) -> Deferred[Session]:
        domain = self._switchboard.domain_of(device)
        if domain is None:
            return refused(ErrorCode.PBX_REJECT, f"no link owns device {device}")
        if start_monitor and not domain.in_service:
            return refused(ErrorCode.PBX_LINK_OUT_OF_SERVICE, f"link {domain.name} is {domain.state.value}")
        if not self.authentication.admits(device, user_id, password):
            return refused(ErrorCode.INVALID_CREDENTIALS, f"first session of device {device} needs the administrator")
        if device not in self._opening and self.limit and len(self._open) + len(self._opening) >= self.limit:
            return refused(ErrorCode.SESSION_LIMIT_EXCEEDED, f"{self.limit} sessions are open")
        session = Session(device, domain, self._clock, self._notifier, self._monitor_refused)
        if not start_monitor:
            return succeed(session)
        outcome: Deferred[Session] = Deferred()
        waiting = self._opening.get(device)
        if waiting is not None:
            waiting.append(outcome)
            return outcome
        self._opening[device] = [outcome]
        domain.follow(device, session).addBoth(self._followed, session)
        return outcome

    def _followed(self, result: Any, session: Session) -> None:
        waiting = self._opening.pop(session.device)
        session.monitored = not isinstance(result, Failure)
        if session.monitored and session.closed is not None:
            self._leave(session)
            result = Failure(ServiceError(ErrorCode.NO_OPEN_SESSION, f"{session.device} was closed while the PBX was asked"))
        elif session.monitored and self._open.get(session.device) is not session and all(outcome.called for outcome in waiting):
            self._leave(session)  # whoever wanted it open has given up
        for outcome in waiting:
            outcome.callback(session if session.monitored else result)

    def _leave(self, session: Session) -> None:
        session.monitored = False
        session.domain.unfollow(session.device, session)

    def _join(self, session: Session, client: Client, timeout: int | None) -> Session:
        known = self._open.get(session.device)
        if known is not None and known is not session:
            # opened meanwhile without a monitor, by another client: there is one session per device
            if session.monitored and not known.monitored:
                session.domain.unfollow(session.device, session)
                self.ensure_monitor(known).addErrback(lambda failure: None)
            session = known
        key = (client.address, client.port)
        if key not in session.clients and len(session.clients) >= MAX_CLIENTS_PER_SESSION:
            raise ServiceError(ErrorCode.RESOURCE_ERROR, f"session {session.device} has {MAX_CLIENTS_PER_SESSION} clients")
        if known is None:
            self._open[session.device] = session
            self._log.info("session_opened", device=session.device, address=client.address, port=client.port)
        if timeout is not None or key in session.clients or known is None:
            session.timeout = timeout  # the last value given counts; a client that joins without one takes nobody's away
        session.clients[key] = client
        if session.closing:
            timer = session.closing.pop(client.address, None)
            if timer is not None:
                timer.cancel()
        session.touch()
        self._arm(session)
        return session

    def ensure_monitor(self, session: Session) -> Deferred[Session]:
        """The session once its device is monitored: the first service that needs it starts the monitor (decision 20)."""
        if session.monitored:
            return succeed(session)
        waiting = self._opening.get(session.device)
        outcome: Deferred[Session] = Deferred()
        if waiting is not None:
            waiting.append(outcome)
            return outcome
        self._opening[session.device] = [outcome]
        session.domain.follow(session.device, session).addBoth(self._followed, session)
        return outcome

    # -- session timeout

    def _arm(self, session: Session) -> None:
        if session.timer is not None and session.timer.active():
            session.timer.cancel()
        session.timer = None
        if session.timeout is not None:
            session.timer = self._clock.call_later(session.timeout, self._check_timeout, session)

    def _check_timeout(self, session: Session) -> None:
        """Actions only note their time; this finds out whether the timeout has really passed. A waiting poll counts as an action."""
        session.timer = None
        if session.timeout is None or session.closed is not None:
            return
        if session.polls:
            session.touch()
        left = session.last_action + session.timeout - self._clock.seconds()
        if left > 1e-3:
            session.timer = self._clock.call_later(left, self._check_timeout, session)
        else:
            self.close_session(session, SessionEvent.CLOSED_BY_TIMEOUT)

    # -- close

    def close(self, device: str, address: str, delay: float = 0, client_only: bool = True) -> None:
        """Close the session for the clients at `address`, or for all; after `delay` seconds unless one of them opens it again.

        Raises ServiceError noOpenSession.
        """
        session = self.get(device)
        if session is None:
            raise ServiceError(ErrorCode.NO_OPEN_SESSION, device)
        if session.closing:
            timer = session.closing.pop(address, None)
            if timer is not None:
                timer.cancel()
        if delay > 0:
            if session.closing is None:
                session.closing = {}
            session.closing[address] = self._clock.call_later(delay, self._close_now, session, address, client_only)
        else:
            self._close_now(session, address, client_only)

    def _close_now(self, session: Session, address: str, client_only: bool) -> None:
        if session.closed is not None:
            return
        if session.closing:
            session.closing.pop(address, None)
        for key in [key for key in session.clients if key[0] == address]:
            del session.clients[key]
        if not client_only or not session.clients:
            self.close_session(session, SessionEvent.CLOSED_BY_CLIENT)

    def close_session(self, session: Session, why: SessionEvent) -> None:
        """Close the session for everybody who is in it, and tell them why."""
        if session.closed is not None:
            return
        session.closed = why
        if self._open.get(session.device) is session:
            del self._open[session.device]
        self._log.info("session_closed", device=session.device, why=why.value)
        if session.timer is not None and session.timer.active():
            session.timer.cancel()
        for timer in (session.closing or {}).values():
            if timer.active():
                timer.cancel()
        if session.monitored:
            self._leave(session)
        session.changed(why)

    def _monitor_refused(self, session: Session, reason: str) -> None:
        self.close_session(session, SessionEvent.CLOSED_BY_MONITORING_REJECT)

    def close_all(self, why: SessionEvent) -> None:
        """The gateway stops."""
        for session in self:
            self.close_session(session, why)

    # -- long polls

    def poll(self, session: Session, address: str, seq: int | None, timeout: float) -> Deferred[Session]:
        """Fires with the session, to be looked at, when something happens after `seq`, or after `timeout` seconds.

        A timeout above MAX_POLL_SECONDS is cut. At once when `seq` is not the number of the latest change, or `timeout` is not
        positive. Fails with resourceError when too many polls wait. Cancel the Deferred when the client is gone.
        """
        feed = session.feed
        if seq != feed.seq or timeout <= 0 or session.closed is not None:
            return succeed(session)
        if feed.waiting >= MAX_WAITING_POLLS or self._polls.get(address, 0) >= self.polls_per_address:
            return refused(ErrorCode.RESOURCE_ERROR, f"too many polls wait for {session.device}, or from {address}")
        self._polls[address] = self._polls.get(address, 0) + 1
        session.polls += 1
        waiter = feed.wait(self._clock, min(timeout, MAX_POLL_SECONDS))
        waiter.addBoth(self._woken, session, address)
        return waiter.addCallback(lambda _: session)

    def _woken(self, result: Any, session: Session, address: str) -> Any:
        session.polls -= 1
        left = self._polls[address] - 1
        if left:
            self._polls[address] = left
        else:
            del self._polls[address]
        if not isinstance(result, Failure):
            session.touch()
        return result

    @property
    def waiting_polls(self) -> int:
        """How many long polls wait now."""
        return sum(self._polls.values())
