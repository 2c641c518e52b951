"""A whole gateway in memory: services, sessions, switching domains and simulated PBXs on a clock that is moved by hand.

No reactor, no sockets, no sleeping. Requests go in as XML and answers come out as XML, so the codec takes part; what would leave as UDP
datagrams is noted, per client. A `Switch` is the PBX behind a link together with the hands of the people at its phones: the plays of
tests/scenarios run on every implementation of it (tests/contract).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple, Protocol
from xml.sax.saxutils import escape

from telgw_plugins.simulated.plugin import SIMULATED
from twisted.internet import task
from twisted.internet.defer import Deferred, succeed

from telgw.base.clock import Clock
from telgw.base.numbers import DeviceSet
from telgw.base.secrets import Secret
from telgw.core.authentication import Administrator, Authentication
from telgw.core.callcontrol import CallControl
from telgw.core.domain import SwitchingDomain
from telgw.core.measures import Measures
from telgw.core.ports import Link, LinkContext
from telgw.core.sessions import Sessions
from telgw.core.switchboard import Switchboard
from telgw.fronts.telservices.notifier import UdpNotifier
from telgw.fronts.telservices.projection import Projection
from telgw.fronts.telservices.services import Services
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import decode_event, decode_request, decode_return
from telgw.wire.telservices.events import Event

#: where clients are, unless a test says otherwise
ADDRESS = "192.0.2.1"


class Switch(Protocol):
    """A PBX to play on: its link, and what people do at its phones and outside."""

    link: Link

    def act(self, device: str, action: str, **query: str) -> None:
        """Somebody acts at the phone `device` (telgw_plugins.simulated.person tells the actions)."""

    def outside(self, action: str, **query: str) -> None:
        """Somebody outside acts: external_call(to, from), external_answer(number), external_hang_up(number)."""

    def lamp(self, device: str, state: str) -> None:
        """The message lamp of the phone goes on or off."""

    def faults(self, faults: dict[str, Any]) -> None:
        """What is wrong with the link from now on."""


#: makes the switch of one link: the context as the gateway gives it, and the options of the simulated PBX
SwitchBuilder = Callable[[LinkContext, dict[str, Any]], Switch]


class SimulatedSwitch:
    """The simulated PBX, acted upon through its control interface."""

    def __init__(self, context: LinkContext, options: dict[str, Any]) -> None:
        self.link: Any = SIMULATED.build(context, SIMULATED.options(**options))

    def _control(self, path: str, query: dict[str, str], body: bytes = b"") -> None:
        assert self.link.control is not None
        named = {name.rstrip("_"): value for name, value in query.items()}
        status, answer = self.link.control.request("POST", tuple(path.split("/")), named, body)
        if status != 200:
            raise RefusedError(str(answer["error"]))

    def act(self, device: str, action: str, **query: str) -> None:
        self._control(f"devices/{device}/{action}", query)

    def outside(self, action: str, **query: str) -> None:
        self._control(action, query)

    def lamp(self, device: str, state: str) -> None:
        self._control("message_waiting", {"device": device, "state": state})

    def faults(self, faults: dict[str, Any]) -> None:
        self._control("faults", {}, json.dumps(faults).encode())


class RefusedError(Exception):
    """A person did something that the PBX does not do in this state."""


class QuietLog:
    """Takes the log; what must never happen in a test is kept."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def bind(self, **_: Any) -> QuietLog:
        return self

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    warning = info

    def error(self, event: str, **fields: Any) -> None:
        self.failures.append(f"{event} {fields}")

    def exception(self, event: str, **fields: Any) -> None:
        import traceback

        self.failures.append(f"{event} {fields}\n{traceback.format_exc()}")


class Told(NamedTuple):
    """An event as it left: to which port, and the datagram."""

    port: int
    datagram: bytes

    @property
    def event(self) -> Event:
        return decode_event(self.datagram)


class Answer:
    """What a request came to: `data` is the answer, None while there is none."""

    def __init__(self, answering: Deferred[bytes]) -> None:
        self.data: bytes | None = None
        self.answering = answering
        answering.addCallbacks(self._take, lambda failure: None)

    def _take(self, data: bytes) -> None:
        self.data = data

    @property
    def value(self) -> Any:
        return None if self.data is None else decode_return(self.data)


