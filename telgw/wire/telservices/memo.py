"""Requests that were read before.

The protocol has no identifiers in its requests, so clients say the same bytes again and again: the same query, the same `dropCall`, the
same call to a short number. Reading a request is a pure function of its bytes, and requests are immutable.
"""

from __future__ import annotations

from telgw.wire.telservices.requests import OpenSession, Request, UpdateUserDirectory

#: requests remembered: six kinds for a thousand devices; when it is full it starts anew
SIZE = 6000
#: bytes of the longest request worth remembering
LONGEST = 300
#: never remembered: they hold passwords and private contacts
_PRIVATE = (OpenSession, UpdateUserDirectory)


class RequestMemo:
    """From the bytes of a whole request to the request."""

    __slots__ = ("_known", "recall")

    def __init__(self) -> None:
        self._known: dict[bytes, Request] = {}
        #: the request with exactly these bytes, if it was read before
        self.recall = self._known.get

    def keep(self, document: bytes, request: Request) -> None:
        """Remember what was read. `document` must be exactly the request, read without a remark."""
        if len(document) <= LONGEST and not isinstance(request, _PRIVATE):
            if len(self._known) >= SIZE:
                self._known.clear()
            self._known[document] = request
