"""Anything in any order, through the whole gateway: requests of clients, people at phones, the outside, features, time, faults of the link.

After every step everything that `House.check` knows must hold; at the end everybody hangs up and nothing may be left.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.property.machine import FOLLOWED, FREE, OUTSIDE, QUEUE, SERVICES, STRANGERS, House

followed = st.sampled_from(FOLLOWED)
phones = st.sampled_from((*FOLLOWED, *STRANGERS))
numbers = st.sampled_from((*FOLLOWED, *FOLLOWED, *STRANGERS, QUEUE, *OUTSIDE, "9999"))
states = st.sampled_from(("on", "off"))
choice = st.integers(0, 20)


class CallMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.house = House()

    def request(self, device: str, service: str, number: str) -> None:
        needed = {
            "makeCall": "calledDeviceNumber",
            "consultationCall": "consultedDeviceNumber",
            "divertCall": "divertedDeviceNumber",
            "addPartyToCall": "addedDeviceNumber",
        }
        parameters = {needed[service]: number} if service in needed else {}
        self.house.world.request(device, service, **parameters)

    # -- clients

    @rule(device=followed, number=numbers)
    def make_call(self, device: str, number: str) -> None:
        self.request(device, "makeCall", number)

    @rule(one=followed, other=followed)
    def talk(self, one: str, other: str) -> None:
        self.request(one, "makeCall", other)
        self.request(other, "answerCall", "")

    @rule(device=followed, which=choice, number=numbers)
    def do_what_is_permitted(self, device: str, which: int, number: str) -> None:
        permitted = self.house.permitted(device)
        if permitted:
            self.request(device, permitted[which % len(permitted)], number)

    @rule(device=followed, which=choice, number=numbers)
    def do_what_is_permitted_once_more(self, device: str, which: int, number: str) -> None:
        self.do_what_is_permitted(device, which, number)

    @rule(device=followed, service=st.sampled_from(SERVICES), number=numbers)
    def do_anything(self, device: str, service: str, number: str) -> None:
        self.request(device, service, number)

    @rule(device=followed, number=numbers)
    def add_party(self, device: str, number: str) -> None:
        self.request(device, "addPartyToCall", number)

    @rule(device=followed, number=followed, answered=st.booleans(), service=st.sampled_from(("transferCall", "conferenceCall")))
    def consult_and_join(self, device: str, number: str, answered: bool, service: str) -> None:
        self.request(device, "consultationCall", number)
        if answered:
            self.request(number, "answerCall", "")
        self.request(device, service, number)

    @rule(number=numbers)
    def distribute(self, number: str) -> None:
        self.request(QUEUE, "divertCall", number)

    @rule(device=st.sampled_from((*FOLLOWED, QUEUE)))
    def close_or_open(self, device: str) -> None:
        if device in self.house.opened:
            self.house.close(device)
        else:
            self.house.open(device)

    # -- people

    @rule(device=phones, action=st.sampled_from(("lift", "hang_up", "answer", "hold", "retrieve", "flash", "transfer", "conference")))
    def press(self, device: str, action: str) -> None:
        self.house.act(device, action)

    @rule(device=phones, number=numbers)
    def dial(self, device: str, number: str) -> None:
        self.house.act(device, "dial", number=number)

    @rule(device=phones, other=phones)
    def pick_up(self, device: str, other: str) -> None:
        self.house.act(device, "pickup", number=other)

    @rule(device=phones, answer=st.sampled_from(("manual", "manual", "auto", "busy")))
    def habit(self, device: str, answer: str) -> None:
        self.house.act(device, "behaviour", answer=answer)

    @rule(
        device=phones,
        type=st.sampled_from(("immediate", "busy", "noAnswer", "immExt", "noAnswerInt")),
        on=states,
        number=numbers.filter("9999".__ne__),
    )
    def forward(self, device: str, type: str, on: str, number: str) -> None:
        self.house.act(device, "forward", type=type, number=number, state=on)

    @rule(device=phones, state=states)
    def do_not_disturb(self, device: str, state: str) -> None:
        self.house.act(device, "do_not_disturb", state=state)

    # -- the outside

    @rule(number=st.sampled_from(("", *OUTSIDE)), to=st.sampled_from((*FOLLOWED, *STRANGERS, QUEUE)))
    def external_call(self, number: str, to: str) -> None:
        self.house.outside("external_call", from_=number, to=to)

    @rule(which=choice, action=st.sampled_from(("external_hang_up", "external_answer")))
    def outside_acts(self, which: int, action: str) -> None:
        lines = list(self.house.pbx.trunks.lines.values())
        if lines:
            self.house.outside(action, number=lines[which % len(lines)].trunk)

    # -- time and faults

    @rule(seconds=st.sampled_from((0.0, 0.5, 1.0, 3.0, 20.0)))
    def pass_time(self, seconds: float) -> None:
        self.house.world.pass_time(seconds)

    @rule(twice=st.booleans())
    def tell_everything_twice(self, twice: bool) -> None:
        self.house.world.switch.faults({"duplicate_events": twice})
        self.come_back()

    @rule(acts=st.lists(st.tuples(phones, st.sampled_from(("hang_up", "answer", "hold", "flash", "lift"))), max_size=4))
    def lose_the_link_for_a_while(self, acts: list[tuple[str, str]]) -> None:
        self.house.world.switch.faults({"link": "down"})
        for device, action in acts:
            self.house.act(device, action)
        self.house.check()
        self.house.world.switch.faults({})
        self.come_back()

    def come_back(self) -> None:
        self.house.look()
        self.house.fresh = True
        self.house.world.pass_time(0)
        self.house.look()
        self.house.fresh = False

    # -- what always holds

    @invariant()
    def all_is_well(self) -> None:
        self.house.check()

    def teardown(self) -> None:
        self.house.hang_up_everybody()


assert FREE not in (*FOLLOWED, *STRANGERS)

TestCalls = CallMachine.TestCase
TestCalls.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
