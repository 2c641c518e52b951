"""The open connections of the listeners: how many there may be, and until when each may keep us waiting.

A connection costs one entry here; its deadlines are looked at once a second, all together, so a busy listener sets no timers.
"""

from __future__ import annotations

from typing import Any, Protocol

from telgw.base.clock import Clock, Timer
from telgw.core.measures import Measures

SWEEP_SECONDS = 1.0

#: the fronts whose connections are counted
TELSERVICES, WEB = "telservices", "web"


class Waiting(Protocol):
    """A connection, as far as the sweep needs it."""

    #: clock seconds at which patience ends; None: we are not waiting for the peer
    deadline: float | None

    def overdue(self) -> None:
        """Patience has ended: close."""

    @property
    def busy(self) -> bool:
        """Whether the peer waits for us."""


class Connections:
    """The connections of all listeners together. How many may come from one address is counted for each front apart: a client that has
    used up one can still ask the other how things are."""

    def __init__(self, clock: Clock, measures: Measures, log: Any, limit: int, limit_per_address: int) -> None:
        self.limit = limit
        self.limit_per_address = limit_per_address
        self._clock = clock
        self._measures = measures
        self._log = log
        self._open: dict[Waiting, tuple[str, str]] = {}
        self._by_address: dict[tuple[str, str], int] = {}
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._open)

    def of(self, front: str) -> int:
        """How many are connections of that front."""
        return sum(count for (one, _), count in self._by_address.items() if one == front)

    def admit(self, connection: Waiting, address: str, front: str = TELSERVICES) -> bool:
        """Count the connection in; False when there are too many already."""
        origin = (front, address)
        if len(self._open) >= self.limit:
            why = "connection limit"
        elif (known := self._by_address.get(origin, 0)) >= self.limit_per_address:
            why = "connection limit of the address"
        else:
            self._open[connection] = origin
            self._by_address[origin] = known + 1
            if self._timer is None:
                self._timer = self._clock.call_later(SWEEP_SECONDS, self._sweep)
            return True
        self._measures.refused["tcp", why] += 1
        self._log.warning("connection_refused", address=address, why=why)
        return False

    def gone(self, connection: Waiting) -> None:
        """The connection is closed."""
        origin = self._open.pop(connection, None)
        if origin is not None:
            left = self._by_address[origin] - 1
            if left:
                self._by_address[origin] = left
            else:
                del self._by_address[origin]

    def _sweep(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        for connection in [one for one in self._open if one.deadline is not None and one.deadline <= now]:
            self._measures.refused["tcp", "deadline"] += 1
            connection.overdue()
        if self._open:
            self._timer = self._clock.call_later(SWEEP_SECONDS, self._sweep)

    @property
    def busy(self) -> bool:
        """Whether any peer waits for us."""
        return any(connection.busy for connection in self._open)

    def close_all(self) -> None:
        """Close everything that is still open: the last step of a stop. What was written still leaves."""
        for connection in list(self._open):
            connection.overdue()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
