"""Permitted services: the printed states of the document, and the choice of a call for each request."""

from __future__ import annotations

import pytest

from telgw.model import facts as f
from telgw.model.apply import apply
from telgw.model.graph import Device, Graph
from telgw.model.permitted import ACTIVE, JOINING, PERMITTED_ALONE, PERMITTED_PAIR, TWO_CALLS, permitted_alone, permitted_pair
from telgw.model.selection import select, select_for_adding, select_pair
from telgw.model.states import EventCause, LineService, LineState


def names(services: tuple[LineService, ...]) -> list[str]:
    return [service.value for service in services]


@pytest.mark.parametrize(
    ("state", "services"),
    [
        (LineState.INITIATED, ["dropCall"]),
        (LineState.ORIGINATED, ["dropCall"]),
        (LineState.DELIVERED, ["dropCall"]),
        (LineState.ALERTING, ["answerCall", "divertCall"]),
        (LineState.CONNECTED, ["holdCall", "dropCall", "divertCall", "consultationCall"]),
    ],
)
def test_given_a_printed_state_then_its_services_are_the_printed_ones(state: LineState, services: list[str]) -> None:
    assert names(permitted_alone(state)) == services


@pytest.mark.parametrize(
    ("second", "services"),
    [
        (LineState.INITIATED, ["dropCall", "reconnectCall"]),
        (LineState.ORIGINATED, ["dropCall", "reconnectCall"]),
        (LineState.DELIVERED, ["dropCall", "reconnectCall", "transferCall"]),
        (LineState.CONNECTED, ["dropCall", "holdCall", "reconnectCall", "alternateCall", "transferCall", "conferenceCall"]),
    ],
)
def test_given_a_printed_pair_then_its_services_are_the_printed_ones(second: LineState, services: list[str]) -> None:
    assert names(permitted_pair(LineState.HOLD, second)) == services
    assert permitted_pair(second, LineState.HOLD) == permitted_pair(LineState.HOLD, second)


def test_given_the_tables_then_they_are_total_and_agree() -> None:
    assert PERMITTED_ALONE.keys() == set(LineState)
    assert PERMITTED_ALONE[LineState.CLEARED] == ()
    assert PERMITTED_PAIR.keys() == ACTIVE | {LineState.HOLD}
    for state in ACTIVE:
        assert set(TWO_CALLS[state]) <= set(PERMITTED_PAIR[state])
        both = permitted_alone(state, [LineState.HOLD])
        assert set(TWO_CALLS[state]) <= set(both)
        assert permitted_alone(LineState.HOLD, [state]) == TWO_CALLS[state]
    assert {LineService.TRANSFER, LineService.CONFERENCE} == JOINING


def test_given_a_held_call_while_another_is_active_in_a_pair_then_nothing_is_permitted() -> None:
    assert permitted_alone(LineState.HOLD, (), [LineState.HOLD, LineState.CONNECTED]) == ()
    assert permitted_pair(LineState.HOLD, LineState.HOLD, [LineState.CONNECTED]) == ()
    assert names(permitted_pair(LineState.HOLD, LineState.HOLD)) == ["retrieveCall"]


def line(*said: f.Fact) -> Device:
    graph = Graph()
    device = graph.monitor("1101")
    for number, fact in enumerate(said):
        apply(graph, fact, float(number))
    return device


def ringing(call: str, calling: str) -> f.Delivered:
    return f.Delivered(call, "1101", calling, "1101")


def answered(call: str, calling: str) -> tuple[f.Fact, f.Fact]:
    return ringing(call, calling), f.Established(call, "1101", calling, "1101")


def test_given_two_ringing_calls_then_the_older_one_is_answered_unless_named() -> None:
    device = line(ringing("c1", "1102"), ringing("c2", "1103"))
    first, second = device.connections
    assert select(device, LineService.ANSWER) is first
    assert select(device, LineService.ANSWER, "11 03") is second
    assert select(device, LineService.ANSWER, "1104") is None
    assert select(device, LineService.DROP) is None


def test_given_two_held_calls_then_the_one_held_last_is_retrieved() -> None:
    device = line(*answered("c1", "1102"), f.Held("c1", "1101"), *answered("c2", "1103"), f.Held("c2", "1101"))
    first, second = device.connections
    assert select(device, LineService.RETRIEVE) is second
    assert select(device, LineService.RETRIEVE, "1102") is first
    assert select_for_adding(device) is first


def test_given_an_active_and_two_held_calls_then_the_one_held_last_is_the_partner_unless_named() -> None:
    device = line(
        *answered("c1", "1102"), f.Held("c1", "1101"), *answered("c2", "1103"), f.Held("c2", "1101"), *answered("c3", "1104")
    )
    first, second, active = device.connections
    pair = select_pair(device, LineService.TRANSFER)
    assert pair is not None
    assert (pair.active, pair.held) == (active, second)
    pair = select_pair(device, LineService.TRANSFER, "1102", "1104")
    assert pair is not None
    assert (pair.active, pair.held) == (active, first)
    assert select_pair(device, LineService.TRANSFER, "1104") is None
    assert select(device, LineService.DROP) is active


def test_given_a_consultation_then_the_pair_of_the_element_is_taken() -> None:
    device = line(
        *answered("c1", "1102"),
        f.Held("c1", "1101", EventCause.CONSULTATION),
        f.ServiceInitiated("c2", "1101", EventCause.CONSULTATION),
        f.Originated("c2", "1101", "1103"),
        f.Delivered("c2", "1103", "1101", "1103"),
    )
    held, active = device.connections
    assert select_pair(device, LineService.CONFERENCE) is None
    for service in (LineService.TRANSFER, LineService.RECONNECT):
        pair = select_pair(device, service)
        assert pair is not None
        assert (pair.active, pair.held) == (active, held)


def test_given_a_withheld_caller_then_it_is_named_by_its_reference() -> None:
    device = line(f.Delivered("c1", "1101", None, "1101"))
    assert select(device, LineService.ANSWER, f"*****-{device.connections[0].call.alias}") is device.connections[0]
    assert select(device, LineService.ANSWER, "*****-x") is None
