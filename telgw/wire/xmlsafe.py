"""XML from strangers: where a document ends, whether it is one that we read at all, and how it is read and written safely.

The protocols here use the plain half of XML: elements and text. `DocumentScanner` finds the end of a document in a stream without
delimiters and refuses the other half (document types, entities, processing instructions, attributes, namespaces) before any XML
library sees a byte of it. Rules of this file:

* Only bytes below 0x80 are looked at, so only encodings that keep ASCII where it is are let in.
* The answer never depends on how the bytes were cut into chunks.
* Every byte is looked at a bounded number of times: what has been searched is not searched again when the next chunk comes.
* A document that comes in one chunk is matched by one regular expression, whose possessive quantifiers never go back. All others,
  and all that are wrong, take the way of small steps, which knows why it refuses; it only skips runs of whole elements at once.
"""

from __future__ import annotations

import re

from telgw.wire.errors import LocalProtocolError, RemoteProtocolError
from telgw.wire.xmllimits import BLANK, NAME, RUN_DEPTH, Limits
from telgw.wire.xmltree import parse_document

__all__ = ["DocumentScanner", "Limits", "escape", "parse_document"]

#: Bytes of one tag: the longest of our protocols has 48.
_MAX_TAG = 256
#: Bytes of an XML declaration: version, encoding and standalone take 60.
_MAX_DECLARATION = 256
#: What a scanner of ASCII bytes can trust: ASCII and supersets of it.
_ENCODINGS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "windows-1252"})

#: Runs that are looked for in one chunk, and the bytes that a chunk must have for it: each search may be in vain.
_RUNS_PER_CHUNK = 8
_MIN_RUN_CHUNK = 512

