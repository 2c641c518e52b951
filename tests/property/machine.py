"""The gateway on a simulated PBX, everything that must always hold, and the hands that try to break it."""

from __future__ import annotations

import copy
from contextlib import suppress
from itertools import count
from types import SimpleNamespace
from typing import Any

from telgw_plugins.simulated import services as simulated_services
from telgw_plugins.simulated.pbx import Pbx
from telgw_plugins.simulated.snapshot import snapshot
from twisted.internet import task
from twisted.internet.defer import Deferred, fail, succeed

from telgw.base.clock import Clock
from telgw.base.outcome import ServiceError
from telgw.model import commands
from telgw.model.callview import same_view
from telgw.model.graph import Connection, Graph
from telgw.model.selection import select, select_pair
from telgw.model.states import ConnectionState, LineService, LineState
from telgw.model.views import appearances, call_view, line_state, permitted_services
from telgw.wire.telservices.returns import Standard
from tests.property.line_paths import Follower
from tests.world import RefusedError, World, request_xml

FOLLOWED = ("1101", "1102", "1103", "1104", "1105", "1106")
#: phones that nobody follows; the last one is never called by a rule, and so always free
STRANGERS = ("1107", "1108")
FREE = "1109"
QUEUE = "1190"
OUTSIDE = ("0123456", "+33160127764")

_TWO_CALLS = {LineService.ALTERNATE, LineService.RECONNECT, LineService.TRANSFER, LineService.CONFERENCE}
_NEEDED = {
    "consultationCall": {"consultedDeviceNumber": FREE},
    "divertCall": {"divertedDeviceNumber": FREE},
}
#: every service that is permitted or not; makeCall always is
SERVICES = tuple(service.value for service in LineService if service is not LineService.MAKE)


def pbx_copy(pbx: Pbx) -> Pbx:
    """The same PBX once more, which tells nobody what happens in it and whose timers do not run."""
    clock = Clock(task.Clock())
    memo: dict[int, Any] = {
        id(pbx._told.__self__): SimpleNamespace(_ready=False, _sink=None),  # type: ignore[attr-defined]
        id(pbx.clock): clock,
        id(pbx.options): pbx.options,
        id(pbx.plan): pbx.plan,
        id(pbx._ids): map("copy{}".format, count(1)),
    }
    for call in pbx.calls.values():
        for leg in call.legs.values():
            if leg.timer is not None:
                memo[id(leg.timer)] = clock.call_later(1, lambda: None)
    return copy.deepcopy(pbx, memo)


