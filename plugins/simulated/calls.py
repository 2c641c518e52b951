"""Calls and legs: who is in which call, and in which state.

A leg joins one end (a phone, a queue, a line to the outside) to one call. The states of a leg are CSTA's connection states, because that
is the language in which this PBX reports; what they mean is decided here and in the modules that switch calls:

    initiated   dial tone
    connected   the leg has a voice path, or waits for its far end: whoever dials is connected from the last digit on
    alerting    it rings
    queued      the call waits in a queue
    hold        this end has put the call aside
    fail        busy tone at this very end
"""

from __future__ import annotations

from telgw.base.clock import Timer
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.model.states import ConnectionState, EventCause

INITIATED = ConnectionState.INITIATED
ALERTING = ConnectionState.ALERTING
CONNECTED = ConnectionState.CONNECTED
HELD = ConnectionState.HELD
QUEUED = ConnectionState.QUEUED
FAILED = ConnectionState.FAILED

#: what the handset is busy with: at most one leg of a phone is in one of them
ACTIVE = (CONNECTED, INITIATED, FAILED)
#: somebody has been, or is, on the line
ANSWERED = (CONNECTED, HELD)


def refusal(reason: str) -> ServiceError:
    """What this PBX answers when it does not do what it is asked."""
    return ServiceError(ErrorCode.PBX_REJECT, reason)


class End:
    """Whatever takes part in calls. `label` names it in facts, `number` is what other parties see (None: withheld)."""

    __slots__ = ("label", "legs", "number", "watched")

    def __init__(self, label: str, number: str | None) -> None:
        self.label = label
        self.number = number
        self.legs: list[Leg] = []
        #: monitored: the calls it takes part in are reported
        self.watched = False


class Call:
    """A call and its legs, in the order in which they came."""

    __slots__ = (
        "conference",
        "consulting_for",
        "extra_data",
        "failed",
        "from_outside",
        "hops",
        "id",
        "legs",
        "purpose",
        "watchers",
    )

    def __init__(self, id: str) -> None:
        self.id = id
        #: by label
        self.legs: dict[str, Leg] = {}
        self.extra_data: str | None = None
        #: number of the party that the caller has put aside to make this call
        self.consulting_for: str | None = None
        #: why the call is made: the cause that its first facts carry
        self.purpose = EventCause.NEW_CALL
        #: the caller is no device of ours
        self.from_outside = False
        self.conference = False
        #: the label that could not be reached, and why: the caller hears a tone
        self.failed: tuple[str, EventCause] | None = None
        #: forwardings since somebody was last reached by choice
        self.hops = 0
        #: monitored ends among the legs
        self.watchers = 0


class Leg:
    """One end in one call."""

    __slots__ = (
        "call",
        "called",
        "calling",
        "end",
        "invited_by",
        "outgoing",
        "rang_at",
        "redirecting",
        "state",
        "stays",
        "timer",
    )

    def __init__(self, call: Call, end: End, state: ConnectionState, calling: str | None) -> None:
        self.call = call
        self.end = end
        self.state = state
        #: the parties as this end is told them; `called` is the number first called
        self.calling = calling
        self.called: str | None = None
        #: who sent the call on last
        self.redirecting: str | None = None
        self.outgoing = False
        #: label of who asked this end into a running call
        self.invited_by: str | None = None
        self.rang_at = 0.0
        #: forwarding on no answer was tried in vain: it rings on here
        self.stays = False
        #: the next thing that happens if nobody does anything: an answer, or a forwarding
        self.timer: Timer | None = None

    def established(self) -> bool:
        """Whether there is somebody to talk to at the other side."""
        return any(leg is not self and leg.state in ANSWERED for leg in self.call.legs.values())

    def others(self) -> list[Leg]:
        """The other legs of the call."""
        return [leg for leg in self.call.legs.values() if leg is not self]

    def stop_timer(self) -> None:
        """Nothing happens by itself any more."""
        timer = self.timer
        if timer is not None:
            self.timer = None
            if timer.active():
                timer.cancel()

    def __repr__(self) -> str:
        return f"<Leg {self.call.id} {self.end.label} {self.state.value}>"
