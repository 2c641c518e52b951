"""A simulated PBX on a clock that is moved by hand, with a sink that notes everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telgw_plugins.simulated.link import SimulatedLink
from telgw_plugins.simulated.plugin import SIMULATED
from twisted.internet import task

from telgw.base.clock import Clock
from telgw.base.numbers import DeviceSet
from telgw.base.outcome import ServiceError
from telgw.core.ports import LinkContext, LinkState
from telgw.model.commands import AnswerCall, Command, ConnectionID, MakeCall
from telgw.model.facts import DeviceSnapshot, Fact

#: what a request came to while nobody has answered it
NOTHING = object()


class Rig:
    """The link, started and ready. `devices` are the plan; `monitored` have their monitors already."""

    def __init__(self, *monitored: str, devices: Sequence[str] = ("1101-1130",), start: bool = True, **options: Any) -> None:
        self.time = task.Clock()
        self.clock = Clock(self.time)
        context = LinkContext("pbx", DeviceSet(devices), self.clock, None)
        self.link: SimulatedLink = SIMULATED.build(context, SIMULATED.options(**options))  # type: ignore[assignment]
        #: everything the sink was told, in order
        self.told: list[tuple[str, Any]] = []
        self.statuses: list[tuple[LinkState, int, str]] = []
        if start:
            self.link.start(self)
            self.pass_time(0)
        for device in monitored:
            assert self.answer(self.link.monitor(device)) is None

    # --- the sink

    def status(self, state: LinkState, epoch: int, reason: str = "") -> None:
        self.statuses.append((state, epoch, reason))
        self.told.append(("status", (state, epoch, reason)))

    def facts(self, epoch: int, facts: Sequence[Fact]) -> None:
        self.told.append(("facts", list(facts)))

    def monitor_ended(self, epoch: int, device: str, reason: str) -> None:
        self.told.append(("monitor_ended", device))

    # --- what a test does

    def batches(self) -> list[list[Fact]]:
        """The facts told since the last look, as they came together."""
        batches = [what for kind, what in self.told if kind == "facts"]
        self.told = [entry for entry in self.told if entry[0] != "facts"]
        return batches

    def said(self) -> list[Fact]:
        """The facts told since the last look, which came in one piece."""
        batches = self.batches()
        assert len(batches) < 2, batches
        return batches[0] if batches else []

    def answer(self, deferred: Any) -> Any:
        """What the request came to: a result, a ServiceError, or NOTHING yet."""
        results: list[Any] = []
        deferred.addCallbacks(results.append, lambda failure: results.append(failure.value))
        return results[0] if results else NOTHING

    def do(self, command: Command) -> Any:
        """The result of the command, which is accepted at once."""
        result = self.answer(self.link.execute(command))
        assert not isinstance(result, ServiceError), result
        assert result is not NOTHING
        return result

    def refused(self, command: Command) -> str:
        """Why the command is refused; nothing has happened."""
        before = self.state()
        result = self.answer(self.link.execute(command))
        assert isinstance(result, ServiceError), result
        assert result.code.value == "pbxReject"
        assert self.state() == before
        assert self.batches() == []
        return result.reason

    def state(self) -> object:
        """All there is to know about the PBX."""
        return self.control("GET", "devices")

    def snapshot(self, device: str) -> DeviceSnapshot:
        result = self.answer(self.link.snapshot(device))
        assert isinstance(result, DeviceSnapshot), result
        return result

    def control(self, method: str, path: str, body: bytes = b"", **query: str) -> Any:
        """The answer to a control request that succeeds. `from_` is `from`."""
        status, answer = self.request(method, path, body, **query)
        assert status == 200, answer
        return answer

    def request(self, method: str, path: str, body: bytes = b"", **query: str) -> tuple[int, Any]:
        assert self.link.control is not None
        named = {name.rstrip("_"): value for name, value in query.items()}
        return self.link.control.request(method, tuple(path.split("/")), named, body)

    def act(self, device: str, action: str, **query: str) -> Any:
        """Somebody acts at the phone."""
        return self.control("POST", f"devices/{device}/{action}", **query)

    def pass_time(self, seconds: float) -> None:
        self.time.advance(seconds)

    def pending(self) -> list[str]:
        return self.clock.pending()

    # --- calls that tests begin with; nobody looks at their facts

    def ringing(self, caller: str, called: str, **more: Any) -> tuple[ConnectionID, ConnectionID]:
        """`caller` calls, `called` rings: both connections."""
        connection = self.do(MakeCall(caller, called, **more))
        self.batches()
        return connection, ConnectionID(connection.call, called)

    def talking(self, caller: str, called: str, **more: Any) -> tuple[ConnectionID, ConnectionID]:
        """`caller` called, `called` has answered."""
        one, other = self.ringing(caller, called, **more)
        self.do(AnswerCall(other))
        self.batches()
        return one, other
