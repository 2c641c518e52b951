"""Who may open the first session of a device (document, OpenSession, note on authorization; decision 19).

The administrator authenticates once per device number; from then on the number is authorised, and everybody may open its session. The
authorised numbers outlive the daemon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from telgw.base.secrets import Secret


class AuthorisedDevices(Protocol):
    """Where authorised device numbers are kept."""

    def __contains__(self, device: object, /) -> bool: ...

    def add(self, device: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Administrator:
    """The credentials that authorise a device."""

    user_id: str
    password: Secret


class Authentication:
    """The check of an openSession. Without an administrator everybody may."""

    def __init__(self, administrator: Administrator | None, authorised: AuthorisedDevices) -> None:
        self.administrator = administrator
        self._authorised = authorised

    def admits(self, device: str, user_id: str | None, password: str | None) -> bool:
        """Whether the session may be opened; right credentials authorise the device from now on."""
        if self.administrator is None or device in self._authorised:
            return True
        right = self.administrator.password.matches(password or "") and user_id == self.administrator.user_id
        if right:
            self._authorised.add(device)
        return right
