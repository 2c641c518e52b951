"""The exchange: who exists, who is in which call, and what is said about it.

Everything happens in *turns*: a command, an action of a person, a timer. What a turn says is told in one piece when it ends. A fact is
said only if a monitored end takes part in its call at that moment; `watchers` of a call counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from telgw_plugins.simulated.calls import Call, End, Leg, refusal
from telgw_plugins.simulated.options import SimulatedOptions
from telgw_plugins.simulated.phone import Phone, Queue
from telgw_plugins.simulated.trunk import Line, Trunks

from telgw.base.clock import Clock, Timer
from telgw.base.numbers import DeviceSet
from telgw.model.commands import ConnectionID
from telgw.model.facts import CallFact, Fact, FeatureFact
from telgw.model.states import ConnectionState

P = ParamSpec("P")
R = TypeVar("R")

#: A number that goes outside has at least so many digits: shorter ones are service codes of the PBX, or mistakes.
MIN_OUTSIDE_DIGITS = 4


class Pbx:
    """One PBX: `ids` names its calls, `told` takes the facts of each turn."""

    def __init__(
        self,
        plan: DeviceSet,
        options: SimulatedOptions,
        clock: Clock,
        ids: Iterator[str],
        told: Callable[[list[Fact]], None],
    ) -> None:
        self.plan = plan
        self.options = options
        self.clock = clock
        self.calls: dict[str, Call] = {}
        #: phones that were used; all others are as delivered by the factory
        self.phones: dict[str, Phone] = {}
        self.queues = {number: Queue(number) for number in options.routing_devices}
        self.trunks = Trunks(options.trunks, self.is_device)
        self._ids = ids
        self._told = told
        self._said: list[Fact] = []

    # --- turns

    def turn(self, do: Callable[Concatenate[Pbx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`do(self, ...)`, then tell what it said."""
        try:
            return do(self, *args, **kwargs)
        finally:
            if self._said:
                said, self._said = self._said, []
                self._told(said)

    def later(self, delay: float, do: Callable[..., object], *args: Any) -> Timer:
        """A turn of its own, `do(self, ...)`, in `delay` seconds."""
        return self.clock.call_later(delay, self.turn, do, *args)

    def say(self, call: Call, fact: CallFact) -> None:
        """Something happened in the call."""
        if call.watchers:
            self._said.append(fact)

    def say_of(self, watchers: int, fact: CallFact) -> None:
        """Something happened to several calls, which have so many watchers."""
        if watchers:
            self._said.append(fact)

    def say_feature(self, end: End, fact: FeatureFact) -> None:
        """A feature of the device changed."""
        if end.watched:
            self._said.append(fact)

    def stop(self) -> None:
        """Nothing happens any more: the PBX is switched off."""
        for call in self.calls.values():
            for leg in call.legs.values():
                leg.stop_timer()
        self.calls.clear()

    # --- who exists

    def is_device(self, number: str) -> bool:
        """Whether the number is one of ours."""
        return number in self.phones or number in self.queues or number in self.plan

    def is_outside(self, number: str) -> bool:
        """Whether the number, which is no device, is one of the public network."""
        digits = number.removeprefix("+")
        if len(digits) < MIN_OUTSIDE_DIGITS or not (digits.isascii() and digits.isdigit()):
            return False
        return digits is not number or number.startswith(self.options.outside_prefix)

    def phone(self, number: str) -> Phone | None:
        """The phone of that number; it comes into being when somebody asks for it."""
        phone = self.phones.get(number)
        if phone is None and number in self.plan and number not in self.queues:
            phone = self.phones[number] = Phone(number)
        return phone

    def known_phone(self, number: str) -> Phone:
        """The phone of that number, or a refusal."""
        phone = self.phones.get(number) or self.phone(number)
        if phone is None:
            kind = "is a queue, not a phone" if number in self.queues else "is no device of this PBX"
            raise refusal(f"{number} {kind}")
        return phone

    def known_end(self, number: str) -> Phone | Queue:
        """The phone or queue of that number, or a refusal."""
        return self.queues.get(number) or self.known_phone(number)

    def known_leg(self, connection: ConnectionID) -> Leg:
        """The leg that the connection names, or a refusal."""
        call = self.calls.get(connection.call)
        if call is None:
            raise refusal(f"there is no call {connection.call}")
        leg = call.legs.get(connection.device)
        if leg is None:
            raise refusal(f"{connection.device} is not in call {connection.call}")
        return leg

    # --- who is in which call

    def new_call(self) -> Call:
        """A call without legs; the caller has seen that there is room for it."""
        call = Call(next(self._ids))
        self.calls[call.id] = call
        return call

    def check_room(self) -> None:
        """Refuse when the PBX is as full as it can be."""
        if len(self.calls) >= self.options.max_calls:
            raise refusal("no resources: the PBX has as many calls as it can")

    def add(self, call: Call, end: End, state: ConnectionState, calling: str | None) -> Leg:
        """`end` comes into the call."""
        leg = Leg(call, end, state, calling)
        call.legs[end.label] = leg
        end.legs.append(leg)
        if end.watched:
            call.watchers += 1
        return leg

    def remove(self, leg: Leg) -> None:
        """The end leaves the call; a call without legs is gone."""
        leg.stop_timer()
        call, end = leg.call, leg.end
        del call.legs[end.label]
        end.legs.remove(leg)
        if end.watched:
            call.watchers -= 1
        if not call.legs:
            del self.calls[call.id]
        if isinstance(end, Line):
            self.trunks.give_back(end)

    def move(self, leg: Leg, call: Call) -> None:
        """The end is in `call` now, in the same state; its old call is gone when it was the last one there."""
        old, end = leg.call, leg.end
        del old.legs[end.label]
        leg.call = call
        call.legs[end.label] = leg
        if end.watched:
            old.watchers -= 1
            call.watchers += 1
        if not old.legs:
            del self.calls[old.id]

    # --- monitors

    def monitor(self, number: str) -> None:
        """Report the calls of the device from now on."""
        end = self.known_end(number)
        if not end.watched:
            end.watched = True
            for leg in end.legs:
                leg.call.watchers += 1

    def unmonitor(self, number: str) -> None:
        """Report them no more."""
        end: End | None = self.phones.get(number) or self.queues.get(number)
        if end is not None and end.watched:
            end.watched = False
            for leg in end.legs:
                leg.call.watchers -= 1

    def unmonitor_all(self) -> None:
        """The link is gone, and with it every monitor."""
        for number in (*self.phones, *self.queues):
            self.unmonitor(number)

    def monitored(self) -> list[str]:
        """The devices with a monitor."""
        return [end.label for end in (*self.phones.values(), *self.queues.values()) if end.watched]
