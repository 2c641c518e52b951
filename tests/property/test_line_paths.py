"""The table of successors: complete, and as docs/scenarios.md prints it; the follower refuses what is illegal."""

from __future__ import annotations

from pathlib import Path

import pytest

from telgw.model.states import LineState as S
from telgw.wire.telservices.codec import encode_event
from telgw.wire.telservices.events import Event
from telgw.wire.telservices.records import Call, CallPart, Party
from tests.property.line_paths import FIRST, NEXT, Follower, IllegalPathError, table
from tests.world import Told

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"


def test_given_the_page_of_scenarios_then_it_holds_the_table() -> None:
    assert table() in PAGE.read_text()


def test_given_the_table_then_every_state_can_be_reached_and_ends() -> None:
    assert NEXT.keys() == set(S)
    reached = set(FIRST)
    while more := {after for state in reached for after in NEXT[state]} - reached:
        reached |= more
    assert reached == set(S)
    assert all(S.CLEARED in NEXT[state] for state in S if state is not S.CLEARED)


def told(*states: S) -> Told:
    parts = [CallPart(state, Party("1102")) for state in states]
    call = Call(1, parts[0], parts[1] if len(parts) > 1 else None)
    return Told(20001, encode_event(Event("1101", call)))


@pytest.mark.parametrize(
    "path",
    [
        [(S.INITIATED,), (S.ALERTING,)],
        [(S.HOLD,)],
        [(S.ALERTING,), (S.CONNECTED,), (S.DELIVERED,)],
        [(S.CONNECTED,), (S.HOLD, S.HOLD)],
        [(S.CONNECTED,), (S.HOLD, S.INITIATED), (S.HOLD,)],
        [(S.CONNECTED,), (S.CLEARED,), (S.CLEARED,)],
    ],
)
def test_given_an_illegal_path_when_followed_then_it_is_refused(path: list[tuple[S, ...]]) -> None:
    follower = Follower()
    *_, last = path
    for states in path[:-1]:
        follower.told(told(*states))
    with pytest.raises(IllegalPathError):
        follower.told(told(*last))


def test_given_a_consultation_that_ends_when_followed_then_the_first_call_is_alone_again() -> None:
    follower = Follower()
    for states in [(S.CONNECTED,), (S.HOLD, S.INITIATED), (S.HOLD, S.CLEARED), (S.CONNECTED,), (S.CLEARED,), (S.ALERTING,)]:
        follower.told(told(*states))
    assert [part.state for part in follower.parts["1101", 1]] == [S.ALERTING]
