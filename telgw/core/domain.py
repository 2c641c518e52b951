"""A switching domain: one PBX behind one link, its graph of calls, and the devices that are followed in it.

The domain keeps what a driver must not have to keep: which devices are to be monitored (and again after every link-up), the comparison of
the graph with the PBX, the deadline of every request, the epoch of every fact. In CSTA's words it is the computing function's picture of a
switching sub-domain.
Long because a link has one life: what is asked of it, what it says and what is compared with it share one state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from telgw.base.clock import Clock, Timer
from telgw.base.numbers import DeviceSet
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.deadline import Deadlines, refused
from telgw.core.line import Line, LineListener
from telgw.core.measures import Measures
from telgw.core.ports import Link, LinkState
from telgw.core.resync import Resync
from telgw.model.apply import apply, flush
from telgw.model.changes import Change
from telgw.model.commands import Command
from telgw.model.facts import DeviceSnapshot, Fact
from telgw.model.graph import Graph
from telgw.model.reconcile import reconcile, resume, suspend

#: seconds that a view waits for the second half of a consultation: events that belong together are milliseconds apart
HOLD_BACK_SECONDS = 0.5
#: seconds between an impossible event and the comparison of its device with the PBX: what follows it shall be in
SUSPECT_SECONDS = 1.0
#: seconds until a PBX that did not answer a monitor request is asked again
RETRY_MONITOR_SECONDS = 30.0


class SwitchingDomain:
    """One link and everything that is known behind it."""

    def __init__(
        self,
        name: str,
        driver: str,
        devices: DeviceSet,
        link: Link,
        clock: Clock,
        refs: Iterator[str],
        measures: Measures,
        log: Any,
        request_timeout: float = 10.0,
        resync_interval: float = 600.0,
    ) -> None:
        self.name = name
        self.driver = driver
        self.devices = devices
        self.link = link
        self.graph = Graph(refs)
        self.graph.in_service = False
        self.lines: dict[str, Line] = {}
        self.state = LinkState.IDLE
        self.reason = ""
        self.since = clock.seconds()
        self._resync_interval = resync_interval
        self._clock = clock
        self._measures = measures
        self._log = log
        self._epoch = -1
        self._seen_illegal = 0
        self._deadlines = Deadlines(clock, request_timeout, self._late)
        #: comparisons that run now
        self._resyncs: list[Resync] = []
        self._untold: list[Change] = []
        self._retry_timer: Timer | None = None
        self._flush_timer: Timer | None = None
        self._suspect_timer: Timer | None = None
        self._audit_timer: Timer | None = None

    # -- life

    def start(self) -> None:
        """Let the link connect."""
        self.link.start(self)

    def stop(self) -> Deferred[None]:
        """Disconnect; nothing of the domain is left running when the Deferred fires."""
        self._go(LinkState.DRAINING, "stopping")
        self._lose()
        return self.link.stop()

    @property
    def in_service(self) -> bool:
        """Whether the PBX can be asked now."""
        return self.state is LinkState.UP

    @property
    def request_timeout(self) -> float:
        """Seconds that the PBX may take to answer a request."""
        return self._deadlines.seconds

    @request_timeout.setter
    def request_timeout(self, seconds: float) -> None:
        self._deadlines.seconds = seconds

    def _go(self, state: LinkState, reason: str) -> None:
        if state is not self.state or reason != self.reason:
            self._log.info("link_state", state=state.value, reason=reason or None)
            self.state, self.reason, self.since = state, reason, self._clock.seconds()

    def _late(self) -> None:
        self._measures.late_answers[self.name] += 1
        self._log.warning("answer_after_deadline")

    # -- requests

    def execute(self, command: Command) -> Deferred[Any]:
        """Have the PBX do it. Fails with a ServiceError: pbxlinkOutOfService, pbxReject, pbxTimeout, or what the link says."""
        if self.state is not LinkState.UP:
            return refused(ErrorCode.PBX_LINK_OUT_OF_SERVICE, f"link {self.name} is {self.state.value}")
        return self._deadlines.watch(self._asked(self.link.execute, command), type(command).__name__)

    def _asked(self, ask: Any, argument: Any) -> Deferred[Any]:
        """A driver that raises, or does not answer as a driver must, must not take the gateway along."""
        try:
            answer: Deferred[Any] = ask(argument)
            if not isinstance(answer, Deferred):
                raise TypeError(f"{answer!r} is no Deferred")
        except Exception as error:
            self._log.exception("link_driver_failed", asked=repr(argument))
            return refused(ErrorCode.PBX_REJECT, f"driver {self.driver} failed: {error!r}")
        return answer

    # -- followed devices

    def follow(self, number: str, listener: LineListener) -> Deferred[None]:
        """Tell the listener what happens at the device from now on.

        Fires when the PBX monitors the device and its state is known; fails with a ServiceError, and then the listener is told nothing.
        """
        if self.state is not LinkState.UP:
            return refused(ErrorCode.PBX_LINK_OUT_OF_SERVICE, f"link {self.name} is {self.state.value}")
        line = self.lines.get(number)
        if line is not None and line.starting is None:
            line.listeners = (*line.listeners, listener)
            return succeed(None)
        outcome: Deferred[None] = Deferred()
        outcome.addCallback(self._followed, number, listener)
        if line is not None and line.starting is not None:
            line.starting.append(outcome)
            return outcome
        line = self.lines[number] = Line(self.graph.monitor(number))
        line.starting = [outcome]
        monitoring = self.ask_monitor(number)
        monitoring.addCallback(self._snapshot_of, number)
        monitoring.addBoth(self._started, line)
        return outcome

    def _followed(self, _: None, number: str, listener: LineListener) -> None:
        line = self.lines.get(number)
        if line is None:
            raise ServiceError(ErrorCode.PBX_LINK_OUT_OF_SERVICE, f"link {self.name} was lost")
        line.listeners = (*line.listeners, listener)

    def _snapshot_of(self, _: object, number: str) -> Deferred[None]:
        """A snapshot that the PBX does not give is no reason to refuse: events will tell."""
        asked = self.ask_snapshot(number)
        asked.addCallbacks(self._observed, self._snapshot_failed, errbackArgs=(number,))
        return asked

    def _observed(self, snapshot: DeviceSnapshot) -> None:
        changes = reconcile(self.graph, snapshot, self._clock.seconds())
        line = self.lines.get(snapshot.device)
        if changes and line is not None and line.listeners:
            self._measures.drift[self.name] += len(changes)
            self._log.info("model_corrected", device=snapshot.device, changes=len(changes))
        if self.graph.in_service:
            self._tell(changes)
            self._mind_suspects()
        else:
            self._untold += changes

    def _snapshot_failed(self, failure: Failure, number: str) -> None:
        self._log.warning("snapshot_failed", device=number, reason=failure.getErrorMessage())

    def _started(self, result: Any, line: Line) -> None:
        waiting, line.starting = line.starting or [], None
        if isinstance(result, Failure):
            self._remove(line)
        for outcome in waiting:
            outcome.callback(result)
        if not line.listeners and self.lines.get(line.device.number) is line:
            self._stop_monitor(line)

    def unfollow(self, number: str, listener: LineListener) -> None:
        """Tell the listener no more; the monitor ends with the last one."""
        line = self.lines.get(number)
        if line is None:
            return
        line.listeners = tuple(one for one in line.listeners if one is not listener)
        if not line.listeners and line.starting is None:
            self._stop_monitor(line)

    def _stop_monitor(self, line: Line) -> None:
        self._remove(line)
        if self.state in (LinkState.UP, LinkState.SYNCING):
            self.end_monitor(line.device.number)

    def end_monitor(self, number: str) -> None:
        """Have the PBX stop the monitor of a device that nobody follows."""
        stopping = self._deadlines.watch(self._asked(self.link.unmonitor, number), "unmonitor")
        stopping.addErrback(lambda failure: self._log.warning("unmonitor_failed", reason=failure.getErrorMessage()))

    def _remove(self, line: Line) -> None:
        number = line.device.number
        if self.lines.get(number) is line:
            del self.lines[number]
            self.graph.unmonitor(number)

    # -- what the link says

    def status(self, state: LinkState, epoch: int, reason: str = "") -> None:
        """See LinkSink."""
        if epoch < self._epoch or self.state is LinkState.DRAINING:
            return
        was_up = self.state in (LinkState.UP, LinkState.SYNCING)
        if state is LinkState.READY:
            if was_up:  # the driver connected again without a word in between: what was asked of the old connection is lost
                self._go(LinkState.CONNECTING, reason)
                self._lose()
            self._epoch = epoch
            self.graph.forget_dead()
            self._go(LinkState.SYNCING, reason)
            self._compare_all(list(self.lines), self._synced)
            return
        self._go(state, reason)
        if was_up:
            self._lose()

    def _lose(self) -> None:
        """Nothing can be asked and nothing is told until the link is back."""
        told = self.graph.in_service
        for resync in self._resyncs:
            resync.abandon()
        self._resyncs.clear()
        suspend(self.graph)
        self._untold.clear()
        for timer in (self._flush_timer, self._suspect_timer, self._audit_timer, self._retry_timer):
            if timer is not None and timer.active():
                timer.cancel()
        self._flush_timer = self._suspect_timer = self._audit_timer = self._retry_timer = None
        self._deadlines.fail_all(ServiceError(ErrorCode.PBX_LINK_OUT_OF_SERVICE, f"link {self.name} was lost"))
        if told:
            for line in list(self.lines.values()):
                for listener in line.listeners:
                    self._guard(listener.link_changed, False)

    def _synced(self, resync: Resync) -> None:
        """Every device has been asked for: tell who was refused, then that the link is back, then what exists."""
        self._take_outcome(resync)
        self._go(LinkState.UP, "")
        changes, self._untold = self._untold + resume(self.graph, resync.confirmed), []
        for line in list(self.lines.values()):
            for listener in line.listeners:
                self._guard(listener.link_changed, True)
        self._tell(changes)
        self._arm_audit()

    def _take_outcome(self, resync: Resync) -> None:
        """A refusal ends the following of a device; silence does not, so the PBX is asked again."""
        self._resyncs.remove(resync)
        for number, reason in resync.refusals.items():
            self._refuse(number, reason)
        if resync.unanswered:
            self._log.warning("monitors_unanswered", devices=len(resync.unanswered))
            self._retry_timer = self._clock.call_later(RETRY_MONITOR_SECONDS, self._retry, resync.unanswered)

    def _retry(self, numbers: list[str]) -> None:
        self._compare_all(numbers, self._take_outcome)

    def _refuse(self, number: str, reason: str) -> None:
        line = self.lines.get(number)
        if line is None:
            return
        self._log.warning("monitor_refused", device=number, reason=reason)
        listeners, line.listeners = line.listeners, ()
        self._remove(line)
        for listener in listeners:
            self._guard(listener.monitor_refused, reason)

    def monitor_ended(self, epoch: int, device: str, reason: str) -> None:
        """See LinkSink."""
        if epoch == self._epoch:
            self._refuse(device, reason)

    def facts(self, epoch: int, facts: Sequence[Fact]) -> None:
        """See LinkSink."""
        if epoch != self._epoch:
            self._measures.stale_facts[self.name] += len(facts)
            return
        self._measures.facts[self.name] += len(facts)
        graph = self.graph
        now = self._clock.seconds()
        for fact in facts:
            try:
                changes = apply(graph, fact, now)
            except Exception:
                # a fact that breaks the model is the model's fault, but the next fact is innocent
                self._log.exception("fact_failed", fact=repr(fact))
                continue
            if changes:
                self._tell(changes)
        if graph.held_back and self._flush_timer is None:
            self._flush_timer = self._clock.call_later(HOLD_BACK_SECONDS, self._flush)
        if graph.suspects:
            self._mind_suspects()

    def _mind_suspects(self) -> None:
        """Compare the suspected devices with the PBX, a moment later."""
        if self.graph.suspects and self._suspect_timer is None:
            self._illegal()
            self._suspect_timer = self._clock.call_later(SUSPECT_SECONDS, self._check_suspects)

    def _illegal(self) -> None:
        new, self._seen_illegal = self.graph.illegal - self._seen_illegal, self.graph.illegal
        if new:
            self._measures.illegal_facts[self.name] += new
            self._log.warning("impossible_event", devices=sorted(self.graph.suspects), count=new)

    def _flush(self) -> None:
        self._flush_timer = None
        self._tell(flush(self.graph))

    # -- comparison with the PBX

    def _check_suspects(self) -> None:
        self._suspect_timer = None
        self._illegal()
        suspects, self.graph.suspects = self.graph.suspects, set()
        for number in sorted(suspects):
            self.compare(number)

    def compare(self, number: str) -> None:
        """Compare the model of a followed device with the PBX, soon; differences are told as changes."""
        if number in self.lines and self.state is LinkState.UP:
            self._snapshot_of(None, number)

    @property
    def resync_interval(self) -> float:
        """Seconds between two comparisons of all followed devices with the PBX; 0 = never. A new value counts from now on."""
        return self._resync_interval

    @resync_interval.setter
    def resync_interval(self, seconds: float) -> None:
        if seconds != self._resync_interval:
            self._resync_interval = seconds
            self._arm_audit()

    def _arm_audit(self) -> None:
        if self._audit_timer is not None and self._audit_timer.active():
            self._audit_timer.cancel()
        self._audit_timer = None
        if self._resync_interval > 0 and self.state is LinkState.UP:
            self._audit_timer = self._clock.call_later(self._resync_interval, self._audit)

    def _audit(self) -> None:
        if not self._resyncs:  # a slow PBX is not asked for more while it still answers
            self._compare_all(list(self.lines), self._take_outcome, monitors=False)
        self._arm_audit()

    def _compare_all(self, numbers: list[str], done: Callable[[Resync], None], monitors: bool = True) -> None:
        resync = Resync(self, numbers, done, monitors)
        self._resyncs.append(resync)
        resync.run()

    def follows(self, number: str) -> bool:
        """Whether anybody still follows the device."""
        return number in self.lines

    def ask_monitor(self, number: str) -> Deferred[Any]:
        """Have the PBX monitor one device, by the deadline."""
        return self._deadlines.watch(self._asked(self.link.monitor, number), "monitor")

    def ask_snapshot(self, number: str) -> Deferred[Any]:
        """The PBX's snapshot of one device, by the deadline."""
        return self._deadlines.watch(self._asked(self.link.snapshot, number), "snapshot")

    def observed(self, snapshot: DeviceSnapshot) -> None:
        """For Resync: compare one device with its snapshot."""
        self._observed(snapshot)

    # -- telling

    def _tell(self, changes: list[Change]) -> None:
        lines = self.lines
        for change in changes:
            line = lines.get(change.device)
            if line is None:
                continue
            for listener in line.listeners:
                try:
                    listener.changed(change)
                except Exception:
                    # one listener that fails must not keep the news from the others
                    self._log.exception("listener_failed", told=repr(change))

    def _guard(self, tell: Any, what: object) -> None:
        """One listener that fails must not keep the news from the others."""
        try:
            tell(what)
        except Exception:
            self._log.exception("listener_failed", told=repr(what))