class World:
    """The gateway. `links` are (name, devices, options of its simulated PBX); more arguments are settings of the gateway."""

    def __init__(
        self,
        links: Sequence[tuple[str, Sequence[str], dict[str, Any]]] = (("pbx", ("1101-1199",), {}),),
        *,
        build: SwitchBuilder = SimulatedSwitch,
        limit: int = 0,
        administrator: tuple[str, str] | None = None,
        qualify_may_answer: bool = True,
        call_reference: bool = False,
        first_other_party: bool = False,
        request_timeout: float = 10.0,
        resync_interval: float = 0.0,
        start: bool = True,
    ) -> None:
        self.time = task.Clock()
        self.clock = Clock(self.time)
        self.log = QuietLog()
        self.measures = Measures()
        #: every event that left, in order
        self.told: list[Told] = []
        self.authorised: set[str] = set()
        self.switchboard = Switchboard()
        self.notifier = UdpNotifier(self._encode, self._send, self.clock, self.measures, self.log)
        credentials = None if administrator is None else Administrator(administrator[0], Secret(administrator[1]))
        guard = Authentication(credentials, self.authorised)
        self.sessions = Sessions(self.switchboard, guard, self.notifier, self.clock, self.log, limit)
        self.calls = CallControl(self.switchboard, self.sessions, qualify_may_answer)
        self.projection = Projection()
        self.projection.configure(call_reference=call_reference, first_other_party=first_other_party)
        self.services = Services(self.sessions, self.calls, self.projection, self.clock, self.measures, self.log)
        self.switches: dict[str, Switch] = {}
        self.domains: list[SwitchingDomain] = []
        refs = map(str, count(1))
        for name, devices, options in links:
            owned = DeviceSet(devices)
            switch = build(LinkContext(name, owned, self.clock, self.log), options)
            domain = SwitchingDomain(
                name, "simulated", owned, switch.link, self.clock, refs, self.measures, self.log, request_timeout, resync_interval
            )
            self.switchboard.add(domain)
            self.switches[name] = switch
            self.domains.append(domain)
        if start:
            for domain in self.domains:
                domain.start()
            self.pass_time(0)

    @property
    def domain(self) -> SwitchingDomain:
        """The only link's domain, or the first one."""
        return self.domains[0]

    @property
    def switch(self) -> Any:
        """The only PBX, or the first one."""
        return self.switches[self.domains[0].name]

    def switch_of(self, device: str) -> Switch:
        """The PBX that has the device."""
        domain = self.switchboard.domain_of(device)
        assert domain is not None, f"no PBX has {device}"
        return self.switches[domain.name]

    # -- what leaves

    def _encode(self, device: str, change: Any) -> bytes:
        return self.services.datagram(device, change)

    def _send(self, datagram: bytes, target: tuple[str, int]) -> None:
        self.told.append(Told(target[1], datagram))

    # -- what comes in

    def ask(self, xml: str, address: str = ADDRESS, http: bool = False) -> Answer:
        """The content of a TelServiceRequest, asked; see what the Answer says."""
        try:
            request = decode_request(f"<TelServiceRequest>{xml}</TelServiceRequest>".encode())
        except RemoteProtocolError as error:
            return Answer(succeed(self.services.reject(str(error), address)))
        return Answer(self.services.respond(request, address, http))

    def request(self, device: str, service: str, address: str = ADDRESS, http: bool = False, /, **parameters: str) -> Answer:
        """Ask for the service; parameters have their printed names."""
        return self.ask(request_xml(device, service, parameters), address, http)

    # -- time

    def pass_time(self, seconds: float) -> None:
        """Time goes by, and everything that is due happens at its own moment."""
        until = self.time.seconds() + seconds
        while self.time.calls:
            due = min(call.getTime() for call in self.time.calls)
            if due > until:
                break
            self.time.advance(max(0.0, due - self.time.seconds()))
        self.time.advance(max(0.0, until - self.time.seconds()))


#: parameters whose value is the name of an empty element
_NAMES = frozenset(
    {"state", "type", "eventUpdate", "needName", "answerCall", "startPbxMonitor", "clientOnly", "recordType"},
)


def request_xml(device: str, service: str, parameters: dict[str, str]) -> str:
    """The request as XML; `forward` and the long poll have a record of their own inside."""
    content = "".join(
        f"<{name}><{value}/></{name}>" if name in _NAMES else f"<{name}>{escape(value)}</{name}>" for name, value in parameters.items()
    )
    if content and service in ("forward", "snapshot"):
        record = "info" if service == "forward" else "resultOnEvent"
        content = f"<{record}>{content}</{record}>"
    named = "" if device == "-" else f"<deviceNumber>{device}</deviceNumber>"
    return f"<{service}>{named}{content}</{service}>"
