"""The device numbers that have authenticated, in one small file (telgw.core.authentication.AuthorisedDevices)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FILE_NAME = "authorised-devices.json"


class AuthorisedFile:
    """A JSON list of numbers. Written whole, beside the old one and then in its place, so that a crash leaves one of the two.

    `in_thread(write)` runs the writing off the reactor, one write after the other.
    """

    def __init__(self, folder: Path, in_thread: Callable[[Callable[[], None]], None], log: Any) -> None:
        self.path = folder / FILE_NAME
        self._in_thread = in_thread
        self._log = log
        self._numbers: set[str] = set()

    def load(self) -> None:
        """Read the file; none is like an empty one. Raises OSError or ValueError, naming the file, when it cannot be read."""
        try:
            numbers = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            self._numbers = set()
            return
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{self.path}: {error}") from None
        if not isinstance(numbers, list) or not all(isinstance(number, str) for number in numbers):
            raise ValueError(f"{self.path}: not a list of device numbers")
        self._numbers = set(numbers)

    def __contains__(self, device: object) -> bool:
        return device in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._numbers))

    def add(self, device: str) -> None:
        """Authorise the device from now on."""
        if device not in self._numbers:
            self._numbers.add(device)
            self._log.info("device_authorised", device=device)
            self._save()

    def revoke(self, device: str) -> bool:
        """Have the device authenticate again at its next first session; False when it was not authorised."""
        if device not in self._numbers:
            return False
        self._numbers.discard(device)
        self._log.info("device_revoked", device=device)
        self._save()
        return True

    def _save(self) -> None:
        text = json.dumps(sorted(self._numbers), indent=0)
        self._in_thread(lambda: self._write(text))

    def _write(self, text: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_suffix(".new")
            with beside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as error:
            self._log.error("authorised_devices_not_saved", file=str(self.path), reason=str(error))
