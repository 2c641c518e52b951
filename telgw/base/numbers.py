"""Numbers as people and PBXs write them, and sets of device numbers as administrators write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from telgw.base.limits import MAX_LISTED_DEVICES

_PUNCTUATION = str.maketrans("", "", " .-/()\t\u00a0")
_RANGE = re.compile(r"(\d{1,15})-(\d{1,15})")


def dialable(number: str) -> str:
    """The number without the punctuation of print: spaces, dots, dashes, slashes and brackets.

    `+`, `*`, `#`, letters and everything else stay, so that two different numbers never become one.
    """
    return number.translate(_PUNCTUATION)


def same_number(one: str, other: str) -> bool:
    """Whether two numbers are the same once the punctuation is gone."""
    return one == other or dialable(one) == dialable(other)


class DeviceSet:
    """The devices that a link owns: single numbers, ranges (`1101-1130`) and prefixes (`2*`).

    Both ends of a range have the same count of digits, and so has every number in it: `0100-0199` holds `0150`, not `150`.
    Raises ValueError, naming the entry, when an entry cannot be read.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self.entries = tuple(entries)
        self._single: set[str] = set()
        self._ranges: list[tuple[int, int, int]] = []
        self._prefixes: list[str] = []
        for entry in self.entries:
            self._add(entry.strip())

    def _add(self, entry: str) -> None:
        if match := _RANGE.fullmatch(entry):
            low, high = match.groups()
            if len(low) != len(high):
                raise ValueError(f"{entry!r}: both ends of a range need the same count of digits")
            if int(low) > int(high):
                raise ValueError(f"{entry!r}: the range ends before it begins")
            self._ranges.append((len(low), int(low), int(high)))
        elif entry.endswith("*") and "*" not in entry[:-1]:
            self._prefixes.append(entry[:-1])
        elif entry and not any(c.isspace() for c in entry):
            self._single.add(entry)
        else:
            raise ValueError(f"{entry!r} is neither a number (1101), a range (1101-1130) nor a prefix (2*)")

    def __contains__(self, number: str) -> bool:
        if number in self._single:
            return True
        if self._ranges and number.isascii() and number.isdigit():
            digits, value = len(number), int(number) if len(number) <= 15 else -1
            if any(size == digits and low <= value <= high for size, low, high in self._ranges):
                return True
        return any(number.startswith(prefix) for prefix in self._prefixes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSet) and self.entries == other.entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def __repr__(self) -> str:
        return f"DeviceSet({list(self.entries)})"

    def listed(self) -> Iterator[str]:
        """Every number that can be counted, in order of the entries: single numbers, then ranges; prefixes have no list.

        At most MAX_LISTED_DEVICES of them.
        """
        count = 0
        yield from sorted(self._single)
        for digits, low, high in self._ranges:
            for value in range(low, high + 1):
                count += 1
                if count > MAX_LISTED_DEVICES:
                    return
                yield f"{value:0{digits}d}"
