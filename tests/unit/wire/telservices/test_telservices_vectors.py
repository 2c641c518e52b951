"""The examples of the TelServices document, all of them: read, and written again byte for byte."""

from __future__ import annotations

import pytest
from telservices_rig import DECODE, ENCODE, VECTORS

from telgw.wire.telservices.codec import RequestReader
from telgw.wire.telservices.requests import SERVICES


def test_given_the_examples_then_all_of_them_are_here() -> None:
    assert len(VECTORS) == 89
    assert {kind: sum(entry["kind"] == kind for entry in VECTORS) for kind in DECODE} == {"request": 41, "return": 28, "event": 20}


@pytest.mark.parametrize("entry", VECTORS, ids=[entry["id"] for entry in VECTORS])
def test_given_an_example_then_it_is_written_as_it_was_read(entry: dict[str, str]) -> None:
    printed = entry["xml"].encode()
    assert ENCODE[entry["kind"]](DECODE[entry["kind"]](printed)) == printed


@pytest.mark.parametrize("entry", VECTORS, ids=[entry["id"] for entry in VECTORS])
def test_given_an_example_as_the_document_prints_it_then_white_space_does_not_matter(entry: dict[str, str]) -> None:
    """One element per line, indented: "spaces and line breaks should be avoided but are accepted"."""
    printed = entry["xml"].encode()
    decode = DECODE[entry["kind"]]
    assert decode(b"\r\n" + printed.replace(b"><", b">\r\n\t    <") + b"\n") == decode(printed)


@pytest.mark.parametrize("entry", VECTORS, ids=[entry["id"] for entry in VECTORS])
def test_given_an_example_with_both_forms_of_empty_elements_then_they_mean_the_same(entry: dict[str, str]) -> None:
    printed = entry["xml"]
    long = printed
    for name in {part.split("<")[-1] for part in printed.split("/>")[:-1]}:
        long = long.replace(f"<{name}/>", f"<{name}></{name}>")
    decode = DECODE[entry["kind"]]
    assert decode(long.encode()) == decode(printed.encode())


def test_given_the_examples_then_every_service_has_one() -> None:
    """36 services: 2 of sessions, 26 of users, 8 of supervisors."""
    reader = [type(RequestReader().receive_data(entry["xml"].encode())) for entry in VECTORS if entry["kind"] == "request"]
    assert set(reader) == set(SERVICES.values())
    assert len(SERVICES) == 36
