"""Control over HTTP: what it shows, and what it says when a request is wrong."""

from __future__ import annotations

import json

import pytest
from simulated_rig import Rig

from telgw.model.commands import MakeCall, SetForwarding
from telgw.model.states import ForwardType

A, B, C = "1101", "1102", "1103"


@pytest.fixture
def rig() -> Rig:
    return Rig(A, routing_devices=("8500",))


def test_a_phone_that_nobody_has_touched(rig: Rig) -> None:
    assert rig.control("GET", f"devices/{B}") == {
        "number": B,
        "kind": "phone",
        "hook": "on",
        "lamp": False,
        "do_not_disturb": False,
        "forwards": [],
        "behaviour": {"answer": "manual"},
        "monitored": False,
        "calls": [],
    }


def test_a_phone_in_use(rig: Rig) -> None:
    rig.act(B, "behaviour", answer="auto", after="1500ms")
    rig.do(SetForwarding(B, ForwardType.NO_ANSWER, True, C))
    rig.do(MakeCall(A, B, "order 7"))
    assert rig.control("GET", f"devices/{B}") == {
        "number": B,
        "kind": "phone",
        "hook": "on",
        "lamp": False,
        "do_not_disturb": False,
        "forwards": [{"type": "noAnswer", "number": C}],
        "behaviour": {"answer": "auto", "after": "1500ms"},
        "monitored": False,
        "calls": [
            {
                "call": "c1",
                "state": "alerting",
                "other": A,
                "outgoing": False,
                "conference": False,
                "parties": [{"device": A, "state": "connected"}],
                "extra_data": "order 7",
            }
        ],
    }
    caller = rig.control("GET", f"devices/{A}")
    assert (caller["hook"], caller["monitored"], caller["calls"][0]["other"]) == ("off", True, B)


def test_calls_without_another_party(rig: Rig) -> None:
    assert rig.act(A, "lift")["calls"][0]["other"] == ""
    [call] = rig.act(A, "dial", number="1999")["calls"]
    assert (call["other"], call["failed"], call["parties"]) == ("1999", "destNotObtainable", [{"device": "1999", "state": "fail"}])
    rig.control("POST", "external_call", to=B)
    assert rig.control("GET", f"devices/{B}")["calls"][0]["other"] is None


def test_the_whole_pbx_shows_only_what_is_in_use() -> None:
    rig = Rig("10007", "10008", devices=("10000-29999", "8000"), routing_devices=("8500",))
    rig.control("POST", "message_waiting", device="10009", state="on")
    rig.control("POST", "external_call", from_="0160", to="8500")
    shown = rig.control("GET", "devices")
    assert shown["ranges"] == ["10000-29999", "8000"]
    assert (shown["count"], shown["routing_devices"], shown["monitored"], shown["calls"]) == (20_001, ["8500"], 2, 1)
    assert [device["number"] for device in shown["devices"]] == ["10009", "8500"]
    [line] = shown["trunks"]["lines"]
    assert (shown["trunks"]["size"], line["trunk"], line["number"], line["calls"][0]["other"]) == (30, "T1", "0160", "8500")
    json.dumps(shown)


def test_looking_at_a_device_brings_none_into_being() -> None:
    rig = Rig(devices=("1*",))
    assert rig.snapshot("12345").forwards == ()
    assert rig.link.pbx.phones == {}
    assert rig.control("GET", "devices")["count"] == 0  # a prefix cannot be counted


def test_a_call_from_outside_tells_where_it_is(rig: Rig) -> None:
    assert rig.control("POST", "external_call", from_="01 60 12", to=B) == {
        "call": "c1",
        "trunk": "T1",
        "from": "016012",
        "to": B,
        "state": "alerting",
        "device": B,
    }
    assert rig.control("POST", "external_call", to="8500")["state"] == "queued"
    rig.control("POST", f"devices/{B}/forward", type="immediate", number=C)
    assert rig.control("POST", "external_call", to=B)["device"] == C


