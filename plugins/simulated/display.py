"""Phones, queues and lines as JSON: what a look at them would tell."""

from __future__ import annotations

from telgw_plugins.simulated.calls import End, Leg
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.phone import Answer, Behaviour, Phone
from telgw_plugins.simulated.snapshot import others_of

from telgw.base.period import print_period

Json = dict[str, object]


def show_end(end: End) -> Json:
    """A phone, or a queue."""
    shown: Json = {"number": end.number, "kind": "phone" if isinstance(end, Phone) else "queue"}
    if isinstance(end, Phone):
        shown |= {
            "hook": "on" if end.active() is None else "off",
            "lamp": end.message_waiting,
            "do_not_disturb": end.do_not_disturb,
            "forwards": [{"type": type.value, "number": number} for type, number in end.forwards.items()],
            "behaviour": show_behaviour(end.behaviour),
        }
    return shown | {"monitored": end.watched, "calls": [show_leg(leg) for leg in end.legs]}


def show_behaviour(behaviour: Behaviour) -> Json:
    """How the person answers."""
    shown: Json = {"answer": behaviour.answer.value}
    if behaviour.answer is Answer.AUTO:
        shown["after"] = print_period(behaviour.after)
    return shown


def show_leg(leg: Leg) -> Json:
    """A call as its end sees it. `other` is the number of the other party: "" for nobody yet, null when it is withheld."""
    call = leg.call
    others = leg.others()
    other: str | None = others[0].end.number if others else leg.called or ""
    shown: Json = {
        "call": call.id,
        "state": leg.state.value,
        "other": other,
        "outgoing": leg.outgoing,
        "conference": call.conference,
        "parties": [{"device": label, "state": state.value} for label, state in others_of(leg)],
    }
    if call.failed is not None:
        shown["failed"] = call.failed[1].value
    for key, value in (("redirecting", leg.redirecting), ("extra_data", call.extra_data)):
        if value is not None:
            shown[key] = value
    return shown


def show_pbx(pbx: Pbx, count: int) -> Json:
    """The whole PBX. Phones are listed only while they differ from one that nobody has touched; of monitors, only the number is."""
    ends = (*pbx.phones.values(), *pbx.queues.values())
    return {
        "ranges": list(pbx.plan.entries),
        "count": count,
        "routing_devices": list(pbx.queues),
        "monitored": sum(end.watched for end in ends),
        "calls": len(pbx.calls),
        "devices": [show_end(end) for end in ends if not isinstance(end, Phone) or end.used()],
        "trunks": {
            "size": pbx.options.trunks,
            "lines": [
                {"trunk": line.trunk, "number": line.number, "calls": [show_leg(leg) for leg in line.legs]}
                for line in pbx.trunks.lines.values()
            ],
        },
    }
