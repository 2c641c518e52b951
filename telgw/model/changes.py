"""What the model says has changed: the only thing that fronts ever hear of calls and features."""

from __future__ import annotations

from dataclasses import dataclass

from telgw.model.facts import Fact
from telgw.model.states import ForwardType
from telgw.model.views import CallView


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A call element of `device` is now as `view` says. `fact` is what brought it about; None: a comparison with the PBX did."""

    device: str
    view: CallView
    fact: Fact | None

    @property
    def over(self) -> bool:
        """Whether the call element exists no more."""
        return (
            not self.view.permitted
            and self.view.prim.ended_at is not None
            and (self.view.sec is None or self.view.sec.ended_at is not None)
        )


@dataclass(frozen=True, slots=True)
class ForwardChanged:
    """A forwarding was set (`on`) or taken back; `number` is where calls go, or went."""

    device: str
    type: ForwardType
    on: bool
    number: str


@dataclass(frozen=True, slots=True)
class DoNotDisturbChanged:
    """The device refuses calls (`on`), or takes them again."""

    device: str
    on: bool


@dataclass(frozen=True, slots=True)
class MessageWaitingChanged:
    """The message lamp of the device."""

    device: str
    on: bool


Change = CallChanged | ForwardChanged | DoNotDisturbChanged | MessageWaitingChanged
