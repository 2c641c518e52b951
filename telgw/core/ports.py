"""The ports of the house: what a PBX link must offer, and what it may call.

A link never sees a session, a client protocol or the model. It says what happens (`LinkSink`), and does what it is told (`Link`).
Monitors are the gateway's intentions: the core keeps them and asks for them again after every link-up, so a driver keeps no list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from telgw.base.clock import Clock
from telgw.base.numbers import DeviceSet
from telgw.model.commands import Command
from telgw.model.facts import DeviceSnapshot, Fact


class LinkState(Enum):
    """Where a link is in its life. `SYNCING` and `UP` are the core's words, all others the driver's (`READY`: the PBX answers)."""

    IDLE = "idle"
    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    READY = "ready"
    SYNCING = "syncing"
    UP = "up"
    WAITING = "waiting"
    REFUSED = "refused"
    DRAINING = "draining"


class LinkSink(Protocol):
    """What a link tells the core. Every call carries the epoch: a number that the driver raises with each new connection to the PBX;
    what comes late from an older epoch is dropped."""

    def status(self, state: LinkState, epoch: int, reason: str = "") -> None:
        """The link's life moved on. READY makes the core set its monitors, take snapshots and then declare the link up."""

    def facts(self, epoch: int, facts: Sequence[Fact]) -> None:
        """Things happened, in this order."""

    def monitor_ended(self, epoch: int, device: str, reason: str) -> None:
        """The PBX itself stopped the monitor of `device`."""


class Link(Protocol):
    """A PBX link. Methods are called from the reactor's thread and return at once.

    Deferreds fire exactly once, with the outcome or with a failure wrapping telgw.base.outcome.ServiceError. The core puts a deadline on
    each of them, so a driver need not; what fires after the deadline is dropped.
    """

    def start(self, sink: LinkSink) -> None:
        """Begin to connect, and keep trying until `stop`."""

    def stop(self) -> Deferred[None]:
        """Disconnect; fires when nothing of the link is left running."""

    def devices_changed(self, devices: DeviceSet) -> None:
        """The administrator gave the link other devices than those of its context."""

    def monitor(self, device: str) -> Deferred[None]:
        """Have the PBX report the events of `device`. Monitoring twice is monitoring once."""

    def unmonitor(self, device: str) -> Deferred[None]:
        """Have it stop. Fires without error also when there was no monitor."""

    def snapshot(self, device: str) -> Deferred[DeviceSnapshot]:
        """What the PBX knows of `device` now: its calls and features."""

    def execute(self, command: Command) -> Deferred[Any]:
        """Do it; the result is the one that the command's docstring names."""


@dataclass(frozen=True)
class LinkContext:
    """What a driver is given when it is built."""

    name: str
    devices: DeviceSet
    clock: Clock
    #: bound to the link's name
    log: Any


@dataclass(frozen=True)
class LinkPlugin:
    """What a `telgw.links` entry point names.

    `options` is a frozen dataclass: the driver's own keys of `links.<name>` in the configuration, typed, with defaults, each field with
    `metadata={"doc": ...}` (see telgw.app.options). `build(context, options)` makes the link; it must not touch the network yet.
    """

    name: str
    options: type[Any]
    build: Callable[[LinkContext, Any], Link]
