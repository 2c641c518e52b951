"""The tree reader: hardened, one kind of error, and a dictionary of names that a peer cannot fill."""

from __future__ import annotations

import pytest
from lxml import etree

from telgw.wire.errors import RemoteProtocolError
from telgw.wire.xmlsafe import parse_document
from telgw.wire.xmltree import Names


def test_given_a_document_then_its_tree_has_elements_and_texts_only() -> None:
    root = parse_document(b"<?xml version='1.0' encoding='ISO-8859-1'?><!-- x --><a> <b>\xe9&amp;&#65;<!-- y --><![CDATA[<]]></b> </a>")
    assert root.tag == "a"
    assert [child.tag for child in root] == ["b"]
    assert root[0].text == "é&A<"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"<a>&unknown;</a>",
        b"<a>&#0;</a>",
        b"<a>&#xD800;</a>",
        b"<a>\xff</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>\x01</a>",
        b"<a>]]></a>",
        b"<a>&</a>",
        b"<!-- -- --><a/>",
        b"<?xml version='1.0' encoding='us-ascii'?><a>\xe9</a>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<a b='1' b='2'/>",
        b"<" + b"a" * 100_000 + b"/>",
        b"<a>" * 5000 + b"</a>" * 5000,
    ],
)
def test_given_bytes_that_are_not_xml_then_the_error_is_ours_and_of_one_kind(document: bytes) -> None:
    for names in (None, Names(["a"])):
        with pytest.raises(RemoteProtocolError, match="not well-formed XML"):
            parse_document(document, names)


def test_given_a_document_type_then_it_is_refused_even_without_a_scanner() -> None:
    """No entity is ever expanded, no file or network is ever touched."""
    with pytest.raises(RemoteProtocolError, match="a document type"):
        parse_document(b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>")


def test_given_known_names_and_short_gaps_then_the_document_is_not_touched() -> None:
    document = b"<a>\n  <b>1</b>\n</a>"
    assert Names(["a", "b"]).plain(document) is document


def test_given_ever_new_names_then_only_a_bounded_number_of_them_reaches_the_library() -> None:
    """libxml2 keeps each name for ever; after 500 strange ones the others are all called `unknown`."""
    names = Names(["a"])
    reached = set()
    for number in range(1000):
        root = parse_document(b"<a><x%d>1</x%d><a/></a>" % (number, number), names)
        reached.add(root[0].tag)
        assert root[0].text == "1"
        assert root[1].tag == "a"
    assert len(reached) == 501
    assert "unknown" in reached
    again = parse_document(b"<a><x3/><x999></x999></a>", names)
    assert [child.tag for child in again] == ["x3", "unknown"]


def test_given_a_very_long_strange_name_then_it_is_not_kept() -> None:
    assert parse_document(b"<a><" + b"x" * 65 + b"/></a>", Names(["a"]))[0].tag == "unknown"


def test_given_strange_names_then_tags_inside_comments_and_cdata_are_text() -> None:
    names = Names(["a"])
    names._room = 0
    root = parse_document(b"<a><!-- <y> --><z><![CDATA[<y>]]></z></a>", names)
    assert [(child.tag, child.text) for child in root] == [("unknown", "<y>")]


def test_given_long_gaps_then_they_shrink_and_texts_stay() -> None:
    """libxml2 keeps each run of 16 to 59 blanks for ever, and there are many different ones."""
    gap = b" \t\n" * 7
    plain = Names(["a", "b", "c"]).plain(b"<a>" + gap + b"<b>" + gap + b"</b><c>1 >" + gap + b"2</c><c><![CDATA[>" + gap + b"<]]></c></a>")
    assert plain == b"<a> <b> </b><c>1 >" + gap + b"2</c><c><![CDATA[>" + gap + b"<]]></c></a>"
    assert etree.fromstring(plain)[1].text == "1 >" + gap.decode() + "2"
