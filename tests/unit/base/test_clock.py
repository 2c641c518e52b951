"""The one clock: it tells the time, lists its timers, cancels them all."""

from __future__ import annotations

import pytest
from twisted.internet import task

from telgw.base.clock import Clock


class Desk:
    def __init__(self) -> None:
        self.time = task.Clock()
        self.clock = Clock(self.time)
        self.called: list[object] = []

    def note(self, what: object) -> None:
        self.called.append(what)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_given_timers_when_time_passes_then_they_are_called_in_order_with_their_arguments(desk: Desk) -> None:
    desk.clock.call_later(2, desk.note, "second")
    desk.clock.call_later(1, desk.note, "first")
    desk.time.advance(0.9)
    assert desk.called == []
    desk.time.pump([0.1, 1])
    assert desk.called == ["first", "second"]
    assert desk.clock.pending() == []


def test_given_a_negative_delay_when_set_then_it_is_called_at_once(desk: Desk) -> None:
    desk.clock.call_later(-1, desk.note, "now")
    desk.time.advance(0)
    assert desk.called == ["now"]


def test_given_timers_when_some_are_cancelled_then_the_others_are_listed_by_name(desk: Desk) -> None:
    timer = desk.clock.call_later(1, desk.note, 1)
    desk.clock.call_later(2, desk.note, 2)
    assert desk.clock.pending() == ["Desk.note", "Desk.note"]
    timer.cancel()
    assert desk.clock.pending() == ["Desk.note"]


def test_given_timers_when_all_are_cancelled_then_nothing_is_called(desk: Desk) -> None:
    desk.clock.call_later(1, desk.note, 1)
    desk.clock.call_later(2, desk.note, 2).cancel()
    desk.clock.cancel_all()
    desk.time.advance(10)
    assert desk.called == []
    assert desk.time.calls == []


def test_given_a_timer_when_reset_then_it_is_called_later(desk: Desk) -> None:
    timer = desk.clock.call_later(1, desk.note, 1)
    timer.reset(5)
    desk.time.advance(4)
    assert timer.active()
    desk.time.advance(1)
    assert desk.called == [1]
    assert not timer.active()


def test_given_thousands_of_cancelled_timers_then_they_are_forgotten(desk: Desk) -> None:
    for _ in range(3000):
        desk.clock.call_later(1000, desk.note, 1).cancel()
    assert len(desk.clock._timers) < 1100
    assert desk.clock.pending() == []


def test_given_seconds_of_their_own_when_asked_then_the_source_is_not(desk: Desk) -> None:
    assert Clock(desk.time, lambda: 42.0).seconds() == 42.0
    desk.time.advance(3)
    assert desk.clock.seconds() == 3
