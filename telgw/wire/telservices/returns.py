"""Answers: TelServiceReturn holds a result or an error.

A Return is an ErrorCode (the document's "Error"), or the value of one result. Results whose value is only a state or a list have a
class of their own around it, so that the class tells the element.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from telgw.base.outcome import ErrorCode
from telgw.wire.telservices.records import (
    AgentInfo,
    Call,
    Forward,
    HistoryRecord,
    Party,
    RoutingPointSnapshot,
    RoutingPointTotal,
    UserSnapshot,
    UserTotal,
)
from telgw.wire.telservices.schema import Bare, Items, Number, OneOf
from telgw.wire.telservices.vocabulary import OnOff, RoutingPointState, SessionEvent


@dataclass(frozen=True, slots=True)
class Standard:
    """Result, Standard result: done, and nothing to tell."""


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """QualifyCall, response: who is calling."""

    number: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class DoNotDisturb:
    """QueryDoNotDisturb, response; also the event of that name."""

    state: Annotated[OnOff, Bare()]


@dataclass(frozen=True, slots=True)
class MsgWaiting:
    """QueryMsgWaiting, response; also the event of that name."""

    state: Annotated[OnOff, Bare()]


@dataclass(frozen=True, slots=True)
class Forwards:
    """QueryForward, response: the forwards that are active."""

    forwards: Annotated[tuple[Forward, ...], Bare(), Items("forward")] = ()


@dataclass(frozen=True, slots=True)
class History:
    """QueryHistory, response: newest first."""

    records: Annotated[tuple[HistoryRecord, ...], Bare(), Items("record")] = ()


@dataclass(frozen=True, slots=True)
class SearchDirectory:
    """SearchName and SearchNumber, response: the parties found."""

    parties: Annotated[tuple[Party, ...], Bare(), Items("party")] = ()


@dataclass(frozen=True, slots=True)
class DeviceState:
    """Snapshot, response. `snapshot_seq` only when the request had a resultOnEvent."""

    snapshot_seq: Annotated[int, Number(-(2**63), 2**63 - 1)] | None = None
    calls: Annotated[tuple[Call, ...] | None, Items("call")] = None
    forwards: Annotated[tuple[Forward, ...] | None, Items("forward")] = None
    msg_waiting: OnOff | None = None
    do_not_disturb: OnOff | None = None
    agent: AgentInfo | None = None
    session: SessionEvent | None = None


@dataclass(frozen=True, slots=True)
class RoutingPointStatus:
    """QueryRoutingPointState, response."""

    state: Annotated[RoutingPointState, Bare()]


Return = (
    ErrorCode
    | Standard
    | CallerIdentity
    | AgentInfo
    | DoNotDisturb
    | Forwards
    | History
    | MsgWaiting
    | UserSnapshot
    | UserTotal
    | SearchDirectory
    | DeviceState
    | RoutingPointStatus
    | RoutingPointSnapshot
    | RoutingPointTotal
)

_USER_STATISTICS = {"snapshot": UserSnapshot, "total": UserTotal}
_ROUTING_POINT_STATISTICS = {"snapshot": RoutingPointSnapshot, "total": RoutingPointTotal}

#: Every result by its printed name.
RESULTS: Mapping[str, Any] = {
    "standard": Standard,
    "qualifyCall": CallerIdentity,
    "agent": AgentInfo,
    "doNotDisturb": DoNotDisturb,
    "forwards": Forwards,
    "history": History,
    "msgWaiting": MsgWaiting,
    "userStatistics": Annotated[Any, OneOf("form of statistics", _USER_STATISTICS)],
    "searchDirectory": SearchDirectory,
    "snapshot": DeviceState,
    "routingPointState": RoutingPointStatus,
    "routingPointStatistics": Annotated[Any, OneOf("form of statistics", _ROUTING_POINT_STATISTICS)],
}
