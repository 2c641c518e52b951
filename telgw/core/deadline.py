"""One deadline, one outcome: what a link is asked is answered exactly once, by the link, by the deadline, or by the loss of the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail

from telgw.base.clock import Clock, Timer
from telgw.base.outcome import ErrorCode, ServiceError


class Deadlines:
    """The questions that one link has not answered yet."""

    def __init__(self, clock: Clock, seconds: float, late: Callable[[], None]) -> None:
        self._clock = clock
        self.seconds = seconds
        self._late = late
        self._open: dict[Deferred[Any], Timer] = {}

    def __len__(self) -> int:
        return len(self._open)

    def watch(self, answer: Deferred[Any], what: str) -> Deferred[Any]:
        """The answer, or pbxTimeout after the deadline. An answer that is there already passes through as it is."""
        if answer.called and not answer.paused:
            return answer
        outcome: Deferred[Any] = Deferred()
        self._open[outcome] = self._clock.call_later(self.seconds, self._expire, outcome, what)
        answer.addBoth(self._answered, outcome)
        return outcome

    def _answered(self, result: Any, outcome: Deferred[Any]) -> None:
        timer = self._open.pop(outcome, None)
        if timer is None:
            self._late()
            return
        timer.cancel()
        outcome.callback(result)

    def _expire(self, outcome: Deferred[Any], what: str) -> None:
        if self._open.pop(outcome, None) is not None:
            reason = f"no answer to {what} within {self.seconds:g} s"
            outcome.errback(ServiceError(ErrorCode.PBX_TIMEOUT, reason))

    def fail_all(self, error: ServiceError) -> None:
        """The link is gone: nobody will answer."""
        waiting, self._open = self._open, {}
        for outcome, timer in waiting.items():
            timer.cancel()
            outcome.errback(error)


def refused(code: ErrorCode, reason: str = "") -> Deferred[Any]:
    """An outcome that is an error already."""
    return fail(ServiceError(code, reason))
