"""Events, answers and states in words."""

from __future__ import annotations

import pytest

from telgw.app.cli import sessions, sim, status
from telgw.app.cli.port import document_of
from telgw.app.cli.words import ERRORS, event_text, indented
from telgw.base.outcome import ErrorCode
from telgw.model.states import ForwardType, LineCause, LineService, LineState
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.events import Event
from telgw.wire.telservices.records import AgentInfo, Call, CallPart, Forward, Party
from telgw.wire.telservices.returns import DoNotDisturb, MsgWaiting
from telgw.wire.telservices.vocabulary import AgentState, OnOff, SessionEvent


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (Call(1, CallPart(LineState.INITIATED, Party("")), None, (LineService.DROP,)), "call 1: initiated  [dropCall]"),
        (
            Call(
                2,
                CallPart(LineState.HOLD, Party("1102", "Marcel"), duration=61, is_outgoing=True),
                CallPart(LineState.DELIVERED, Party("1103"), is_outgoing=True),
                (LineService.DROP, LineService.TRANSFER),
                "order\x1b[2J",
            ),
            "call 2: hold to 1102 (Marcel), 1:01 | delivered to 1103, extra data order\\x1b[2J  [dropCall transferCall]",
        ),
        (
            Call(
                1,
                CallPart(
                    LineState.CONNECTED, Party("1102"), (Party("1103"),), Party("1"), Party("2"), Party("3"), 5,
                    is_conference=True, call_reference="c-1", cause=LineCause.CONFERENCE,
                ),
                None,
                (),
            ),
            "call 1: connected from 1102, conference, conference with 1103, about 1, first called 2, by way of 3, reference c-1, 0:05",
        ),
        (Forward("1103", ForwardType.IMMEDIATE, OnOff.OFF), "forward immediate to 1103: off"),
        (DoNotDisturb(OnOff.ON), "do not disturb: on"),
        (MsgWaiting(OnOff.OFF), "message waiting: off"),
        (AgentInfo("a1", AgentState.READY), "agent a1: ready"),
        (AgentInfo(), "agent: null"),
        (SessionEvent.CLOSED_BY_ADMIN, "session: sessionClosedByAdmin"),
    ],
)  # fmt: skip
def test_given_an_event_then_it_is_told_in_one_line(content: object, text: str) -> None:
    assert event_text(Event("1101", content)) == text  # type: ignore[arg-type]


def test_given_xml_then_it_is_indented_and_harmless() -> None:
    assert indented(b"<a><b>x\xc2\x9b</b> <c/></a>") == "<a>\n  <b>x\\x9b</b>\n  <c/>\n</a>"
    for wrong in (b"", b"<a>", b"<!DOCTYPE a><a/>", b"HTTP"):
        with pytest.raises(RemoteProtocolError):
            indented(wrong)


def test_given_an_answer_with_an_end_of_its_own_then_only_the_document_is_taken() -> None:
    assert document_of(b"\r\n<a>x</a>\0") == b"<a>x</a>"
    assert document_of(b"nothing") == b""


def test_given_every_error_then_there_is_a_word_of_explanation() -> None:
    assert set(ERRORS) == set(ErrorCode)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (59.9, "59s"), (61, "1m 01s"), (7500, "2h 05m"), (3 * 86400 + 4 * 3600, "3d 4h")]
)
def test_given_a_length_of_time_then_people_can_read_it(seconds: float, text: str) -> None:
    assert status.length(seconds) == text


def test_given_a_status_then_links_are_a_table() -> None:
    link = {"name": "pbx", "driver": "simulated", "state": "waiting", "since": "not a time", "reason": "cable cut"}
    text = status.describe({"version": "1", "status": "running", "uptime": 5, "links": [link], "sessions": 2, "calls": 1})
    assert text.splitlines() == [
        "telgw 1  running  up 5s",
        "sessions 2  calls 1  waiting polls ?  connections ?",
        "",
        "link  driver     state    since       monitored  calls  reason",
        "pbx   simulated  waiting  not a time                    cable cut",
    ]


def test_given_sessions_then_clients_are_told_apart() -> None:
    clients = [
        {"address": "10.0.0.1", "port": 20001, "restricted": True},
        {"address": "10.0.0.2", "port": None, "restricted": False},
    ]
    one = {"device": "1101", "link": "pbx", "monitored": True, "seq": 3, "timeout": 60, "clients": clients}
    assert sessions.describe([]) == "no session is open"
    told = sessions.describe([one]).splitlines()[1]
    assert told == "1101    pbx   yes        3    60 s     10.0.0.1 UDP 20001 restricted, 10.0.0.2 polls"


CALL = {"call": "c1", "state": "connected", "other": "1102", "outgoing": True, "conference": False, "parties": []}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {
                "number": "1101", "kind": "phone", "hook": "off", "lamp": True, "do_not_disturb": True,
                "forwards": [{"type": "busy", "number": "1103"}], "behaviour": {"answer": "auto", "after": "1s"}, "monitored": True,
                "calls": [CALL],
            },
            "1101: off hook, message waiting, do not disturb, forward busy to 1103, answers: auto after 1s, monitored\n"
            "  c1 connected, to 1102",
        ),
        ({"number": "8500", "kind": "queue", "monitored": False, "calls": []}, "8500: queue"),
        (
            {"trunk": "T1", "number": None, "calls": [CALL | {"other": None, "outgoing": False}]},
            "T1: outside party withheld\n  c1 connected, from a withheld number",
        ),
        (
            {"call": "c1", "trunk": "T1", "from": None, "to": "1101", "state": "failed", "cause": "busy"},
            "a withheld number calls 1101 on T1: failed at 1101 (busy)",
        ),
        (
            {
                "ranges": ["1101-1130"], "count": 30, "routing_devices": ["8500"], "monitored": 1, "calls": 1,
                "devices": [{"number": "8500", "kind": "queue", "monitored": False, "calls": []}],
                "trunks": {"size": 30, "lines": [{"trunk": "T2", "number": "0160", "calls": []}]},
            },
            "30 devices (1101-1130), 1 monitored, 1 calls\nrouting devices: 8500\n8500: queue\nT2: outside party 0160",
        ),
        ({"something": "new"}, "something: new"),
    ],
)  # fmt: skip
def test_given_an_answer_of_the_simulator_then_people_can_read_it(value: dict[str, object], text: str) -> None:
    assert sim.describe(value) == text


def test_given_a_conference_then_its_parties_are_named() -> None:
    parties = [{"device": "1102", "state": "connected"}, {"device": "1103", "state": "connected"}]
    call = CALL | {"conference": True, "parties": parties, "failed": "busy", "redirecting": "1104", "extra_data": "x"}
    text = sim.describe({"trunk": "T1", "number": "0160", "calls": [call]})
    assert text.endswith("c1 connected, to 1102, conference of 1102, 1103, failed busy, redirecting 1104, extra data x")
