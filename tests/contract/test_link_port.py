"""What every link promises the core (telgw.core.ports.Link), whatever its PBX: life, monitors, snapshots, outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from twisted.internet import task
from twisted.internet.defer import Deferred

from telgw.base.clock import Clock
from telgw.base.numbers import DeviceSet
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.ports import LinkContext, LinkState
from telgw.model import commands, facts
from telgw.model.states import ConnectionState, ForwardType
from tests.contract.switches import SWITCHES
from tests.world import QuietLog, Switch

NOTHING = object()


class Core:
    """The core's end of a link: notes what it is told."""

    def __init__(self, name: str) -> None:
        self.time = task.Clock()
        self.clock = Clock(self.time)
        self.statuses: list[tuple[LinkState, int]] = []
        self.told: list[tuple[int, facts.Fact]] = []
        self.ended: list[str] = []
        context = LinkContext("pbx", DeviceSet(["1101-1110"]), self.clock, QuietLog())
        self.switch: Switch = SWITCHES[name](context, {})
        self.link = self.switch.link

    def status(self, state: LinkState, epoch: int, reason: str = "") -> None:
        self.statuses.append((state, epoch))

    def facts(self, epoch: int, said: Sequence[facts.Fact]) -> None:
        self.told += [(epoch, fact) for fact in said]

    def monitor_ended(self, epoch: int, device: str, reason: str) -> None:
        self.ended.append(device)

    def start(self) -> None:
        self.link.start(self)
        self.settle()

    def settle(self, seconds: float = 0) -> None:
        self.time.advance(seconds)

    def result(self, answer: Deferred[Any]) -> Any:
        """What came of it: a value, a ServiceError, or NOTHING yet; more than one outcome is an error of Twisted's own."""
        got: list[Any] = [NOTHING]
        answer.addCallbacks(lambda value: got.__setitem__(0, value), lambda failure: got.__setitem__(0, failure.value))
        self.settle()
        return got[0]

    def kinds(self) -> list[str]:
        kinds = [type(fact).__name__ for _, fact in self.told]
        self.told.clear()
        return kinds


@pytest.fixture(params=list(SWITCHES))
def core(request: pytest.FixtureRequest) -> Iterator[Core]:
    core = Core(request.param)
    yield core
    core.result(core.link.stop())
    assert core.clock.pending() == []


@pytest.fixture
def up(core: Core) -> Core:
    core.start()
    return core


def test_given_a_new_link_when_started_then_it_gets_ready_with_an_epoch(core: Core) -> None:
    assert core.statuses == []
    core.start()
    assert core.statuses[-1][0] is LinkState.READY


def test_given_a_link_that_is_not_started_when_asked_then_it_is_out_of_service(core: Core) -> None:
    for answer in (core.link.monitor("1101"), core.link.snapshot("1101"), core.link.execute(commands.MakeCall("1101", "1102"))):
        result = core.result(answer)
        assert isinstance(result, ServiceError)
        assert result.code is ErrorCode.PBX_LINK_OUT_OF_SERVICE


def test_given_a_link_when_it_is_lost_and_comes_back_then_the_epoch_has_risen(up: Core) -> None:
    first = up.statuses[-1][1]
    up.switch.faults({"link": "down"})
    assert up.statuses[-1][0] in (LinkState.WAITING, LinkState.CONNECTING)
    assert isinstance(up.result(up.link.monitor("1101")), ServiceError)
    up.switch.faults({})
    up.settle()
    state, epoch = up.statuses[-1]
    assert state is LinkState.READY
    assert epoch > first


def test_given_no_monitor_when_calls_are_made_then_nothing_is_told(up: Core) -> None:
    up.result(up.link.execute(commands.MakeCall("1101", "1102")))
    assert up.kinds() == []


def test_given_two_monitors_of_a_device_when_calls_are_made_then_facts_are_told_once_and_in_order(up: Core) -> None:
    for _ in range(2):
        assert up.result(up.link.monitor("1101")) is None
    up.result(up.link.execute(commands.MakeCall("1101", "1102")))
    assert up.kinds() == ["ServiceInitiated", "Originated", "Delivered"]


def test_given_a_monitor_when_it_is_taken_back_twice_then_nothing_is_told_and_nobody_complains(up: Core) -> None:
    up.result(up.link.monitor("1101"))
    for _ in range(2):
        assert up.result(up.link.unmonitor("1101")) is None
    up.result(up.link.execute(commands.MakeCall("1101", "1102")))
    assert up.kinds() == []


