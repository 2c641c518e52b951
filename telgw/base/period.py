"""Lengths of time as people write them: `10s`, `200ms`, `5m`, `1h`, `2d`."""

from __future__ import annotations

import re
from typing import NewType

#: Seconds. An option annotated so is written as a length of time in the configuration file.
Period = NewType("Period", float)

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PERIOD = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?")


def parse_period(text: str) -> float:
    """Seconds in `text`; a bare number counts seconds. Raises ValueError when it is not a period."""
    match = _PERIOD.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a length of time such as 10s, 200ms, 5m or 1h")
    return float(match[1]) * _UNITS[match[2] or "s"]


def print_period(seconds: float) -> str:
    """The shortest text that `parse_period` reads back as `seconds`."""
    for unit in ("d", "h", "m", "s"):
        amount = seconds / _UNITS[unit]
        if amount >= 1 and amount == int(amount):
            return f"{int(amount)}{unit}"
    if seconds == 0:
        return "0s"
    millis = seconds * 1000
    return f"{int(millis)}ms" if millis == int(millis) else f"{seconds!r}s"
