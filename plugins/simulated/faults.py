"""What can be wrong with the link: a set of faults, as JSON in and out.

Services are named as TelServices names them or as CSTA does; one TelServices service may stand for several of CSTA.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from telgw_plugins.simulated.choices import closest

from telgw.base.period import parse_period, print_period
from telgw.model import commands as c

#: What is not a command, but is asked of the link too.
MONITOR, UNMONITOR, SNAPSHOT = "monitorStart", "monitorStop", "snapshotDevice"

#: a command class, or one of the names above
Operation = type[Any] | str

SERVICES: Final[Mapping[str, tuple[Operation, ...]]] = {
    # CSTA
    "makeCall": (c.MakeCall,),
    "answerCall": (c.AnswerCall,),
    "clearConnection": (c.ClearConnection,),
    "holdCall": (c.HoldCall,),
    "retrieveCall": (c.RetrieveCall,),
    "consultationCall": (c.ConsultationCall,),
    "alternateCall": (c.AlternateCall,),
    "reconnectCall": (c.ReconnectCall,),
    "transferCall": (c.TransferCall,),
    "conferenceCall": (c.ConferenceCall,),
    "singleStepConferenceCall": (c.SingleStepConferenceCall,),
    "singleStepTransferCall": (c.SingleStepTransferCall,),
    "deflectCall": (c.DeflectCall,),
    "directedPickupCall": (c.DirectedPickupCall,),
    "associateData": (c.AssociateData,),
    "setForwarding": (c.SetForwarding,),
    "getForwarding": (c.GetForwarding,),
    "setDoNotDisturb": (c.SetDoNotDisturb,),
    "getDoNotDisturb": (c.GetDoNotDisturb,),
    "getMessageWaitingIndicator": (c.GetMessageWaiting,),
    MONITOR: (MONITOR,),
    UNMONITOR: (UNMONITOR,),
    SNAPSHOT: (SNAPSHOT,),
    # TelServices
    "dropCall": (c.ClearConnection,),
    "divertCall": (c.DeflectCall, c.SingleStepTransferCall),
    "addPartyToCall": (c.SingleStepConferenceCall,),
    "forward": (c.SetForwarding,),
    "queryForward": (c.GetForwarding,),
    "doNotDisturb": (c.SetDoNotDisturb,),
    "queryDoNotDisturb": (c.GetDoNotDisturb,),
    "queryMsgWaiting": (c.GetMessageWaiting,),
    "openSession": (MONITOR,),
    "closeSession": (UNMONITOR,),
    "snapshot": (SNAPSHOT,),
}


class FaultError(ValueError):
    """The set cannot be read; the text says which key, and what it may be."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything that is wrong at the moment. `restart` happens once, when the set is applied."""

    link_down: bool = False
    reject: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    refuse_monitor: tuple[str, ...] = ()
    delay: float = 0.0
    duplicate_events: bool = False
    reorder_events: bool = False
    restart: bool = False

    def rejected(self) -> frozenset[Operation]:
        """What the PBX refuses to do."""
        return frozenset(operation for name in self.reject for operation in SERVICES[name])

    def silenced(self) -> frozenset[Operation]:
        """What the PBX neither does nor answers."""
        return frozenset(operation for name in self.silent for operation in SERVICES[name])

    def json(self) -> dict[str, object]:
        """The set as it was given, without what has passed already."""
        shown: dict[str, object] = {}
        if self.link_down:
            shown["link"] = "down"
        for key in ("reject", "silent", "refuse_monitor"):
            if names := getattr(self, key):
                shown[key] = list(names)
        if self.delay:
            shown["delay"] = print_period(self.delay)
        for key in ("duplicate_events", "reorder_events"):
            if getattr(self, key):
                shown[key] = True
        return shown


NO_FAULTS = Faults()


def parse_faults(data: object, is_device: Callable[[str], bool]) -> Faults:
    """The set that the JSON value says. Raises FaultError."""
    if not isinstance(data, dict):
        raise FaultError('the faults must be a JSON object, such as {"link": "down"}')
    given: dict[str, Any] = {}
    for key, value in data.items():
        reader = _KEYS.get(key)
        if reader is None:
            raise FaultError(f'unknown fault "{key}": {closest(key, _KEYS)}')
        field, read = reader
        given[field] = read(key, value)
    for number in given.get("refuse_monitor", ()):
        if not is_device(number):
            raise FaultError(f'"refuse_monitor": {number} is no device of this PBX')
    return Faults(**given)


def _link(key: str, value: object) -> bool:
    if value not in ("up", "down"):
        raise FaultError(f'"{key}" must be "up" or "down"')
    return value == "down"


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FaultError(f'"{key}" must be a list of strings')
    return tuple(value)


def _services(key: str, value: object) -> tuple[str, ...]:
    names = _texts(key, value)
    for name in names:
        if name not in SERVICES:
            raise FaultError(f'"{key}": unknown service "{name}": {closest(name, SERVICES)}')
    return names


def _delay(key: str, value: object) -> float:
    try:
        if isinstance(value, str):
            return parse_period(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
            return float(value)
    except ValueError:
        pass
    raise FaultError(f'"{key}" must be a length of time such as "200ms" or "2s"')


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise FaultError(f'"{key}" must be true or false')
    return value


_KEYS: Final[dict[str, tuple[str, Callable[[str, object], object]]]] = {
    "link": ("link_down", _link),
    "reject": ("reject", _services),
    "silent": ("silent", _services),
    "refuse_monitor": ("refuse_monitor", _texts),
    "delay": ("delay", _delay),
    "duplicate_events": ("duplicate_events", _flag),
    "reorder_events": ("reorder_events", _flag),
    "restart": ("restart", _flag),
}
