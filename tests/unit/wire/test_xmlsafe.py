"""The scanner: where a document ends, what is refused and at which byte, and that chunks never matter."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from telgw.wire.errors import LocalProtocolError, RemoteProtocolError
from telgw.wire.xmlsafe import DocumentScanner, Limits, escape

LIMITS = Limits(size=2000, depth=5, elements=20, text=40)


def scan(data: bytes, limits: Limits = LIMITS) -> bytes | None:
    """One chunk."""
    return DocumentScanner(limits).receive_data(data)


def outcome(chunks: list[bytes], limits: Limits = LIMITS) -> tuple[str, bytes | None, bytes]:
    """What a scanner makes of some chunks: complete, incomplete or refused, the document, and what came after it."""
    scanner = DocumentScanner(limits)
    for index, chunk in enumerate(chunks):
        try:
            document = scanner.receive_data(chunk)
        except RemoteProtocolError:
            return "refused", None, b""
        if document is not None:
            return "complete", document, scanner.trailing + b"".join(chunks[index + 1 :])
    return "incomplete", None, b""


def bytewise(data: bytes) -> list[bytes]:
    return [data[index : index + 1] for index in range(len(data))]


ACCEPTED = {
    "empty root": b"<a/>",
    "open and close": b"<a></a>",
    "blanks in tags": b"<a ><b\t/></a\n>",
    "text": b"<a>x</a>",
    "pretty printed": b"<a>\r\n\t<b>1</b>\r\n\t<c> 2 </c>\r\n</a>",
    "comment": b"<a><!-- <b> > -- ></b> --><c/></a>",
    "comment before the root": b"<!-- x --><a/>",
    "comment inside a text": b"<a>x<!--y-->z</a>",
    "cdata": b"<a><![CDATA[<b>&]] >]]></a>",
    "cdata and text": b"<a>x<![CDATA[y]]>z</a>",
    "byte order mark": b"\xef\xbb\xbf<a/>",
    "byte order mark and blanks": b"\xef\xbb\xbf \n<a/>",
    "declaration": b"<?xml version='1.0'?><a/>",
    "declaration with encoding": b'<?xml version="1.0" encoding="Windows-1252" standalone="yes" ?>\n<a>\xe9</a>',
    "mark and declaration": b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?><a/>',
    "greater in a text": b"<a>1 > 0</a>",
    "entity references": b"<a>&amp;&lt;&#65;&#x42;</a>",
    "deepest": b"<a><b><c><d><e/></d></c></b></a>",
    "most elements": b"<a>" + b"<b/>" * 19 + b"</a>",
    "longest text": b"<a>" + b"x" * 40 + b"</a>",
    "longest text after more blanks": b"<a>" + b" " * 50 + b"x" * 40 + b"</a>",
    "largest": b"<a>" + b" " * 1993 + b"</a>",
    "names with all characters": b"<_a.b-c1><started-running/></_a.b-c1>",
    "longest name": b"<" + b"n" * 128 + b"/>",
}


@pytest.mark.parametrize("document", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_given_an_acceptable_document_then_it_ends_with_its_root_whatever_the_chunks(document: bytes) -> None:
    """The same document in one chunk, with a tail, byte by byte, and in every pair of chunks."""
    assert outcome([document]) == ("complete", document, b"")
    assert outcome([document + b"</a>\0<"]) == ("complete", document, b"</a>\0<")
    assert outcome([*bytewise(document), b"tail"]) == ("complete", document, b"tail")
    for cut in range(len(document)):
        assert outcome([document[:cut], document[cut:] + b" tail"]) == ("complete", document, b" tail"), cut


def test_given_blanks_before_the_document_then_they_are_no_part_of_it() -> None:
    for lead in (b" ", b"\r\n\t "):
        assert outcome([lead + b"<a/>"]) == ("complete", b"<a/>", b"")
        assert outcome(bytewise(lead + b"<a ></a>")) == ("complete", b"<a ></a>", b"")


#: name: (bytes, reason, number of bytes after which it must be refused; 0 = at the last)
REFUSED = {
    "document type": (b"<!DOCTYPE a []><a/>", "a document type or another declaration", 3),
    "lower case document type": (b"<!doctype a><a/>", "a document type or another declaration", 3),
    "entity": (b"<!ENTITY a 'b'><a/>", "a document type or another declaration", 3),
    "declaration inside": (b"<a><!ELEMENT a ANY></a>", "a document type or another declaration", 6),
    "half a comment": (b"<a><!-b", "a document type or another declaration", 7),
    "half a cdata": (b"<a><![CDOTA[", "a document type or another declaration", 9),
    "processing instruction": (b"<?php x?><a/>", "a processing instruction", 3),
    "processing instruction inside": (b"<a><?x y?></a>", "a processing instruction", 5),
    "second declaration": (b"<?xml version='1.0'?><?xml version='1.0'?><a/>", "a processing instruction", 23),
    "late declaration": (b"<!-- --><?xml version='1.0'?><a/>", "a processing instruction", 10),
    "stylesheet": (b"<?xml-stylesheet href='x'?><a/>", "a malformed XML declaration, or another processing instruction", 27),
    "version 2": (b"<?xml version='2.0'?><a/>", "a malformed XML declaration, or another processing instruction", 21),
    "endless declaration": (b"<?xml " + b" " * 300, "an XML declaration of more than 256 bytes", 257),
    "UTF-16 declared": (
        b"<?xml version='1.0' encoding='UTF-16'?><a/>",
        "encoding UTF-16 is not one of iso-8859-1, us-ascii, utf-8, windows-1252",
        39,
    ),
    "EBCDIC declared": (
        b"<?xml version='1.0' encoding='IBM037'?><a/>",
        "encoding IBM037 is not one of iso-8859-1, us-ascii, utf-8, windows-1252",
        39,
    ),
    "UTF-7 declared": (
        b"<?xml version='1.0' encoding='utf-7'?><a/>",
        "encoding utf-7 is not one of iso-8859-1, us-ascii, utf-8, windows-1252",
        38,
    ),
    "UTF-16 big end": ("\ufeff<a/>".encode("utf-16-be"), "UTF-16: not an encoding that contains ASCII", 1),
    "UTF-16 little end": ("\ufeff<a/>".encode("utf-16-le"), "UTF-16: not an encoding that contains ASCII", 1),
    "UTF-16 without mark": ("<a/>".encode("utf-16-be"), "a NUL byte: not text in an encoding that contains ASCII", 1),
    "NUL in a text": (b"<a>\0</a>", "a NUL byte: not text in an encoding that contains ASCII", 4),
    "NUL in a comment": (b"<a><!--\0--></a>", "a NUL byte: not text in an encoding that contains ASCII", 8),
    "attribute": (b'<a b="c"/>', "an attribute after 0 elements", 0),
    "attribute with blanks": (b"<a b = 'c'>", "an attribute after 0 elements", 0),
    "default namespace": (b"<a xmlns='urn:x'/>", "an attribute after 0 elements", 0),
    "prefix": (b"<x:a/>", "a name with a namespace after 0 elements", 0),
    "prefix inside": (b"<a><x:b>", "a name with a namespace after 1 elements", 0),
    "colon first": (b"<:a/>", "a name with a namespace after 0 elements", 0),
    "digit first": (b"<1/>", "not a tag after 0 elements", 0),
    "blank first": (b"< a/>", "not a tag after 0 elements", 0),
    "nothing": (b"<>", "not a tag after 0 elements", 0),
    "only a slash": (b"</>", "not a tag after 0 elements", 0),
    "both slashes": (b"<a></a/>", "not a tag after 1 elements", 0),
    "two names": (b"<a b>", "not a tag after 0 elements", 0),
    "less in a tag": (b"<a<b>", "not a tag after 0 elements", 0),
    "terminal colours": (b"<\x1b[31m>", "not a tag after 0 elements", 0),
    "text first": (b"hello", "text outside the root element", 1),
    "text after a byte order mark": (b"\xef\xbb\xbfx<a/>", "text outside the root element", 4),
    "cdata first": (b"<![CDATA[x]]><a/>", "text outside the root element", 9),
    "end tag first": (b"</a>", "an end tag outside the root element", 0),
    "text beside elements": (b"<a>x<b/></a>", "text beside elements", 8),
    "text after elements": (b"<a><b/>x</a>", "text beside elements", 12),
    "cdata beside elements": (b"<a><b/><![CDATA[x]]></a>", "text beside elements", 24),
    "too deep": (b"<a><a><a><a><a><a>", "elements nested deeper than 5", 18),
    "too deep by an empty element": (b"<a><a><a><a><a><a/>", "elements nested deeper than 5", 19),
    "too many elements": (b"<a>" + b"<b></b>" * 20 + b"</a>", "more than 20 elements", 3 + 19 * 7 + 3),
    "too long a text": (b"<a>" + b"x" * 41 + b"</a>", "a text of more than 40 bytes", 44),
    "too long a text with a comment": (b"<a>" + b"x" * 20 + b"<!-- -->" + b"x" * 21, "a text of more than 40 bytes", 52),
    "too long a text with cdata": (b"<a>" + b"x" * 20 + b"<![CDATA[" + b"x" * 21 + b"]]>", "a text of more than 40 bytes", 55),
    "endless tag": (b"<" + b"a" * 300, "a tag of more than 256 bytes", 257),
    "long name": (b"<" + b"n" * 129 + b"/>", "not a tag after 0 elements", 0),
    "too large": (b"<a>" + b" " * 1994 + b"</a>", "the document is larger than 2000 bytes", 0),
    "too large a comment": (b"<!--" + b"x" * 3000, "the document is larger than 2000 bytes", 2001),
    "endless blanks": (b" " * 2001, "more than 2000 bytes of white space before the document", 2001),
}


@pytest.mark.parametrize(("data", "reason", "after"), REFUSED.values(), ids=REFUSED.keys())
def test_given_a_refused_document_then_the_reason_is_told_and_told_at_once(data: bytes, reason: str, after: int) -> None:
    """In one chunk the reason is exact; byte by byte the refusal comes with the first byte that decides."""
    with pytest.raises(RemoteProtocolError) as error:
        scan(data)
    assert error.value.reason == reason
    scanner = DocumentScanner(LIMITS)
    for count, byte in enumerate(bytewise(data), start=1):
        try:
            assert scanner.receive_data(byte) is None
        except RemoteProtocolError:
            assert count == (after or len(data))
            return
    pytest.fail("accepted byte by byte")


@pytest.mark.parametrize(
    "cut", [b"", b"<", b"<a", b"<a>", b"<a>x", b"<a><", b"<a></", b"<a><b/>", b"<!", b"<!-", b"<?xml", b"\xef", b"\xef\xbb"]
)
def test_given_the_beginning_of_a_document_then_more_is_waited_for(cut: bytes) -> None:
    assert outcome([cut])[0] == outcome(bytewise(cut))[0] == "incomplete"


def test_given_a_document_then_a_used_scanner_takes_no_more() -> None:
    """That would be our mistake, not the peer's."""
    for document in (b"<a/>", b"<a ></a >"):
        scanner = DocumentScanner(LIMITS)
        assert scanner.receive_data(document) == document
        with pytest.raises(LocalProtocolError):
            scanner.receive_data(b"<a/>")


