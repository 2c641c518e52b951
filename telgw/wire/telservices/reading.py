"""Readers, compiled from shapes: an element becomes a value, or a Flaw says where it is none.

Any order of elements is read; blanks around texts are dropped; an element that the record does not have is left out and noted in the
list that every reader is given ("unknown optional elements are ignored"). An optional text that is empty counts as absent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from lxml.etree import _Element

from telgw.base.limits import MAX_TEXT_LENGTH
from telgw.wire.telservices.schema import (
    REQUIRED,
    Choice,
    Choices,
    Flag,
    Length,
    Moment,
    Number,
    OneOf,
    Real,
    Record,
    Sequence,
    Shape,
    Text,
    Wrapped,
)

#: Reads an element; appends to the list what it did not understand.
Read = Callable[[_Element, list[str]], Any]

#: White space of XML; str.strip() would also take away what people may have meant.
_BLANKS = " \t\r\n"
#: Digits of the longest number: 2^63 has 19.
_MAX_DIGITS = 20
#: Stands where no element has been read yet.
_UNREAD: Any = object()

_LENGTH = re.compile(r"([0-9]{2,6}):([0-5][0-9]):([0-5][0-9])")
_REAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{0,20})?(?:[eE][+-]?[0-9]{1,3})?")
_MOMENTS: dict[type, tuple[re.Pattern[str], str]] = {
    date: (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a date like 2009-12-02"),
    time: (re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}"), "a time like 15:32:43"),
    datetime: (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"), "a time like 2009-12-02T15:32:43"),
}


class Flaw(Exception):  # noqa: N818 - it says what is wrong with the message, it is not an error of ours
    """Something in a message is not what it should be. `path` leads to it, innermost name first."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.path: list[str] = []

    def __str__(self) -> str:
        return f"{'/'.join(reversed(self.path))}: {self.text}"


def compile_reader(shape: Shape, *, filled: bool) -> Read:
    """The reader of a shape. With `filled`, texts that must be there may not be empty (so in requests; an event may have an empty
    number)."""
    match shape:
        case Text():
            return _text
        case Number():
            return _number(shape)
        case Length():
            return _length
        case Real():
            return _real
        case Moment(kind):
            return _moment(kind)
        case Flag():
            return _choice({"true": True, "false": False})
        case Choice(members):
            return _choice(dict(members))
        case Choices(choice):
            return _choices(dict(choice.members))
        case Sequence(item, also, of):
            return _sequence((item, *also), compile_reader(of, filled=filled))
        case Wrapped(cls, _, of):
            return _wrapped(cls, compile_reader(of, filled=filled))
        case Record():
            return _record(shape, filled)
        case OneOf(noun, _, shapes):
            return _one_of(noun, {name: compile_reader(inner, filled=filled) for name, inner in shapes})


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")


def _text(element: _Element, ignored: list[str]) -> Any:
    if len(element):
        raise Flaw("has elements inside, not a text")
    text = element.text
    if text is None:
        return ""
    text = text.strip(_BLANKS)
    if len(text) > MAX_TEXT_LENGTH:
        raise Flaw(f"is longer than {MAX_TEXT_LENGTH} characters")
    return text


def _optional_text(element: _Element, ignored: list[str]) -> Any:
    return _text(element, ignored) or None


def _filled_text(element: _Element, ignored: list[str]) -> Any:
    text = _text(element, ignored)
    if not text:
        raise Flaw("is empty")
    return text


def _number(shape: Number) -> Read:
    lowest, highest, or_none = shape.lowest, shape.highest, shape.or_none

    def read(element: _Element, ignored: list[str]) -> Any:
        text = _text(element, ignored)
        digits = text[1:] if text[:1] in ("-", "+") else text
        if digits.isdigit() and digits.isascii() and len(digits) <= _MAX_DIGITS:
            number = int(text)
            if lowest <= number <= highest:
                return number
            if or_none:
                return None
        raise Flaw(f"{_shown(text)} is not a number from {lowest} to {highest}")

    return read


def _length(element: _Element, ignored: list[str]) -> Any:
    text = _text(element, ignored)
    parts = _LENGTH.fullmatch(text)
    if parts is None:
        raise Flaw(f"{_shown(text)} is not a length of time like 04:10:23")
    return int(parts[1]) * 3600 + int(parts[2]) * 60 + int(parts[3])


def _real(element: _Element, ignored: list[str]) -> Any:
    text = _text(element, ignored)
    if _REAL.fullmatch(text) is None or math.isinf(number := float(text)):
        raise Flaw(f"{_shown(text)} is not a number like 1.0E2")
    return number