_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_TAG = re.compile(rb"<(/?)" + NAME + BLANK + rb"(/?)>")
_DECLARATION = re.compile(
    rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*([\"'])1\.[0-9]\1"
    rb"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*([\"'])([A-Za-z][A-Za-z0-9._\-]*)\2)?"
    rb"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*([\"'])(?:yes|no)\4)?[ \t\r\n]*\?>"
)


class DocumentScanner:
    """Find the end of one document. Feed it with `receive_data` until that returns the document; `trailing` is what came after it."""

    __slots__ = (
        "_at", "_buffer", "_chunks", "_depth", "_elements", "_fresh_tag", "_inside", "_limits", "_runs", "_searched", "_skipped",
        "_text", "trailing",
    )  # fmt: skip

    def __init__(self, limits: Limits) -> None:
        self.trailing = b""
        self._limits = limits
        self._chunks = 0
        # All other state belongs to the small steps: see _begin.

    def receive_data(self, data: bytes) -> bytes | None:
        """Take the next bytes; return the document once its root is closed, else None. Raise RemoteProtocolError as soon as the bytes
        cannot become a document that we accept."""
        if not self._chunks:
            limits = self._limits
            found = limits.whole.match(data) if len(data) <= limits.size else None
            # `<a/>` is the shortest element: a document with so few bytes has no need to be counted
            if found and (found.end() <= 4 * limits.elements or data.count(b"<", 0, found.end()) <= limits.elements):
                self._chunks = -1
                self.trailing = data[found.end() :]
                return found[1]
            self._begin()
        elif self._chunks < 0:
            raise LocalProtocolError("the scanner has its document: a new one needs a new scanner")
        self._chunks += 1
        return self._take(data)

    def _begin(self) -> None:
        self._buffer = bytearray()
        self._runs = 0  #: searches for a run that this chunk still allows
        self._skipped = 0  #: blanks before the document
        self._at = 0  #: first byte that is not decided
        self._searched = 0  #: where the search for the end of the construct at `_at` goes on
        self._inside = b"start"  #: start, content, or the end mark of the comment or CDATA section we are in
        self._depth = 0
        self._elements = 0
        self._text = 0  #: bytes of text since the last tag
        self._fresh_tag = False  #: the last tag opened an element, so text is its content

    def _take(self, data: bytes) -> bytes | None:
        buffer, limit = self._buffer, self._limits.size
        if not buffer and self._inside == b"start":
            # Blanks before the document are no part of it; they count, so that nobody sends blanks for ever.
            stripped = data.lstrip(_BLANKS)
            self._skipped += len(data) - len(stripped)
            if self._skipped > limit:
                raise RemoteProtocolError(f"more than {limit} bytes of white space before the document")
            data = stripped
        room = limit - len(buffer)
        taken = data[:room]
        if (zero := taken.find(b"\0")) >= 0:
            taken = taken[:zero]
        buffer += taken
        self._runs = _RUNS_PER_CHUNK if len(taken) >= _MIN_RUN_CHUNK else 0
        if self._advance():
            self._chunks = -1
            end = self._at
            document = bytes(buffer[:end])
            self.trailing = bytes(buffer[end:]) + data[len(taken) :]
            return document
        if zero >= 0:
            raise RemoteProtocolError("a NUL byte: not text in an encoding that contains ASCII")
        if len(data) > room:
            raise RemoteProtocolError(f"the document is larger than {limit} bytes")
        return None

    def _advance(self) -> bool:
        """Go on as far as the bytes allow; True when the root is closed, at `_at`."""
        while True:
            if self._inside == b"content":
                found = self._content()
            elif self._inside == b"start":
                found = self._start()
            else:
                found = self._section()
            if found is not None:
                return found

    def _start(self) -> bool | None:
        buffer = self._buffer
        if _BOM.startswith(buffer[:3]) and len(buffer) < 3:
            return False
        if buffer.startswith((b"\xff", b"\xfe")):
            raise RemoteProtocolError("UTF-16: not an encoding that contains ASCII")
        at = 3 if buffer.startswith(_BOM) else 0
        head = bytes(buffer[at : at + 5])
        if len(head) < 5 and b"<?xml".startswith(head):
            return False
        if head == b"<?xml":
            end = buffer.find(b"?>", at)
            if (len(buffer) if end < 0 else end + 2) - at > _MAX_DECLARATION:
                raise RemoteProtocolError(f"an XML declaration of more than {_MAX_DECLARATION} bytes")
            if end < 0:
                return False
            at = self._declared(at, end + 2)
        self._at = self._searched = at
        self._inside = b"content"
        return None

    def _declared(self, at: int, end: int) -> int:
        declaration = _DECLARATION.fullmatch(bytes(self._buffer[at:end]))
        if declaration is None:
            raise RemoteProtocolError("a malformed XML declaration, or another processing instruction")
        encoding = (declaration[3] or b"utf-8").decode()
        if encoding.lower() not in _ENCODINGS:
            raise RemoteProtocolError(f"encoding {encoding[:40]} is not one of {', '.join(sorted(_ENCODINGS))}")
        return end

    def _content(self) -> bool | None:
        """Text up to the next `<`, then what that begins."""
        buffer = self._buffer
        less = buffer.find(b"<", self._at)
        end = len(buffer) if less < 0 else less
        if end > self._at:
            run = buffer[self._at : end]
            self._count_text(len(run) if self._text else len(run.lstrip(_BLANKS)))
            self._at = self._searched = end
        if less < 0 or len(buffer) == less + 1:
            return False
        mark = buffer[less + 1]
        if mark == 0x21:  # !
            return self._declaration()
        if mark == 0x3F:  # ?
            raise RemoteProtocolError("a processing instruction")
        greater = buffer.find(b">", max(self._searched, less + 1))
        self._searched = len(buffer)
        if (len(buffer) if greater < 0 else greater + 1) - less > _MAX_TAG:
            raise RemoteProtocolError(f"a tag of more than {_MAX_TAG} bytes")
        return False if greater < 0 else self._tag(greater + 1)

    def _count_text(self, length: int) -> None:
        if length and not self._depth:
            raise RemoteProtocolError("text outside the root element")
        self._text += length
        if self._text > self._limits.text:
            raise RemoteProtocolError(f"a text of more than {self._limits.text} bytes")

    def _declaration(self) -> bool | None:
        head = bytes(self._buffer[self._at : self._at + 9])
        if head.startswith(b"<!--"):
            self._inside = b"-->"
            self._at += 4
        elif head == b"<![CDATA[":
            if not self._depth:
                raise RemoteProtocolError("text outside the root element")
            self._inside = b"]]>"
            self._at += 9
        elif b"<!--".startswith(head) or b"<![CDATA[".startswith(head):
            return False
        else:
            raise RemoteProtocolError("a document type or another declaration")
        self._searched = self._at
        return None

    def _section(self) -> bool | None:
        """The rest of a comment or of a CDATA section."""
        mark = self._inside
        found = self._buffer.find(mark, self._searched)
        # the mark itself may be cut by the end of the chunk
        end = found if found >= 0 else max(self._at, len(self._buffer) - 2)
        if mark == b"]]>":
            self._count_text(end - self._at)
        self._at = self._searched = end
        if found < 0:
            return False
        self._at = self._searched = found + 3
        self._inside = b"content"
        return None

    def _tag(self, end: int) -> bool | None:
        tag = bytes(self._buffer[self._at : end])
        parts = _TAG.fullmatch(tag)
        if parts is None or (parts[1] and parts[2]):
            raise RemoteProtocolError(f"{_complaint(tag)} after {self._elements} elements")
        if self._text and not (parts[1] and self._fresh_tag):
            raise RemoteProtocolError("text beside elements")
        self._at = self._searched = end
        self._text = 0
        self._fresh_tag = not parts[1] and not parts[2]
        if parts[1]:
            if not self._depth:
                raise RemoteProtocolError("an end tag outside the root element")
            self._depth -= 1
        else:
            self._elements += 1
            if self._elements > self._limits.elements:
                raise RemoteProtocolError(f"more than {self._limits.elements} elements")
            if self._depth >= self._limits.depth:
                raise RemoteProtocolError(f"elements nested deeper than {self._limits.depth}")
            if self._fresh_tag:
                self._depth += 1
                return None
        if not self._depth:
            return True
        if self._runs:
            self._skip_run()
        return None

    def _skip_run(self) -> None:
        """After an element: take all whole elements that follow it in one step, if the limits allow."""
        self._runs -= 1
        if self._depth + RUN_DEPTH > self._limits.depth:
            return
        run = self._limits.run.match(self._buffer, self._at)
        if run is None:
            return
        start, end = run.span()
        elements = self._buffer.count(b"<", start, end) - self._buffer.count(b"</", start, end)
        if self._elements + elements <= self._limits.elements:
            self._elements += elements
            self._at = self._searched = end


def _complaint(tag: bytes) -> str:
    """Why a tag is refused. Not a byte of it is repeated: the reason is logged, and a broken tag may be a piece of a password."""
    name = tag.strip(b"</>").split(None, 1)
    if len(name) > 1 and re.match(rb"[^=]+=", name[1]):
        return "an attribute"
    return "a name with a namespace" if name and b":" in name[0] else "not a tag"


#: What XML 1.0 cannot carry, not even as a character reference, and what has a meaning of its own in text.
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WRITTEN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape(text: str) -> str:
    """The text as it stands between two tags. What XML 1.0 cannot carry becomes U+FFFD; a CR is written as a reference, because a
    reader would turn it into LF."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda special: _WRITTEN.get(special[0], "\ufffd"), text)
