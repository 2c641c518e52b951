"""What the tests of the TelServices codec share: the examples of the document, and strategies made from the messages' own shapes."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from telgw.wire.telservices.codec import decode_event, decode_request, decode_return, encode_event, encode_request, encode_return
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

VECTORS: list[dict[str, str]] = json.loads(Path(__file__).parents[3].joinpath("fixtures/telservices_vectors.json").read_text())
DECODE = {"request": decode_request, "return": decode_return, "event": decode_event}
ENCODE = {"request": encode_request, "return": encode_return, "event": encode_event}


def vector(name: str) -> bytes:
    """The example of that name."""
    return next(entry["xml"] for entry in VECTORS if entry["id"] == name).encode()


def request(content: str) -> bytes:
    """A request with this content."""
    return f"<TelServiceRequest>{content}</TelServiceRequest>".encode()


#: Texts as a reader gives them back: no blanks around them, and no characters that XML does not have.
TEXTS = st.one_of(
    st.from_regex(r"[+*#]?[0-9]{1,6}", fullmatch=True),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\r\n\t&<>]\"'"), max_size=20
    ),
).map(lambda text: text.strip(" \t\r\n"))
FILLED_TEXTS = TEXTS.filter(bool)

_MOMENTS: dict[type, st.SearchStrategy[Any]] = {
    date: st.dates(),
    time: st.times().map(lambda moment: moment.replace(microsecond=0)),
    datetime: st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
}


def values_of(shape: Shape, *, filled: bool) -> st.SearchStrategy[Any]:
    """All values of a shape; with `filled` no text that must be there is empty (requests)."""
    match shape:
        case Text():
            return FILLED_TEXTS if filled else TEXTS
        case Number(lowest, highest):
            return st.integers(lowest, highest)
        case Length():
            return st.integers(0, 999_999 * 3600)
        case Real():
            return st.one_of(st.floats(0, 100), st.floats(0, allow_infinity=False))
        case Moment(kind):
            return _MOMENTS[kind]
        case Flag():
            return st.booleans()
        case Choice(members):
            return st.sampled_from([member for _, member in members])
        case Choices(choice):
            return st.lists(values_of(choice, filled=filled), max_size=4).map(tuple)
        case Sequence(_, _, of):
            return st.lists(values_of(of, filled=filled), max_size=3).map(tuple)
        case Wrapped(cls, attribute, of):
            return st.builds(cls, **{attribute: values_of(of, filled=filled)})
        case Record(cls, fields):
            return st.builds(cls, **{field.attribute: _field(field.shape, field.absent, filled) for field in fields})
        case OneOf(_, _, shapes):
            return st.one_of([values_of(inner, filled=filled) for _, inner in shapes])


def _field(shape: Shape, absent: Any, filled: bool) -> st.SearchStrategy[Any]:
    if absent is not None:
        return values_of(shape, filled=filled and absent is REQUIRED)
    # an optional text that is empty is read as absent
    return st.none() | values_of(shape, filled=filled or isinstance(shape, Text))
