"""Single values of the configuration file: how each type is written, read and printed.

What is printed reads back as the same value, secrets excepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from telgw.base.address import Address
from telgw.base.period import Period, parse_period, print_period
from telgw.base.secrets import Secret

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
#: No leading zero: some readers of YAML would take it for an octal number.
_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_REAL = re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{1,400})?")
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|.|$)", re.DOTALL)
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\"}
_PRINTED = {value[0]: f"\\{letter}" for letter, value in _ESCAPES.items()}


class Scalar(NamedTuple):
    """How a single value is written, in words; read; and given to YAML. `parse` raises ValueError, with a hint or without."""

    expected: str
    parse: Callable[[str], Any]
    plain: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _bool(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError
    return _WORDS[text.lower()]


def _int(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError
    return int(text)


def _float(text: str) -> float:
    if not _REAL.fullmatch(text):
        raise ValueError
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


def _print_float(number: float) -> Any:
    # exponents are for machines: such numbers are written out
    return number if _REAL.fullmatch(repr(number)) else f"{Decimal(repr(number)):f}"


def _period(text: str) -> Period:
    try:
        seconds = parse_period(text)
    except ValueError:
        raise ValueError from None  # its message only repeats ours
    if not isfinite(seconds):
        raise ValueError
    return Period(seconds)


def _print_period(seconds: Period) -> str:
    text = print_period(seconds)
    try:
        if parse_period(text) == seconds:
            return text
    except ValueError:
        pass  # microseconds, which print with an exponent
    return f"{Decimal(repr(seconds)):f}s"


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError
    return Path(text)


def _bytes(text: str) -> bytes:
    parts, end = [], 0
    for match in _ESCAPE.finditer(text):
        parts.append(text[end : match.start()].encode())
        end, escape = match.end(), match[1]
        if len(escape) == 3:
            parts.append(bytes([int(escape[1:], 16)]))
        elif escape in _ESCAPES:
            parts.append(_ESCAPES[escape])
        else:
            raise ValueError(f"{match[0]} is not an escape; a backslash is written \\\\")
    return b"".join(parts) + text[end:].encode()


def _print_bytes(value: bytes) -> str:
    return "".join(_PRINTED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in value)


SCALARS: dict[Any, Scalar] = {
    str: Scalar("a text", str, _same),
    bytes: Scalar("a text, with \\n \\r \\t \\0 \\xNN for bytes that cannot be written", _bytes, _print_bytes),
    bool: Scalar("true or false", _bool, _same),
    int: Scalar("a whole number", _int, _same),
    float: Scalar("a number", _float, _print_float),
    Period: Scalar("a length of time such as 10s", _period, _print_period),
    Secret: Scalar("a text", Secret, str),
    Address: Scalar("an address such as 127.0.0.1:20000", Address.parse, str),
    Path: Scalar("a file name", _path, str),
}