def test_given_a_document_within_the_size_then_a_huge_tail_does_not_matter() -> None:
    tail = b"x" * 5000
    assert outcome([b"<a/>" + tail]) == ("complete", b"<a/>", tail)


def test_given_a_long_document_in_chunks_then_runs_of_elements_count_like_single_ones() -> None:
    """Chunks of more than 512 bytes are taken in runs; the limits hold to the element."""
    entry = b"<p><n>1</n><t><w/></t></p>\n"
    document = b"<a><l>" + entry * 200 + b"</l></a>"
    chunks = [document[index : index + 700] for index in range(0, len(document), 700)]
    enough = Limits(size=10_000, depth=5, elements=802, text=40)
    assert outcome(chunks, enough) == ("complete", document, b"")
    for limits in (
        Limits(size=10_000, depth=5, elements=801, text=40),
        Limits(size=10_000, depth=4, elements=802, text=40),
        Limits(size=len(document) - 1, depth=5, elements=802, text=40),
    ):
        assert outcome(chunks, limits)[0] == outcome(bytewise(document), limits)[0] == outcome([document], limits)[0] == "refused"


MARKUP = b"<a>|</a>|<b/>|<b>1</b>|<a >|<b>2<c/>|<!-- c -->|<![CDATA[d]]>|<|>|]]>|--|<?xml version='1.0'?>|<!DOCTYPE|<a b='c'>|<x:y>"
PIECES = st.sampled_from([*MARKUP.split(b"|"), b"x", b" ", b"\n", b"&amp;", b"\xef\xbb\xbf", b"\xc3\xa9", b"\0", b"z" * 45, b"<b>" * 6])