def _moment(kind: type) -> Read:
    pattern, example = _MOMENTS[kind]
    parse: Callable[[str], Any] = kind.fromisoformat  # type: ignore[attr-defined]

    def read(element: _Element, ignored: list[str]) -> Any:
        text = _text(element, ignored)
        try:
            if pattern.fullmatch(text) is not None:
                return parse(text)
        except ValueError:  # the 30th of February
            pass
        raise Flaw(f"{_shown(text)} is not {example}")

    return read


def _member(element: _Element, members: dict[str, Any]) -> Any:
    tag = element.tag
    if tag not in members:
        raise Flaw(f"{_shown(str(tag))} is not one of {', '.join(members)}")
    if len(element) or (element.text is not None and element.text.strip(_BLANKS)):
        raise Flaw(f"{tag} is not empty")
    return members[str(tag)]


def _choice(members: dict[str, Any]) -> Read:
    def read(element: _Element, ignored: list[str]) -> Any:
        if len(element) != 1:
            raise Flaw(f"must hold exactly one of {', '.join(members)}")
        return _member(element[0], members)

    return read


def _choices(members: dict[str, Any]) -> Read:
    def read(element: _Element, ignored: list[str]) -> Any:
        if not len(element) and _text(element, ignored):
            raise Flaw(f"must hold elements out of {', '.join(members)}")
        return tuple([_member(child, members) for child in element])

    return read


def _sequence(names: tuple[str, ...], item: Read) -> Read:
    def read(element: _Element, ignored: list[str]) -> Any:
        if not len(element) and _text(element, ignored):
            raise Flaw(f"must hold elements named {names[0]}")
        found = []
        for child in element:
            tag = child.tag
            if tag in names:
                try:
                    found.append(item(child, ignored))
                except Flaw as flaw:
                    flaw.path.append(str(tag))
                    raise
            else:
                ignored.append(f"{element.tag}/{tag}")
        return tuple(found)

    return read


def _wrapped(cls: type, inner: Read) -> Read:
    def read(element: _Element, ignored: list[str]) -> Any:
        return cls(inner(element, ignored))

    return read


def _one_of(noun: str, readers: dict[str, Read]) -> Read:
    def read(element: _Element, ignored: list[str]) -> Any:
        if len(element) != 1:
            raise Flaw(f"must hold exactly one {noun}, not {len(element)}")
        child = element[0]
        tag = str(child.tag)
        if tag not in readers:
            raise Flaw(f"{_shown(tag)} is no {noun} that we know")
        try:
            return readers[tag](child, ignored)
        except Flaw as flaw:
            flaw.path.append(tag)
            raise

    return read


def _maker(cls: type, attributes: tuple[str, ...]) -> Callable[[list[Any]], Any]:
    """How to make a value from all its attributes in order. Frozen dataclasses set each attribute the slow way in their constructor;
    their slots can be filled directly."""
    if issubclass(cls, tuple):
        return cls._make  # type: ignore[attr-defined, no-any-return]
    new = object.__new__
    slots = tuple(getattr(cls, attribute).__set__ for attribute in attributes)

    def make(values: list[Any]) -> Any:
        value = new(cls)
        for fill, part in zip(slots, values, strict=True):
            fill(value, part)
        return value

    return make


def _record(shape: Record, filled: bool) -> Read:
    make = _maker(shape.cls, tuple(field.attribute for field in shape.fields))
    parts: dict[Any, tuple[int, Read]] = {}
    for index, field in enumerate(shape.fields):
        reader = compile_reader(field.shape, filled=filled)
        if reader is _text and field.absent is not REQUIRED:
            reader = _optional_text
        elif reader is _text and filled:
            reader = _filled_text
        parts[field.name] = (index, reader)
    absents = tuple((field.name, field.absent) for field in shape.fields)
    untouched = [_UNREAD] * len(absents)

    def read(element: _Element, ignored: list[str]) -> Any:
        values = untouched.copy()
        tag: Any = None
        try:
            for child in element:
                tag = child.tag
                part = parts.get(tag)
                if part is None:
                    ignored.append(f"{element.tag}/{tag}")
                    continue
                index, reader = part
                if values[index] is not _UNREAD:
                    raise Flaw("is given twice")
                values[index] = reader(child, ignored)
        except Flaw as flaw:
            flaw.path.append(str(tag))
            raise
        if tag is None and _text(element, ignored):
            raise Flaw("must hold elements, not a text")
        for index, value in enumerate(values):
            if value is _UNREAD:
                name, absent = absents[index]
                if absent is REQUIRED:
                    raise Flaw(f"{name} is missing")
                values[index] = absent
        return make(values)

    return read
