"""The public network: calls that come in, and what the people out there do."""

from __future__ import annotations

from telgw_plugins.simulated.calls import CONNECTED, Leg, refusal
from telgw_plugins.simulated.conversation import clear
from telgw_plugins.simulated.delivery import answer, place
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.trunk import Line


def call_in(pbx: Pbx, number: str | None, to: str) -> Leg:
    """Somebody outside calls `to`; `number` None is withheld. The leg is the outside's; the call is over already if it failed."""
    if not pbx.trunks.free:
        raise refusal("every trunk line is taken")
    pbx.check_room()
    call = pbx.new_call()
    call.from_outside = True
    leg = pbx.add(call, pbx.trunks.take(number), CONNECTED, number)
    leg.outgoing = True
    place(pbx, leg, to)
    return leg


def _leg(line: Line) -> Leg:
    return line.legs[0]  # a line has exactly one: it is given back with it


def hang_up(pbx: Pbx, line: Line) -> None:
    """The outside party hangs up."""
    clear(pbx, _leg(line))


def answer_outside(pbx: Pbx, line: Line) -> None:
    """The outside party answers."""
    answer(pbx, _leg(line))
