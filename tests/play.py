"""The engine of the plays: text that reads like a protocol trace, performed on a gateway in memory and compared line by line.

docs/scenarios.md tells how plays are written. A play is performed action by action; everything that clients are told, and every answer,
is printed as it would stand in a play, and the whole is compared with what stands there. The order of lines counts per device only.
`TELGW_PLAYS=write` writes what was told into the play instead: to be read before it is kept.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shlex
from collections import defaultdict
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from telgw_plugins.simulated.options import SimulatedOptions

from telgw.base.outcome import ErrorCode
from telgw.base.period import parse_period
from telgw.core.session import SessionEvent
from telgw.wire.telservices.events import Event
from telgw.wire.telservices.records import Call, CallPart, Forward, Party
from telgw.wire.telservices.returns import CallerIdentity, DeviceState, DoNotDisturb, Forwards, MsgWaiting, Standard
from telgw.wire.telservices.vocabulary import OnOff
from telgw.wire.telservices.vocabulary import SessionEvent as PrintedSessionEvent
from tests.scripted import ScriptedSwitch
from tests.world import ADDRESS, Answer, RefusedError, SimulatedSwitch, SwitchBuilder, World

SCENARIOS = Path(__file__).parent / "scenarios"
VECTORS = Path(__file__).parent / "fixtures" / "telservices_vectors.json"

_FIRST_PORT = 20001
_REQUEST = re.compile(r"(?P<client>\S+): (?P<service>\w+)(?P<rest>.*)")


@cache
def vectors() -> dict[str, str]:
    """The examples of the document, by name."""
    return {entry["id"]: entry["xml"] for entry in json.loads(VECTORS.read_text())}


# -- how things are printed


def _party(party: Party) -> str:
    return party.number


def show_part(name: str, part: CallPart) -> str:
    """One part of a call element."""
    words = [f"{name}={part.state.value}", f"other={_party(part.other_party)}"]
    if part.added_parties:
        words.append("added=" + ",".join(map(_party, part.added_parties)))
    for word, party in (
        ("first-other", part.first_other_party),
        ("first-called", part.first_called_party),
        ("redirected-by", part.last_redirection_party),
    ):
        if party is not None:
            words.append(f"{word}={_party(party)}")
    if part.duration:
        words.append(f"duration={part.duration}")
    if part.is_outgoing:
        words.append("outgoing")
    if part.is_conference:
        words.append("conference")
    if part.call_reference is not None:
        words.append(f"ref={part.call_reference}")
    if part.cause is not None:
        words.append(f"cause={part.cause.label}")
    return " ".join(words)


def show_call(call: Call) -> str:
    """A call element."""
    assert call.prim_call is not None
    words = [f"call {call.id}", show_part("prim", call.prim_call)]
    if call.sec_call is not None:
        words.append(show_part("sec", call.sec_call))
    if call.permitted_services:
        words.append("permitted=" + ",".join(service.value.removesuffix("Call") for service in call.permitted_services))
    if call.extra_data is not None:
        words.append("data=" + shlex.quote(call.extra_data))
    return " ".join(words)


def show_forward(forward: Forward) -> str:
    """A forward."""
    return f"forward {forward.type.value} {forward.number} {forward.state.value}"


def show_event(event: Event) -> str:
    """What an event tells."""
    content = event.content
    if isinstance(content, Call):
        return show_call(content)
    if isinstance(content, Forward):
        return show_forward(content)
    if isinstance(content, DoNotDisturb):
        return f"doNotDisturb {content.state.value}"
    if isinstance(content, MsgWaiting):
        return f"msgWaiting {content.state.value}"
    assert isinstance(content, PrintedSessionEvent)
    return f"session {content.value}"


def show_answer(answer: Any) -> list[str]:
    """What an answer says; nothing for the standard result."""
    if answer is None:
        return ["unanswered"]
    if isinstance(answer, Standard):
        return []
    if isinstance(answer, ErrorCode):
        return [answer.value]
    if isinstance(answer, CallerIdentity):
        return [f"qualifyCall {answer.number}"]
    if isinstance(answer, DoNotDisturb):
        return [f"doNotDisturb {answer.state.value}"]
    if isinstance(answer, MsgWaiting):
        return [f"msgWaiting {answer.state.value}"]
    if isinstance(answer, Forwards):
        return [show_forward(forward) for forward in answer.forwards] or ["no forwards"]
    assert isinstance(answer, DeviceState)
    return _show_state(answer)


def _show_state(state: DeviceState) -> list[str]:
    lines = [] if state.snapshot_seq is None else [f"seq {state.snapshot_seq}"]
    lines += map(show_call, state.calls or ())
    lines += map(show_forward, state.forwards or ())
    if state.msg_waiting is OnOff.ON:
        lines.append("msgWaiting on")
    if state.do_not_disturb is OnOff.ON:
        lines.append("doNotDisturb on")
    if state.session is not None:
        lines.append(f"session {state.session.value}")
    return lines or ["idle"]


# -- the text of a play


@dataclass
class Step:
    """One action, the comment lines before it, and what is to be seen after it."""

    before: list[str]
    action: str
    seen: list[str] = field(default_factory=list)


def read_play(text: str) -> tuple[list[Step], list[str]]:
    """The steps of a play, and the lines after the last one."""
    steps: list[Step] = []
    before: list[str] = []
    for line in text.splitlines():
        if line.startswith(" ") and line.strip():
            assert steps, f"what is seen before anything was done? {line}"
            assert not before, f"a comment stands between an action and what is seen: {line}"
            steps[-1].seen.append(line.strip())
        elif not line.strip() or line.startswith("#"):
            before.append(line)
        else:
            steps.append(Step(before, line))
            before = []
    return steps, before


def _words(text: str) -> tuple[list[str], dict[str, str]]:
    plain: list[str] = []
    named: dict[str, str] = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if equals and name:
            named[name] = value
        else:
            plain.append(word)
    return plain, named


def _options(named: dict[str, str]) -> dict[str, Any]:
    kinds = {option.name: str(option.type) for option in fields(SimulatedOptions)}
    read: dict[str, Any] = {}
    for name, text in named.items():
        kind = kinds[name]
        read[name] = int(text) if kind == "int" else parse_period(text) if kind == "Period" else text
        if kind.startswith("tuple"):
            read[name] = tuple(text.split(","))
    return read


class Play:
    """A play being performed."""

    def __init__(self, build: SwitchBuilder = SimulatedSwitch) -> None:
        self._build = build
        self._links: dict[str, tuple[list[str], dict[str, Any]]] = {"pbx": (["1101-1199"], {})}
        self._settings: dict[str, Any] = {}
        self._world: World | None = None
        self._ports: dict[str, int] = {}
        self._addresses = {"": ADDRESS}
        self._waiting: list[tuple[str, str, Answer]] = []
        self._shown = 0

    @property
    def world(self) -> World:
        """The gateway; the first action that needs it starts it."""
        if self._world is None:
            links = [(name, devices, options) for name, (devices, options) in self._links.items()]
            self._world = World(links, build=self._build, **self._settings)
        return self._world

    # -- one action after the other

    def perform(self, action: str) -> tuple[str, list[tuple[str, str, str]]]:
        """Do it. The answer as it stands behind the action, and what is to be seen: (client, what, exact XML)."""
        if match := _REQUEST.fullmatch(action):
            answer = self._request(match["client"], match["service"], match["rest"])
        else:
            verb, _, rest = action.partition(" ")
            answer = getattr(self, f"do_{verb}")(rest) or []
        lines = self._seen()
        inline = ""
        if len(answer) == 1:
            inline = answer[0]
        else:
            client = action.partition(":")[0]
            lines = [(client, f"= {line}", "") for line in answer] + lines
        return inline, lines

    def _seen(self) -> list[tuple[str, str, str]]:
        lines: list[tuple[str, str, str]] = []
        if self._world is None:
            return lines
        names = {port: client for client, port in self._ports.items()}
        for told in self.world.told[self._shown :]:
            lines.append((names[told.port], f"> {show_event(told.event)}", told.datagram.decode()))
        self._shown = len(self.world.told)
        for client, service, answer in list(self._waiting):
            if answer.data is not None:
                self._waiting.remove((client, service, answer))
                lines += [(client, f"= {line}", "") for line in show_answer(answer.value) or ["standard"]]
        return lines

    def _client(self, client: str) -> tuple[str, str, bool]:
        """Device, address, and whether it comes by HTTP: `1101`, `1101/second`, `1101/web`."""
        device, _, name = client.partition("/")
        address = self._addresses.setdefault(name, f"192.0.2.{len(self._addresses) + 1}")
        return device, address, name.startswith("web")

    def _request(self, client: str, service: str, rest: str) -> list[str]:
        device, address, http = self._client(client)
        _, named = _words(rest)
        answer = self.world.request(device, service, address, http, **named)
        if answer.data is None:
            self._waiting.append((client, service, answer))
        return show_answer(answer.value)

    # -- actions: the stage

    def do_pbx(self, rest: str) -> None:
        """`pbx scripted`, or the options of the simulated PBX: `pbx appearances=2 no_answer_after=20s`."""
        plain, named = _words(rest)
        if plain == ["scripted"]:
            self._build = ScriptedSwitch
        self._links["pbx"][1].update(_options(named))

    def do_link(self, rest: str) -> None:
        """A second PBX: `link other 2101-2110 trunks=1`."""
        (name, *devices), named = _words(rest)
        self._links[name] = (devices, _options(named))

    def do_gateway(self, rest: str) -> None:
        """Settings: `gateway limit=2 administrator=admin/secret call_reference first_other_party qualify_never_answers`."""
        plain, named = _words(rest)
        for name, text in named.items():
            if name == "administrator":
                user, _, password = text.partition("/")
                self._settings[name] = (user, password)
            elif name == "limit":
                self._settings[name] = int(text)
            else:
                self._settings[name] = parse_period(text)
        for name in plain:
            if name == "qualify_never_answers":
                self._settings["qualify_may_answer"] = False
            else:
                self._settings[name] = True

    def do_kit(self, rest: str) -> None:
        """A word for tests/contract: the play is part of the conformance kit."""

    # -- actions: clients

    def do_open(self, rest: str) -> list[str]:
        """`open 1101 1102/second eventUpdate=restricted`: one session after the other."""
        clients, named = _words(rest)
        answers: list[str] = []
        for client in clients:
            *_, http = self._client(client)
            if http:
                port = {}
            else:
                self._ports.setdefault(client, _FIRST_PORT + len(self._ports))
                port = {"eventUDPPort": str(self._ports[client])}
            more = " ".join(f"{name}={shlex.quote(value)}" for name, value in {**port, **named}.items())
            answers += self._request(client, "openSession", more)
        return answers

    def do_close(self, rest: str) -> list[str]:
        """`close 1101 actualCloseSessionTimeout=3`."""
        (client,), named = _words(rest)
        return self._request(client, "closeSession", " ".join(f"{name}={value}" for name, value in named.items()))

    def do_admin(self, rest: str) -> None:
        """`admin closes 1101`."""
        session = self.world.sessions.get(rest.rsplit(maxsplit=1)[-1])
        assert session is not None
        self.world.sessions.close_session(session, SessionEvent.CLOSED_BY_ADMIN)

    # -- actions: people, the outside, time, faults

    def do_phone(self, rest: str) -> list[str]:
        """`phone 1102 answer`, `phone 1101 dial number=1102`."""
        (device, action), named = _words(rest)
        return self._people(lambda: self.world.switch_of(device).act(device, action, **named))

    def _people(self, act: Any) -> list[str]:
        try:
            act()
        except RefusedError:
            return ["refused"]
        return []

    def do_outside(self, rest: str) -> list[str]:
        """`outside calls 1102 from=0123456`, `outside answers 0123456`, `outside hangs up T1`."""
        (verb, *_, number), named = _words(rest)
        if verb == "calls":
            query = {"to": number, **({"from_": named["from"]} if "from" in named else {})}
            return self._people(lambda: self.world.switch_of(number).outside("external_call", **query))
        action = "external_answer" if verb == "answers" else "external_hang_up"
        return self._people(lambda: self.world.switch.outside(action, number=number))

    def do_lamp(self, rest: str) -> None:
        """`lamp 1101 on`."""
        device, state = rest.split()
        self.world.switch_of(device).lamp(device, state)

    def do_faults(self, rest: str) -> None:
        """`faults {"link": "down"}`, `faults other {...}`, `faults none`."""
        name, brace, text = rest.partition("{")
        name = name.strip()
        switch = self.world.switches[name] if name and name != "none" else self.world.switch
        switch.faults(json.loads(brace + text or "{}"))
        self.world.pass_time(0)

    def do_fact(self, rest: str) -> None:
        """`fact Held call=c1 device=1101 cause=consultation`: only with `pbx scripted`."""
        (name,), named = _words(rest)
        self.world.switch.fact(name, named)

    def do_wait(self, rest: str) -> None:
        """`wait 118s`."""
        self.world.pass_time(parse_period(rest))

    # -- the end

    def end(self) -> None:
        """Close everything: nothing may be left behind, and nothing may have gone wrong inside."""
        if self._world is None:
            return
        world = self._world
        world.sessions.close_all(SessionEvent.CLOSED_BY_ADMIN)
        for domain in world.domains:
            domain.stop()
        world.pass_time(0)
        assert world.log.failures == []
        assert world.clock.pending() == []
        for domain in world.domains:
            assert domain.graph.devices == {}
            assert domain.graph.calls == {}


def _same(seen: list[str], lines: list[tuple[str, str, str]]) -> bool:
    """Whether the lines of the play are what was seen, in order for each client."""
    expected: defaultdict[str, list[str]] = defaultdict(list)
    told: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in seen:
        client, _, what = line.partition(" ")
        expected[client].append(what)
    for client, what, exact in lines:
        told[client].append((what, exact))
    return expected.keys() == told.keys() and all(
        len(whats) == len(told[client]) and all(map(_same_line, whats, told[client])) for client, whats in expected.items()
    )


def _really(seen: list[str], told: list[tuple[str, str, str]]) -> list[str]:
    """What was told, as lines of a play; exact XML stays where exact XML stands."""
    expected: defaultdict[str, list[str]] = defaultdict(list)
    for line in seen:
        client, _, what = line.partition(" ")
        expected[client].append(what)
    lines: list[str] = []
    for client, what, exact in told:
        written = expected[client].pop(0) if expected[client] else ""
        if not exact or not written.startswith(">> "):
            lines.append(f"  {client} {what}")
        else:
            lines.append(f"  {client} {written if _same_line(written, (what, exact)) else '>> ' + exact}")
    return lines


def _same_line(what: str, told: tuple[str, str]) -> bool:
    if what.startswith(">> "):
        wanted = what.removeprefix(">> ")
        return vectors().get(wanted, wanted) == told[1]
    return " ".join(what.split()) == told[0]


def perform(text: str, build: SwitchBuilder = SimulatedSwitch) -> str:
    """The play as it really went; the same text when everything was as it should be."""
    play = Play(build)
    steps, after = read_play(text)
    lines: list[str] = []
    for step in steps:
        action, _, answer = step.action.partition(" = ")
        inline, told = play.perform(action.strip())
        lines += step.before
        lines.append(step.action if answer == inline else f"{action.strip()} = {inline}" if inline else action.strip())
        if _same(step.seen, told):
            lines += [f"  {line}" for line in step.seen]
            continue
        lines += _really(step.seen, told)
    play.end()
    return "\n".join([*lines, *after]) + "\n"


def check(path: Path, build: SwitchBuilder = SimulatedSwitch) -> None:
    """Perform the play of that file; fail with the differences."""
    text = path.read_text()
    really = perform(text, build)
    if os.environ.get("TELGW_PLAYS") == "write":
        path.write_text(really)
        return
    expected = "\n".join(line.rstrip() for line in text.splitlines())
    if (told := really.rstrip("\n")) != expected.rstrip("\n"):
        difference = difflib.unified_diff(expected.splitlines(), told.splitlines(), "as written", "as performed", lineterm="", n=6)
        raise AssertionError(f"{path.name} went otherwise:\n" + "\n".join(difference))


def plays(word: str = "") -> list[Path]:
    """All plays, or those that say `word` on a line of its own."""
    found = sorted(SCENARIOS.glob("*.play"))
    return [path for path in found if not word or word in path.read_text().splitlines()]
