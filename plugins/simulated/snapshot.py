"""What the PBX says of a device when it is asked, instead of when something happens."""

from __future__ import annotations

from telgw_plugins.simulated.calls import FAILED, End, Leg
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.phone import Phone

from telgw.model.facts import ConnectionSnapshot, DeviceSnapshot
from telgw.model.states import ConnectionState


def snapshot(pbx: Pbx, number: str) -> DeviceSnapshot:
    """The calls and features of the device. A phone that nobody has used is not brought into being for it."""
    end: End | None = pbx.phones.get(number) or pbx.queues.get(number)
    if end is None and pbx.is_device(number):
        end = Phone(number)
    if end is None:
        end = pbx.known_end(number)
    calls = tuple(map(_call, end.legs))
    if not isinstance(end, Phone):
        return DeviceSnapshot(number, calls)
    return DeviceSnapshot(number, calls, tuple(end.forwards.items()), end.do_not_disturb, end.message_waiting)


def others_of(leg: Leg) -> tuple[tuple[str, ConnectionState], ...]:
    """The other ends of the call and their states; an end that cannot be reached is told as failed."""
    others = tuple((other.end.label, other.state) for other in leg.others())
    failed = leg.call.failed
    if failed is not None and failed[0] != leg.end.label:
        return (*others, (failed[0], FAILED))
    return others


def _call(leg: Leg) -> ConnectionSnapshot:
    call = leg.call
    redirecting = leg.redirecting
    if redirecting is None and len(call.legs) == 2:
        redirecting = leg.others()[0].redirecting
    first_called = None
    if not leg.outgoing and leg.called != leg.end.number:
        first_called = leg.called
    return ConnectionSnapshot(
        call=call.id,
        state=leg.state,
        others=others_of(leg),
        outgoing=leg.outgoing,
        calling=leg.calling,
        called=leg.called,
        first_called=first_called,
        redirecting=redirecting,
        conference=call.conference,
        extra_data=call.extra_data,
    )
