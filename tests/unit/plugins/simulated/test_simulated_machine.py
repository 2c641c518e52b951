"""Anything in any order: random commands, people, outside parties and time, on five phones, a queue and three lines.

After every step the PBX is consistent, what it refused has changed nothing, and somebody who only hears the facts knows the state of
every leg of ours. When all have hung up nothing is left.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from simulated_rig import Rig
from telgw_plugins.simulated.calls import ACTIVE
from telgw_plugins.simulated.phone import Phone, Queue
from telgw_plugins.simulated.trunk import Line

from telgw.base.outcome import ServiceError
from telgw.model import commands as c
from telgw.model import facts as f
from telgw.model.states import ConnectionState as State
from telgw.model.states import ForwardType

PHONES = ("1101", "1102", "1103", "1104", "1105")
QUEUE = "8500"
OUTSIDE = ("0123456", "+33160127764")
APPEARANCES = 3

phones = st.sampled_from(PHONES)
ours = st.sampled_from((*PHONES, QUEUE))
numbers = st.sampled_from((*PHONES, QUEUE, *OUTSIDE, "1999", "0", ""))
data = st.sampled_from((None, "one", "two"))
states = st.sampled_from(("on", "off"))
choice = st.integers(0, 1000)


class Listener:
    """Knows the PBX by its facts only."""

    def __init__(self) -> None:
        self.legs: dict[tuple[str, str], State] = {}

    def hear(self, fact: f.Fact) -> None:
        match fact:
            case f.ServiceInitiated(call, device):
                assert (call, device) not in self.legs
                self.legs[call, device] = State.INITIATED
            case f.Originated(call, device):
                assert self.legs[call, device] is State.INITIATED
                self.legs[call, device] = State.CONNECTED
            case f.Delivered(call, device) | f.NetworkReached(call, device):
                assert self.legs.get((call, device)) in (None, State.ALERTING)
                self.legs[call, device] = State.ALERTING
            case f.Queued(call, device):
                assert (call, device) not in self.legs
                self.legs[call, device] = State.QUEUED
            case f.Established(call, device):
                assert self.legs.get((call, device)) in (None, State.ALERTING)
                self.legs[call, device] = State.CONNECTED
            case f.Held(call, device):
                assert self.legs[call, device] is State.CONNECTED
                self.legs[call, device] = State.HELD
            case f.Retrieved(call, device):
                assert self.legs[call, device] is State.HELD
                self.legs[call, device] = State.CONNECTED
            case f.Failed(call, device):
                if (call, device) in self.legs:
                    self.legs[call, device] = State.FAILED
            case f.ConnectionCleared(call, device) | f.Diverted(call, device):
                assert (call, device) in self.legs or device not in PHONES
                self.legs.pop((call, device), None)
            case f.Transferred():
                del self.legs[fact.primary_old, fact.device]
                if fact.secondary_old is not None:
                    del self.legs[fact.secondary_old, fact.device]
                self._move(fact)
            case f.Conferenced():
                if fact.secondary_old is not None:
                    del self.legs[fact.secondary_old, fact.device]
                self._move(fact)
                if fact.secondary_old is not None:
                    self.legs[fact.call, fact.device] = State.CONNECTED
                assert fact.added in [device for device, _ in fact.parties]

    def _move(self, fact: f.Transferred | f.Conferenced) -> None:
        for device, before in fact.parties:
            assert device != fact.device or isinstance(fact, f.Conferenced)
            state = self.legs.pop((before, device), None)
            if state is not None:
                self.legs[fact.call, device] = state

    def known(self) -> dict[tuple[str, str], State]:
        return {(call, device): state for (call, device), state in self.legs.items() if device in PHONES or device == QUEUE}


class PbxMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(*PHONES, QUEUE, routing_devices=(QUEUE,), trunks=3, appearances=APPEARANCES, conference_size=4)
        self.pbx = self.rig.link.pbx
        self.listener = Listener()

    # --- doing things

    def listen(self) -> int:
        batches = self.rig.batches()
        for batch in batches:
            assert batch
            for fact in batch:
                self.listener.hear(fact)
        return len(batches)

    def fingerprint(self) -> object:
        return [
            (leg.call.id, leg.end.label, leg.state, leg.calling, leg.called, leg.redirecting, leg.call.extra_data, leg.call.hops)
            for call in self.pbx.calls.values()
            for leg in call.legs.values()
        ], [(phone.label, dict(phone.forwards), phone.do_not_disturb) for phone in self.pbx.phones.values()]

    def execute(self, command: c.Command) -> Any:
        before = self.fingerprint()
        result = self.rig.answer(self.rig.link.execute(command))
        told = self.listen()
        assert told <= 1
        if isinstance(result, ServiceError):
            assert result.code.value == "pbxReject"
            assert result.reason
            assert told == 0
            assert self.fingerprint() == before
        return result

    def connection(self, number: int) -> c.ConnectionID:
        legs = [c.ConnectionID(call.id, label) for call in self.pbx.calls.values() for label in call.legs]
        return legs[number % len(legs)] if legs else c.ConnectionID("c0", PHONES[0])

    def pair(self, number: int) -> tuple[c.ConnectionID, c.ConnectionID]:
        """The active and the held call of a phone that has both, or any two connections."""
        pairs = [
            (c.ConnectionID(active.call.id, phone.label), c.ConnectionID(held.call.id, phone.label))
            for phone in self.pbx.phones.values()
            if (active := phone.active()) is not None and (held := phone.held()) is not None
        ]
        return pairs[number % len(pairs)] if pairs else (self.connection(number), self.connection(number // 7))

    @rule(device=phones, called=numbers, extra=data)
    def make_call(self, device: str, called: str, extra: str | None) -> None:
        self.execute(c.MakeCall(device, called, extra))

    @rule(one=phones, other=phones)
    def talk(self, one: str, other: str) -> None:
        result = self.execute(c.MakeCall(one, other))
        if isinstance(result, c.ConnectionID):
            self.execute(c.AnswerCall(c.ConnectionID(result.call, other)))

    @rule(number=choice, service=st.sampled_from((c.AnswerCall, c.AnswerCall, c.ClearConnection, c.HoldCall, c.RetrieveCall)))
    def one_call(self, number: int, service: Any) -> None:
        self.execute(service(self.connection(number)))

    @rule(number=choice, service=st.sampled_from((c.AlternateCall, c.ReconnectCall, c.TransferCall, c.ConferenceCall)))
    def two_calls(self, number: int, service: Any) -> None:
        self.execute(service(*self.pair(number)))

    @rule(
        number=choice,
        to=numbers,
        extra=data,
        service=st.sampled_from((c.ConsultationCall, c.DeflectCall, c.SingleStepConferenceCall, c.SingleStepTransferCall)),
    )
    def call_with_number(self, number: int, to: str, extra: str | None, service: Any) -> None:
        self.execute(service(self.connection(number), to, extra))

    @rule(number=choice, device=phones, answered=st.booleans(), service=st.sampled_from((c.TransferCall, c.ConferenceCall)))
    def consult_and_join(self, number: int, device: str, answered: bool, service: Any) -> None:
        held = self.connection(number)
        active = self.execute(c.ConsultationCall(held, device))
        if isinstance(active, c.ConnectionID):
            if answered:
                self.execute(c.AnswerCall(c.ConnectionID(active.call, device)))
            self.execute(service(active, held))

    @rule(number=choice, device=phones)
    def pick_up(self, number: int, device: str) -> None:
        self.execute(c.DirectedPickupCall(self.connection(number), device))

    @rule(number=choice)
    def associate_data(self, number: int) -> None:
        self.execute(c.AssociateData(self.connection(number), f"data {number}"))

    @rule(device=phones, type=st.sampled_from(ForwardType), on=st.booleans(), number=numbers)
    def forward(self, device: str, type: ForwardType, on: bool, number: str) -> None:
        self.execute(c.SetForwarding(device, type, on, number))

    def request(self, path: str, **query: str) -> None:
        before = self.fingerprint()
        status, _ = self.rig.request("POST", path, **query)
        assert status in (200, 400, 404, 409)
        assert self.listen() <= 1
        if status != 200:
            assert self.fingerprint() == before

    @rule(
        device=phones,
        action=st.sampled_from(("lift", "hang_up", "answer", "hold", "retrieve", "flash", "transfer", "conference")),
    )
    def press(self, device: str, action: str) -> None:
        self.request(f"devices/{device}/{action}")

    @rule(device=phones, number=numbers)
    def dial(self, device: str, number: str) -> None:
        self.request(f"devices/{device}/dial", number=number)

    @rule(device=phones, other=phones)
    def press_pickup(self, device: str, other: str) -> None:
        self.request(f"devices/{device}/pickup", number=other)

    @rule(device=phones, state=states)
    def do_not_disturb(self, device: str, state: str) -> None:
        self.request(f"devices/{device}/do_not_disturb", state=state)

    @rule(device=phones, answer=st.sampled_from(("manual", "manual", "auto", "never", "busy")))
    def habit(self, device: str, answer: str) -> None:
        self.request(f"devices/{device}/behaviour", answer=answer)

    @rule(number=st.sampled_from(("", *OUTSIDE, PHONES[0])), to=ours)
    def external_call(self, number: str, to: str) -> None:
        self.request("external_call", from_=number, to=to)

    @rule(line=st.sampled_from(("T1", "T2", "T3")), action=st.sampled_from(("external_hang_up", "external_answer")))
    def outside_acts(self, line: str, action: str) -> None:
        self.request(action, number=line)

    @rule(seconds=st.sampled_from((0.0, 0.5, 1.0, 3.0, 20.0)))
    def pass_time(self, seconds: float) -> None:
        self.rig.pass_time(seconds)
        self.listen()

    # --- what always holds

    @invariant()
    def every_leg_is_in_one_call_and_at_one_end(self) -> None:
        legs = [leg for call in self.pbx.calls.values() for leg in call.legs.values()]
        ends = {id(leg.end): leg.end for leg in legs}
        assert Counter(map(id, legs)) == Counter(id(leg) for end in ends.values() for leg in end.legs)
        for id_, call in self.pbx.calls.items():
            assert call.id == id_
            assert call.legs
            for label, leg in call.legs.items():
                assert leg.call is call
                assert leg.end.label == label
            assert call.watchers == sum(leg.end.watched for leg in call.legs.values())
            assert len(call.legs) > 2 or not call.conference
        for end in (*self.pbx.phones.values(), *self.pbx.queues.values()):
            assert all(leg.call.id in self.pbx.calls for leg in end.legs)

    @invariant()
    def calls_make_sense(self) -> None:
        for call in self.pbx.calls.values():
            leg_states = [leg.state for leg in call.legs.values()]
            if len(leg_states) == 1:
                assert leg_states[0] in ACTIVE
                assert (leg_states[0] is State.INITIATED) != (call.failed is not None)
            else:
                assert State.INITIATED not in leg_states
                assert call.failed is None
                assert State.CONNECTED in leg_states or State.HELD in leg_states

    @invariant()
    def ends_are_in_legal_states(self) -> None:
        lines = set()
        for call in self.pbx.calls.values():
            for leg in call.legs.values():
                if isinstance(leg.end, Queue):
                    assert leg.state is State.QUEUED
                elif isinstance(leg.end, Line):
                    assert leg.state in (State.ALERTING, State.CONNECTED)
                    assert len(leg.end.legs) == 1
                    lines.add(leg.end.label)
                else:
                    assert leg.state is not State.QUEUED
        assert lines == set(self.pbx.trunks.lines)
        assert len(lines) <= 3

    @invariant()
    def phones_have_room_and_one_handset(self) -> None:
        for phone in self.pbx.phones.values():
            assert len(phone.legs) <= APPEARANCES
            assert sum(leg.state in ACTIVE for leg in phone.legs) <= 1

    @invariant()
    def every_timer_belongs_to_something_that_rings(self) -> None:
        timed = [leg for call in self.pbx.calls.values() for leg in call.legs.values() if leg.timer is not None]
        assert all(leg.state is State.ALERTING for leg in timed)
        assert len(self.rig.pending()) == len(timed)

    @invariant()
    def the_facts_tell_it_all(self) -> None:
        legs = {
            (call.id, label): leg.state
            for call in self.pbx.calls.values()
            for label, leg in call.legs.items()
            if not isinstance(leg.end, Line)
        }
        assert self.listener.known() == legs

    @invariant()
    def snapshots_agree(self) -> None:
        for end in (*self.pbx.phones.values(), *self.pbx.queues.values()):
            snapshot = self.rig.snapshot(end.label)
            assert [(call.call, call.state) for call in snapshot.calls] == [(leg.call.id, leg.state) for leg in end.legs]
            assert all(dict(call.others).keys() - {end.label} for call in snapshot.calls if call.state is State.ALERTING)

    def teardown(self) -> None:
        for end in list(self.pbx.phones.values()):
            assert isinstance(end, Phone)
            while end.active() is not None or end.held() is not None:
                self.rig.act(end.label, "hang_up")
        for line in [line.trunk for line in self.pbx.trunks.lines.values()]:
            if self.pbx.trunks.find(line) is not None:
                self.rig.control("POST", "external_hang_up", number=line)
        self.listen()
        assert self.pbx.calls == {}
        assert self.pbx.trunks.lines == {}
        assert self.rig.pending() == []
        assert self.listener.known() == {}


TestPbx = PbxMachine.TestCase
TestPbx.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
