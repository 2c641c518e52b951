"""The feed: what happened in a session, numbered, kept for a while, and waited for.

Whoever reads it comes with the number of the last thing he knows. He gets what came after, at once or as soon as there is something;
when the window no longer reaches back so far he is told of the gap and takes a snapshot. A slow reader costs no memory.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from twisted.internet.defer import Deferred

from telgw.base.clock import Clock, Timer
from telgw.base.limits import REPLAY_WINDOW

Item = TypeVar("Item")


class Feed(Generic[Item]):
    """A numbered stream. Numbers start at 1, the number of a feed to which nothing has happened yet."""

    __slots__ = ("_waiting", "_window", "seq")

    def __init__(self) -> None:
        self.seq = 1
        #: nothing is kept before the first reader: he can only know what the feed tells him
        self._window: list[Item] | None = None
        self._waiting: dict[Deferred[None], Timer] = {}

    def append(self, item: Item) -> None:
        """Something happened: number it, keep it, wake everybody who waits."""
        self.seq += 1
        if self._window is not None:
            self._window.append(item)
            if len(self._window) > REPLAY_WINDOW:
                del self._window[0]
        if self._waiting:
            self.release()

    def since(self, seq: int) -> list[Item] | None:
        """What happened after `seq`, oldest first. None: `seq` is not a number of this feed, or too old.

        The first call makes the feed keep what happens from then on.
        """
        window = self._window
        if window is None:
            window = self._window = []
        missed = self.seq - seq
        if missed < 0 or missed > len(window):
            return None
        return window[len(window) - missed :]

    @property
    def waiting(self) -> int:
        """How many readers wait."""
        return len(self._waiting)

    def wait(self, clock: Clock, timeout: float) -> Deferred[None]:
        """Fires when the next thing happens, after `timeout` seconds, or at `release`. Cancel it when the reader is gone."""
        if self._window is None:
            self._window = []  # whoever waits is a reader: what he waits for must be there when he looks
        waiter: Deferred[None] = Deferred(self._forget)
        self._waiting[waiter] = clock.call_later(timeout, self._time_out, waiter)
        return waiter

    def _forget(self, waiter: Deferred[None]) -> None:
        timer = self._waiting.pop(waiter, None)
        if timer is not None and timer.active():
            timer.cancel()

    def _time_out(self, waiter: Deferred[None]) -> None:
        if self._waiting.pop(waiter, None) is not None:
            waiter.callback(None)

    def release(self) -> None:
        """Let everybody who waits go."""
        waiting, self._waiting = self._waiting, {}
        for waiter, timer in waiting.items():
            if timer.active():
                timer.cancel()
            waiter.callback(None)
