"""The numbering plan, when it changes while the PBX runs."""

from __future__ import annotations

from telgw_plugins.simulated.conversation import clear
from telgw_plugins.simulated.pbx import Pbx

from telgw.base.numbers import DeviceSet


def change_plan(pbx: Pbx, plan: DeviceSet) -> None:
    """Phones that are no longer in the plan leave their calls and are gone; all others are not touched."""
    pbx.plan = plan
    for number, phone in list(pbx.phones.items()):
        if number not in plan:
            for leg in tuple(phone.legs):
                clear(pbx, leg)
            del pbx.phones[number]
