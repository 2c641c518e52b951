"""TelServices requests as command lines: `--make-call 1101 1102 extraData=x`.

Nothing here knows a service: verbs, parameters and their checks are made from the classes of telgw.wire.telservices.requests. What must
be there is typed in its order or by name; what may be there by name only. Names are those of the document in any spelling: `extraData=x`,
`extra-data=x` and `--extra-data x` are the same.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from telgw.app.cli.command import UsageError, did_you_mean
from telgw.wire.telservices.requests import SERVICES
from telgw.wire.telservices.schema import (
    REQUIRED,
    Choice,
    Flag,
    Moment,
    Number,
    Record,
    Sequence,
    Shape,
    Text,
    shape_of,
)

_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")

#: optional values that a usage line shows by name
_SHOWN = 4

Path = tuple[str, ...]


def plain(name: str) -> str:
    """A name without what spellings differ in."""
    return name.replace("-", "").replace("_", "").lower()


def kebab(name: str) -> str:
    """A printed name as an option: `eventUDPPort` is `event-udp-port`."""
    return "-".join(word.lower() for word in _WORD.findall(name))


@dataclass(frozen=True)
class Parameter:
    """One element of a request that has a text. `path` are the attributes that lead to it; `required`: every request has it."""

    path: Path
    name: str
    shape: Shape
    required: bool

    @property
    def placeholder(self) -> str:
        """How it is shown in a usage line: `calledDeviceNumber` is CALLED."""
        words = kebab(self.name).split("-")
        while len(words) > 1 and words[-1] in ("number", "device"):
            words.pop()
        return "-".join(words).upper()

    @property
    def expected(self) -> str:
        """What may be typed, in words."""
        return _expected(self.shape)


def _expected(shape: Shape) -> str:
    match shape:
        case Number(lowest, highest, or_none):
            if or_none or highest >= 2**31 - 1:
                return "a whole number"
            return f"a number from {lowest} to {highest}"
        case Flag():
            return "true or false"
        case Choice(members):
            return " or ".join(name for name, _ in members)
        case Moment(kind):
            return {"date": "a date like 2009-12-02"}.get(kind.__name__, "a time")
        case Sequence(_, _, Record(_, fields)):
            return ",".join(field.name for field in fields) + "; may be repeated, all but the first may be left out"
    return "a text"


@dataclass(frozen=True)
class Verb:
    """One service."""

    name: str
    record: Record

    @property
    def option(self) -> str:
        """How it is typed."""
        return "--" + kebab(self.name)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """In their order."""
        return tuple(_parameters(self.record, (), True))

    @property
    def usage(self) -> str:
        """The usage line."""
        required = [one.placeholder for one in self.parameters if one.required]
        names = [one.name for one in self.parameters if not one.required]
        optional = [f"[{name}=]" for name in names] if len(names) <= _SHOWN else ["[name=value ...]"]
        return " ".join(["telgw send", self.option, *required, *optional])

    def request(self, words: list[str]) -> Any:
        """The request that the words say. Raises UsageError."""
        given = self._read(words)
        missing = [one for one in self.parameters if one.required and one.path not in given]
        if missing:
            names = ", ".join(f"{one.placeholder} ({one.name})" for one in missing)
            are = "is" if len(missing) == 1 else "are"
            raise UsageError(f"{self.option}: {names} {are} missing; usage: {self.usage}")
        return self._build(self.record, (), given)

    def _read(self, words: list[str]) -> dict[Path, Any]:
        given: dict[Path, Any] = {}
        known = {plain(one.name): one for one in self.parameters}
        free: list[str] = []
        rest = iter(words)
        for word in rest:
            name, equals, text = word.partition("=")
            parameter = known.get(plain(name))
            if word.startswith("--"):
                if parameter is None:
                    hint = did_you_mean(name, ["--" + kebab(one.name) for one in self.parameters])
                    raise UsageError(f"{self.option} has no {name}{hint} (telgw send {self.option} --help)")
                if not equals and (text := next(rest, None)) is None:  # type: ignore[assignment]
                    raise UsageError(f"{name} needs a value: {parameter.expected}")
                self._take(given, parameter, text)
            elif equals and parameter is not None:
                self._take(given, parameter, text)
            else:
                free.append(word)
        places = [one for one in self.parameters if one.required and one.path not in given]
        for word in free:
            if not places:
                hint = " (telgw send --help)" if "=" not in word else f"{did_you_mean(word.partition('=')[0], self._names())}"
                raise UsageError(f"{self.option}: there is no place for {word!r}{hint}; usage: {self.usage}")
            self._take(given, places.pop(0), word)
        return given

    def _names(self) -> list[str]:
        return [one.name for one in self.parameters]

    def _take(self, given: dict[Path, Any], parameter: Parameter, text: str) -> None:
        try:
            value = _value(parameter.shape, text)
        except ValueError as error:
            raise UsageError(f"{parameter.name} must be {str(error) or parameter.expected}, not {text!r}") from None
        if isinstance(parameter.shape, Sequence):
            given[parameter.path] = (*given.get(parameter.path, ()), value)
        elif parameter.path in given:
            raise UsageError(f"{parameter.name} is given twice")
        else:
            given[parameter.path] = value

    def _build(self, record: Record, path: Path, given: dict[Path, Any]) -> Any:
        values: dict[str, Any] = {}
        for field in record.fields:
            here = (*path, field.attribute)
            if here in given:
                values[field.attribute] = given[here]
            elif isinstance(field.shape, Record) and (
                field.absent is REQUIRED or any(one[: len(here)] == here for one in given)
            ):
                values[field.attribute] = self._build(field.shape, here, given)
            elif isinstance(field.shape, Sequence) and field.absent is REQUIRED:
                values[field.attribute] = ()
            elif field.absent is REQUIRED:
                raise UsageError(f"{self.option}: {field.name} is missing, without which the rest says nothing")
        return record.cls(**values)


def _parameters(record: Record, path: Path, always: bool) -> Iterator[Parameter]:
    for field in record.fields:
        required = always and field.absent is REQUIRED
        here = (*path, field.attribute)
        if isinstance(field.shape, Record):
            yield from _parameters(field.shape, here, required)
        elif isinstance(field.shape, Sequence):
            yield Parameter(here, field.shape.item, field.shape, False)
        else:
            yield Parameter(here, field.name, field.shape, required)


def _value(shape: Shape, text: str) -> Any:
    """The value of a typed text. Raises ValueError, with what was expected or without."""
    match shape:
        case Text():
            if not text.strip():
                raise ValueError("a text that is not empty")
            return text
        case Number(lowest, highest, or_none):
            digits = text.removeprefix("-").removeprefix("+")
            if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
                raise ValueError
            if not lowest <= int(text) <= highest and not or_none:
                raise ValueError
            return int(text)
        case Flag():
            if text.lower() not in _FLAGS:
                raise ValueError
            return _FLAGS[text.lower()]
        case Choice(members):
            names = {plain(name): member for name, member in members}
            if plain(text) not in names:
                raise ValueError
            return names[plain(text)]
        case Moment(kind):
            try:
                return kind.fromisoformat(text)
            except ValueError:
                raise ValueError from None
        case Sequence(_, _, Record() as record):
            return _row(record, text)
    raise ValueError(f"something that cannot be typed ({type(shape).__name__})")  # pragma: no cover - a test types every verb


def _row(record: Record, text: str) -> Any:
    """A record in one text: its fields between commas, quoted as in a CSV file."""
    cells = next(csv.reader([text]), [])
    if len(cells) > len(record.fields) or not cells or not cells[0]:
        raise ValueError
    return record.cls(
        **{
            field.attribute: _value(field.shape, cell.strip())
            for field, cell in zip(record.fields, cells, strict=False)
            if cell.strip()
        }
    )


@cache
def verbs() -> dict[str, Verb]:
    """Every service by its plain name."""
    found = {}
    for name, service in SERVICES.items():
        shape = shape_of(service)
        assert isinstance(shape, Record)
        found[plain(name)] = Verb(name, shape)
    return found
