"""What messages are made of: parties, calls, forwards, agents, history, the configuration of a routing point, statistics.

Printed order is field order. `Party`, `CallPart` and `Call` are tuples because one of each is made for every event. Lengths of time
are whole seconds, dates and times are local.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, NamedTuple

from telgw.model.states import ForwardType, LineCause, LineService, LineState
from telgw.wire.telservices.schema import Absent, Element, Items, Length, Number, Real
from telgw.wire.telservices.vocabulary import AgentState, Distribution, HistoryCause, NumberType, OnOff

#: The INTEGER of ASN.1 has no bounds; four bytes hold everything that is counted here.
MOST = 2**31 - 1
Count = Annotated[int, Number(0, MOST)]
Seconds = Annotated[int, Number(0, MOST)]
Duration = Annotated[int, Length()]
Percentage = Annotated[float, Real()]
Services = Annotated[tuple[str, ...], Items("service")]


class Party(NamedTuple):
    """Events, Call, otherParty; SearchName, party. The order is that of the examples of SearchName. A number that is not known is the
    empty text; one that may not be shown is `*****-` and the call reference."""

    number: str
    name: str | None = None
    number_type: NumberType | None = None
    company: str | None = None


class CallPart(NamedTuple):
    """Events, Call, primCall and secCall: one call of the device. `duration` in seconds since it was connected."""

    state: LineState
    other_party: Party
    #: "a list of otherParty used when in a conference"
    added_parties: Annotated[tuple[Party, ...] | None, Items("otherParty", "party")] = None
    first_other_party: Party | None = None
    first_called_party: Party | None = None
    last_redirection_party: Party | None = None
    duration: Seconds = 0
    is_outgoing: bool = False
    #: "otherwise the element is not present", but all examples print it: written always, and read as false when absent
    is_conference: Annotated[bool, Absent(False)] = False
    call_reference: str | None = None
    cause: LineCause | None = None


class Call(NamedTuple):
    """Events, Call: a call and, while it consults somebody, the second one."""

    id: Annotated[int, Number(0, MOST)]
    prim_call: CallPart | None = None
    sec_call: CallPart | None = None
    permitted_services: tuple[LineService, ...] | None = None
    extra_data: str | None = None


class Forward(NamedTuple):
    """Forward and QueryForward: where calls of one kind are forwarded to."""

    number: str
    type: ForwardType
    state: OnOff


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """Events, Agent: state of an agent. `timeout` in seconds until the gateway changes the state by itself."""

    user_id: str | None = None
    state: AgentState = AgentState.NULL
    timeout: Seconds | None = None
    inbound_services: Services | None = None
    outbound_services: Services | None = None
    permitted_states: tuple[AgentState, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRecord:
    """QueryHistory, record: one call, or one change of an agent's state. Durations in seconds."""

    device_number: str | None = None
    user_id: str | None = None
    creation_date: date
    creation_time: time
    other_party: Party | None = None
    alerting_duration: Seconds | None = None
    duration: Seconds | None = None
    is_outgoing: bool | None = None
    is_connected: bool | None = None
    cause: HistoryCause | None = None
    agent_state: AgentState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPointConfig:
    """StartRoutingPoint, config. Timeouts in seconds, `queue_limit` in percent of the agents logged on. All may be absent, because an
    update changes a part and a start takes the rest from the template. Hours and days are texts here: what they mean is not the wire's
    affair."""

    service_timeout: Seconds | None = None
    working_hours: str | None = None
    non_working_days_of_week: str | None = None
    non_working_days: str | None = None
    no_answer_timeout: Seconds | None = None
    failed_call_retry_timeout: Seconds | None = None
    failed_call_retry_limit: Count | None = None
    agent_working_after_call_timeout: Seconds | None = None
    agents_distribution: Distribution | None = None
    queue_limit: Count | None = None
    agent_logged_on_on_open_session: bool | None = None
    agent_ready_on_logged_on: bool | None = None
    statistics_incoming_call_immediate_abandon_timeout: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSnapshot:
    """QueryUserStatistics, snapshot, and one agent in that of a routing point (only there with `device_number` and `user_id`)."""

    device_number: str | None = None
    user_id: str | None = None
    agent_state: AgentState | None = None
    inbound_services: Services | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTotal:
    """QueryUserStatistics, total, and one agent in that of a routing point (only there with `device_number` and `user_id`; an agent who
    has done nothing has nothing else). Percentages from 0 to 100."""

    device_number: str | None = None
    start: datetime | None = None
    user_id: str | None = None
    inbound_services: Services | None = None
    incoming_calls_failed_count: Count | None = None
    incoming_calls_alerting_count: Count | None = None
    agent_incoming_calls_alerting_count: Count | None = None
    incoming_calls_connected_count: Count | None = None
    agent_incoming_calls_connected_count: Count | None = None
    incoming_calls_abandoned_count: Count | None = None
    agent_incoming_calls_abandoned_count: Count | None = None
    incoming_calls_alerting_duration: Duration | None = None
    incoming_calls_alerting_avg_duration: Duration | None = None
    incoming_calls_alerting_max_duration: Duration | None = None
    agent_incoming_calls_alerting_duration: Duration | None = None
    agent_incoming_calls_alerting_avg_duration: Duration | None = None
    incoming_calls_connected_duration: Duration | None = None
    incoming_calls_connected_avg_duration: Duration | None = None
    incoming_calls_connected_max_duration: Duration | None = None
    agent_incoming_calls_connected_duration: Duration | None = None
    agent_incoming_calls_connected_avg_duration: Duration | None = None
    outgoing_calls_originated_count: Count | None = None
    agent_outgoing_calls_originated_count: Count | None = None
    outgoing_calls_connected_count: Count | None = None
    agent_outgoing_calls_connected_count: Count | None = None
    outgoing_calls_connected_duration: Duration | None = None
    outgoing_calls_connected_avg_duration: Duration | None = None
    outgoing_calls_connected_max_duration: Duration | None = None
    agent_outgoing_calls_connected_duration: Duration | None = None
    agent_outgoing_calls_connected_avg_duration: Duration | None = None
    agent_logged_off_duration: Duration | None = None
    agent_logged_off_percentage: Percentage | None = None
    agent_logged_on_duration: Duration | None = None
    agent_logged_on_percentage: Percentage | None = None
    agent_not_ready_duration: Duration | None = None
    agent_not_ready_percentage: Percentage | None = None
    agent_ready_duration: Duration | None = None
    agent_ready_percentage: Percentage | None = None
    agent_direct_call_duration: Duration | None = None
    agent_direct_call_percentage: Percentage | None = None
    agent_working_after_call_duration: Duration | None = None
    agent_working_after_call_percentage: Percentage | None = None
    agent_busy_duration: Duration | None = None
    agent_busy_percentage: Percentage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPointSnapshot:
    """QueryRoutingPointStatistics, snapshot: the queue and the agents of a routing point now."""

    queued_calls_count: Count = 0
    queued_calls_duration: Duration = 0
    ready_available_agents_count: Count = 0
    busy_or_working_after_call_agents_count: Count = 0
    not_ready_or_direct_call_agents_count: Count = 0
    agents_in_call_count: Count = 0
    logged_off_or_closed_agents_count: Count = 0
    agents: Annotated[tuple[UserSnapshot, ...], Items("agent")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPointTotal:
    """QueryRoutingPointStatistics, total: what a routing point and its agents have done since `start`."""

    start: datetime
    work_duration: Duration = 0
    routed_to_assigned_agent_calls_count: Count = 0
    routed_to_distribution_calls_count: Count = 0
    routed_to_failure_route_calls_count: Count = 0
    queued_calls_count: Count = 0
    queued_calls_duration: Duration = 0
    queued_calls_avg_duration: Duration = 0
    queued_calls_max_duration: Duration = 0
    incoming_calls_count: Count = 0
    #: printed like this, double d and missing letters included: it is the name on the wire
    incoming_calls_abandoned_immediately_count: Annotated[Count, Element("incomingCallsAbandoneddImmediatelCount")] = 0
    incoming_calls_abandoned_on_agent_count: Count = 0
    incoming_calls_abandoned_on_queue_count: Count = 0
    incoming_calls_connected_count: Count = 0
    incoming_calls_alerting_duration: Duration = 0
    incoming_calls_alerting_avg_duration: Duration = 0
    incoming_calls_connected_duration: Duration = 0
    incoming_calls_connected_avg_duration: Duration = 0
    outgoing_calls_originated_count: Count = 0
    outgoing_calls_connected_count: Count = 0
    outgoing_calls_intended_count: Count = 0
    outgoing_calls_performed_count: Count = 0
    outgoing_calls_retried_count: Count = 0
    outgoing_calls_failed_count: Count = 0
    outgoing_calls_connected_duration: Duration = 0
    outgoing_calls_connected_avg_duration: Duration = 0
    agents: Annotated[tuple[UserTotal, ...], Items("agent")] = ()
