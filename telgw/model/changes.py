"""What the model says has changed: the only thing that fronts ever hear of calls and features.

Named tuples, as the views are: several are made for every event of a PBX.
"""

from __future__ import annotations

from typing import NamedTuple

from telgw.model.callview import CallView
from telgw.model.facts import Fact
from telgw.model.states import ForwardType


class CallChanged(NamedTuple):
    """A call element of `device` is now as `view` says. `fact` is what brought it about; None: a comparison with the PBX did."""

    device: str
    view: CallView
    fact: Fact | None

    @property
    def over(self) -> bool:
        """Whether the call element exists no more."""
        prim, sec = self.view.prim, self.view.sec
        return prim.ended_at is not None and (sec is None or sec.ended_at is not None)


class ForwardChanged(NamedTuple):
    """A forwarding was set (`on`) or taken back; `number` is where calls go, or went."""

    device: str
    type: ForwardType
    on: bool
    number: str


class DoNotDisturbChanged(NamedTuple):
    """The device refuses calls (`on`), or takes them again."""

    device: str
    on: bool


class MessageWaitingChanged(NamedTuple):
    """The message lamp of the device."""

    device: str
    on: bool


Change = CallChanged | ForwardChanged | DoNotDisturbChanged | MessageWaitingChanged
