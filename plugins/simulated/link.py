"""The CTI link of the simulated PBX: a port that the gateway connects to, and that can be disturbed.

The PBX lives on whether the link is up or not; only monitors die with the link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from telgw_plugins.simulated.options import SimulatedOptions
from telgw_plugins.simulated.outlet import Outlet
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.services import execute
from telgw_plugins.simulated.snapshot import snapshot
from twisted.internet.defer import Deferred, fail, succeed

from telgw.base.clock import Timer
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.ports import LinkContext, LinkSink, LinkState
from telgw.model.commands import Command
from telgw.model.facts import DeviceSnapshot, Fact


class SimulatedLink:
    """A link (telgw.core.ports.Link) to a PBX of its own."""

    def __init__(self, context: LinkContext, options: SimulatedOptions) -> None:
        self.options = options
        self._context = context
        self._clock = context.clock
        self._ids: Iterator[str] = map("c{}".format, count(1))
        self._epoch = 0
        self._ready = False
        self._sink: LinkSink | None = None
        self._coming_up: Timer | None = None
        self._outlet = Outlet(context.clock)
        self.pbx = self._new_pbx()

    def _new_pbx(self) -> Pbx:
        return Pbx(self._context.devices, self.options, self._clock, self._ids, self._on_facts)

    # --- life

    def start(self, sink: LinkSink) -> None:
        """Connect. It is ready in a later turn of the reactor, as with any other PBX."""
        self._sink = sink
        self._connect()

    def stop(self) -> Deferred[None]:
        """Switch link and PBX off."""
        self._disconnect()
        self.pbx.stop()
        self._sink = None
        return succeed(None)

    def _connect(self) -> None:
        self._epoch += 1
        self._status(LinkState.CONNECTING)
        self._coming_up = self._clock.call_later(0, self._connected)

    def _connected(self) -> None:
        self._coming_up = None
        self._ready = True
        self._status(LinkState.READY)

    def _disconnect(self) -> None:
        if self._coming_up is not None:
            self._coming_up.cancel()
            self._coming_up = None
        self._ready = False
        self._outlet.clear()
        self.pbx.unmonitor_all()

    def _status(self, state: LinkState, reason: str = "") -> None:
        if self._sink is not None:
            self._sink.status(state, self._epoch, reason)

    # --- what the PBX says

    def _on_facts(self, facts: list[Fact]) -> None:
        if self._ready and self._sink is not None:
            self._outlet.put(self._sink.facts, self._epoch, facts)

    # --- what the PBX is asked

    def monitor(self, device: str) -> Deferred[None]:
        """Report the device from now on."""
        return self._ask(Pbx.monitor, device)

    def unmonitor(self, device: str) -> Deferred[None]:
        """Report it no more."""
        return self._ask(Pbx.unmonitor, device)

    def snapshot(self, device: str) -> Deferred[DeviceSnapshot]:
        """What is, now."""
        return self._ask(snapshot, device)

    def execute(self, command: Command) -> Deferred[Any]:
        """Do it."""
        return self._ask(execute, command)

    def _ask(self, do: Callable[[Pbx, Any], Any], subject: Any) -> Deferred[Any]:
        if not self._ready:
            return fail(ServiceError(ErrorCode.PBX_LINK_OUT_OF_SERVICE, "the link is down"))
        try:
            result = self.pbx.turn(do, subject)
        except ServiceError as error:
            return fail(error)
        return succeed(result)
