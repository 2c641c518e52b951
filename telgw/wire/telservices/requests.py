"""The 36 services: TelServiceRequest holds exactly one of them. The module is long because it is one table.

A class is named like its service; the three whose names are also those of states and records have `Set` before it. Optional fields are
None when absent, so that a request is written as it was read; where the document gives a default, a property tells what absence means.
`device_number` is the internal number of the PBX device, `user_id` the identifier of a user, `extra_data` the correlator data of a call.
Long because it is a list: one short class for each service, in the order of the document.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import date
from typing import Annotated, get_args

from telgw.wire.telservices.records import MOST, Count, Forward, Party, RoutingPointConfig, Seconds
from telgw.wire.telservices.schema import Items, Number
from telgw.wire.telservices.vocabulary import AgentState, EventUpdate, OnOff, RecordType, StatisticsType

Port = Annotated[int, Number(1, 65535)]
PositiveSeconds = Annotated[int, Number(1, MOST, or_none=True)]
Hour = Annotated[int, Number(0, 23)]


# Session


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Session, OpenSession: follow the device. `session_timeout` in seconds; "must be positive otherwise ignored"."""

    device_number: str
    event_udp_port: Port | None = None
    event_update: EventUpdate | None = None
    user_id: str | None = None
    user_password: str | None = field(default=None, repr=False)
    session_timeout: PositiveSeconds | None = None
    start_pbx_monitor: bool | None = None

    @property
    def level(self) -> EventUpdate:
        """Which events the client wants: all by default."""
        return self.event_update or EventUpdate.FULL

    @property
    def monitors_at_once(self) -> bool:
        """Whether the PBX is asked at once to monitor the device: yes by default."""
        return self.start_pbx_monitor is not False


@dataclass(frozen=True, slots=True)
class CloseSession:
    """Session, CloseSession. `actual_close_session_timeout` in seconds."""

    device_number: str
    actual_close_session_timeout: Seconds | None = None
    client_only: bool | None = None

    @property
    def delay(self) -> int:
        """Seconds before the session is really closed: none by default."""
        return self.actual_close_session_timeout or 0

    @property
    def leaves_others(self) -> bool:
        """Whether only the requesting client leaves: yes by default."""
        return self.client_only is not False


# User services


@dataclass(frozen=True, slots=True)
class AddPartyToCall:
    """User services, AddPartyToCall: a single step conference."""

    device_number: str
    _: KW_ONLY
    other_number: str | None = None
    added_device_number: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class SetAgentState:
    """User services, AgentState. NULL and BUSY can be said, but are refused by the core: they are no wish that a client may have."""

    device_number: str
    state: AgentState


@dataclass(frozen=True, slots=True)
class AlternateCall:
    """User services, AlternateCall: hold the active call and retrieve the held one."""

    device_number: str
    prim_other_number: str | None = None
    sec_other_number: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """User services, AnswerCall: the call from `calling_number`, or the first alerting one."""

    device_number: str
    calling_number: str | None = None


@dataclass(frozen=True, slots=True)
class ConferenceCall:
    """User services, ConferenceCall: join the held and the active call."""

    device_number: str
    prim_other_number: str | None = None
    sec_other_number: str | None = None


@dataclass(frozen=True, slots=True)
class ConsultationCall:
    """User services, ConsultationCall: hold the call and dial a second one."""

    device_number: str
    _: KW_ONLY
    other_number: str | None = None
    consulted_device_number: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class DivertCall:
    """User services, DivertCall: move an alerting or connected call away."""

    device_number: str
    _: KW_ONLY
    other_number: str | None = None
    diverted_device_number: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class SetDoNotDisturb:
    """User services, DoNotDisturb."""

    device_number: str
    state: OnOff


@dataclass(frozen=True, slots=True)
class DropCall:
    """User services, DropCall: leave the active call."""

    device_number: str
    other_number: str | None = None


@dataclass(frozen=True, slots=True)
class SetForward:
    """User services, Forward. The parameter list calls the record `forward`, the example `info`: the example is what is sent."""

    device_number: str
    info: Forward


@dataclass(frozen=True, slots=True)
class HoldCall:
    """User services, HoldCall."""

    device_number: str
    other_number: str | None = None


@dataclass(frozen=True, slots=True)
class MakeCall:
    """User services, MakeCall: `called_device_number` as if dialled on the phone."""

    device_number: str
    called_device_number: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class QualifyCall:
    """User services, QualifyCall: who is calling, and answer the call."""

    device_number: str
    answer_call: bool | None = None
    need_name: bool | None = None

    @property
    def answers(self) -> bool:
        """Whether the call shall be answered: yes by default."""
        return self.answer_call is not False

    @property
    def wants_name(self) -> bool:
        """Whether the caller's name is wanted: yes by default."""
        return self.need_name is not False


@dataclass(frozen=True, slots=True)
class QueryAgentState:
    """User services, QueryAgentState."""

    device_number: str


@dataclass(frozen=True, slots=True)
class QueryDoNotDisturb:
    """User services, QueryDoNotDisturb."""

    device_number: str


@dataclass(frozen=True, slots=True)
class QueryForward:
    """User services, QueryForward."""

    device_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryHistory:
    """User services, QueryHistory. `start_hour` counts only with a `start_date`."""

    record_type: RecordType | None = None
    device_number: str | None = None
    user_id: str | None = None
    start_date: date | None = None
    start_hour: Hour | None = None
    end_date: date | None = None
    search: str | None = None
    limit: Count | None = None

    @property
    def records(self) -> RecordType:
        """Which records are wanted: those of calls by default."""
        return self.record_type or RecordType.CALL