def test_faults_are_shown_as_they_were_given(rig: Rig) -> None:
    given = {
        "reject": ["holdCall"],
        "silent": ["makeCall"],
        "refuse_monitor": [A, "8500"],
        "delay": "200ms",
        "duplicate_events": True,
        "reorder_events": True,
    }
    assert rig.control("POST", "faults", json.dumps(given).encode()) == given
    assert rig.control("GET", "faults") == given
    assert rig.control("POST", "faults", b"") == {}
    assert rig.control("GET", "faults") == {}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("[]", 'the faults must be a JSON object, such as {"link": "down"}'),
        ('{"dealy": "1s"}', 'unknown fault "dealy": did you mean "delay"?'),
        (
            '{"xyz": 1}',
            'unknown fault "xyz": one of: delay, duplicate_events, link, refuse_monitor, reject, reorder_events, restart, silent',
        ),
        ('{"link": "sideways"}', '"link" must be "up" or "down"'),
        ('{"link": ["down"]}', '"link" must be "up" or "down"'),
        ('{"reject": "holdCall"}', '"reject" must be a list of strings'),
        ('{"reject": ["holdCal"]}', '"reject": unknown service "holdCal": did you mean "holdCall"?'),
        ('{"silent": [1]}', '"silent" must be a list of strings'),
        ('{"refuse_monitor": ["1999"]}', '"refuse_monitor": 1999 is no device of this PBX'),
        ('{"delay": "soon"}', '"delay" must be a length of time such as "200ms" or "2s"'),
        ('{"delay": -1}', '"delay" must be a length of time such as "200ms" or "2s"'),
        ('{"delay": true}', '"delay" must be a length of time such as "200ms" or "2s"'),
        ('{"delay": NaN}', '"delay" must be a length of time such as "200ms" or "2s"'),
        ('{"delay": Infinity}', '"delay" must be a length of time such as "200ms" or "2s"'),
        ('{"restart": 1}', '"restart" must be true or false'),
    ],
)
def test_faults_that_cannot_be_read_change_nothing(rig: Rig, body: str, error: str) -> None:
    rig.control("POST", "faults", b'{"delay": 1}')
    assert rig.request("POST", "faults", body.encode()) == (400, {"error": error})
    assert rig.control("GET", "faults") == {"delay": "1s"}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_faults_that_are_not_json(rig: Rig, body: bytes) -> None:
    status, answer = rig.request("POST", "faults", body)
    assert status == 400
    assert answer["error"].startswith("the body is not JSON: ")


@pytest.mark.parametrize(
    ("method", "path", "query", "status", "error"),
    [
        ("GET", "", {}, 404, "there is nothing at this path; try devices, "),
        ("GET", "phones", {}, 404, "there is nothing at phones; try devices, "),
        ("GET", "devices/1101/lift/now", {}, 404, "there is nothing at devices/1101/lift/now; "),
        ("GET", "devices/1999", {}, 404, "1999 is no device of this PBX"),
        ("POST", "devices/1999/lift", {}, 404, "1999 is no device of this PBX"),
        ("POST", "devices/1101/lfit", {}, 404, 'unknown action "lfit": did you mean "lift"?'),
        ("GET", "devices/1101/lift", {}, 405, "GET is not possible here, POST is"),
        ("DELETE", "faults", {}, 405, "DELETE is not possible here, GET and POST is"),
        ("POST", "devices", {}, 405, "POST is not possible here, GET is"),
        ("GET", "external_call", {}, 405, "GET is not possible here, POST is"),
        ("POST", "devices/1101/lift", {"number": "1"}, 400, 'unknown parameter "number": there are none here'),
        ("POST", "devices/1101/dial", {"numbr": "1"}, 400, 'unknown parameter "numbr": did you mean "number"?'),
        ("POST", "devices/1101/dial", {}, 400, "parameter number is missing"),
        ("POST", "devices/1101/dial", {"number": " - "}, 400, "number: there is no number in it"),
        ("POST", "devices/1101/pickup", {"number": "1999"}, 404, "1999 is no device of this PBX"),
        ("POST", "devices/1101/do_not_disturb", {}, 400, "parameter state is missing: on or off"),
        ("POST", "devices/1101/do_not_disturb", {"state": "yes"}, 400, 'state: "yes" is none of on, off'),
        ("POST", "devices/1101/forward", {"number": "1102"}, 400, "parameter type is missing: immediate or busy or "),
        ("POST", "devices/1101/forward", {"type": "later", "number": "1102"}, 400, 'type: "later" is none of immediate, busy, '),
        ("POST", "devices/1101/forward", {"type": "busy"}, 400, "parameter number is missing"),
        ("POST", "devices/1101/behaviour", {}, 400, "parameter answer is missing: manual or auto or never or busy"),
        ("POST", "devices/1101/behaviour", {"answer": "maybe"}, 400, 'answer: "maybe" is none of manual, auto, never, busy'),
        ("POST", "devices/1101/behaviour", {"answer": "never", "after": "1s"}, 400, "after: only answer=auto has it"),
        ("POST", "devices/1101/behaviour", {"answer": "auto", "after": "soon"}, 400, "after: 'soon' is not a length of time"),
        ("POST", "external_call", {"from_": "0160"}, 400, "parameter to is missing"),
        ("POST", "external_call", {"to": "1999"}, 404, "1999 is no device of this PBX"),
        ("POST", "external_hang_up", {"number": "0160"}, 404, "no outside party 0160 is in a call"),
        ("POST", "message_waiting", {"state": "on"}, 400, "parameter device is missing"),
        ("POST", "message_waiting", {"device": "8500", "state": "on"}, 409, "8500 is a queue: "),
    ],
)
def test_wrong_requests(rig: Rig, method: str, path: str, query: dict[str, str], status: int, error: str) -> None:
    before = rig.state()
    got, answer = rig.request(method, path, **query)
    assert got == status
    assert answer["error"].startswith(error), answer
    assert rig.state() == before


def test_no_control_when_it_is_not_wanted() -> None:
    assert Rig(control=False).link.control is None
