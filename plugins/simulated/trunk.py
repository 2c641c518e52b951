"""The lines to the public network.

Facts name the outside end of a call by its number when that is unmistakable, otherwise by its line (`T3`): a withheld number, the
number of a device of ours, or a number that talks to us twice. The name stays for the life of the connection, through transfers too.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from telgw_plugins.simulated.calls import End


class Line(End):
    """A trunk line in use, and the outside party at its far end."""

    __slots__ = ("index",)

    def __init__(self, index: int, label: str, number: str | None) -> None:
        super().__init__(label, number)
        self.index = index

    @property
    def trunk(self) -> str:
        """The name of the line."""
        return f"T{self.index}"


class Trunks:
    """The lines; the free one with the lowest index is taken next. `is_device` tells which numbers are ours."""

    def __init__(self, size: int, is_device: Callable[[str], bool]) -> None:
        self._size = size
        self._is_device = is_device
        self._fresh = 1
        self._returned: list[int] = []
        #: lines in use, by label
        self.lines: dict[str, Line] = {}

    @property
    def free(self) -> bool:
        """Whether one more call can go outside or come in."""
        return len(self.lines) < self._size

    def take(self, number: str | None) -> Line:
        """A line to, or from, `number`; the caller has seen that one is free."""
        if self._returned:
            index = heappop(self._returned)
        else:
            index = self._fresh
            self._fresh += 1
        if number is None or number in self.lines or self._is_device(number):
            label = f"T{index}"
        else:
            label = number
        line = self.lines[label] = Line(index, label, number)
        return line

    def give_back(self, line: Line) -> None:
        """The outside party is gone."""
        del self.lines[line.label]
        heappush(self._returned, line.index)

    def find(self, text: str) -> Line | None:
        """The line of that name, or the first one with that number."""
        for line in self.lines.values():
            if text in (line.trunk, line.label, line.number):
                return line
        return None
