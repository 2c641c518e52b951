"""The field language: a message is a class, and its annotations are the table that the reader, the writer and the documents follow.

The TelServices document, "Protocol": elements only, no attributes. Its encoding is the basic XER of ASN.1, so

* a field is an element, named like the attribute in camel case (`other_number` is `otherNumber`), or as `Element` says;
* `X | None` is an OPTIONAL element; every other field must be there, unless `Absent` tells what its absence means;
* `str` is text, `int` is a `Number`, `bool` is `<true/>` or `<false/>`, an enumeration is one empty element;
* a class is a record: its fields, in printed order; `Bare` says that the record's only field has no element of its own;
* a tuple is a list: of empty elements if its items are enumerations, else of elements named by `Items`;
* a union of classes is a choice of one element, by the table in `OneOf`.

`shape_of` turns an annotation into a tree of shapes, once, at import. `reading` and `writing` compile that tree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Text:
    """Characters."""


@dataclass(frozen=True)
class Number:
    """A whole number in decimal. With `or_none`, one out of the range counts as absent ("must be positive otherwise ignored")."""

    lowest: int
    highest: int
    or_none: bool = False


@dataclass(frozen=True)
class Flag:
    """A BOOLEAN: `<true/>` or `<false/>`."""


@dataclass(frozen=True)
class Length:
    """A length of time in seconds, printed HH:mm:ss; the hours have two digits or more."""


@dataclass(frozen=True)
class Real:
    """An ASN.1 REAL that is not negative, in its canonical XER form: `0`, `1.0E2`, `1.25E1`."""


@dataclass(frozen=True)
class Moment:
    """A date (yyyy-MM-dd), a time of day (HH:mm:ss) or both with a `T` between; always local time."""

    kind: type[date] | type[time]


@dataclass(frozen=True)
class Choice:
    """One of an enumeration, as an empty element."""

    members: tuple[tuple[str, Enum], ...]


@dataclass(frozen=True)
class Choices:
    """Any number of an enumeration, each an empty element, in the given order."""

    choice: Choice


@dataclass(frozen=True)
class Sequence:
    """Any number of the same, each in an element named `item`; `also` is read as well but never written."""

    item: str
    also: tuple[str, ...]
    of: Shape


@dataclass(frozen=True)
class Field:
    """One element of a record. `absent` is what the attribute is when the element is not there; REQUIRED if it must be."""

    name: str
    attribute: str
    shape: Shape
    absent: Any


@dataclass(frozen=True)
class Record:
    """The elements of one class, in printed order."""

    cls: type
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Wrapped:
    """A class around one value that has no element of its own."""

    cls: type
    attribute: str
    of: Shape


@dataclass(frozen=True, eq=False)
class OneOf:
    """Exactly one element of a table, which decides the class of the value. `noun` says what they are, for whoever reads the log."""

    noun: str
    alternatives: Mapping[str, Any]
    shapes: tuple[tuple[str, Shape], ...] = ()

    def resolved(self) -> OneOf:
        """The same with the shape of each alternative."""
        shapes = tuple((name, shape_of(annotation)) for name, annotation in self.alternatives.items())
        return OneOf(self.noun, self.alternatives, shapes)


Shape = Text | Number | Flag | Length | Real | Moment | Choice | Choices | Sequence | Record | Wrapped | OneOf


@dataclass(frozen=True)
class Element:
    """Marker: the element's printed name, where the attribute does not tell it."""

    name: str


class Items:
    """Marker: the element's name of the items of a list, and other names that are understood."""

    def __init__(self, name: str, *also: str) -> None:
        self.name = name
        self.also = also


@dataclass(frozen=True)
class Absent:
    """Marker: what a missing element means."""

    value: Any


@dataclass(frozen=True)
class Bare:
    """Marker: the only field of its class, written without an element of its own."""


#: The `absent` of a field that must be there.
REQUIRED: Any = object()

_ACRONYMS = {"id": "ID", "udp": "UDP"}


def element_name(attribute: str) -> str:
    """The printed name: `event_udp_port` is `eventUDPPort`."""
    first, *others = attribute.split("_")
    return first + "".join(_ACRONYMS.get(word, word.capitalize()) for word in others)


def printed(member: Enum) -> str:
    """The printed name of a member of an enumeration."""
    return str(getattr(member, "label", member.value))


@cache
def shape_of(annotation: Any) -> Shape:
    """The shape that an annotation stands for; OPTIONAL is the field's affair, not the shape's."""
    kind, marks = _unfolded(annotation)
    for mark in marks:
        if isinstance(mark, Number | Length | Real | Text):
            return mark
        if isinstance(mark, OneOf):
            return mark.resolved()
    if get_origin(kind) is tuple:
        return _list_of(get_args(kind)[0], next((mark for mark in marks if isinstance(mark, Items)), None))
    if kind in (date, time, datetime):
        return Moment(kind)
    if kind is bool:
        return Flag()
    if kind is str:
        return Text()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Choice(tuple((printed(member), member) for member in kind))
    if isinstance(kind, type) and hasattr(kind, "__match_args__"):
        return _class(kind)
    raise TypeError(f"no shape for {annotation!r}")


def _list_of(item: Any, items: Items | None) -> Shape:
    shape = shape_of(item)
    if items is not None:
        return Sequence(items.name, items.also, shape)
    if isinstance(shape, Choice):
        return Choices(shape)
    raise TypeError(f"a list of {item!r} needs the name of its items")


def _class(kind: type) -> Shape:
    hints = get_type_hints(kind, include_extras=True)
    fields = []
    for attribute in attributes(kind):
        annotation = hints[attribute]
        _, marks = _unfolded(annotation)
        if Bare() in marks:
            return Wrapped(kind, attribute, shape_of(annotation))
        name = next((mark.name for mark in marks if isinstance(mark, Element)), element_name(attribute))
        absent = None if _optional(annotation) else REQUIRED
        absent = next((mark.value for mark in marks if isinstance(mark, Absent)), absent)
        fields.append(Field(name, attribute, shape_of(annotation), absent))
    return Record(kind, tuple(fields))


def attributes(kind: type) -> tuple[str, ...]:
    """The attributes of a frozen dataclass or a NamedTuple, in their order, keyword-only ones included."""
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
    return names


def _optional(annotation: Any) -> bool:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation)


def _unfolded(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type inside all `Annotated` and `| None`, and all marks on the way."""
    marks: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            marks += annotation.__metadata__
            annotation = get_args(annotation)[0]
            continue
        if get_origin(annotation) in (Union, UnionType):
            rest = [part for part in get_args(annotation) if part is not NoneType]
            if len(rest) == 1:
                annotation = rest[0]
                continue
        return annotation, marks


def names_in(shape: Shape) -> Iterator[str]:
    """Every element name that a shape may have inside it."""
    match shape:
        case Choice(members):
            yield from (name for name, _ in members)
        case Choices(choice):
            yield from names_in(choice)
        case Sequence(item, also, of):
            yield item
            yield from also
            yield from names_in(of)
        case Record(_, fields):
            for field in fields:
                yield field.name
                yield from names_in(field.shape)
        case Wrapped(_, _, of):
            yield from names_in(of)
        case OneOf(_, _, shapes):
            for name, alternative in shapes:
                yield name
                yield from names_in(alternative)
