"""Events over UDP: one event per datagram, to the address that opened the session, at a bounded rate, whatever becomes of it."""

from __future__ import annotations

import socket
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from telgw.base.clock import Clock, Timer
from telgw.base.limits import MAX_DATAGRAM_BYTES
from telgw.core.measures import Measures
from telgw.core.session import Client, SessionChange, SessionEvent
from telgw.model.changes import CallChanged
from telgw.model.states import LineState

#: seconds between two goes at a queue of datagrams that came too fast
PACE_SECONDS = 0.01
#: datagrams that may leave for one target at once: a receive buffer of the usual size holds some hundred small ones. Higher rates need
#: more, or a late turn of the reactor would cost them part of the rate
BURST = 200
_BURSTS_PER_SECOND = 20
#: seconds between two log lines about the same target
DROPS_TOLD_SECONDS = 1.0
#: targets whose rate is remembered; beyond, all start anew
_REMEMBERED_TARGETS = 50_000

Target = tuple[str, int]
Send = Callable[[bytes, Target], None]


class _Rate:
    """A token bucket: datagrams that may go now, refilled with time."""

    __slots__ = ("at", "queue", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at
        self.queue: deque[bytes] | None = None


class _Drops:
    """Datagrams for one target that were dropped and not told yet, by reason."""

    __slots__ = ("due", "untold")

    def __init__(self, due: float) -> None:
        self.due = due
        self.untold: Counter[str] = Counter()


class UdpNotifier:
    """Sends the events of sessions (telgw.core.session.Notifier).

    `encode` makes the datagram of one change; `send` puts it on the wire and may raise OSError. `rate` is in datagrams per second and
    target, of which a fraction may go at once; what comes faster waits in a queue of `queue` datagrams, and what does not fit there is
    dropped and counted.
    """

    def __init__(
        self,
        encode: Callable[[str, SessionChange], bytes],
        send: Send,
        clock: Clock,
        measures: Measures,
        log: Any,
        rate: int = 50_000,
        queue: int = 10_000,
        restricted_session_events: bool = True,
    ) -> None:
        self.rate = rate
        self.queue = queue
        self.restricted_session_events = restricted_session_events
        self._encode = encode
        self._send = send
        self._clock = clock
        self._measures = measures
        self._log = log
        self._rates: dict[Target, _Rate] = {}
        self._queued: set[Target] = set()
        self._timer: Timer | None = None
        #: the targets that were told of within the last second, longest ago first
        self._drops: dict[Target, _Drops] = {}
        self._drops_timer: Timer | None = None

    @property
    def queued(self) -> int:
        """Datagrams that wait."""
        return sum(len(rate.queue or ()) for rate in self._rates.values())

    def notify(self, device: str, change: SessionChange, clients: Iterable[Client]) -> None:
        """See telgw.core.session.Notifier."""
        datagram: bytes | None = None
        for client in clients:
            if client.port is None or (client.restricted and not self._is_for_restricted(change)):
                continue
            if datagram is None:
                try:
                    datagram = self._encode(device, change)
                except Exception:
                    self._log.exception("event_failed", device=device)
                    self._measures.events_dropped["cannot be written"] += 1
                    return
                if len(datagram) > MAX_DATAGRAM_BYTES:
                    self._drop("too long", (client.address, client.port))
                    return
            self._offer(datagram, (client.address, client.port))

    def _is_for_restricted(self, change: SessionChange) -> bool:
        if isinstance(change, CallChanged):
            parts = (change.view.prim, change.view.sec)
            return any(part is not None and part.state is LineState.ALERTING for part in parts)
        return isinstance(change, SessionEvent) and self.restricted_session_events

    def _offer(self, datagram: bytes, target: Target) -> None:
        rate = self._rates.get(target)
        if rate is None:
            if len(self._rates) >= _REMEMBERED_TARGETS:
                self._rates = {known: self._rates[known] for known in self._queued}
            rate = self._rates[target] = _Rate(self._burst, self._clock.seconds())
        elif rate.queue:
            self._enqueue(rate, datagram, target)
            return
        if rate.tokens < 1:
            self._refill(rate, self._clock.seconds())
        if rate.tokens >= 1:
            rate.tokens -= 1
            self._put(datagram, target)
        else:
            self._enqueue(rate, datagram, target)

    @property
    def _burst(self) -> float:
        return float(min(self.rate, max(BURST, self.rate // _BURSTS_PER_SECOND)))

    def _refill(self, rate: _Rate, now: float) -> None:
        rate.tokens = min(self._burst, rate.tokens + (now - rate.at) * self.rate)
        rate.at = now

    def _enqueue(self, rate: _Rate, datagram: bytes, target: Target) -> None:
        if rate.queue is None:
            rate.queue = deque()
        if len(rate.queue) >= self.queue:
            self._drop("too fast", target)
            return
        rate.queue.append(datagram)
        self._queued.add(target)
        if self._timer is None:
            self._timer = self._clock.call_later(PACE_SECONDS, self._pace)

    def _pace(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        for target in list(self._queued):
            rate = self._rates[target]
            self._refill(rate, now)
            while rate.queue and rate.tokens >= 1:
                rate.tokens -= 1
                self._put(rate.queue.popleft(), target)
            if not rate.queue:
                rate.queue = None
                self._queued.discard(target)
        if self._queued:
            self._timer = self._clock.call_later(PACE_SECONDS, self._pace)

    def _put(self, datagram: bytes, target: Target) -> None:
        try:
            self._send(datagram, target)
        except OSError as error:
            self._drop(error.strerror or "not sent", target)
        else:
            self._measures.events_sent += 1

    def _drop(self, why: str, target: Target) -> None:
        self._measures.events_dropped[why] += 1
        drops = self._drops.get(target)
        if drops is not None:
            drops.untold[why] += 1
            return
        self._drops[target] = _Drops(self._clock.seconds() + DROPS_TOLD_SECONDS)
        self._tell_dropped(target, why, 1)
        if self._drops_timer is None:
            self._drops_timer = self._clock.call_later(DROPS_TOLD_SECONDS, self._tell_drops)

    def _tell_dropped(self, target: Target, why: str, count: int) -> None:
        self._log.info("event_dropped", why=why, address=target[0], port=target[1], count=count)

    def _tell_drops(self) -> None:
        """Tell of what was dropped since the last line; forget who has lost nothing."""
        self._drops_timer = None
        now = self._clock.seconds()
        for target, drops in list(self._drops.items()):
            if drops.due > now:
                self._drops_timer = self._clock.call_later(drops.due - now, self._tell_drops)
                return
            del self._drops[target]
            if drops.untold:
                self._tell_dropped(target, ", ".join(sorted(drops.untold)), drops.untold.total())
                self._drops[target] = _Drops(now + DROPS_TOLD_SECONDS)
        if self._drops:
            self._drops_timer = self._clock.call_later(DROPS_TOLD_SECONDS, self._tell_drops)


class DatagramSockets:
    """The sockets that datagrams leave by: one per address family, opened when first needed, never blocking."""

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}

    def send(self, datagram: bytes, target: Target) -> None:
        """Send now or raise OSError."""
        family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        sock = self._sockets.get(family)
        if sock is None:
            sock = self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM)
            sock.setblocking(False)
            # bursts of thousands of events leave in one turn of the reactor
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        sock.sendto(datagram, target)

    def close(self) -> None:
        """Close them all."""
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()
