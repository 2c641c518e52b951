"""The vocabulary of the model: CSTA's connection states and causes, and the line states that clients see.

`ConnectionState` is ECMA-269's local connection state. `Progress` is what a connection knows of the far end of its call.
`LineState` is the state of a call as a TelServices device shows it; it is a function of the first two (`telgw.model.views`).
"""

from __future__ import annotations

from enum import Enum, IntEnum


class ConnectionState(Enum):
    """The state of one device in one call (ECMA-269, connection states)."""

    NULL = "null"
    INITIATED = "initiated"
    ALERTING = "alerting"
    CONNECTED = "connected"
    HELD = "hold"
    QUEUED = "queued"
    FAILED = "fail"

    __hash__ = object.__hash__  # members are singletons: the default hashes their text at every look-up


class Progress(IntEnum):
    """How far the call has come at its other end; it only grows, but for a call that is queued or refused and then rings."""

    NONE = 0
    QUEUED = 1
    REACHED = 2
    FAILED = 3
    ESTABLISHED = 4
    #: there was a conversation, and it was transferred to somebody who has not answered yet
    TRANSFERRED = 5


class LineState(Enum):
    """The nine states of a TelServices call."""

    INITIATED = "initiated"
    ORIGINATED = "originated"
    DELIVERED = "delivered"
    QUEUED = "queued"
    ALERTING = "alerting"
    CONNECTED = "connected"
    CLEARED = "cleared"
    FAILED = "failed"
    HOLD = "hold"

    __hash__ = object.__hash__


class LineCause(Enum):
    """Why a call came to its state; the numbers are those of the TelServices document."""

    BUSY = ("busy", 1)
    CONFERENCE = ("conference", 2)
    DEST_NOT_OBTAINABLE = ("destNotObtainable", 3)
    DROPPED_BY_OTHER_PARTY = ("droppedByOtherParty", 4)
    HELD_BY_OTHER_PARTY = ("heldByOtherParty", 5)
    REDIRECT = ("redirect", 6)
    RETRIEVED_BY_OTHER_PARTY = ("retrievedByOtherParty", 7)
    TRANSFER = ("transfer", 8)
    ROUTE = ("route", 9)

    __hash__ = object.__hash__

    @property
    def label(self) -> str:
        """The printed name."""
        return self.value[0]


class LineService(Enum):
    """What a client may do with a call."""

    ALTERNATE = "alternateCall"
    ANSWER = "answerCall"
    CONFERENCE = "conferenceCall"
    CONSULTATION = "consultationCall"
    DIVERT = "divertCall"
    DROP = "dropCall"
    HOLD = "holdCall"
    MAKE = "makeCall"
    RECONNECT = "reconnectCall"
    RETRIEVE = "retrieveCall"
    TRANSFER = "transferCall"

    __hash__ = object.__hash__


class ForwardType(Enum):
    """The nine kinds of forwarding; `...INT` and `...EXT` apply to internal and external callers only."""

    IMMEDIATE = "immediate"
    BUSY = "busy"
    NO_ANSWER = "noAnswer"
    IMMEDIATE_INT = "immInt"
    IMMEDIATE_EXT = "immExt"
    BUSY_INT = "busyInt"
    BUSY_EXT = "busyExt"
    NO_ANSWER_INT = "noAnswerInt"
    NO_ANSWER_EXT = "noAnswerExt"

    __hash__ = object.__hash__


class EventCause(Enum):
    """Why a PBX did something: the frequent ones of ECMA-269's event causes, by their ECMA-323 names."""

    NONE = ""
    ALTERNATE = "alternate"
    BLOCKED = "blocked"
    BUSY = "busy"
    CALL_CANCELLED = "callCancelled"
    CALL_FORWARD = "callForward"
    CALL_FORWARD_BUSY = "callForwardBusy"
    CALL_FORWARD_IMMEDIATE = "callForwardImmediate"
    CALL_FORWARD_NO_ANSWER = "callForwardNoAnswer"
    CALL_NOT_ANSWERED = "callNotAnswered"
    CALL_PICKUP = "callPickup"
    CONFERENCE = "conference"
    CONSULTATION = "consultation"
    DEST_NOT_OBTAINABLE = "destNotObtainable"
    DISTRIBUTED = "distributed"
    DO_NOT_DISTURB = "doNotDisturb"
    ENTERING_DISTRIBUTION = "enteringDistribution"
    INCOMPATIBLE_DESTINATION = "incompatibleDestination"
    INVALID_NUMBER_FORMAT = "invalidNumberFormat"
    KEY_OPERATION = "keyOperation"
    MAKE_CALL = "makeCall"
    MULTIPLE_ALERTING = "multipleAlerting"
    NETWORK_CONGESTION = "networkCongestion"
    NETWORK_NOT_OBTAINABLE = "networkNotObtainable"
    NETWORK_SIGNAL = "networkSignal"
    NEW_CALL = "newCall"
    NO_AVAILABLE_AGENTS = "noAvailableAgents"
    NORMAL = "normal"
    NORMAL_CLEARING = "normalClearing"
    NUMBER_UNALLOCATED = "numberUnallocated"
    PARK = "park"
    RECALL = "recall"
    REDIRECTED = "redirected"
    REORDER_TONE = "reorderTone"
    RESOURCES_NOT_AVAILABLE = "resourcesNotAvailable"
    SINGLE_STEP_CONFERENCE = "singleStepConference"
    SINGLE_STEP_TRANSFER = "singleStepTransfer"
    TIMEOUT = "timeout"
    TRANSFER = "transfer"
    TRUNKS_BUSY = "trunksBusy"

    __hash__ = object.__hash__
