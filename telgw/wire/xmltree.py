"""A scanned document as a tree of elements, read by lxml with everything dangerous switched off.

The XML library keeps every element name that it has ever met, and every long run of blanks, in a dictionary per thread that is never
freed. A peer that invents names could so fill the memory with small, correct documents. `Names` closes that door: the names of the
protocol and a bounded number of strange ones get through, all further ones are renamed before the library sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from telgw.wire.errors import RemoteProtocolError
from telgw.wire.xmllimits import NAME

#: Strange names that are let through as they are, so that the log can show them. Extensions of the protocol have a few.
_MAX_STRANGERS = 500
_MAX_STRANGER = 64
#: What all further ones are called.
_NAMELESS = b"unknown"

_OPENING = re.compile(rb"<(" + NAME + rb")")
#: Comments and CDATA sections are matched first, so that nothing inside them is taken for a tag.
_SECTION = rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>"
_ANY_TAG = re.compile(_SECTION + rb"|(</?)(" + NAME + rb")", re.DOTALL)
_LONG_GAP = re.compile(rb">[ \t\r\n]{16}")
_ANY_GAP = re.compile(_SECTION + rb"|(?<=>)([ \t\r\n]{16,}+)(?=<)", re.DOTALL)

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    huge_tree=False,
    load_dtd=False,
    dtd_validation=False,
    attribute_defaults=False,
    remove_blank_text=True,
    remove_comments=True,
    remove_pis=True,
    strip_cdata=True,
    compact=True,
)
_read = etree.fromstring


class Names:
    """The element names of a protocol, and those strange ones that were let through so far."""

    __slots__ = ("_admitted", "_known", "_room")

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(name.encode() for name in known)
        self._admitted: set[bytes] = set()
        self._room = _MAX_STRANGERS

    def plain(self, document: bytes) -> bytes:
        """The same document without names and blanks that the library would keep for ever."""
        if not self._known.issuperset(_OPENING.findall(document)):
            document = _ANY_TAG.sub(self._renamed, document)
        if _LONG_GAP.search(document) is not None:
            document = _ANY_GAP.sub(_shortened, document)
        return document

    def _renamed(self, tag: re.Match[bytes]) -> bytes:
        name = tag[2]
        if name is None or name in self._known or name in self._admitted:
            return tag[0]
        if self._room and len(name) <= _MAX_STRANGER:
            self._room -= 1
            self._admitted.add(name)
            return tag[0]
        return tag[1] + _NAMELESS


def _shortened(gap: re.Match[bytes]) -> bytes:
    return b" " if gap[1] else gap[0]


def parse_document(document: bytes, names: Names | None = None) -> etree._Element:
    """The root element of a document that a DocumentScanner has let through. Without `names`, the peer must be one that does not invent
    element names. Raise RemoteProtocolError for everything that is not well-formed XML."""
    if b"<!DOCTYPE" in document:
        raise RemoteProtocolError("a document type or another declaration")
    try:
        return _read(document if names is None else names.plain(document), _PARSER)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise RemoteProtocolError(f"not well-formed XML: {_kind_of(error)}") from None


def _kind_of(error: Exception) -> str:
    """What is wrong, and where. The library's own words repeat what the peer said, which may be a piece of a password."""
    last = getattr(getattr(error, "error_log", None), "last_error", None)
    return type(error).__name__ if last is None else f"{last.type_name} at line {last.line}, column {last.column}"
