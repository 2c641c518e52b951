"""One deadline, one outcome."""

from __future__ import annotations

import pytest
from twisted.internet import task
from twisted.internet.defer import Deferred, fail, succeed

from telgw.base.clock import Clock
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.deadline import Deadlines


class Desk:
    """Deadlines of five seconds, and how many answers came too late."""

    def __init__(self) -> None:
        self.time = task.Clock()
        self.late = 0
        self.deadlines = Deadlines(Clock(self.time), 5, self._late)

    def _late(self) -> None:
        self.late += 1

    def watch(self, answer: Deferred[object]) -> list[object]:
        outcome: list[object] = []
        self.deadlines.watch(answer, "something").addCallbacks(outcome.append, lambda failure: outcome.append(failure.value))
        return outcome


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_given_an_answer_that_is_there_when_watched_then_no_timer_is_set(desk: Desk) -> None:
    assert desk.watch(succeed("done")) == ["done"]
    error = ServiceError(ErrorCode.PBX_REJECT)
    assert desk.watch(fail(error)) == [error]
    assert desk.time.calls == []


def test_given_an_answer_in_time_when_it_comes_then_it_is_the_outcome(desk: Desk) -> None:
    answer: Deferred[object] = Deferred()
    outcome = desk.watch(answer)
    desk.time.advance(4.9)
    answer.callback("done")
    assert outcome == ["done"]
    assert len(desk.deadlines) == 0
    assert desk.time.calls == []


@pytest.mark.parametrize("late_with_error", [False, True])
def test_given_an_answer_too_late_when_it_comes_then_it_is_only_counted(desk: Desk, late_with_error: bool) -> None:
    answer: Deferred[object] = Deferred()
    outcome = desk.watch(answer)
    desk.time.advance(5)
    assert isinstance(outcome[0], ServiceError)
    assert outcome[0].code is ErrorCode.PBX_TIMEOUT
    if late_with_error:
        answer.errback(ServiceError(ErrorCode.PBX_REJECT))
    else:
        answer.callback("late")
    assert len(outcome) == 1
    assert desk.late == 1


def test_given_open_questions_when_the_link_is_lost_then_all_fail_at_once_and_later_answers_count(desk: Desk) -> None:
    answers: list[Deferred[object]] = [Deferred(), Deferred()]
    outcomes = [desk.watch(answer) for answer in answers]
    error = ServiceError(ErrorCode.PBX_LINK_OUT_OF_SERVICE)
    desk.deadlines.fail_all(error)
    assert outcomes == [[error], [error]]
    assert desk.time.calls == []
    answers[0].callback("late")
    assert desk.late == 1


def test_given_a_lost_link_when_an_outcome_asks_again_then_the_new_question_is_watched(desk: Desk) -> None:
    first: Deferred[object] = Deferred()
    second: Deferred[object] = Deferred()
    desk.deadlines.watch(first, "first").addErrback(lambda _: desk.watch(second))
    desk.deadlines.fail_all(ServiceError(ErrorCode.PBX_LINK_OUT_OF_SERVICE))
    assert len(desk.deadlines) == 1
    desk.time.advance(5)
    assert len(desk.deadlines) == 0
