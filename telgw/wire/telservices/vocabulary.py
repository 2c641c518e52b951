"""The enumerations of TelServices that the call model does not have; their values are the printed names.

The others (states of calls, their causes, permitted services, kinds of forwarding) are those of `telgw.model.states`, and the errors
those of `telgw.base.outcome`.
"""

from __future__ import annotations

from enum import Enum


class EventUpdate(Enum):
    """OpenSession, eventUpdate: which events a client gets; RESTRICTED is "only alerting events"."""

    FULL = "full"
    RESTRICTED = "restricted"

    __hash__ = object.__hash__


class OnOff(Enum):
    """The state of a feature."""

    ON = "on"
    OFF = "off"

    __hash__ = object.__hash__


class AgentState(Enum):
    """Events, Agent: the seven states, whose numbers in the document are 0 to 6 in this order. Clients may not ask for NULL or BUSY."""

    NULL = "null"
    LOGGED_OFF = "loggedOff"
    LOGGED_ON = "loggedOn"
    BUSY = "busy"
    NOT_READY = "notReady"
    READY = "ready"
    WORKING_AFTER_CALL = "workingAfterCall"

    __hash__ = object.__hash__


class NumberType(Enum):
    """Events, Call, numberType: what kind of number a party has."""

    WORK = "work"
    HOME = "home"
    MOBILE = "mobile"
    IP = "ip"

    __hash__ = object.__hash__


class RecordType(Enum):
    """QueryHistory, recordType: records of calls, of changes of agent states, or both."""

    CALL = "call"
    AGENT = "agent"
    ALL = "all"

    __hash__ = object.__hash__


class StatisticsType(Enum):
    """QueryUserStatistics and QueryRoutingPointStatistics, type: how things are now, or what has been done since the start."""

    SNAPSHOT = "snapshot"
    TOTAL = "total"

    __hash__ = object.__hash__


class RoutingPointState(Enum):
    """QueryRoutingPointState: the six states of a routing point."""

    STARTED = "started"
    STARTED_COMPLETED = "started-completed"
    STARTED_FAILED = "started-failed"
    STARTED_RUNNING = "started-running"
    STARTED_SUSPENDED = "started-suspended"
    STOPPED = "stopped"

    __hash__ = object.__hash__


class SessionEvent(Enum):
    """Events, Session: what became of a session, or of the PBX link under it."""

    CLOSED_BY_ADMIN = "sessionClosedByAdmin"
    CLOSED_BY_TIMEOUT = "sessionClosedByTimeout"
    CLOSED_BY_MONITORING_REJECT = "sessionClosedByMonitoringReject"
    CLOSED_BY_CLIENT = "sessionClosedByClient"
    LINK_OUT_OF_SERVICE = "pbxlinkOutOfService"
    LINK_IN_SERVICE = "pbxlinkInService"

    __hash__ = object.__hash__


class Distribution(Enum):
    """StartRoutingPoint, agentsDistribution: which agent gets the next call."""

    CYCLIC = "cyclic"
    SEQUENTIAL = "sequential"
    MOST_IDLE = "most-idle"

    __hash__ = object.__hash__


class HistoryCause(Enum):
    """QueryHistory, cause: how a call ended: `normal` (only in the example) or as one of the causes of call events."""

    NORMAL = "normal"
    BUSY = "busy"
    CONFERENCE = "conference"
    DEST_NOT_OBTAINABLE = "destNotObtainable"
    DROPPED_BY_OTHER_PARTY = "droppedByOtherParty"
    HELD_BY_OTHER_PARTY = "heldByOtherParty"
    REDIRECT = "redirect"
    RETRIEVED_BY_OTHER_PARTY = "retrievedByOtherParty"
    TRANSFER = "transfer"
    ROUTE = "route"

    __hash__ = object.__hash__
