"""A line: a device that somebody follows, and those who follow it."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred

from telgw.model.changes import Change
from telgw.model.graph import Device


class LineListener(Protocol):
    """Whoever follows a device."""

    def changed(self, change: Change) -> None:
        """A call or a feature of the device changed."""

    def link_changed(self, in_service: bool) -> None:
        """The link of the device was lost, or is back (its calls follow as changes)."""

    def monitor_refused(self, reason: str) -> None:
        """The PBX no longer lets the device be followed; the listener has been removed."""


class Line:
    """A device that somebody follows: one monitor at the PBX, shared by all listeners."""

    __slots__ = ("device", "listeners", "starting")

    def __init__(self, device: Device) -> None:
        self.device = device
        self.listeners: tuple[LineListener, ...] = ()
        self.starting: list[Deferred[None]] | None = None
