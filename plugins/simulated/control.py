"""Control over HTTP, without the HTTP: the paths below `/sim/{link}/`.

    GET  devices                                   what is in use, and how large the PBX is
    GET  devices/{number}                          one phone or queue
    POST devices/{number}/{action}                 act as the person there (telgw_plugins.simulated.person), and
         do_not_disturb?state=  forward?type=&number=&state=  behaviour?answer=&after=
    POST external_call?from=&to=                   a call comes in; without `from` its number is withheld
    POST external_hang_up?number=                  the party outside hangs up; `number` is its number, or its line (T1)
    POST external_answer?number=                   ... answers, before it would by itself
    POST message_waiting?device=&state=            the lamp
    GET  faults, POST faults                       the faults; each POST replaces the whole set

Answers are (status, JSON value): 200 with what the thing acted upon looks like now; 400 a parameter is missing or wrong, 404 there is no
such path, device or line, 405 wrong method, 409 not in this state, each with {"error": text}.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from telgw_plugins.simulated import features, outside, person
from telgw_plugins.simulated.choices import closest
from telgw_plugins.simulated.display import Json, show_end, show_leg, show_pbx
from telgw_plugins.simulated.faults import FaultError, Faults, parse_faults
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.phone import MANUAL, Answer, Behaviour, Phone, Queue
from telgw_plugins.simulated.trunk import Line

from telgw.base.numbers import DeviceSet, dialable
from telgw.base.outcome import ServiceError
from telgw.base.period import parse_period
from telgw.model.states import ForwardType

Query = Mapping[str, str]


class Controlled(Protocol):
    """What is controlled: a link with its PBX."""

    pbx: Pbx
    faults: Faults

    def disturb(self, faults: Faults) -> None:
        """Apply this set of faults instead of the present one."""


class ControlError(Exception):
    """The request cannot be done."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Control:
    """Answers requests by acting on the PBX."""

    def __init__(self, link: Controlled) -> None:
        self._link = link
        #: the plan that was counted, and how many devices it has
        self._counted: tuple[DeviceSet, int] | None = None

    def request(self, method: str, segments: tuple[str, ...], query: Query, body: bytes) -> tuple[int, object]:
        """Do what the request says; status and answer."""
        try:
            return 200, self._answer(method, segments, query, body)
        except ControlError as error:
            return error.status, {"error": error.reason}
        except ServiceError as error:
            return 409, {"error": error.reason}

    def _answer(self, method: str, segments: tuple[str, ...], query: Query, body: bytes) -> object:
        match segments:
            case ("devices",):
                _allow(method, "GET")
                return self._devices(query)
            case ("devices", number):
                _allow(method, "GET")
                _only(query)
                return show_end(self._end(number))
            case ("devices", number, action):
                return self._act(method, number, action, query)
            case ("faults",):
                _allow(method, "GET", "POST")
                _only(query)
                if method == "POST":
                    self._disturb(body)
                return self._link.faults.json()
            case ("external_call",):
                _allow(method, "POST")
                return self._external_call(query)
            case ("external_hang_up" | "external_answer" as action,):
                _allow(method, "POST")
                _only(query, "number")
                line = self._line(_needed(query, "number"))
                self._link.pbx.turn(outside.hang_up if action == "external_hang_up" else outside.answer_outside, line)
                return {"trunk": line.trunk, "number": line.number, "calls": [show_leg(leg) for leg in line.legs]}
            case ("message_waiting",):
                _allow(method, "POST")
                _only(query, "device", "state")
                phone = self._phone(_needed(query, "device"))
                self._link.pbx.turn(features.set_message_waiting, phone, _state(query))
                return show_end(phone)
        raise ControlError(404, f"there is nothing at {'/'.join(segments) or 'this path'}; {_PATHS}")

    # --- the parts of a request

    def _end(self, number: str) -> Phone | Queue:
        pbx = self._link.pbx
        end = pbx.queues.get(number) or pbx.phone(number)
        if end is None:
            raise ControlError(404, f"{number} is no device of this PBX")
        return end

    def _phone(self, number: str) -> Phone:
        end = self._end(number)
        if not isinstance(end, Phone):
            raise ControlError(409, f"{number} is a queue: there is no phone and nobody sits at it")
        return end

    def _line(self, text: str) -> Line:
        line = self._link.pbx.trunks.find(text)
        if line is None:
            raise ControlError(404, f"no outside party {text} is in a call")
        return line

    # --- the paths

    def _devices(self, query: Query) -> object:
        _only(query)
        pbx = self._link.pbx
        if self._counted is None or self._counted[0] is not pbx.plan:
            self._counted = pbx.plan, sum(1 for _ in pbx.plan.listed())
        return show_pbx(pbx, self._counted[1])

    def _act(self, method: str, number: str, action: str, query: Query) -> object:
        known = _ACTIONS.get(action)
        if known is None:
            raise ControlError(404, f'unknown action "{action}": {closest(action, _ACTIONS)}')
        _allow(method, "POST")
        names, act = known
        phone = self._phone(number)
        _only(query, *names)
        self._link.pbx.turn(act(self, query), phone)
        return show_end(phone)

    def _external_call(self, query: Query) -> object:
        _only(query, "from", "to")
        to = self._end(_needed(query, "to")).label
        number = dialable(query.get("from", "")) or None
        leg = self._link.pbx.turn(outside.call_in, number, to)
        call = leg.call
        assert isinstance(leg.end, Line)
        shown: Json = {"call": call.id, "trunk": leg.end.trunk, "from": number, "to": to}
        if call.failed is not None:
            return shown | {"state": "failed", "cause": call.failed[1].value}
        there = leg.others()[0]
        return shown | {"state": there.state.value, "device": there.end.label}

    def _disturb(self, body: bytes) -> None:
        try:
            faults = parse_faults(json.loads(body or b"{}"), self._link.pbx.is_device)
        except FaultError as error:
            raise ControlError(400, str(error)) from None
        except (ValueError, RecursionError) as error:
            raise ControlError(400, f"the body is not JSON: {error}") from None
        self._link.disturb(faults)

    # --- the actions that take parameters; each gives what is to be done with the phone

    def _dial(self, query: Query) -> Callable[[Pbx, Phone], None]:
        number = _number(query, "number")
        return lambda pbx, phone: person.dial(pbx, phone, number)

    def _pickup(self, query: Query) -> Callable[[Pbx, Phone], None]:
        other = self._phone(_number(query, "number"))
        return lambda pbx, phone: person.pickup(pbx, phone, other)

    def _do_not_disturb(self, query: Query) -> Callable[[Pbx, Phone], None]:
        on = _state(query)
        return lambda pbx, phone: features.set_do_not_disturb(pbx, phone, on)

    def _forward(self, query: Query) -> Callable[[Pbx, Phone], None]:
        type = _one_of(query, "type", _FORWARD_TYPES)
        on = _state(query, default="on")
        number = _number(query, "number") if on else dialable(query.get("number", ""))
        return lambda pbx, phone: features.set_forwarding(pbx, phone, type, on, number)

    def _behaviour(self, query: Query) -> Callable[[Pbx, Phone], None]:
        answer = _one_of(query, "answer", _ANSWERS)
        behaviour = Behaviour(answer)
        if "after" in query:
            if answer is not Answer.AUTO:
                raise ControlError(400, "after: only answer=auto has it")
            try:
                behaviour = Behaviour(answer, parse_period(query["after"]))
            except ValueError as error:
                raise ControlError(400, f"after: {error}") from None
        if behaviour == MANUAL:
            behaviour = MANUAL
        return lambda pbx, phone: features.set_behaviour(pbx, phone, behaviour)


