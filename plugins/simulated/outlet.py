"""The way out to the gateway: facts and answers leave in order, at once or after a delay.

What is put while something is being told waits until that is done, so that nobody is told two things at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from telgw.base.clock import Clock, Timer


class Outlet:
    """A queue of calls to make. `delay` holds for what is put from now on; nothing overtakes what was put before."""

    def __init__(self, clock: Clock) -> None:
        self.delay = 0.0
        self._clock = clock
        self._waiting: deque[tuple[float, Callable[..., object], tuple[Any, ...]]] = deque()
        self._timer: Timer | None = None
        self._telling = False

    @property
    def late(self) -> bool:
        """Whether what is put now is told later."""
        return self.delay > 0 or (bool(self._waiting) and self._waiting[-1][0] > self._clock.seconds())

    def put(self, tell: Callable[..., object], *args: Any) -> None:
        """Make the call `tell(*args)` when its time has come."""
        if not self.delay and not self._waiting and not self._telling:
            self._telling = True
            try:
                tell(*args)
            finally:
                self._telling = False
                if self._waiting:
                    self._tell_due()
            return
        due = self._clock.seconds() + self.delay
        if self._waiting:
            due = max(due, self._waiting[-1][0])
        self._waiting.append((due, tell, args))
        if not self._telling:
            self._wait()

    def _wait(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = self._clock.call_later(self._waiting[0][0] - self._clock.seconds(), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._tell_due()

    def _tell_due(self) -> None:
        self._telling = True
        try:
            while self._waiting and self._waiting[0][0] <= self._clock.seconds():
                _, tell, args = self._waiting.popleft()
                tell(*args)
        finally:
            self._telling = False
            self._wait()

    def clear(self) -> None:
        """Forget what was not told yet."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
