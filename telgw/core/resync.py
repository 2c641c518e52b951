"""The comparison of many devices with the PBX, a few at a time: monitor (after a link-up), snapshot, reconcile.

A device that the PBX refuses to monitor is reported; one whose snapshot fails keeps nothing of what was known of it, since nothing confirms
it. The whole is over when every device has been asked for, whatever the answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from telgw.base.limits import RESYNC_WINDOW
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.model.facts import DeviceSnapshot


class Compared(Protocol):
    """The switching domain, as far as a comparison needs it."""

    def ask_monitor(self, number: str) -> Deferred[Any]: ...
    def ask_snapshot(self, number: str) -> Deferred[Any]: ...
    def observed(self, snapshot: DeviceSnapshot) -> None: ...
    def follows(self, number: str) -> bool: ...
    def end_monitor(self, number: str) -> None: ...


class Resync:
    """One round of comparison; `done` is called once with it, when `confirmed`, `refusals` and `unanswered` are complete."""

    def __init__(
        self,
        domain: Compared,
        numbers: list[str],
        done: Callable[[Resync], None],
        monitors: bool = True,
    ) -> None:
        self._domain = domain
        self._numbers = iter(numbers)
        self._done = done
        self._monitors = monitors
        self._under_way = 0
        self._exhausted = False
        self._abandoned = False
        self._filling = False
        #: (call, device) pairs that the snapshots named
        self.confirmed: set[tuple[str, str]] = set()
        #: devices that the PBX does not let be monitored, with its reasons
        self.refusals: dict[str, str] = {}
        #: devices whose monitor request was not answered
        self.unanswered: list[str] = []

    def run(self) -> None:
        """Ask for the next devices, as many as may be under way at once."""
        if self._filling:
            return  # an answer came at once: the loop below is still running
        self._filling = True
        while not self._abandoned and not self._exhausted and self._under_way < RESYNC_WINDOW:
            number = next(self._numbers, None)
            if number is None:
                self._exhausted = True
                break
            if not self._domain.follows(number):
                continue
            self._under_way += 1
            if self._monitors:
                asked = self._domain.ask_monitor(number)
                asked.addCallbacks(self._monitored, self._refused, callbackArgs=(number,), errbackArgs=(number,))
            else:
                asked = self._domain.ask_snapshot(number)
                asked.addCallback(self._observed)
            asked.addErrback(lambda failure: None)
            asked.addBoth(self._next)
        self._filling = False
        if self._exhausted and not self._under_way and not self._abandoned:
            self._abandoned = True
            self._done(self)

    def _monitored(self, _: object, number: str) -> Deferred[Any] | None:
        if not self._domain.follows(number):
            if not self._abandoned:
                self._domain.end_monitor(number)  # whoever followed it left while we asked
            return None
        asked = self._domain.ask_snapshot(number)
        asked.addCallback(self._observed)
        return asked

    def _observed(self, snapshot: DeviceSnapshot) -> None:
        if self._abandoned:
            return
        self._domain.observed(snapshot)
        self.confirmed.update((seen.call, snapshot.device) for seen in snapshot.calls)

    def _refused(self, failure: Failure, number: str) -> None:
        """Only a refusal is one: a link that is lost or silent refuses nothing."""
        error = failure.value
        if isinstance(error, ServiceError) and error.code is ErrorCode.PBX_TIMEOUT:
            self.unanswered.append(number)
        elif isinstance(error, ServiceError) and error.code is not ErrorCode.PBX_LINK_OUT_OF_SERVICE:
            self.refusals[number] = error.reason or error.code.value

    def _next(self, _: object) -> None:
        self._under_way -= 1
        self.run()

    def abandon(self) -> None:
        """The link is lost: whatever is still answered does not count."""
        self._abandoned = True
