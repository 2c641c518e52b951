"""What all sub-commands share: how they fail, how they read their arguments, how they print."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NoReturn

EXIT_FAILED = 1
EXIT_USAGE = 2


class CommandError(Exception):
    """It could not be done; the text says why, in one line."""


class UsageError(CommandError):
    """The command line is wrong."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line, and that takes no abbreviations: they would break when options are added."""

    def __init__(self, command: str, description: str, epilog: str | None = None, usage: str | None = None) -> None:
        super().__init__(
            f"telgw {command}",
            description=description,
            epilog=epilog,
            usage=usage,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        """See ArgumentParser."""
        raise UsageError(f"{message} ({self.prog} --help)")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`: did you mean "x"?` when one of the known words is near."""
    near = get_close_matches(word, sorted(known), 1)
    return f': did you mean "{near[0]}"?' if near else ""


def printable(text: str) -> str:
    """The text without what a terminal would obey: texts of events and answers come from strangers."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns, as wide as they need to be."""
    lines = [[*header], *([printable(str(cell)).replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def seconds(text: str) -> float:
    """A length of time on the command line: `10`, `10s`, `2m`."""
    from telgw.base.period import parse_period

    try:
        return parse_period(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
