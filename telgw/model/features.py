"""What is said of a device beside its calls: forwards, do not disturb, message lamp; and of a call beside its state: its data."""

from __future__ import annotations

from collections.abc import Iterable

from telgw.model import facts
from telgw.model.changes import Change, DoNotDisturbChanged, ForwardChanged, MessageWaitingChanged
from telgw.model.graph import Graph
from telgw.model.steps import NOBODY, Touched, devices


def call_information(graph: Graph, fact: facts.CallInformation, now: float) -> Touched:
    """New correlator data."""
    call = graph.calls.get(fact.call)
    if call is None:
        return NOBODY
    call.extra_data = fact.extra_data
    return devices(call)


def forwarding(graph: Graph, fact: facts.Forwarding, now: float) -> Iterable[Change]:
    """A forwarding was set or taken back."""
    device = graph.devices.get(fact.device)
    if device is None or not device.monitored:
        return ()
    before = device.forwards.get(fact.type)
    if fact.on:
        device.forwards[fact.type] = fact.number
        return () if before == fact.number else (ForwardChanged(fact.device, fact.type, True, fact.number),)
    device.forwards.pop(fact.type, None)
    return () if before is None else (ForwardChanged(fact.device, fact.type, False, before),)


def do_not_disturb(graph: Graph, fact: facts.DoNotDisturb, now: float) -> Iterable[Change]:
    """Do not disturb was switched."""
    device = graph.devices.get(fact.device)
    if device is None or not device.monitored or device.do_not_disturb is fact.on:
        return ()
    device.do_not_disturb = fact.on
    return (DoNotDisturbChanged(fact.device, fact.on),)


def message_waiting(graph: Graph, fact: facts.MessageWaiting, now: float) -> Iterable[Change]:
    """The message lamp was switched."""
    device = graph.devices.get(fact.device)
    if device is None or not device.monitored or device.message_waiting is fact.on:
        return ()
    device.message_waiting = fact.on
    return (MessageWaitingChanged(fact.device, fact.on),)
