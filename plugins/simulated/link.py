"""The CTI link of the simulated PBX: a port that the gateway connects to, and that can be disturbed.

The PBX lives on whether the link is up or not; only monitors die with the link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from telgw_plugins.simulated.control import Control
from telgw_plugins.simulated.faults import MONITOR, NO_FAULTS, SNAPSHOT, UNMONITOR, Faults, Operation
from telgw_plugins.simulated.options import SimulatedOptions
from telgw_plugins.simulated.outlet import Outlet
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.plan import change_plan
from telgw_plugins.simulated.services import execute
from telgw_plugins.simulated.snapshot import snapshot
from twisted.internet.defer import Deferred, fail, succeed

from telgw.base.clock import Timer
from telgw.base.numbers import DeviceSet
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.ports import LinkContext, LinkSink, LinkState
from telgw.model.commands import Command
from telgw.model.facts import DeviceSnapshot, Fact

#: Seconds that the PBX needs to restart.
RESTART_SECONDS = 0.5


class SimulatedLink:
    """A link (telgw.core.ports.Link) to a PBX of its own."""

    def __init__(self, context: LinkContext, options: SimulatedOptions) -> None:
        self.options = options
        self._devices = context.devices
        self._clock = context.clock
        #: names of calls: not used again when the PBX restarts
        self._ids: Iterator[str] = map("c{}".format, count(1))
        self._epoch = 0
        self._ready = False
        self._sink: LinkSink | None = None
        self._coming_up: Timer | None = None
        self._outlet = Outlet(context.clock)
        self._unanswered: dict[Deferred[Any], None] = {}
        self.faults = NO_FAULTS
        self._rejected: frozenset[Operation] = frozenset()
        self._silenced: frozenset[Operation] = frozenset()
        self.pbx = self._new_pbx()
        self.control = Control(self) if options.control else None

    def _new_pbx(self) -> Pbx:
        return Pbx(self._devices, self.options, self._clock, self._ids, self._on_facts)

    # --- life

    def start(self, sink: LinkSink) -> None:
        """Connect. It is ready in a later turn of the reactor, as with any other PBX."""
        self._sink = sink
        if self.faults.link_down:
            self._status(LinkState.WAITING, _DOWN)
        else:
            self._connect()

    def stop(self) -> Deferred[None]:
        """Switch link and PBX off."""
        self._disconnect()
        self.pbx.stop()
        self._sink = None
        return succeed(None)

    def devices_changed(self, devices: DeviceSet) -> None:
        """Another plan; calls of the devices that stay go on."""
        self._devices = devices
        self.pbx.turn(change_plan, devices)

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
        unanswered, self._unanswered = self._unanswered, {}
        for answer in unanswered:
            answer.errback(ServiceError(ErrorCode.PBX_LINK_OUT_OF_SERVICE, "the link went down"))

    def _status(self, state: LinkState, reason: str = "") -> None:
        if self._sink is not None:
            self._sink.status(state, self._epoch, reason)

    # --- faults

    def disturb(self, faults: Faults) -> None:
        """Apply this set of faults instead of the present one."""
        before, self.faults = self.faults, faults
        self._rejected = faults.rejected()
        self._silenced = faults.silenced()
        self._outlet.delay = faults.delay
        for number in faults.refuse_monitor:
            self._end_monitor(number)
        if faults.restart:
            self.pbx.stop()
            self._disconnect()
            self.pbx = self._new_pbx()
        if self._sink is None:
            return
        if faults.link_down:
            if faults.restart or not before.link_down:
                self._disconnect()
                self._status(LinkState.WAITING, _DOWN)
        elif faults.restart:
            self._status(LinkState.WAITING, "the PBX restarts")
            self._coming_up = self._clock.call_later(RESTART_SECONDS, self._connect)
        elif before.link_down:
            self._connect()

    def _end_monitor(self, number: str) -> None:
        if number in self.pbx.monitored():
            self.pbx.unmonitor(number)
            if self._sink is not None:
                self._outlet.put(self._sink.monitor_ended, self._epoch, number, _REFUSED)

    # --- what the PBX says

    def _on_facts(self, facts: list[Fact]) -> None:
        if not self._ready or self._sink is None:
            return
        if self.faults.reorder_events:
            swapped = facts[:]
            swapped[0 : len(facts) - 1 : 2], swapped[1::2] = facts[1::2], facts[0 : len(facts) - 1 : 2]
            facts = swapped
        if self.faults.duplicate_events:
            facts = [fact for fact in facts for _ in range(2)]
        self._outlet.put(self._sink.facts, self._epoch, facts)

    # --- what the PBX is asked

    def monitor(self, device: str) -> Deferred[None]:
        """Report the device from now on."""
        if self._ready and device in self.faults.refuse_monitor and MONITOR not in self._silenced:
            return self._answer(ServiceError(ErrorCode.PBX_REJECT, _REFUSED))
        return self._ask(MONITOR, Pbx.monitor, device)

    def unmonitor(self, device: str) -> Deferred[None]:
        """Report it no more."""
        return self._ask(UNMONITOR, Pbx.unmonitor, device)

    def snapshot(self, device: str) -> Deferred[DeviceSnapshot]:
        """What is, now."""
        return self._ask(SNAPSHOT, snapshot, device)

    def execute(self, command: Command) -> Deferred[Any]:
        """Do it."""
        return self._ask(type(command), execute, command)

    def _ask(self, operation: Operation, do: Callable[[Pbx, Any], Any], subject: Any) -> Deferred[Any]:
        if not self._ready:
            return fail(ServiceError(ErrorCode.PBX_LINK_OUT_OF_SERVICE, "the link is down"))
        if operation in self._silenced:
            return Deferred()
        result: Any
        if operation in self._rejected:
            result = ServiceError(ErrorCode.PBX_REJECT, "this PBX refuses the service")
        else:
            try:
                result = self.pbx.turn(do, subject)
            except ServiceError as error:
                result = error
        return self._answer(result)

    def _answer(self, result: Any) -> Deferred[Any]:
        if self._outlet.late:
            answer: Deferred[Any] = Deferred()
            self._unanswered[answer] = None
            self._outlet.put(self._tell_answer, answer, result)
            return answer
        return fail(result) if isinstance(result, ServiceError) else succeed(result)

    def _tell_answer(self, answer: Deferred[Any], result: Any) -> None:
        del self._unanswered[answer]
        if isinstance(result, ServiceError):
            answer.errback(result)
        else:
            answer.callback(result)


_DOWN = "the link is down"
_REFUSED = "the PBX refuses to monitor this device"
