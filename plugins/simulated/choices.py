"""Words that somebody typed: which one was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, valid: Iterable[str]) -> str:
    """`did you mean "x"?`, or the whole list when nothing is near."""
    known = sorted(valid)
    near = get_close_matches(word, known, 1)
    return f'did you mean "{near[0]}"?' if near else "one of: " + ", ".join(known)
