"""Writers, compiled from shapes: a value becomes its element, in the compact printed form and in printed order.

A writer is given values that are what their annotations say; on others it raises whatever Python raises, which the codec turns into a
LocalProtocolError. Nothing but the text of a `Text` comes from outside, and that is escaped, so no value can inject markup.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

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
from telgw.wire.xmlsafe import escape

#: Writes a value as an element.
Write = Callable[[Any], str]

#: Lists of enumerations kept as text: the calls of all devices share some twenty lists of permitted services.
_KEPT_LISTS = 256


def compile_writer(shape: Shape, tag: str) -> Write:
    """The writer of a shape as the element `tag`."""
    match shape:
        case Text():
            return _text(tag)
        case Number():
            return f"<{tag}>%d</{tag}>".__mod__
        case Length():
            return _length(tag)
        case Real():
            return _real(tag)
        case Moment(kind):
            return _moment(tag, kind)
        case Flag():
            return {flag: f"<{tag}><{name}/></{tag}>" for flag, name in ((True, "true"), (False, "false"))}.__getitem__
        case Choice(members):
            return {member: f"<{tag}><{name}/></{tag}>" for name, member in members}.__getitem__
        case Choices(choice):
            return _choices(tag, choice)
        case Sequence(item, _, of):
            return _sequence(tag, compile_writer(of, item))
        case Wrapped(_, attribute, of):
            return _wrapped(attribute, compile_writer(of, tag))
        case Record():
            return _record(shape, tag)
        case OneOf():
            return _one_of(shape, tag)


def _text(tag: str) -> Write:
    opening, closing, empty = f"<{tag}>", f"</{tag}>", f"<{tag}/>"

    def write(text: str) -> str:
        # most texts are phone numbers, and letters and digits never need escaping
        if text.isalnum():
            return opening + text + closing
        return opening + escape(text) + closing if text else empty

    return write


def _length(tag: str) -> Write:
    def write(seconds: int) -> str:
        if seconds < 0:
            raise ValueError(f"{tag}: a negative length of time")
        return f"<{tag}>{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}</{tag}>"

    return write


def xer_real(number: float) -> str:
    """The canonical XER form (ITU-T X.693, clause 9): one digit that is not zero before the point, no trailing zeros but the one that
    must follow it, an exponent without sign or leading zeros; zero is `0`."""
    if not 0 <= number < float("inf"):
        raise ValueError(f"{number} is not a number that can be written here")
    if number == 0:
        return "0"
    digits, exponent = f"{number!r}e0".split("e")[:2]
    whole, _, fraction = digits.partition(".")
    significant = (whole + fraction).lstrip("0")
    exponent_of_first = int(exponent) + len(whole) - 1 - (len(whole + fraction) - len(significant))
    return f"{significant[0]}.{significant[1:].rstrip('0') or '0'}E{exponent_of_first}"


def _real(tag: str) -> Write:
    return lambda number: f"<{tag}>{xer_real(number)}</{tag}>"


def _moment(tag: str, kind: type) -> Write:
    if hasattr(kind, "hour"):

        def write(moment: Any) -> str:
            return f"<{tag}>{moment.replace(tzinfo=None).isoformat(timespec='seconds')}</{tag}>"

        return write
    return lambda day: f"<{tag}>{day.isoformat()[:10]}</{tag}>"


def _choices(tag: str, choice: Choice) -> Write:
    empty = {member: f"<{name}/>" for name, member in choice.members}

    @lru_cache(maxsize=_KEPT_LISTS)
    def write(members: tuple[Any, ...]) -> str:
        content = "".join([empty[member] for member in members])
        return f"<{tag}>{content}</{tag}>" if content else f"<{tag}/>"

    return write


def _sequence(tag: str, item: Write) -> Write:
    opening, closing, empty = f"<{tag}>", f"</{tag}>", f"<{tag}/>"

    def write(values: tuple[Any, ...]) -> str:
        return opening + "".join(map(item, values)) + closing if values else empty

    return write


def _wrapped(attribute: str, inner: Write) -> Write:
    content = attrgetter(attribute)
    return lambda value: inner(content(value))


def _record(shape: Record, tag: str) -> Write:
    opening, closing, empty = f"<{tag}>", f"</{tag}>", f"<{tag}/>"
    attributes = [field.attribute for field in shape.fields]
    writers = tuple(compile_writer(field.shape, field.name) for field in shape.fields)
    needed = tuple(field.absent is REQUIRED for field in shape.fields)

    def write(parts: Any) -> str:
        # What must be there fails in its writer when it is None. A strict zip would cost an event a fifth of its time.
        written = [form(part) for part, form, need in zip(parts, writers, needed) if part is not None or need]  # noqa: B905
        return opening + "".join(written) + closing if written else empty

    if issubclass(shape.cls, tuple):
        return write
    if not attributes:
        return lambda value: empty
    values = attrgetter(*attributes)
    if len(attributes) == 1:
        return lambda value: write((values(value),))
    return lambda value: write(values(value))


def _routes(shape: Shape, tag: str) -> dict[type, tuple[str, Write, str]]:
    """For each class that a shape can hold: what comes before it, its writer, what comes after it."""
    match shape:
        case OneOf(_, _, shapes):
            return {
                cls: (f"<{tag}>{before}", write, f"{after}</{tag}>")
                for name, inner in shapes
                for cls, (before, write, after) in _routes(inner, name).items()
            }
        case Record(cls, _) | Wrapped(cls, _, _):
            return {cls: ("", compile_writer(shape, tag), "")}
        case Choice(((_, member), *_)):
            return {type(member): ("", compile_writer(shape, tag), "")}
    raise TypeError(f"{tag}: no class tells that {shape} is meant")


def _one_of(shape: OneOf, tag: str) -> Write:
    routes = _routes(shape, tag)

    def write(value: Any) -> str:
        before, written, after = routes[type(value)]
        return before + written(value) + after

    return write