def _plain(act: Callable[[Pbx, Phone], None]) -> tuple[tuple[str, ...], Callable[[Control, Query], Any]]:
    return (), lambda control, query: act


#: action -> the parameters that it knows, and what reads them
_ACTIONS: dict[str, tuple[tuple[str, ...], Callable[[Control, Query], Callable[[Pbx, Phone], None]]]] = {
    "lift": _plain(person.lift),
    "hang_up": _plain(person.hang_up),
    "dial": (("number",), Control._dial),
    "answer": _plain(person.answer),
    "hold": _plain(person.hold),
    "retrieve": _plain(person.retrieve),
    "flash": _plain(person.flash),
    "transfer": _plain(person.transfer),
    "conference": _plain(person.conference),
    "pickup": (("number",), Control._pickup),
    "do_not_disturb": (("state",), Control._do_not_disturb),
    "forward": (("type", "number", "state"), Control._forward),
    "behaviour": (("answer", "after"), Control._behaviour),
}
_FORWARD_TYPES = {type.value: type for type in ForwardType}
_ANSWERS = {answer.value: answer for answer in Answer}
_STATES = {"on": True, "off": False}
_PATHS = "try devices, external_call, external_hang_up, external_answer, message_waiting or faults"


def _allow(method: str, *methods: str) -> None:
    if method not in methods:
        raise ControlError(405, f"{method} is not possible here, {' and '.join(methods)} is")


def _only(query: Query, *known: str) -> None:
    for name in query:
        if name not in known:
            hint = closest(name, known) if known else "there are none here"
            raise ControlError(400, f'unknown parameter "{name}": {hint}')


def _needed(query: Query, name: str) -> str:
    value = query.get(name, "")
    if not value:
        raise ControlError(400, f"parameter {name} is missing")
    return value


def _number(query: Query, name: str) -> str:
    number = dialable(_needed(query, name))
    if not number:
        raise ControlError(400, f"{name}: there is no number in it")
    return number


def _one_of(query: Query, name: str, valid: Mapping[str, Any]) -> Any:
    value = query.get(name)
    if value is None:
        raise ControlError(400, f"parameter {name} is missing: {' or '.join(valid)}")
    if value not in valid:
        raise ControlError(400, f'{name}: "{value}" is none of {", ".join(valid)}')
    return valid[value]


def _state(query: Query, default: str | None = None) -> bool:
    if default is not None and "state" not in query:
        return _STATES[default]
    return bool(_one_of(query, "state", _STATES))