def test_given_a_lost_link_when_it_is_back_then_monitors_are_gone(up: Core) -> None:
    up.result(up.link.monitor("1101"))
    up.switch.faults({"link": "down"})
    up.switch.faults({})
    up.settle()
    up.result(up.link.execute(commands.MakeCall("1101", "1102")))
    assert up.kinds() == []


def test_given_a_device_that_is_none_when_monitored_or_called_from_then_the_pbx_refuses(up: Core) -> None:
    for answer in (up.link.monitor("9999"), up.link.snapshot("9999"), up.link.execute(commands.MakeCall("9999", "1101"))):
        result = up.result(answer)
        assert isinstance(result, ServiceError)
        assert result.code is ErrorCode.PBX_REJECT


def test_given_a_call_when_a_command_names_it_then_the_result_is_that_of_the_docstring(up: Core) -> None:
    made = up.result(up.link.execute(commands.MakeCall("1101", "1102")))
    assert isinstance(made, commands.ConnectionID)
    assert made.device == "1101"
    assert up.result(up.link.execute(commands.AnswerCall(commands.ConnectionID(made.call, "1102")))) is None
    consulted = up.result(up.link.execute(commands.ConsultationCall(made, "1103")))
    assert isinstance(consulted, commands.ConnectionID)
    assert up.result(up.link.execute(commands.ReconnectCall(consulted, made))) is None
    assert up.result(up.link.execute(commands.ClearConnection(made))) is None
    result = up.result(up.link.execute(commands.ClearConnection(made)))
    assert isinstance(result, ServiceError)
    assert result.code is ErrorCode.PBX_REJECT


def test_given_calls_and_features_when_a_snapshot_is_taken_then_it_tells_them_all(up: Core) -> None:
    made = up.result(up.link.execute(commands.MakeCall("1101", "1102")))
    up.result(up.link.execute(commands.AnswerCall(commands.ConnectionID(made.call, "1102"))))
    up.result(up.link.execute(commands.HoldCall(made)))
    up.result(up.link.execute(commands.SetForwarding("1101", ForwardType.BUSY, True, "1103")))
    up.result(up.link.execute(commands.SetDoNotDisturb("1101", True)))
    up.switch.lamp("1101", "on")
    told = up.result(up.link.snapshot("1101"))
    assert isinstance(told, facts.DeviceSnapshot)
    (call,) = told.calls
    assert (call.call, call.state, dict(call.others)) == (made.call, ConnectionState.HELD, {"1102": ConnectionState.CONNECTED})
    assert told.forwards == ((ForwardType.BUSY, "1103"),)
    assert told.do_not_disturb is True
    assert told.message_waiting is True
    assert up.result(up.link.execute(commands.GetForwarding("1101"))) == ((ForwardType.BUSY, "1103"),)
    assert up.result(up.link.execute(commands.GetDoNotDisturb("1101"))) is True
    assert up.result(up.link.execute(commands.GetMessageWaiting("1101"))) is True


def test_given_features_when_they_change_at_the_phone_then_facts_tell(up: Core) -> None:
    up.result(up.link.monitor("1101"))
    up.switch.act("1101", "forward", type="immediate", number="1102", state="on")
    up.switch.act("1101", "do_not_disturb", state="on")
    up.switch.lamp("1101", "on")
    up.settle()
    assert up.kinds() == ["Forwarding", "DoNotDisturb", "MessageWaiting"]


def test_given_a_pbx_that_no_longer_wants_a_monitor_when_it_ends_it_then_the_core_is_told(up: Core) -> None:
    up.result(up.link.monitor("1101"))
    up.switch.faults({"refuse_monitor": ["1101"]})
    up.settle()
    assert up.ended == ["1101"]


def test_given_questions_without_answer_when_the_link_is_lost_then_each_has_one_outcome(up: Core) -> None:
    up.switch.faults({"delay": "5s"})
    answers = [up.link.monitor("1101"), up.link.execute(commands.MakeCall("1101", "1102")), up.link.snapshot("1102")]
    up.switch.faults({"link": "down"})
    for answer in answers:
        result = up.result(answer)
        assert isinstance(result, ServiceError)
        assert result.code is ErrorCode.PBX_LINK_OUT_OF_SERVICE
    up.settle(60)
    assert up.told == []


def test_given_a_running_link_when_stopped_then_it_says_nothing_more(up: Core) -> None:
    up.result(up.link.monitor("1101"))
    up.result(up.link.execute(commands.MakeCall("1101", "1102")))
    up.told.clear()
    up.statuses.clear()
    assert up.result(up.link.stop()) is None
    up.settle(60)
    assert (up.told, up.statuses, up.ended) == ([], [], [])
