"""Call control for clients: which call of the device a service acts on, and the command that does it.

Every operation returns a Deferred that fires with its result when the PBX has accepted (decision 34), or fails with a ServiceError. The
order of errors: no open session, link out of service, no call, then what the PBX says (decision 17).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed

from telgw.base.outcome import ErrorCode
from telgw.core.deadline import refused
from telgw.core.session import Session
from telgw.core.sessions import Sessions
from telgw.core.switchboard import Switchboard
from telgw.model import commands
from telgw.model.callview import PartView
from telgw.model.graph import Connection, Device
from telgw.model.selection import Pair, select, select_for_adding, select_pair
from telgw.model.states import ConnectionState, LineService
from telgw.model.views import part_view

_PAIR_COMMANDS: dict[LineService, Callable[[commands.ConnectionID, commands.ConnectionID], commands.Command]] = {
    LineService.ALTERNATE: commands.AlternateCall,
    LineService.RECONNECT: commands.ReconnectCall,
    LineService.TRANSFER: commands.TransferCall,
    LineService.CONFERENCE: commands.ConferenceCall,
}


class CallControl:
    """The call services of all devices."""

    def __init__(self, switchboard: Switchboard, sessions: Sessions, qualify_may_answer: bool = True) -> None:
        self._switchboard = switchboard
        self._sessions = sessions
        #: setting: whether qualifyCall may answer the call at all
        self.qualify_may_answer = qualify_may_answer

    # -- services that need no session: asked of the PBX as they are

    def execute(self, device: str, command: commands.Command) -> Deferred[Any]:
        """makeCall, forwards, do not disturb, message lamp."""
        self._sessions.get(device)  # an action on the device keeps its session open
        return self._switchboard.execute(device, command)

    # -- services on one call

    def _with_line(self, device: str, act: Callable[[Session, Device], Deferred[Any]]) -> Deferred[Any]:
        session = self._sessions.get(device)
        if session is None:
            return refused(ErrorCode.NO_OPEN_SESSION, device)
        if not session.domain.in_service:
            return refused(ErrorCode.PBX_LINK_OUT_OF_SERVICE, f"link {session.domain.name} is {session.domain.state.value}")
        if not session.monitored:
            return self._sessions.ensure_monitor(session).addCallback(self._act_on_line, act)
        return self._act_on_line(session, act)

    def _act_on_line(self, session: Session, act: Callable[[Session, Device], Deferred[Any]]) -> Deferred[Any]:
        line = session.line()
        if line is None:
            return refused(ErrorCode.PBX_LINK_OUT_OF_SERVICE, f"link {session.domain.name} was lost")
        return act(session, line)

    def _on_one_call(
        self,
        device: str,
        find: Callable[[Device], Connection | None],
        command: Callable[[Connection], commands.Command],
    ) -> Deferred[Any]:
        def act(session: Session, line: Device) -> Deferred[Any]:
            connection = find(line)
            if connection is None:
                return refused(ErrorCode.NO_CALL, f"no call of {device} is in the needed state")
            return session.domain.execute(command(connection))

        return self._with_line(device, act)

    def answer(self, device: str, calling: str | None = None) -> Deferred[Any]:
        """Answer the alerting call from `calling`, or the oldest."""
        return self._on_one_call(
            device, lambda line: select(line, LineService.ANSWER, calling), lambda one: commands.AnswerCall(one.id)
        )

    def drop(self, device: str, other: str | None = None) -> Deferred[Any]:
        """Leave the active call."""
        return self._on_one_call(
            device, lambda line: select(line, LineService.DROP, other), lambda one: commands.ClearConnection(one.id)
        )

    def hold(self, device: str, other: str | None = None) -> Deferred[Any]:
        """Hold the connected call."""
        return self._on_one_call(device, lambda line: select(line, LineService.HOLD, other), lambda one: commands.HoldCall(one.id))

    def retrieve(self, device: str, other: str | None = None) -> Deferred[Any]:
        """Take the held call back."""
        return self._on_one_call(
            device, lambda line: select(line, LineService.RETRIEVE, other), lambda one: commands.RetrieveCall(one.id)
        )

    def consult(self, device: str, consulted: str, other: str | None = None, extra_data: str | None = None) -> Deferred[Any]:
        """Hold the connected call and call `consulted`."""
        return self._on_one_call(
            device,
            lambda line: select(line, LineService.CONSULTATION, other),
            lambda one: commands.ConsultationCall(one.id, consulted, extra_data),
        )

    def divert(self, device: str, destination: str, other: str | None = None, extra_data: str | None = None) -> Deferred[Any]:
        """Send an alerting or queued call on (deflect), or a connected one (single-step transfer)."""

        def command(connection: Connection) -> commands.Command:
            if connection.state is ConnectionState.CONNECTED:
                return commands.SingleStepTransferCall(connection.id, destination, extra_data)
            return commands.DeflectCall(connection.id, destination, extra_data)

        return self._on_one_call(device, lambda line: select(line, LineService.DIVERT, other), command)

    def add_party(self, device: str, joining: str, other: str | None = None, extra_data: str | None = None) -> Deferred[Any]:
        """Add a party to the connected or held call (single-step conference)."""
        return self._on_one_call(
            device,
            lambda line: select_for_adding(line, other),
            lambda one: commands.SingleStepConferenceCall(one.id, joining, extra_data),
        )

    # -- services on two calls

    def on_two_calls(
        self, device: str, service: LineService, prim_other: str | None = None, sec_other: str | None = None
    ) -> Deferred[Any]:
        """Alternate, reconnect, transfer or conference the active and the held call."""

        def act(session: Session, line: Device) -> Deferred[Any]:
            pair: Pair | None = select_pair(line, service, prim_other, sec_other)
            if pair is None:
                return refused(ErrorCode.NO_CALL, f"{device} has no active and held call that allow {service.value}")
            return session.domain.execute(_PAIR_COMMANDS[service](pair.active.id, pair.held.id))

        return self._with_line(device, act)

    # -- qualifyCall

    def qualify(self, device: str, answer: bool) -> Deferred[PartView]:
        """Who calls; and answer the call when the request and the setting allow. Result: the alerting call."""

        def act(session: Session, line: Device) -> Deferred[Any]:
            connection = select(line, LineService.ANSWER)
            if connection is None:
                return refused(ErrorCode.NO_CALL, f"nobody calls {device}")
            alerting = part_view(connection)
            if answer and self.qualify_may_answer:
                return session.domain.execute(commands.AnswerCall(connection.id)).addCallback(lambda _: alerting)
            return succeed(alerting)

        return self._with_line(device, act)

    def session_of(self, device: str) -> Deferred[Session]:
        """The session of the device with its monitor running (or its link down): what a snapshot needs."""
        session = self._sessions.get(device)
        if session is None:
            return refused(ErrorCode.NO_OPEN_SESSION, device)
        if not session.monitored and session.domain.in_service:
            return self._sessions.ensure_monitor(session)
        return succeed(session)