@dataclass(frozen=True, slots=True)
class QueryMsgWaiting:
    """User services, QueryMsgWaiting."""

    device_number: str


@dataclass(frozen=True, slots=True)
class QueryUserStatistics:
    """User services, QueryUserStatistics."""

    device_number: str
    _: KW_ONLY
    user_id: str | None = None
    type: StatisticsType


@dataclass(frozen=True, slots=True)
class ReconnectCall:
    """User services, ReconnectCall: drop the active call and retrieve the held one."""

    device_number: str
    prim_other_number: str | None = None
    sec_other_number: str | None = None


@dataclass(frozen=True, slots=True)
class RetrieveCall:
    """User services, RetrieveCall."""

    device_number: str
    other_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchName:
    """User services, SearchName: parties whose name starts with `name`."""

    user_id: str | None = None
    device_number: str | None = None
    name: str
    limit: Count | None = None

    @property
    def user(self) -> str | None:
        """Whose private directories are searched too: "the deviceNumber as a userID will be used if no userID is provided"."""
        return self.user_id or self.device_number


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchNumber:
    """User services, SearchNumber: parties with this number."""

    user_id: str | None = None
    device_number: str | None = None
    number: str

    @property
    def user(self) -> str | None:
        """Whose private directories are searched too: "the deviceNumber as a userID will be used if no userID is provided"."""
        return self.user_id or self.device_number


@dataclass(frozen=True, slots=True)
class ResultOnEvent:
    """User services, Snapshot, resultOnEvent: answer at the next change, or after `timeout` seconds (at once if that is not positive).
    `snapshot_seq` is the number of the last snapshot that the client has; absent at the first."""

    timeout: Annotated[int, Number(-MOST - 1, MOST)]
    snapshot_seq: Annotated[int, Number(-(2**63), 2**63 - 1)] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """User services, Snapshot: everything that is known of the device."""

    device_number: str
    result_on_event: ResultOnEvent | None = None


@dataclass(frozen=True, slots=True)
class TransferCall:
    """User services, TransferCall: connect the held and the active party, and leave."""

    device_number: str
    prim_other_number: str | None = None
    sec_other_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateUserDirectory:
    """User services, UpdateUserDirectory: replace the whole private directory of that name."""

    user_id: str | None = None
    device_number: str | None = None
    directory_name: str
    parties: Annotated[tuple[Party, ...], Items("party")]

    @property
    def user(self) -> str | None:
        """Whose directory it is: "the deviceNumber as a userID will be used if no userID is provided"."""
        return self.user_id or self.device_number


# Supervisor services. `service` is the name of a routing point.


@dataclass(frozen=True, slots=True)
class QueryRoutingPointState:
    """Supervisor services, QueryRoutingPointState."""

    service: str


@dataclass(frozen=True, slots=True)
class QueryRoutingPointStatistics:
    """Supervisor services, QueryRoutingPointStatistics."""

    service: str
    type: StatisticsType


@dataclass(frozen=True, slots=True)
class ResumeRoutingPoint:
    """Supervisor services, ResumeRoutingPoint."""

    service: str


@dataclass(frozen=True, slots=True)
class StartRoutingPoint:
    """Supervisor services, StartRoutingPoint. `config` is not marked OPTIONAL, but the example has none."""

    service: str
    template: str | None = None
    config: RoutingPointConfig | None = None


@dataclass(frozen=True, slots=True)
class StopRoutingPoint:
    """Supervisor services, StopRoutingPoint."""

    service: str


@dataclass(frozen=True, slots=True)
class SuspendRoutingPoint:
    """Supervisor services, SuspendRoutingPoint."""

    service: str


@dataclass(frozen=True, slots=True)
class UpdateRoutingPoint:
    """Supervisor services, UpdateRoutingPoint. `config` is not marked OPTIONAL, but the example has none."""

    service: str
    config: RoutingPointConfig | None = None


@dataclass(frozen=True, slots=True)
class UpdateDirectory:
    """Supervisor services, UpdateDirectory: read a configured directory again."""

    directory_name: str


Request = (
    OpenSession
    | CloseSession
    | AddPartyToCall
    | SetAgentState
    | AlternateCall
    | AnswerCall
    | ConferenceCall
    | ConsultationCall
    | DivertCall
    | SetDoNotDisturb
    | DropCall
    | SetForward
    | HoldCall
    | MakeCall
    | QualifyCall
    | QueryAgentState
    | QueryDoNotDisturb
    | QueryForward
    | QueryHistory
    | QueryMsgWaiting
    | QueryUserStatistics
    | ReconnectCall
    | RetrieveCall
    | SearchName
    | SearchNumber
    | Snapshot
    | TransferCall
    | UpdateUserDirectory
    | QueryRoutingPointState
    | QueryRoutingPointStatistics
    | ResumeRoutingPoint
    | StartRoutingPoint
    | StopRoutingPoint
    | SuspendRoutingPoint
    | UpdateRoutingPoint
    | UpdateDirectory
)


def _service_name(service: type) -> str:
    name = service.__name__.removeprefix("Set")
    return name[0].lower() + name[1:]


#: Every service by its printed name, in the order of the document.
SERVICES: dict[str, type] = {_service_name(service): service for service in get_args(Request)}
