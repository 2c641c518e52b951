"""A link that does what a test tells it: it says the facts that it is given, and answers when the test lets it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed

from telgw.base.numbers import DeviceSet
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.ports import LinkContext, LinkSink, LinkState
from telgw.model import commands, facts
from telgw.model.facts import DeviceSnapshot, Fact
from telgw.model.states import EventCause, ForwardType


class ScriptedLink:
    """A link (telgw.core.ports.Link) without a PBX.

    What it is asked is noted in `asked` as (name, argument). It answers at once; while `patient` is set its answers wait in `open` for
    `answer` or `fail`.
    """

    def __init__(self, context: LinkContext | None = None) -> None:
        self.sink: LinkSink | None = None
        self.epoch = 0
        self.asked: list[tuple[str, Any]] = []
        self.patient = False
        self.open: list[tuple[str, Any, Deferred[Any]]] = []
        self.snapshots: dict[str, DeviceSnapshot] = {}
        self.refusing: set[str] = set()
        self.devices: DeviceSet | None = None

    # -- telgw.core.ports.Link

    def start(self, sink: LinkSink) -> None:
        self.sink = sink
        self.come_up()

    def stop(self) -> Deferred[None]:
        self.sink = None
        return succeed(None)

    def devices_changed(self, devices: DeviceSet) -> None:
        self.devices = devices

    def monitor(self, device: str) -> Deferred[None]:
        return self._ask("monitor", device)

    def unmonitor(self, device: str) -> Deferred[None]:
        return self._ask("unmonitor", device)

    def snapshot(self, device: str) -> Deferred[DeviceSnapshot]:
        return self._ask("snapshot", device)

    def execute(self, command: commands.Command) -> Deferred[Any]:
        return self._ask("execute", command)

    # -- what a test does

    def _ask(self, what: str, argument: Any) -> Deferred[Any]:
        self.asked.append((what, argument))
        answer: Deferred[Any] = Deferred()
        if self.patient:
            self.open.append((what, argument, answer))
        else:
            self._settle(what, argument, answer)
        return answer

    def _settle(self, what: str, argument: Any, answer: Deferred[Any]) -> None:
        if argument in self.refusing and what == "monitor":
            answer.errback(ServiceError(ErrorCode.PBX_REJECT, "this device is not to be monitored"))
        elif what == "snapshot":
            answer.callback(self.snapshots.get(argument, DeviceSnapshot(argument)))
        else:
            answer.callback(None)

    def answer(self) -> None:
        """Answer everything that waits, and what that makes the gateway ask."""
        while self.open:
            self._settle(*self.open.pop(0))

    def fail(self, code: ErrorCode = ErrorCode.PBX_REJECT) -> None:
        """Refuse everything that waits."""
        waiting, self.open = self.open, []
        for _, _, answer in waiting:
            answer.errback(ServiceError(code, "refused by the test"))

    def come_up(self) -> None:
        """A new connection to the PBX."""
        self.epoch += 1
        assert self.sink is not None
        self.sink.status(LinkState.CONNECTING, self.epoch)
        self.sink.status(LinkState.READY, self.epoch)

    def go_down(self) -> None:
        """The connection is lost."""
        assert self.sink is not None
        self.sink.status(LinkState.WAITING, self.epoch, "lost")

    def say(self, *said: Fact, epoch: int | None = None) -> None:
        """Things happened."""
        assert self.sink is not None
        self.sink.facts(self.epoch if epoch is None else epoch, said)


class ScriptedSwitch:
    """Nobody sits at phones that do not exist: everything is said by `fact`."""

    def __init__(self, context: LinkContext, options: dict[str, Any]) -> None:
        self.link: Any = ScriptedLink(context)

    def fact(self, name: str, fields: dict[str, str]) -> None:
        """Say one fact, its fields as text (see `read_fact`)."""
        self.link.say(read_fact(name, fields))


def read_fact(name: str, fields: dict[str, str]) -> Fact:
    """`Delivered call=c1 device=1102 calling=1101 called=1102`: causes by their CSTA names, `-` not told, parties `1102/c1,1103/c2`."""
    kind: Any = getattr(facts, name)
    values: dict[str, Any] = {
        field.name: None
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and "None" in str(field.type)
    }
    for key, text in fields.items():
        values[key] = _read(key, text)
    fact: Fact = kind(**values)
    return fact


def _read(key: str, text: str) -> Any:
    if key == "cause":
        return EventCause(text)
    if key == "type":
        return ForwardType(text)
    if key == "on":
        return text == "true"
    if key == "parties":
        return tuple(_party(party) for party in text.split(","))
    return None if text == "-" else text


def _party(text: str) -> tuple[str, str]:
    device, _, call = text.partition("/")
    return device, call


def commands_of(link: ScriptedLink) -> Sequence[Any]:
    """The commands that were executed, in order."""
    return [argument for what, argument in link.asked if what == "execute"]
