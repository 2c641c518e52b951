"""A gateway in memory over a link that does what the test tells it: what is asked of it may wait for its answer."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from telgw.base.outcome import ErrorCode, ServiceError
from tests.scripted import ScriptedLink, ScriptedSwitch
from tests.world import World

NOTHING = object()


class Rig:
    """The world, its scripted link, and shortcuts."""

    def __init__(self, **settings: Any) -> None:
        self.world = World(build=ScriptedSwitch, **settings)
        self.link: ScriptedLink = self.world.switch.link
        self.domain = self.world.domain

    def result(self, answer: Deferred[Any]) -> Any:
        """What came of it: a value, the code of a ServiceError, or NOTHING yet."""
        got: list[Any] = [NOTHING]

        def failed(failure: Any) -> None:
            assert isinstance(failure.value, ServiceError), failure
            got[0] = failure.value.code

        answer.addCallbacks(lambda value: got.__setitem__(0, value), failed)
        return got[0]

    def open(self, device: str, **more: str) -> Any:
        """openSession: its answer, NOTHING while there is none."""
        return self.ask(device, "openSession", eventUDPPort="20001", **more)

    def ask(self, device: str, service: str, **parameters: str) -> Any:
        answer = self.world.request(device, service, **parameters)
        return NOTHING if answer.value is None else answer.value

    def asked(self) -> list[str]:
        """What the link was asked since the last look, in short."""
        asked = [what if what == "execute" else f"{what} {argument}" for what, argument in self.link.asked]
        self.link.asked.clear()
        return asked

    def told(self) -> list[Any]:
        """What clients were told since the last look."""
        told = [entry.event.content for entry in self.world.told]
        self.world.told.clear()
        return told

    def at_rest(self) -> bool:
        """Nothing is left to happen, and nothing went wrong."""
        assert self.world.log.failures == []
        return self.world.clock.pending() == []


class Listener:
    """Follows a device and notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def changed(self, change: Any) -> None:
        self.heard.append(change)

    def link_changed(self, in_service: bool) -> None:
        self.heard.append(in_service)

    def monitor_refused(self, reason: str) -> None:
        self.heard.append(reason)


__all__ = ["NOTHING", "ErrorCode", "Listener", "Rig"]