@given(pieces=st.lists(PIECES, max_size=20), data=st.data())
@example(pieces=[b"<a>", b"<b/>" * 19, b"</a>"], data=None)
@settings(deadline=None)
def test_given_any_bytes_then_chunks_do_not_change_what_becomes_of_them(pieces: list[bytes], data: st.DataObject | None) -> None:
    whole = b"".join(pieces)
    expected = outcome([whole])
    assert outcome(bytewise(whole)) == expected
    if data is not None:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
        edges = zip([0, *cuts], [*cuts, len(whole)], strict=True)
        assert outcome([whole[start:end] for start, end in edges]) == expected


class CountingBuffer(bytearray):
    """Counts the bytes that searches look at."""

    looked_at = 0

    def find(self, mark: bytes, start: int = 0) -> int:  # type: ignore[override]
        found = super().find(mark, start)
        self.looked_at += (found + len(mark) if found >= 0 else len(self)) - start
        return found


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" + b"x" * 50_000 + b"</a>",
        b"<!--" + b"-x" * 25_000 + b"--><a/>",
        b"<a><![CDATA[" + b"]x" * 25_000 + b"]]></a>",
        b"<a>" + b"<b>1</b>\n" * 5_000 + b"</a>",
        b"<a>" + b" " * 50_000 + b"</a>",
        b"<a>" + (b"<" + b"n" * 100 + b" " * 100 + b"/>") * 200 + b"</a>",
    ],
    ids=["text", "comment", "cdata", "elements", "blanks", "long tags"],
)
def test_given_a_large_document_byte_by_byte_then_each_byte_is_searched_a_bounded_number_of_times(data: bytes) -> None:
    """Counted, not timed: a scanner that started again with each chunk would look at n*n/2 bytes, which is 25,000 per byte here."""
    scanner = DocumentScanner(Limits(size=100_000, depth=5, elements=10_000, text=60_000))
    buffer = CountingBuffer()
    scanner.receive_data(data[:1])
    scanner._buffer = CountingBuffer(scanner._buffer)
    buffer = scanner._buffer
    for byte in bytewise(data[1:-1]):
        assert scanner.receive_data(byte) is None
    assert scanner.receive_data(data[-1:]) == data
    assert buffer.looked_at <= 4 * len(data)


# escape


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("1101", "1101"),
        ("Zoë & <Söhne>", "Zoë &amp; &lt;Söhne&gt;"),
        ("]]>", "]]&gt;"),
        ("a\rb\nc\td", "a&#13;b\nc\td"),
        ("\0\x01\x1f\ud800\udfff\ufffe\uffff", "\ufffd" * 7),
        ("\x7f\x85\u2028\ufffd\U0010ffff", "\x7f\x85\u2028\ufffd\U0010ffff"),
        ("'\"", "'\""),
    ],
)
def test_given_a_text_then_it_is_written_so_that_xml_can_carry_it(text: str, written: str) -> None:
    assert escape(text) == written


@given(st.text(st.characters()))
@settings(deadline=None)
def test_given_any_text_then_an_xml_reader_gives_it_back(text: str) -> None:
    """But for the characters that XML 1.0 does not have."""
    read = etree.fromstring(f"<a>{escape(text)}</a>".encode()).text or ""
    assert len(read) == len(text)
    assert all(b in (a, "\ufffd") for a, b in zip(text, read, strict=True))
