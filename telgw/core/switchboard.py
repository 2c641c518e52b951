"""The switchboard: all switching domains, and which of them owns which device."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred

from telgw.base.outcome import ErrorCode
from telgw.core.deadline import refused
from telgw.core.domain import SwitchingDomain
from telgw.model.commands import Command

#: owners remembered: look-ups of devices that are in use; more devices than any gateway of one process follows
_REMEMBERED = 200_000


def call_references(started: datetime.datetime) -> Iterator[str]:
    """References of calls, for all links: not used again within a day, nor after a restart.

    A time stamp of the start and a running number, both short: clients show them.
    """
    prefix = f"{int(started.timestamp()):x}"
    return (f"{prefix}-{number:x}" for number in count(1))


class Switchboard:
    """Finds the switching domain of a device. Domains come and go with the configuration."""

    def __init__(self) -> None:
        self.domains: dict[str, SwitchingDomain] = {}
        self._owners: dict[str, SwitchingDomain] = {}

    def add(self, domain: SwitchingDomain) -> None:
        """One more link."""
        self.domains[domain.name] = domain
        self._owners.clear()

    def remove(self, name: str) -> SwitchingDomain:
        """One link less. Raises KeyError for an unknown name."""
        self._owners.clear()
        return self.domains.pop(name)

    def owners_changed(self) -> None:
        """A link owns other devices than before."""
        self._owners.clear()

    def domain_of(self, device: str) -> SwitchingDomain | None:
        """The domain that owns the device: the first one whose `devices` hold it."""
        owner = self._owners.get(device)
        if owner is None:
            owner = next((domain for domain in self.domains.values() if device in domain.devices), None)
            if owner is not None:
                if len(self._owners) >= _REMEMBERED:
                    self._owners.clear()
                self._owners[device] = owner
        return owner

    def execute(self, device: str, command: Command) -> Deferred[Any]:
        """Have the PBX that owns the device do it; pbxReject when no link owns it."""
        domain = self.domain_of(device)
        if domain is None:
            return refused(ErrorCode.PBX_REJECT, f"no link owns device {device}")
        return domain.execute(command)
