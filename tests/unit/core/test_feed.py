"""The feed: numbers, window, gap, waiting."""

from __future__ import annotations

import pytest
from twisted.internet import task

from telgw.base.clock import Clock
from telgw.base.limits import REPLAY_WINDOW
from telgw.core.feed import Feed


@pytest.fixture
def feed() -> Feed[int]:
    return Feed()


def kept(feed: Feed[int]) -> None:
    """Somebody reads the feed by number: from now on it keeps what happens."""
    clock = task.Clock()
    feed.wait(Clock(clock), 1)
    clock.advance(1)


def test_given_a_new_feed_then_its_number_is_one_and_nothing_came_after_it(feed: Feed[int]) -> None:
    assert feed.seq == 1
    assert feed.since(1) == []
    assert feed.since(2) is None


def test_given_a_reader_when_things_happen_then_numbers_rise_by_one_and_what_came_after_is_told(feed: Feed[int]) -> None:
    kept(feed)
    for item in range(3):
        feed.append(item)
        assert feed.seq == item + 2
    assert feed.since(1) == [0, 1, 2]
    assert feed.since(3) == [2]
    assert feed.since(4) == []
    assert feed.since(5) is None
    assert feed.since(-7) is None


def test_given_a_window_when_more_happens_than_it_holds_then_there_is_a_gap_and_no_more_memory(feed: Feed[int]) -> None:
    kept(feed)
    for item in range(REPLAY_WINDOW + 10):
        feed.append(item)
    assert feed.since(1) is None
    assert feed.since(11) == list(range(10, REPLAY_WINDOW + 10))


def test_given_waiting_readers_when_something_happens_then_all_are_woken_once(feed: Feed[int]) -> None:
    time = task.Clock()
    woken: list[int] = []
    for number in range(3):
        feed.wait(Clock(time), 10).addCallback(lambda _, number=number: woken.append(number))
    feed.append(1)
    assert woken == [0, 1, 2]
    assert feed.waiting == 0
    time.advance(10)
    feed.append(2)
    assert woken == [0, 1, 2]
    assert time.calls == []


def test_given_a_waiting_reader_when_its_time_is_over_or_it_is_gone_then_nothing_waits(feed: Feed[int]) -> None:
    time = task.Clock()
    woken: list[object] = []
    feed.wait(Clock(time), 10).addCallback(woken.append)
    gone = feed.wait(Clock(time), 10)
    gone.addErrback(lambda failure: None)
    gone.cancel()
    assert feed.waiting == 1
    time.advance(10)
    assert woken == [None]
    assert feed.waiting == 0
    assert time.calls == []
