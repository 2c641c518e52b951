"""Which state of a call may follow which, as a client sees them: the table, and a follower of event streams that checks it.

The table is data: docs/scenarios.md shows it. A *part* is a primCall or secCall. When a part clears while the other part of its element
lives, the next event shows the other part alone, as primCall; a conference makes one part out of two.
"""

from __future__ import annotations

from telgw.model.states import LineState as S
from telgw.wire.telservices.records import Call, CallPart
from telgw.wire.telservices.vocabulary import SessionEvent
from tests.world import Told

#: what a part may be when it is told for the first time (while its device is followed from before its beginning)
FIRST = frozenset({S.INITIATED, S.ORIGINATED, S.QUEUED, S.ALERTING, S.CONNECTED, S.FAILED})

#: what may come next; a state may follow itself when its parties, cause, permitted services or data change
NEXT = {
    S.INITIATED: {S.ORIGINATED, S.FAILED, S.CLEARED},
    S.ORIGINATED: {S.DELIVERED, S.QUEUED, S.CONNECTED, S.FAILED, S.CLEARED},
    S.DELIVERED: {S.QUEUED, S.CONNECTED, S.FAILED, S.CLEARED},
    S.QUEUED: {S.DELIVERED, S.CONNECTED, S.FAILED, S.CLEARED},
    S.ALERTING: {S.CONNECTED, S.FAILED, S.CLEARED},
    S.CONNECTED: {S.HOLD, S.CLEARED},
    S.HOLD: {S.CONNECTED, S.CLEARED},
    S.FAILED: {S.CLEARED},
    S.CLEARED: set[S](),
}

Parts = tuple[CallPart, ...]


def table() -> str:
    """The relation as docs/scenarios.md prints it."""
    lines = ["| a call that is | may become |", "| --- | --- |", f"| (new) | {_names(FIRST)} |"]
    lines += [f"| {state.value} | {_names(NEXT[state]) or '(over)'} |" for state in S]
    return "\n".join(lines)


def _names(states: set[S] | frozenset[S]) -> str:
    return ", ".join(state.value for state in S if state in states)


class IllegalPathError(AssertionError):
    """An event cannot come after what was told before."""


class Follower:
    """Follows the events of all devices; `told` raises when one of them is no legal successor of what came before."""

    def __init__(self) -> None:
        #: (device, call id) -> the parts that live
        self.parts: dict[tuple[str, int], Parts] = {}

    def begin(self, device: str, calls: tuple[Call, ...]) -> None:
        """The device is followed from now on; these calls exist already."""
        self.end(device)
        for call in calls:
            self.parts[device, call.id] = _living(call)

    def end(self, device: str) -> None:
        """The device is followed no more, or all is unknown."""
        for key in [key for key in self.parts if key[0] == device]:
            del self.parts[key]

    def told(self, told: Told, *, fresh: bool = False) -> None:
        """One more event. `fresh`: calls may have begun unseen (the link was lost)."""
        event = told.event
        device, content = event.device_number, event.content
        assert device is not None
        if isinstance(content, SessionEvent):
            if content is SessionEvent.LINK_OUT_OF_SERVICE:
                self.end(device)
            return
        if not isinstance(content, Call):
            return
        key = device, content.id
        before = self.parts.pop(key, ())
        self._check(before, content, fresh)
        if living := _living(content):
            self.parts[key] = living

    def _check(self, before: Parts, call: Call, fresh: bool) -> None:
        now = _parts(call)
        if not before:
            if not fresh and now[0].state not in FIRST:
                raise IllegalPathError(f"a call element begins as {call}")
            if not fresh and len(now) > 1 and now[1].state not in FIRST:
                raise IllegalPathError(f"a call element begins as {call}")
            return
        if len(now) < len(before):
            if now[0].cause is None or now[0].cause.label != "conference":
                raise IllegalPathError(f"a part of {before} was never cleared: {call}")
            return  # two parts have become one
        for one, other in zip(before, now, strict=False):
            if other.state is not one.state and other.state not in NEXT[one.state]:
                raise IllegalPathError(f"{one.state.value} cannot become {other.state.value}: {before} then {call}")
        if len(now) > len(before) and (before[0].state not in (S.HOLD, S.CONNECTED) or now[1].state not in FIRST):
            raise IllegalPathError(f"no consultation can begin so: {before} then {call}")
        if not _living(call) and call.permitted_services:
            raise IllegalPathError(f"something is permitted in a call that is over: {call}")


def _parts(call: Call) -> Parts:
    assert call.prim_call is not None
    return (call.prim_call,) if call.sec_call is None else (call.prim_call, call.sec_call)


def _living(call: Call) -> Parts:
    return tuple(part for part in _parts(call) if part.state is not S.CLEARED)
