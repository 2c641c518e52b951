"""Values that no log line, status page or printed configuration shows."""

from __future__ import annotations

import hmac


class Secret:
    """A password: prints as `***`, compares in constant time, and gives its text only when asked for."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that must send it."""
        return self._text

    def matches(self, text: str) -> bool:
        """Whether `text` is the secret, in a time that does not tell how much of it was right."""
        return hmac.compare_digest(self._text.encode(), text.encode())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._text)

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__
