"""The open connections of a listener: how many there may be, and until when each may keep us waiting.

A connection costs one entry here; its deadlines are looked at once a second, all together, so a busy listener sets no timers.
"""

from __future__ import annotations

from typing import Any, Protocol

from telgw.base.clock import Clock, Timer
from telgw.core.measures import Measures

SWEEP_SECONDS = 1.0


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
    """The connections of one front, all its listeners together."""

    def __init__(self, clock: Clock, measures: Measures, log: Any, limit: int, limit_per_address: int) -> None:
        self.limit = limit
        self.limit_per_address = limit_per_address
        self._clock = clock
        self._measures = measures
        self._log = log
        self._open: dict[Waiting, str] = {}
        self._by_address: dict[str, int] = {}
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Waiting, address: str) -> bool:
        """Count the connection in; False when there are too many already."""
        if len(self._open) >= self.limit:
            why = "connection limit"
        elif (known := self._by_address.get(address, 0)) >= self.limit_per_address:
            why = "connection limit of the address"
        else:
            self._open[connection] = address
            self._by_address[address] = known + 1
            if self._timer is None:
                self._timer = self._clock.call_later(SWEEP_SECONDS, self._sweep)
            return True
        self._measures.refused["tcp", why] += 1
        self._log.warning("connection_refused", address=address, why=why)
        return False

    def gone(self, connection: Waiting) -> None:
        """The connection is closed."""
        address = self._open.pop(connection, None)
        if address is not None:
            left = self._by_address[address] - 1
            if left:
                self._by_address[address] = left
            else:
                del self._by_address[address]

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
