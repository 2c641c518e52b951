"""Properties of the model alone: the table is total, facts are idempotent, comparison heals, garbage does no harm."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telgw.model import facts as f
from telgw.model.apply import apply, flush
from telgw.model.graph import Graph
from telgw.model.publish import current
from telgw.model.reconcile import reconcile, resume, suspend
from telgw.model.states import ConnectionState, EventCause, ForwardType, Progress
from telgw.model.table import PROGRESS_OF, TRANSITIONS, Event, Verdict, progress_after
from telgw.model.views import appearances
from tests.world import World

DEVICES = ("1101", "1102", "1103")
OTHERS = ("1104", "0123456", "T1")

# -- the table


@pytest.mark.parametrize("state", ConnectionState)
@pytest.mark.parametrize("event", Event)
def test_given_any_state_when_any_event_comes_then_the_table_has_an_entry(state: ConnectionState, event: Event) -> None:
    entry = TRANSITIONS[state, event]
    assert isinstance(entry, ConnectionState | Verdict)
    assert entry is not state, "an event that changes nothing is ignored"


@pytest.mark.parametrize("state", ConnectionState)
def test_given_any_living_state_when_the_connection_is_cleared_then_it_ends(state: ConnectionState) -> None:
    entry = TRANSITIONS[state, Event.CLEARED]
    assert entry is (Verdict.IGNORED if state is ConnectionState.NULL else ConnectionState.NULL)


@pytest.mark.parametrize("event", Event)
def test_given_an_event_when_it_comes_again_then_it_changes_nothing_more(event: Event) -> None:
    for state in ConnectionState:
        entry = TRANSITIONS[state, event]
        if isinstance(entry, ConnectionState):
            assert TRANSITIONS[entry, event] is Verdict.IGNORED, f"{event} in {state}, then again in {entry}"


def test_given_the_table_then_every_state_has_a_progress_for_the_others() -> None:
    assert PROGRESS_OF.keys() == set(ConnectionState)


@pytest.mark.parametrize("known", Progress)
@pytest.mark.parametrize("told", Progress)
def test_given_what_is_known_of_the_far_end_when_told_twice_then_once_is_enough(known: Progress, told: Progress) -> None:
    after = progress_after(known, told)
    assert progress_after(after, told) is after
    assert progress_after(known, Progress.NONE) is known
    assert known is not Progress.ESTABLISHED or after is known


# -- histories: facts as a PBX says them


class Recorder:
    """The facts that the simulated PBX says while a random story is played."""

    def __init__(self) -> None:
        self.world = World()
        self.facts: list[tuple[float, f.Fact]] = []
        self.graph = self.world.domain.graph
        sink = self.world.domain
        real = sink.facts

        def facts(epoch: int, said: Any) -> None:
            self.facts.extend((self.world.clock.seconds(), fact) for fact in said)
            real(epoch, said)

        self.world.switch.link._sink = _Tap(sink, facts)
        for device in DEVICES:
            self.world.request(device, "openSession")


class _Tap:
    """The sink of a link, overheard."""

    def __init__(self, sink: Any, facts: Any) -> None:
        self._sink = sink
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)


steps = st.lists(
    st.tuples(
        st.sampled_from(DEVICES),
        st.sampled_from(
            (
                "makeCall",
                "makeCall",
                "answerCall",
                "answerCall",
                "answerCall",
                "dropCall",
                "holdCall",
                "retrieveCall",
                "consultationCall",
                "consultationCall",
                "transferCall",
                "conferenceCall",
                "alternateCall",
                "reconnectCall",
                "divertCall",
                "addPartyToCall",
                "forward",
                "doNotDisturb",
                "outside",
                "wait",
            )
        ),
        st.sampled_from((*DEVICES, *DEVICES, "1104", "0123456")),
    ),
    max_size=30,
)

_NUMBER = {
    "makeCall": "calledDeviceNumber",
    "consultationCall": "consultedDeviceNumber",
    "divertCall": "divertedDeviceNumber",
    "addPartyToCall": "addedDeviceNumber",
}


def play(recorder: Recorder, story: list[tuple[str, str, str]]) -> None:
    world = recorder.world
    for device, service, number in story:
        if service == "wait":
            world.pass_time(5)
        elif service == "outside":
            world.switch.link.control.request("POST", ("external_call",), {"to": device, "from": "0160127764"}, b"")
        elif service == "forward":
            world.request(device, service, number=number, type="busy", state="on")
        elif service == "doNotDisturb":
            world.request(device, service, state="on" if number in DEVICES else "off")
        else:
            world.request(device, service, **({_NUMBER[service]: number} if service in _NUMBER else {}))


def shape(graph: Graph) -> object:
    """All that a graph knows of the devices that are followed, without the running numbers of its making and without time."""
    return {
        number: (
            dict(device.forwards),
            device.do_not_disturb,
            device.message_waiting,
            [(one.call.alias, one.state, one.progress, one.peer, one.outgoing, one.cause) for one in device.connections],
            [view._replace(prim=_timeless(view.prim), sec=_timeless(view.sec)) for view in current(device)],
        )
        for number, device in graph.devices.items()
        if device.monitored
    }


def _timeless(part: Any) -> Any:
    return None if part is None else part._replace(connected_at=None, ended_at=None)


def whole(graph: Graph) -> None:
    """Nothing points where nothing is."""
    for alias, call in graph.calls.items():
        assert call.alias == alias
        assert call.connections
        for number, one in call.connections.items():
            assert one.call is call
            assert one.state is not ConnectionState.NULL
            assert one in graph.devices[number].connections
    for number, device in graph.devices.items():
        assert device.number == number
        for one in device.connections:
            assert graph.calls[one.call.alias].connections[number] is one
        assert all(len(group) <= 2 or not device.monitored for group in appearances(device).values())


def followed() -> Graph:
    graph = Graph()
    for device in DEVICES:
        graph.monitor(device)
    return graph


QUICK = settings(max_examples=60, deadline=None, derandomize=True)


@QUICK
@given(steps)
def test_given_any_history_when_every_fact_is_told_twice_then_nothing_is_different(story: list[tuple[str, str, str]]) -> None:
    recorder = Recorder()
    play(recorder, story)
    once, twice = followed(), followed()
    for at, fact in recorder.facts:
        apply(once, fact, at)
        apply(twice, fact, at)
        assert apply(twice, fact, at) == []
        assert shape(twice) == shape(once)
    assert once.illegal == twice.illegal == 0


@QUICK
@given(steps)
def test_given_any_history_when_compared_with_the_pbx_then_nothing_is_corrected(story: list[tuple[str, str, str]]) -> None:
    recorder = Recorder()
    play(recorder, story)
    graph = recorder.graph
    flush(graph)
    before = shape(graph)
    for device in DEVICES:
        assert reconcile(graph, _snapshot(recorder, device), 100.0) == []
    assert shape(graph) == before


@QUICK
@given(steps, st.data())
def test_given_any_loss_of_facts_when_compared_with_the_pbx_then_the_model_is_right(story: list[tuple[str, str, str]], data: Any) -> None:
    recorder = Recorder()
    play(recorder, story)
    graph = followed()
    for at, fact in recorder.facts:
        if data.draw(st.booleans()):
            apply(graph, fact, at)
            whole(graph)
    for _ in range(2):
        for device in DEVICES:
            reconcile(graph, _snapshot(recorder, device), 100.0)
            whole(graph)
    _agrees(graph, recorder)
    for device in DEVICES:
        assert reconcile(graph, _snapshot(recorder, device), 100.0) == []


@QUICK
@given(steps, steps)
def test_given_any_history_when_the_link_is_lost_and_back_then_the_model_is_right(
    story: list[tuple[str, str, str]], unheard: list[tuple[str, str, str]]
) -> None:
    recorder = Recorder()
    play(recorder, story)
    graph = copy.deepcopy(recorder.graph)
    suspend(graph)
    play(recorder, unheard)
    confirmed = set()
    for device in DEVICES:
        told = _snapshot(recorder, device)
        assert [change for change in reconcile(graph, told, 100.0) if hasattr(change, "view")] == []
        confirmed.update((call.call, device) for call in told.calls)
    resume(graph, confirmed)
    whole(graph)
    _agrees(graph, recorder)


def _snapshot(recorder: Recorder, device: str) -> f.DeviceSnapshot:
    told: list[f.DeviceSnapshot] = []
    recorder.world.switch.link.snapshot(device).addCallback(told.append)
    return told[0]


def _agrees(graph: Graph, recorder: Recorder) -> None:
    for device in DEVICES:
        told = _snapshot(recorder, device)
        known = {(one.call.alias, one.state) for one in graph.devices[device].connections}
        assert {(call.call, call.state) for call in told.calls} == known
        assert graph.devices[device].forwards == dict(told.forwards or ())
        assert graph.devices[device].do_not_disturb is told.do_not_disturb


# -- garbage: facts that no PBX would say

calls = st.sampled_from(("c1", "c2", "c3"))
devices = st.sampled_from((*DEVICES, *OTHERS))
numbers = st.none() | devices
causes = st.sampled_from(EventCause)
parties = st.lists(st.tuples(devices, calls), max_size=4).map(tuple)
_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "call": calls,
    "primary_old": calls,
    "secondary_old": st.none() | calls,
    "device": devices,
    "parties": parties,
    "cause": causes,
    "extra_data": st.none() | st.just("data"),
    "type": st.sampled_from(ForwardType),
    "on": st.booleans(),
    "number": devices,
}


def _fact(kind: Any) -> st.SearchStrategy[Any]:
    fields = {name: _KINDS.get(name, numbers) for name in kind.__dataclass_fields__}
    if kind is f.CallInformation:
        fields["extra_data"] = st.just("data")
    return st.builds(kind, **fields)


garbage = st.one_of([_fact(kind) for kind in f.CallFact.__args__ + f.FeatureFact.__args__])
anything = st.lists(st.tuples(st.floats(0, 10), garbage), max_size=40)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(anything)
def test_given_garbage_when_applied_then_nothing_raises_and_nothing_is_left_dangling(facts: list[tuple[float, f.Fact]]) -> None:
    graph = followed()
    now = 0.0
    for later, fact in facts:
        now += later
        for change in apply(graph, fact, now):
            assert graph.devices[change.device].monitored
        whole(graph)
    flush(graph)
    for device in DEVICES:
        reconcile(graph, f.DeviceSnapshot(device), now)
    end_all(graph, now)
    assert set(graph.devices) == set(DEVICES)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(anything)
def test_given_garbage_when_every_fact_is_told_twice_then_the_second_tells_nothing(facts: list[tuple[float, f.Fact]]) -> None:
    graph = followed()
    now = 0.0
    for later, fact in facts:
        now += later
        apply(graph, fact, now)
        before = shape(graph)
        assert apply(graph, fact, now) == []
        assert shape(graph) == before


@settings(max_examples=100, deadline=None, derandomize=True)
@given(anything)
def test_given_garbage_when_devices_are_unfollowed_then_everything_is_forgotten(facts: list[tuple[float, f.Fact]]) -> None:
    graph = followed()
    now = 0.0
    for later, fact in facts:
        now += later
        apply(graph, fact, now)
    for device in DEVICES:
        graph.unmonitor(device)
        whole(graph)
    end_all(graph, now)
    assert graph.devices == {}


def end_all(graph: Graph, now: float) -> None:
    """The calls among devices that nobody follows end, too."""
    for alias in list(graph.calls):
        apply(graph, f.CallCleared(alias), now)
    assert graph.calls == {}
