"""The field language: names, what is optional, and what cannot be said in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import pytest

from telgw.wire.telservices.codec import EVENT_SHAPE, REQUEST_SHAPE, RETURN_SHAPE
from telgw.wire.telservices.schema import (
    REQUIRED,
    Absent,
    Bare,
    Choice,
    Element,
    Items,
    Number,
    OneOf,
    Record,
    Sequence,
    Text,
    Wrapped,
    element_name,
    names_in,
    shape_of,
)
from telgw.wire.telservices.vocabulary import OnOff
from telgw.wire.telservices.writing import compile_writer


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("id", "id"),
        ("device_number", "deviceNumber"),
        ("user_id", "userID"),
        ("event_udp_port", "eventUDPPort"),
        ("agent_logged_on_on_open_session", "agentLoggedOnOnOpenSession"),
    ],
)
def test_given_an_attribute_then_its_element_is_named_after_it(attribute: str, name: str) -> None:
    assert element_name(attribute) == name


Port = Annotated[int, Number(1, 65535)]


@dataclass(frozen=True)
class Sample:
    first: str
    second: Port | None
    third: Annotated[Port | None, Element("THIRD")]
    fourth: Annotated[bool, Absent(True)]
    fifth: Annotated[tuple[Inner, ...], Items("inner", "other")]


class Inner(NamedTuple):
    state: OnOff


@dataclass(frozen=True)
class Around:
    state: Annotated[OnOff, Bare()]


def test_given_a_class_then_its_annotations_are_its_table() -> None:
    shape = shape_of(Sample)
    assert isinstance(shape, Record)
    assert [field.name for field in shape.fields] == ["first", "second", "THIRD", "fourth", "fifth"]
    assert [field.absent for field in shape.fields] == [REQUIRED, None, None, True, REQUIRED]
    assert shape.fields[0].shape == Text()
    assert shape.fields[1].shape == shape.fields[2].shape == Number(1, 65535)
    assert shape.fields[4].shape == Sequence("inner", ("other",), shape_of(Inner))
    assert list(names_in(shape)) == ["first", "second", "THIRD", "fourth", "fifth", "inner", "other", "state", "on", "off"]


def test_given_a_bare_field_then_the_class_is_only_a_wrapper() -> None:
    assert shape_of(Around) == Wrapped(Around, "state", Choice((("on", OnOff.ON), ("off", OnOff.OFF))))


@pytest.mark.parametrize("annotation", [float, bytes, dict[str, str], tuple[str, ...], str | int, Any])
def test_given_an_annotation_without_a_shape_then_the_import_fails(annotation: Any) -> None:
    with pytest.raises(TypeError):
        shape_of(annotation)


def test_given_a_choice_of_values_that_no_class_tells_apart_then_the_import_fails() -> None:
    with pytest.raises(TypeError):
        compile_writer(shape_of(Annotated[Any, OneOf("thing", {"a": str, "b": int})]), "x")


def test_given_the_three_messages_then_every_name_is_plain_xml() -> None:
    """The scanner refuses colons, and the names go between angle brackets as they are."""
    names = {name for shape in (REQUEST_SHAPE, RETURN_SHAPE, EVENT_SHAPE) for name in names_in(shape)}
    assert len(names) > 150
    assert all(name.replace("-", "").isalnum() and name.isascii() and name[0].islower() for name in names)
