"""Phones with the people who sit at them, and queues."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from telgw_plugins.simulated.calls import ACTIVE, ALERTING, HELD, End, Leg

from telgw.model.states import ForwardType


class Answer(Enum):
    """What the person does when the phone rings."""

    MANUAL = "manual"
    AUTO = "auto"
    NEVER = "never"
    BUSY = "busy"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the person answers: `after` counts for AUTO only. BUSY: every call finds the phone busy."""

    answer: Answer = Answer.MANUAL
    after: float = 1.0


MANUAL = Behaviour()


class Phone(End):
    """A device of the plan. Its legs are its call appearances, oldest first."""

    __slots__ = ("behaviour", "do_not_disturb", "forwards", "message_waiting")

    def __init__(self, number: str) -> None:
        super().__init__(number, number)
        self.behaviour = MANUAL
        self.forwards: dict[ForwardType, str] = {}
        self.do_not_disturb = False
        self.message_waiting = False

    def active(self) -> Leg | None:
        """What the handset is busy with: a conversation, a call being made, a tone."""
        for leg in self.legs:
            if leg.state in ACTIVE:
                return leg
        return None

    def held(self) -> Leg | None:
        """The call put aside last."""
        for leg in reversed(self.legs):
            if leg.state is HELD:
                return leg
        return None

    def ringing(self) -> Leg | None:
        """The call that has been ringing longest."""
        for leg in self.legs:
            if leg.state is ALERTING:
                return leg
        return None

    def used(self) -> bool:
        """Whether it looks in any way different from a phone that nobody has touched."""
        return bool(self.legs or self.forwards or self.do_not_disturb or self.message_waiting or self.behaviour.answer is not Answer.MANUAL)


class Queue(End):
    """A routing device: its calls wait until somebody sends them on."""

    __slots__ = ()

    def __init__(self, number: str) -> None:
        super().__init__(number, number)
