"""Typed requests: every service can be typed, in every spelling, and what is typed wrong is told."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from telgw.app.cli.command import UsageError
from telgw.app.cli.verbs import Parameter, kebab, plain, verbs
from telgw.model.states import ForwardType
from telgw.wire.telservices import requests as ask
from telgw.wire.telservices.codec import decode_request, encode_request
from telgw.wire.telservices.records import Forward, Party, RoutingPointConfig
from telgw.wire.telservices.schema import Choice, Flag, Moment, Number, Sequence
from telgw.wire.telservices.vocabulary import AgentState, EventUpdate, NumberType, OnOff, RecordType

VECTORS = Path(__file__).parents[3] / "fixtures" / "telservices_vectors.json"


def typed(line: str) -> Any:
    """The request of a command line."""
    verb, *words = line.split()
    return verbs()[plain(verb)].request(words)


def test_given_the_document_then_each_of_its_36_services_is_a_verb() -> None:
    assert len(verbs()) == 36
    assert {verb.name for verb in verbs().values()} == set(ask.SERVICES)
    assert all(re.fullmatch(r"--[a-z]+(-[a-z]+)*", verb.option) for verb in verbs().values())


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("--make-call 1101 1102", ask.MakeCall("1101", "1102")),
        ("--makeCall 1101 1102 extraData=a=b", ask.MakeCall("1101", "1102", "a=b")),
        ("--makecall --extra-data -x 1101 1102", ask.MakeCall("1101", "1102", "-x")),
        ("--make-call --extra-data=x 1101 1102", ask.MakeCall("1101", "1102", "x")),
        ("--make-call called_device_number=1102 1101", ask.MakeCall("1101", "1102")),
        ("--make-call 1101 extra=1", ask.MakeCall("1101", "extra=1")),
        ("--consultation-call 1101 1103 other-number=1102",
         ask.ConsultationCall("1101", other_number="1102", consulted_device_number="1103")),
        ("--open-session 1101 eventUDPPort=20001 eventUpdate=restricted startPbxMonitor=no",
         ask.OpenSession("1101", 20001, EventUpdate.RESTRICTED, start_pbx_monitor=False)),
        ("--close-session 1101 clientOnly=false", ask.CloseSession("1101", client_only=False)),
        ("--forward 1101 1103 no-answer on", ask.SetForward("1101", Forward("1103", ForwardType.NO_ANSWER, OnOff.ON))),
        ("--do-not-disturb 1101 OFF", ask.SetDoNotDisturb("1101", OnOff.OFF)),
        ("--agent-state 1101 notReady", ask.SetAgentState("1101", AgentState.NOT_READY)),
        ("--snapshot 1101", ask.Snapshot("1101")),
        ("--snapshot 1101 timeout=30", ask.Snapshot("1101", ask.ResultOnEvent(30))),
        ("--snapshot 1101 snapshotSeq=4 timeout=-1", ask.Snapshot("1101", ask.ResultOnEvent(-1, 4))),
        ("--query-history", ask.QueryHistory()),
        ("--query-history recordType=all startDate=2009-12-02 startHour=8 limit=3",
         ask.QueryHistory(record_type=RecordType.ALL, start_date=date(2009, 12, 2), start_hour=8, limit=3)),
        ("--update-user-directory outlook userID=u", ask.UpdateUserDirectory(user_id="u", directory_name="outlook", parties=())),
        ("--update-user-directory outlook party=1,Marcel,home party=2",
         ask.UpdateUserDirectory(directory_name="outlook", parties=(Party("1", "Marcel", NumberType.HOME), Party("2")))),
        ('--update-user-directory outlook party=1,"a,b",,c',
         ask.UpdateUserDirectory(directory_name="outlook", parties=(Party("1", "a,b", None, "c"),))),
        ("--start-routing-point s", ask.StartRoutingPoint("s")),
        ("--start-routing-point s template=t queueLimit=100",
         ask.StartRoutingPoint("s", "t", RoutingPointConfig(queue_limit=100))),
    ],
)  # fmt: skip
def test_given_a_command_line_then_the_request_is_the_one_that_was_meant(line: str, request_: Any) -> None:
    assert typed(line) == request_


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--make-call 1101",
         "--make-call: CALLED (calledDeviceNumber) is missing; usage: telgw send --make-call DEVICE CALLED [extraData=]"),
        ("--make-call 1101 1102 1103", "there is no place for '1103'"),
        ("--make-call 1101 1102 extrData=1", "there is no place for 'extrData=1': did you mean \"extraData\"?"),
        ("--make-call 1101 1102 --extrdata 1", "--make-call has no --extrdata: did you mean \"--extra-data\"?"),
        ("--make-call 1101 1102 --extra-data", "--extra-data needs a value: a text"),
        ("--make-call 1101 1102 extraData=1 extra-data=2", "extraData is given twice"),
        ("--make-call 1101 calledDeviceNumber=", "calledDeviceNumber must be a text that is not empty"),
        ("--open-session 1101 eventUDPPort=0", "eventUDPPort must be a number from 1 to 65535, not '0'"),
        ("--open-session 1101 eventUDPPort=x", "eventUDPPort must be a number from 1 to 65535, not 'x'"),
        ("--open-session 1101 eventUDPPort=²", "eventUDPPort must be a number from 1 to 65535"),
        ("--snapshot 1101 timeout=--1", "timeout must be a whole number"),
        ("--open-session 1101 startPbxMonitor=perhaps", "startPbxMonitor must be true or false, not 'perhaps'"),
        ("--open-session 1101 eventUpdate=some", "eventUpdate must be full or restricted, not 'some'"),
        ("--query-history startDate=2009-13-02", "startDate must be a date like 2009-12-02, not '2009-13-02'"),
        ("--snapshot 1101 snapshotSeq=4", "--snapshot: timeout is missing, without which the rest says nothing"),
        ("--update-user-directory o party=,x", "party must be number,name,numberType,company"),
        ("--update-user-directory o party=1,x,home,c,d", "party must be number,name,numberType,company"),
    ],
)  # fmt: skip
def test_given_a_mistake_then_it_is_told(line: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        typed(line)


def example(parameter: Parameter) -> str:
    """Something that can be typed for the parameter."""
    match parameter.shape:
        case Number(lowest, highest, _):
            return str(max(lowest, min(highest, 7)))
        case Flag():
            return "true"
        case Choice(members):
            return members[0][0]
        case Moment():
            return "2009-12-02"
        case Sequence():
            return "0160121314,Marcel Jagger,work,uniGone"
    return "1101"


@pytest.mark.parametrize("name", verbs())
def test_given_every_service_then_all_its_values_can_be_typed_and_sent(name: str) -> None:
    verb = verbs()[name]
    least = verb.request([example(one) for one in verb.parameters if one.required])
    assert decode_request(encode_request(least)) == least
    full = verb.request([f"{one.name}={example(one)}" for one in verb.parameters])
    assert decode_request(encode_request(full)) == full
    words = [word for one in verb.parameters for word in ("--" + kebab(one.name), example(one))]
    assert verb.request(words) == full


def test_given_the_examples_of_the_document_then_each_can_be_typed() -> None:
    """What is typed is made from the decoded example and leads back to it."""
    vectors = json.loads(VECTORS.read_text("utf-8"))
    examples = [text for text in _texts(vectors) if text.startswith("<TelServiceRequest>")]
    assert len(examples) >= 36
    for text in examples:
        request = decode_request(text.encode())
        verb = verbs()[plain(type(request).__name__.removeprefix("Set"))]
        words = [
            f"{one.name}={said}"
            for one in verb.parameters
            for said in _said(request, one)
        ]  # fmt: skip
        assert verb.request(words) == request


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]


def _said(request: Any, parameter: Parameter) -> list[str]:
    value = request
    for attribute in parameter.path:
        value = getattr(value, attribute, None)
    if value is None:
        return []
    if isinstance(parameter.shape, Sequence):
        return [",".join('"' + str(getattr(cell, "value", cell or "")) + '"' for cell in row) for row in value]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [str(getattr(value, "value", value))]
