"""One clock for the whole gateway: it tells the time, owns every timer, and can list and cancel them all.

Nothing in telgw asks the operating system for the time or the reactor for a timer; it asks a `Clock` that was given to it.
Tests give one that they move by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    """A call that will be made later, unless cancelled."""

    def cancel(self) -> None:
        """Forget the call. Raises if it was made or cancelled already."""

    def active(self) -> bool:
        """Whether the call is still to be made."""

    def reset(self, delay: float, /) -> None:
        """Make the call `delay` seconds from now instead."""


class TimeSource(Protocol):
    """What a Clock needs below it: a Twisted reactor, or twisted.internet.task.Clock."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, callable: Callable[..., object], /, *args: Any) -> Any: ...


class Clock:
    """Seconds and timers over a time source.

    `seconds` replaces the source's own idea of the time: a reactor's may follow the wall clock, and durations must not.
    """

    def __init__(self, source: TimeSource, seconds: Callable[[], float] | None = None) -> None:
        self._source = source
        self._timers: dict[int, tuple[str, Timer]] = {}
        self._next = 0
        self.seconds = seconds or source.seconds

    def call_later(self, delay: float, call: Callable[..., object], *args: Any) -> Timer:
        """Call `call(*args)` in `delay` seconds (>= 0)."""
        key = self._next = self._next + 1
        timer: Timer = self._source.callLater(max(0.0, delay), self._fire, key, call, args)
        self._timers[key] = (getattr(call, "__qualname__", repr(call)), timer)
        if len(self._timers) > 64 and key % 1024 == 0:
            self._forget_cancelled()
        return timer

    def _fire(self, key: int, call: Callable[..., object], args: tuple[Any, ...]) -> None:
        self._timers.pop(key, None)
        call(*args)

    def _forget_cancelled(self) -> None:
        self._timers = {key: entry for key, entry in self._timers.items() if entry[1].active()}

    def pending(self) -> list[str]:
        """The names of the calls that are still to be made."""
        self._forget_cancelled()
        return sorted(name for name, _ in self._timers.values())

    def cancel_all(self) -> None:
        """Cancel every timer: the last step of a stop."""
        for _, timer in self._timers.values():
            if timer.active():
                timer.cancel()
        self._timers.clear()