class House:
    """The gateway with all devices followed, and the checks."""

    def __init__(self, **options: Any) -> None:
        options = {"routing_devices": (QUEUE,), "appearances": 60, "trunks": 60, "conference_size": 60, **options}
        self.world = World((("pbx", ("1101-1199",), options),))
        self.follower = Follower()
        self._seen = 0
        self.opened: set[str] = set()
        self.told_of: dict[str, int] = {}
        for device in (*FOLLOWED, QUEUE):
            self.open(device)

    @property
    def graph(self) -> Graph:
        return self.world.domain.graph

    @property
    def pbx(self) -> Pbx:
        pbx: Pbx = self.world.switch.link.pbx
        return pbx

    # -- doing things

    def open(self, device: str) -> None:
        answer = self.world.request(device, "openSession", eventUDPPort=str(20000 + int(device)))
        if isinstance(answer.value, Standard) and device not in self.opened:
            self.opened.add(device)
            self.told_of[device] = 0
            state = self.world.request(device, "snapshot").value
            self.follower.begin(device, state.calls)

    def close(self, device: str) -> None:
        self.look()
        self.world.request(device, "closeSession")
        self.look()
        self.opened.discard(device)
        self.follower.end(device)

    def act(self, device: str, action: str, **query: str) -> None:
        with suppress(RefusedError):
            self.world.switch.act(device, action, **query)

    def outside(self, action: str, **query: str) -> None:
        with suppress(RefusedError):
            self.world.switch.outside(action, **query)

    def permitted(self, device: str) -> list[str]:
        """What the device's views permit now, in order."""
        line = self.graph.devices.get(device)
        if line is None or not line.monitored or not self.graph.in_service:
            return []
        found = dict.fromkeys(
            service.value for connections in appearances(line).values() for service in permitted_services(line, connections)
        )
        return list(found)

    def look(self) -> None:
        """What was told since the last look must be legal."""
        in_service = self.world.domain.in_service
        news = self.world.told[self._seen :]
        self._seen = len(self.world.told)
        for told in news:
            self.follower.told(told, fresh=not in_service or self.fresh)
            device = str(told.port - 20000)
            self.told_of[device] = self.told_of.get(device, 0) + 1

    #: whether calls may begin in the middle just now: the link has just come back
    fresh = False

    # -- what must always hold

    def check(self) -> None:
        self.look()
        assert self.world.log.failures == []
        self._graph_is_whole()
        self._feeds_count()
        if self.world.domain.in_service:
            self._model_agrees_with_the_pbx()
            self._ends_agree()
            self._published_is_what_is()
            self._permitted_is_what_is_accepted()
            self._comparison_finds_nothing()

    def _graph_is_whole(self) -> None:
        graph = self.graph
        for alias, call in graph.calls.items():
            assert call.alias == alias
            assert call.connections, f"call {alias} has no connections"
            assert any(one.device.monitored for one in call.connections.values()), f"nobody follows call {alias}"
            for number, connection in call.connections.items():
                assert connection.call is call
                assert connection.device.number == number
                assert graph.devices[number] is connection.device
                assert connection in connection.device.connections
                assert connection.state is not ConnectionState.NULL
                assert connection.appearance or not connection.device.monitored
        for number, device in graph.devices.items():
            assert device.number == number
            assert device.monitored or device.connections, f"{number} is kept for nothing"
            assert device.monitored == (number in self.world.domain.lines)
            for connection in device.connections:
                assert graph.calls[connection.call.alias] is connection.call
                assert connection.call.connections[number] is connection
            for group in appearances(device).values():
                assert len(group) <= 2

    def _feeds_count(self) -> None:
        for session in self.world.sessions:
            assert session.feed.seq == 1 + self.told_of[session.device]

    def _monitored(self) -> list[str]:
        return [number for number, device in self.graph.devices.items() if device.monitored]

    def _model_agrees_with_the_pbx(self) -> None:
        for number in self._monitored():
            seen = {call.call: call.state for call in snapshot(self.pbx, number).calls}
            known = {one.call.alias: one.state for one in self.graph.devices[number].connections}
            assert known == seen, f"{number}: the model has {known}, the PBX {seen}"

    def _ends_agree(self) -> None:
        for call in self.graph.calls.values():
            ends = [one for one in call.connections.values() if one.device.monitored]
            if len(call.connections) == 2 and len(ends) == 2:
                _agree(ends[0], ends[1])

    def _published_is_what_is(self) -> None:
        for number in self._monitored():
            device = self.graph.devices[number]
            if number not in self.opened or device in self.graph.held_back:
                continue
            groups = appearances(device)
            assert groups.keys() == device.published.keys()
            for appearance, connections in groups.items():
                told_connections, told = device.published[appearance]
                assert told_connections == connections
                now = call_view(device, appearance, connections)
                assert same_view(told, now), f"{number} was told {told}, and is {now}"

    def _permitted_is_what_is_accepted(self) -> None:
        """Every service at every device: what is permitted the PBX accepts, what is not finds no call."""
        link = self.world.switch.link
        copies: list[Pbx] = []

        def execute(command: commands.Command) -> Deferred[Any]:
            copies.append(pbx_copy(self.pbx))
            try:
                return succeed(simulated_services.execute(copies[-1], command))
            except ServiceError as error:
                return fail(error)

        link.execute = execute
        try:
            for device in sorted(self.opened):
                permitted = self.permitted(device)
                for service in permitted:
                    answer = self.world.ask(request_xml(device, service, _NEEDED.get(service, {}))).value
                    if answer != Standard():
                        reason = next(line[1]["reason"] for line in reversed(self.world.log.lines) if line[0] == "request_refused")
                        assert self._cannot_be_known(reason), f"{device}: {service} is permitted, and {answer.value}: {reason}"
                line = self.graph.devices[device]
                for name in SERVICES:
                    if name not in permitted:
                        service_ = LineService(name)
                        found = select_pair(line, service_) if service_ in _TWO_CALLS else select(line, service_)
                        assert found is None, f"{device}: {name} is not permitted, and would act on {found}"
        finally:
            del link.execute
            self.world.log.lines.clear()

    def _cannot_be_known(self, reason: str) -> bool:
        """Two calls have a party in common that nobody follows: the model knows it by its number only, and numbers may be shared."""
        return reason.endswith(" is in both calls") and reason.split(maxsplit=1)[0] not in self.opened

    def _comparison_finds_nothing(self) -> None:
        strangers = [phone for phone in self.pbx.phones.values() if phone.label not in self.opened]
        if any(len(stranger.legs) > 1 for stranger in strangers):
            return  # a comparison may tell more of them than events do: see above
        before = len(self.world.told)
        for number in self._monitored():
            self.world.domain.compare(number)
            news = [told.event for told in self.world.told[before:]]
            assert not news, f"the comparison of {number} corrected {news}"

    # -- the end

    def hang_up_everybody(self) -> None:
        """Everybody hangs up: nothing may be left of it all."""
        self.world.switch.faults({})
        self.world.pass_time(60)
        self.look()
        self.fresh = False
        for _ in range(200):
            busy = [phone for phone in self.pbx.phones.values() if phone.active() is not None or phone.held() is not None]
            lines = list(self.pbx.trunks.lines.values())
            if not busy and not lines:
                break
            for phone in busy:
                self.act(phone.label, "hang_up")
            for line in lines:
                self.outside("external_hang_up", number=line.trunk)
        self.check()
        assert self.pbx.calls == {}
        assert self.graph.calls == {}
        assert set(self.graph.devices) == set(self.world.domain.lines)
        self.world.pass_time(30)
        assert self.world.clock.pending() == []
        for device in sorted(self.opened):
            self.close(device)
        assert self.graph.devices == {}
        assert self.world.clock.pending() == []


_TALKING = {LineState.CONNECTED, LineState.HOLD}


def _agree(one: Connection, other: Connection) -> None:
    """Both ends of a call of two show states that belong together."""
    states = {line_state(one), line_state(other)}
    if LineState.ALERTING in states:
        fine = states - {LineState.ALERTING} <= {LineState.DELIVERED} | _TALKING
    elif LineState.QUEUED in states:
        fine = states <= {LineState.QUEUED} | _TALKING
    else:
        fine = states <= _TALKING
    assert fine, f"{one} shows {line_state(one)}, {other} shows {line_state(other)}"
