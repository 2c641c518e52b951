"""What one document may have, and the regular expressions that follow from it.

The expressions match only documents and elements within the limits, so a match needs no further check of depth and texts. Their
quantifiers are possessive: a byte that has been taken is not given back, so a match costs no more than its length.

Before 3.11.5, Python's possessive groups do not go back to where they began when their last attempt fails, so they match too much
(CPython, gh-106052). There the expressions match nothing, and every document takes the small steps, which need no such group.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import lru_cache

#: A name without a colon; nobody needs more than 128 bytes.
NAME = rb"[A-Za-z_\x80-\xff][A-Za-z0-9_.\-\x80-\xff]{0,127}+"
#: White space, if any.
BLANK = rb"[ \t\r\n]*+"
#: Levels that the expression for whole documents covers; a protocol deeper than this takes the small steps.
_WHOLE_DEPTH = 12
#: Levels that the expression for runs of siblings covers: an entry of a directory has three.
RUN_DEPTH = 3
#: Whether possessive groups do what they should.
_POSSESSIVE_GROUPS = sys.version_info >= (3, 11, 5)
_NOTHING = re.compile(rb"(?!)")


def _element(depth: int, text: int) -> bytes:
    """An element of at most `depth` levels, without comments and CDATA, each text of at most `text` bytes."""
    texts = rb"[^<\0]{0,%d}+" % text
    element = rb"<" + NAME + rb"(?:/>|>" + texts + rb"</" + NAME + rb">)"
    for _ in range(depth - 1):
        content = rb"(?:(?:" + element + BLANK + rb")++|" + texts + rb")"
        element = rb"<" + NAME + rb"(?:/>|>" + BLANK + content + rb"</" + NAME + rb">)"
    return element


@lru_cache(maxsize=64)
def _whole(depth: int, text: int) -> re.Pattern[bytes]:
    """Match a whole document without declaration, comments and CDATA: almost every one that comes."""
    return re.compile(BLANK + rb"(" + _element(min(depth, _WHOLE_DEPTH), text) + rb")") if _POSSESSIVE_GROUPS else _NOTHING


@lru_cache(maxsize=64)
def _run(text: int) -> re.Pattern[bytes]:
    """Match a run of whole elements: most of a document that comes in several chunks."""
    return re.compile(rb"(?:" + BLANK + _element(RUN_DEPTH, text) + rb")++") if _POSSESSIVE_GROUPS else _NOTHING


@dataclass(frozen=True)
class Limits:
    """What one document may have, at most: bytes from its first to its last, levels of elements, elements, and bytes of the text between
    two tags (without the blanks before it)."""

    size: int
    depth: int
    elements: int
    text: int
    whole: re.Pattern[bytes] = field(init=False, repr=False, compare=False)
    run: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", _whole(self.depth, self.text))
        object.__setattr__(self, "run", _run(self.text))
