"""The connection state table: what each event does to the connection it is about, and what the other ends of the call learn.

Rules of this file:
1. The tables are data and total: every (state, event) has an entry. `IGNORED` and `ILLEGAL` are entries like any other.
2. The first event of an unknown connection may be any event that leaves it alive: a PBX may skip what it likes (ECMA-269 lets it), and a
   monitor may start in the middle of a call.
3. What comes late is ignored: events of one PBX overtake each other, so an event that would take a connection back is old news.
4. What cannot have happened in any order is illegal: the event is dropped, counted, and the device is compared with the PBX.
Diagrams and docs/states.md are drawn from these tables.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from telgw.model.states import ConnectionState, Progress

NULL, INITIATED, ALERTING, CONNECTED, HELD, QUEUED, FAILED = ConnectionState


class Event(Enum):
    """The events of ECMA-269 that move the connection they are about."""

    INITIATED = "ServiceInitiated"
    ORIGINATED = "Originated"
    DELIVERED = "Delivered"
    QUEUED = "Queued"
    ESTABLISHED = "Established"
    HELD = "Held"
    RETRIEVED = "Retrieved"
    FAILED = "Failed"
    CLEARED = "ConnectionCleared"
    DIVERTED = "Diverted"

    __hash__ = object.__hash__


class Verdict(Enum):
    """The entries that are not a new state."""

    IGNORED = "ignored"
    ILLEGAL = "illegal"

    __hash__ = object.__hash__


IGNORED, ILLEGAL = Verdict

#: rows: the state before; columns in the order of Event
_ROWS: Final[dict[ConnectionState, tuple[ConnectionState | Verdict, ...]]] = {
    #           initiated  originated delivered queued   established held      retrieved  failed  cleared  diverted
    NULL:      (INITIATED, CONNECTED, ALERTING, QUEUED,  CONNECTED,  HELD,     CONNECTED, FAILED, IGNORED, IGNORED),
    INITIATED: (IGNORED,   CONNECTED, ILLEGAL,  ILLEGAL, CONNECTED,  ILLEGAL,  ILLEGAL,   FAILED, NULL,    ILLEGAL),
    ALERTING:  (ILLEGAL,   ILLEGAL,   IGNORED,  QUEUED,  CONNECTED,  ILLEGAL,  ILLEGAL,   FAILED, NULL,    NULL),
    CONNECTED: (IGNORED,   IGNORED,   IGNORED,  IGNORED, IGNORED,    HELD,     IGNORED,   FAILED, NULL,    NULL),
    HELD:      (IGNORED,   IGNORED,   IGNORED,  IGNORED, IGNORED,    IGNORED,  CONNECTED, FAILED, NULL,    NULL),
    QUEUED:    (ILLEGAL,   ILLEGAL,   ALERTING, IGNORED, CONNECTED,  ILLEGAL,  ILLEGAL,   FAILED, NULL,    NULL),
    FAILED:    (IGNORED,   IGNORED,   ILLEGAL,  QUEUED,  CONNECTED,  ILLEGAL,  ILLEGAL,   IGNORED, NULL,   NULL),
}  # fmt: skip

#: (state of the connection, event about it) -> its next state, or a verdict
TRANSITIONS: Final[dict[tuple[ConnectionState, Event], ConnectionState | Verdict]] = {
    (state, event): entry for state, row in _ROWS.items() for event, entry in zip(Event, row, strict=True)
}

#: What the other connections of the call learn of their far end, when a connection comes to a state.
PROGRESS_OF: Final[dict[ConnectionState, Progress]] = {
    NULL: Progress.NONE,
    INITIATED: Progress.NONE,
    ALERTING: Progress.REACHED,
    CONNECTED: Progress.ESTABLISHED,
    HELD: Progress.ESTABLISHED,
    QUEUED: Progress.QUEUED,
    FAILED: Progress.FAILED,
}


def progress_after(known: Progress, told: Progress) -> Progress:
    """What is known of the far end after `told`.

    A conversation is never taken back by old news; anything before it may be replaced: a queued or refused call can be delivered
    elsewhere. Whoever was transferred stays connected while it rings at the other end.
    """
    if known is Progress.ESTABLISHED or told is Progress.NONE:
        return known
    if known is Progress.TRANSFERRED and told in (Progress.QUEUED, Progress.REACHED):
        return known
    return told
