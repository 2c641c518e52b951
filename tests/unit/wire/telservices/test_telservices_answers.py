"""Returns and events: the values behind the examples, and what the examples do not show."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from telservices_rig import vector

from telgw.base.outcome import ErrorCode
from telgw.model.states import ForwardType, LineCause, LineService, LineState
from telgw.wire.errors import LocalProtocolError
from telgw.wire.telservices.codec import decode_event, decode_return, encode_event, encode_request, encode_return
from telgw.wire.telservices.events import Event
from telgw.wire.telservices.records import (
    AgentInfo,
    Call,
    CallPart,
    Forward,
    HistoryRecord,
    Party,
    RoutingPointSnapshot,
    RoutingPointTotal,
    UserSnapshot,
    UserTotal,
)
from telgw.wire.telservices.requests import MakeCall, QueryForward
from telgw.wire.telservices.returns import (
    CallerIdentity,
    DeviceState,
    DoNotDisturb,
    Forwards,
    History,
    MsgWaiting,
    RoutingPointStatus,
    SearchDirectory,
    Standard,
)
from telgw.wire.telservices.vocabulary import AgentState, HistoryCause, NumberType, OnOff, RoutingPointState, SessionEvent
from telgw.wire.telservices.writing import xer_real

FORWARD = Forward("1102", ForwardType.IMMEDIATE, OnOff.ON)
AGENT = AgentInfo(
    state=AgentState.WORKING_AFTER_CALL,
    timeout=30,
    inbound_services=("service1",),
    permitted_states=(AgentState.READY, AgentState.NOT_READY, AgentState.WORKING_AFTER_CALL),
)
RINGING = Call(1, CallPart(LineState.ALERTING, Party("1101")), permitted_services=(LineService.ANSWER, LineService.DIVERT))

RETURNS = {
    "result.standardResult.return": Standard(),
    "error.pbxLinkOutOfService.return": ErrorCode.PBX_LINK_OUT_OF_SERVICE,
    "error.pbxReject.return": ErrorCode.PBX_REJECT,
    "error.pbxTimeout.return": ErrorCode.PBX_TIMEOUT,
    "error.noCall.return": ErrorCode.NO_CALL,
    "error.noOpenSession.return": ErrorCode.NO_OPEN_SESSION,
    "error.sessionLimitExceeded.return": ErrorCode.SESSION_LIMIT_EXCEEDED,
    "error.reject.return": ErrorCode.REJECT,
    "error.invalidCredentials.return": ErrorCode.INVALID_CREDENTIALS,
    "error.resourceError.return": ErrorCode.RESOURCE_ERROR,
    "user.qualifyCall.return": CallerIdentity("1101"),
    "user.queryAgentState.return": AGENT,
    "user.queryDoNotDisturb.return": DoNotDisturb(OnOff.OFF),
    "user.queryForward.ex1.return": Forwards((FORWARD,)),
    "user.queryForward.ex2.return": Forwards(),
    "user.queryMsgWaiting.return": MsgWaiting(OnOff.OFF),
    "user.queryUserStatistics.ex1.return": UserSnapshot(agent_state=AgentState.READY, inbound_services=("service1",)),
    "user.searchName.return.1": SearchDirectory(),
    "user.searchName.return.2": SearchDirectory(
        (
            Party("+801", "Marcel Jagger", NumberType.WORK, "uniGone"),
            Party("+33160127764", "Martin Jagger", NumberType.HOME, "uniGone"),
        )
    ),
    "user.snapshot.ex1.return": DeviceState(None, (RINGING,), (), OnOff.OFF, OnOff.OFF),
    "user.snapshot.ex2.return": DeviceState(None, (), (FORWARD,), OnOff.OFF, OnOff.OFF),
    "supervisor.queryRoutingPointState.return": RoutingPointStatus(RoutingPointState.STARTED_RUNNING),
    "user.queryHistory.return": History(
        tuple(
            HistoryRecord(
                creation_date=date(2009, 12, 2),
                creation_time=moment,
                other_party=Party(other),
                alerting_duration=0,
                duration=0,
                is_outgoing=True,
                is_connected=False,
                cause=HistoryCause.NORMAL,
            )
            for moment, other in ((time(15, 32, 43), "8005"), (time(14, 53, 27), "8002"))
        )
    ),
    "supervisor.queryRoutingPointStatistics.ex1.return": RoutingPointSnapshot(
        ready_available_agents_count=2,
        logged_off_or_closed_agents_count=3,
        agents=tuple(
            UserSnapshot(device_number=number, user_id=f"agent{number}", agent_state=AgentState.READY, inbound_services=("service1",))
            if number in ("8001", "8003")
            else UserSnapshot(device_number=number, agent_state=AgentState.LOGGED_OFF)
            for number in ("8001", "8002", "8003", "8004", "8005")
        ),
    ),
}


@pytest.mark.parametrize("name", RETURNS)
def test_given_an_example_of_an_answer_then_its_value_is_this(name: str) -> None:
    assert decode_return(vector(name)) == RETURNS[name]
    assert encode_return(RETURNS[name]) == vector(name)


def test_given_the_total_of_a_user_then_lengths_are_seconds_and_percentages_numbers() -> None:
    total = decode_return(vector("user.queryUserStatistics.ex2.return"))
    assert isinstance(total, UserTotal)
    assert total.start == datetime(2009, 11, 9, 11, 13, 23)
    assert total.agent_logged_on_duration == 7 * 60 + 1
    assert total.agent_logged_on_percentage == 100.0
    assert total.agent_busy_percentage == 0.0
    assert total.incoming_calls_failed_count == 0
    assert total.device_number is None


def test_given_the_total_of_a_routing_point_then_idle_agents_have_nothing_but_their_names() -> None:
    total = decode_return(vector("supervisor.queryRoutingPointStatistics.ex2.return"))
    assert isinstance(total, RoutingPointTotal)
    assert total.work_duration == 4 * 3600 + 10 * 60 + 23
    assert [agent.device_number for agent in total.agents] == ["8001", "8002", "8003", "8004", "8005"]
    assert total.agents[1] == UserTotal(device_number="8002", user_id="agent8002")
    assert total.agents[2].agent_ready_duration == 18 * 60 + 33


def test_given_the_misspelt_counter_then_it_is_written_as_printed() -> None:
    written = encode_return(RoutingPointTotal(start=datetime(2009, 11, 9), incoming_calls_abandoned_immediately_count=7))
    assert b"<incomingCallsAbandoneddImmediatelCount>7</incomingCallsAbandoneddImmediatelCount>" in written


def part(state: LineState, number: str, **more: Any) -> CallPart:
    return CallPart(state, Party(number), **more)


TALKING = (LineService.HOLD, LineService.DROP, LineService.DIVERT, LineService.CONSULTATION)
RING = (LineService.ANSWER, LineService.DIVERT)

EVENTS = {
    "event.agent.event": Event(None, AGENT),
    "event.call.ex1.event.1": Event(
        "1101", Call(1, part(LineState.INITIATED, "", is_outgoing=True), permitted_services=(LineService.DROP,))
    ),
    "event.call.ex2.event.2": Event("1102", Call(1, part(LineState.CONNECTED, "1101"), permitted_services=TALKING)),
    "event.call.ex3.event.3": Event(
        "1101",
        Call(
            1,
            part(LineState.HOLD, "1102", duration=119, is_outgoing=True),
            part(LineState.DELIVERED, "1103", is_outgoing=True),
            (LineService.DROP, LineService.RECONNECT, LineService.TRANSFER),
        ),
    ),
    "event.call.ex4.event.1": Event(
        "1104",
        Call(
            1,
            part(LineState.CONNECTED, "1102", last_redirection_party=Party("1103"), duration=11, cause=LineCause.TRANSFER),
            permitted_services=TALKING,
        ),
    ),
    "event.call.ex6.event": Event(
        "1104",
        Call(
            1,
            part(LineState.ALERTING, "1101", first_called_party=Party("1102"), last_redirection_party=Party("1103")),
            permitted_services=RING,
        ),
    ),
    "event.forward.ex1.event": Event(None, FORWARD),
    "event.forward.ex2.event": Event(None, Forward("1102", ForwardType.IMMEDIATE, OnOff.OFF)),
    "event.doNotDisturb.event": Event(None, DoNotDisturb(OnOff.ON)),
    "event.messageWaiting.event": Event(None, MsgWaiting(OnOff.ON)),
    "event.session.event": Event(None, SessionEvent.LINK_OUT_OF_SERVICE),
}


@pytest.mark.parametrize("name", EVENTS)
def test_given_an_example_of_an_event_then_its_value_is_this(name: str) -> None:
    assert decode_event(vector(name)) == EVENTS[name]
    assert type(decode_event(vector(name)).content) is type(EVENTS[name].content)
    assert encode_event(EVENTS[name]) == vector(name)


def test_given_a_call_with_everything_then_it_is_written_in_printed_order() -> None:
    call = Call(
        7,
        CallPart(
            LineState.CONNECTED,
            Party("*****-42", "Ann", NumberType.MOBILE, "A & B"),
            (Party("1103"), Party("1104", "Bob")),
            Party("1"),
            Party("2"),
            Party("3"),
            12,
            True,
            True,
            "ref<1>",
            LineCause.CONFERENCE,
        ),
        None,
        (),
        "x",
    )
    written = encode_event(Event("1101", call))
    assert written == (
        b"<TelServiceEvent><deviceNumber>1101</deviceNumber><event><call><id>7</id><primCall><state><connected/></state>"
        b"<otherParty><number>*****-42</number><name>Ann</name><numberType><mobile/></numberType><company>A &amp; B</company></otherParty>"
        b"<addedParties><otherParty><number>1103</number></otherParty><otherParty><number>1104</number><name>Bob</name></otherParty>"
        b"</addedParties><firstOtherParty><number>1</number></firstOtherParty><firstCalledParty><number>2</number></firstCalledParty>"
        b"<lastRedirectionParty><number>3</number></lastRedirectionParty><duration>12</duration><isOutgoing><true/></isOutgoing>"
        b"<isConference><true/></isConference><callReference>ref&lt;1&gt;</callReference><cause><conference/></cause></primCall>"
        b"<permittedServices/><extraData>x</extraData></call></event></TelServiceEvent>"
    )
    assert decode_event(written) == Event("1101", call)


def test_given_added_parties_under_their_other_possible_name_then_they_are_read() -> None:
    """The document gives no example: "a list of otherParty" here, "the list of other party" with elements `party` for directories."""
    added = (Party("1103"),)
    written = encode_event(Event("1", Call(1, CallPart(LineState.CONNECTED, Party("2"), added))))
    other = written.replace(b"<addedParties><otherParty>", b"<addedParties><party>").replace(
        b"</otherParty></addedParties>", b"</party></addedParties>"
    )
    assert other != written
    assert decode_event(other).content.prim_call.added_parties == added  # type: ignore[union-attr]


def test_given_no_is_conference_then_the_call_is_none() -> None:
    """ "otherwise the element is not present (meaning its value is "false")" """
    printed = vector("event.call.ex2.event.1")
    assert decode_event(printed.replace(b"<isConference><false/></isConference>", b"")) == decode_event(printed)


def test_given_a_snapshot_for_a_long_poll_then_all_its_parts_are_written() -> None:
    state = DeviceState(9, (RINGING,), (), OnOff.ON, OnOff.OFF, AGENT, SessionEvent.CLOSED_BY_ADMIN)
    written = encode_return(state)
    assert written.startswith(b"<TelServiceReturn><result><snapshot><snapshotSeq>9</snapshotSeq><calls><call>")
    assert written.endswith(b"</agent><session><sessionClosedByAdmin/></session></snapshot></result></TelServiceReturn>")
    assert decode_return(written) == state


@pytest.mark.parametrize("state", list(RoutingPointState))
def test_given_a_state_of_a_routing_point_then_its_printed_name_is_read_back(state: RoutingPointState) -> None:
    assert decode_return(encode_return(RoutingPointStatus(state))) == RoutingPointStatus(state)


def test_given_the_causes_of_calls_then_history_knows_them_and_one_more() -> None:
    assert [cause.value for cause in HistoryCause] == ["normal", *(cause.label for cause in LineCause)]


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0, "0"), (0.0, "0"), (-0.0, "0"), (100, "1.0E2"), (100.0, "1.0E2"), (12.5, "1.25E1"), (50.0, "5.0E1"), (5.0, "5.0E0"),
        (0.5, "5.0E-1"), (0.05, "5.0E-2"), (33.25, "3.325E1"), (99.99, "9.999E1"), (1e-5, "1.0E-5"), (1.5e-7, "1.5E-7"),
        (1e16, "1.0E16"), (1.25e300, "1.25E300"), (100.25, "1.0025E2"), (10.0, "1.0E1"),
    ],
)  # fmt: skip
def test_given_a_percentage_then_it_is_written_in_canonical_form(number: float, printed: str) -> None:
    assert xer_real(number) == printed
    assert float(printed) == number


@pytest.mark.parametrize("number", [-1.0, float("nan"), float("inf")])
def test_given_no_percentage_then_the_mistake_is_ours(number: float) -> None:
    with pytest.raises(LocalProtocolError):
        encode_return(UserTotal(agent_busy_percentage=number))


@pytest.mark.parametrize(
    ("seconds", "printed"),
    [(0, b"00:00:00"), (59, b"00:00:59"), (3600, b"01:00:00"), (100 * 3600 + 61, b"100:01:01"), (359999, b"99:59:59")],
)
def test_given_a_length_of_time_then_it_has_hours_minutes_and_seconds(seconds: int, printed: bytes) -> None:
    written = encode_return(UserTotal(agent_busy_duration=seconds))
    assert b"<agentBusyDuration>" + printed + b"</agentBusyDuration>" in written
    assert decode_return(written) == UserTotal(agent_busy_duration=seconds)


def test_given_moments_with_fractions_and_zones_then_seconds_of_local_time_are_written() -> None:
    record = HistoryRecord(creation_date=datetime(2009, 12, 2, 3, 4), creation_time=time(15, 32, 43, 999_999))
    assert b"<creationDate>2009-12-02</creationDate><creationTime>15:32:43</creationTime>" in encode_return(History((record,)))


@pytest.mark.parametrize(
    ("encode", "value"),
    [
        (encode_request, QueryForward(None)),
        (encode_request, QueryForward(1101)),
        (encode_request, MakeCall("1101", None)),
        (encode_request, Standard()),
        (encode_request, None),
        (encode_return, QueryForward("1101")),
        (encode_return, Forwards((("1102", "immediate", "on"),))),
        (encode_return, UserTotal(agent_busy_duration=-1)),
        (encode_return, UserTotal(incoming_calls_failed_count=float("inf"))),
        (encode_return, UserTotal(start="yesterday")),
        (encode_return, DeviceState(calls=(Call(None),))),
        (encode_event, Event("1101", Standard())),
        (encode_event, Event("1101", Call(1, permitted_services=[LineService.DROP]))),
        (encode_event, Event("1101", None)),
    ],
)
def test_given_a_value_that_the_protocol_cannot_say_then_the_mistake_is_ours(encode: Any, value: Any) -> None:
    with pytest.raises(LocalProtocolError):
        encode(value)


@pytest.mark.parametrize("hostile", ["</number><cause><busy/></cause>", "&x;", "<!--", "]]>", "\r\n", "\0", "\ud800", "a&b<c>d"])
def test_given_a_hostile_text_then_it_stays_a_text(hostile: str) -> None:
    """Names and numbers come from telephone networks; they must not become markup."""
    event = Event(hostile, Call(1, CallPart(LineState.ALERTING, Party(f"1{hostile}1", hostile, None, hostile))))
    read = decode_event(encode_event(event))
    assert isinstance(read.content, Call)
    assert read.content.prim_call is not None
    number = read.content.prim_call.other_party.number
    assert number == f"1{hostile}1".replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    assert read.content.prim_call.cause is None
