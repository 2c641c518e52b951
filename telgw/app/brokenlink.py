"""What stands in the place of a link that its driver could not build: it is out of service for good, and says why."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from telgw.base.numbers import DeviceSet
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.ports import LinkSink, LinkState
from telgw.model.commands import Command
from telgw.model.facts import DeviceSnapshot


class BrokenLink:
    """A link (telgw.core.ports.Link) that never comes up."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def start(self, sink: LinkSink) -> None:
        """See Link."""
        sink.status(LinkState.REFUSED, 0, self.reason)

    def stop(self) -> Deferred[None]:
        """See Link."""
        return succeed(None)

    def devices_changed(self, devices: DeviceSet) -> None:
        """See Link."""

    def monitor(self, device: str) -> Deferred[None]:
        """See Link."""
        return self._refused()

    def unmonitor(self, device: str) -> Deferred[None]:
        """See Link."""
        return succeed(None)

    def snapshot(self, device: str) -> Deferred[DeviceSnapshot]:
        """See Link."""
        return self._refused()

    def execute(self, command: Command) -> Deferred[Any]:
        """See Link."""
        return self._refused()

    def _refused(self) -> Deferred[Any]:
        return fail(ServiceError(ErrorCode.PBX_LINK_OUT_OF_SERVICE, self.reason))
