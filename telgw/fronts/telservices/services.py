"""The TelServices services: each request to the operation of the core that does it, each outcome to the printed answer.

Services of the contact-centre half (agents, directories, history, statistics, routing points) are read and checked like all others, and
answered `reject`: the gateway does not offer them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.python.failure import Failure

from telgw.base.clock import Clock
from telgw.base.outcome import ErrorCode, ServiceError
from telgw.core.callcontrol import CallControl
from telgw.core.deferred import is_there, then
from telgw.core.measures import Measures
from telgw.core.session import Client, Session, SessionChange
from telgw.core.sessions import Sessions
from telgw.fronts.telservices.projection import Projection, forwards_return, on_off, party_of
from telgw.model import commands
from telgw.model.states import LineService
from telgw.wire.telservices import requests as ask
from telgw.wire.telservices.codec import encode_return
from telgw.wire.telservices.requests import SERVICES
from telgw.wire.telservices.returns import CallerIdentity, DoNotDisturb, MsgWaiting, Return, Standard
from telgw.wire.telservices.vocabulary import EventUpdate, OnOff

_STANDARD = Standard()
_NAMES = {service: name for name, service in SERVICES.items()}
#: seconds that the encoded snapshot of a session is given to further polls: thousands may be woken by one event
_SAME_SNAPSHOT_SECONDS = 0.05
_NO_SNAPSHOT: tuple[Session | None, int | None, int, float, bytes] = (None, None, 0, -1.0, b"")

Outcome = Deferred[Any]


class Services:
    """Answers requests (telgw.fronts.telservices.conversation.Responder) and makes datagrams of changes."""

    def __init__(
        self, sessions: Sessions, calls: CallControl, projection: Projection, clock: Clock, measures: Measures, log: Any
    ) -> None:
        self.projection = projection
        self._sessions = sessions
        self._calls = calls
        self._clock = clock
        self._measures = measures
        self._log = log
        self._answers: dict[Return, bytes] = {_STANDARD: encode_return(_STANDARD)}
        self._answers.update({code: encode_return(code) for code in ErrorCode})
        self._latest = _NO_SNAPSHOT

    # -- from bytes to bytes

    def respond(self, request: Any, address: str, http: bool) -> Deferred[bytes]:
        """The encoded answer. Fires with bytes, whatever happens; fails only when it is cancelled."""
        started = self._clock.seconds()
        kind = type(request)
        try:
            doing = _SERVICES[kind](self, request, address, http)
        except ServiceError as error:
            doing = fail(error)
        except Exception:
            self._log.exception("service_failed", service=_NAMES[kind])
            doing = fail(ServiceError(ErrorCode.RESOURCE_ERROR))
        if is_there(doing):
            return succeed(self._done(doing.result, kind, started))
        return doing.addCallbacks(self._done, self._refused, callbackArgs=(kind, started), errbackArgs=(request, address, started))

    def _done(self, result: Any, kind: type, started: float) -> bytes:
        answer: bytes | None = result if isinstance(result, bytes) else self._answers.get(result) if isinstance(result, Standard) else None
        if answer is None:
            try:
                answer = encode_return(result)
            except Exception:
                # the PBX told us something that the protocol cannot say
                self._log.exception("service_failed", service=_NAMES[kind])
                self._measures.request(_NAMES[kind], ErrorCode.RESOURCE_ERROR.value, self._clock.seconds() - started)
                return self._answers[ErrorCode.RESOURCE_ERROR]
        self._measures.request(_NAMES[kind], "accepted", self._clock.seconds() - started)
        return answer

    def _refused(self, failure: Failure, request: Any, address: str, started: float) -> bytes | Failure:
        service = _NAMES[type(request)]
        error = failure.value
        if isinstance(error, CancelledError):
            self._measures.request(service, "given up", self._clock.seconds() - started)
            return failure
        if not isinstance(error, ServiceError):
            self._log.error("service_failed", service=service, failure=failure.getTraceback())
            error = ServiceError(ErrorCode.RESOURCE_ERROR, "internal error")
        device = getattr(request, "device_number", None)
        self._log.info("request_refused", service=service, device=device, address=address, error=error.code.value, reason=error.reason)
        self._measures.request(service, error.code.value, self._clock.seconds() - started)
        return self._answers[error.code]

    def reject(self, reason: str, address: str) -> bytes:
        """The answer to what is no request."""
        self._log.info("request_rejected", address=address, reason=reason)
        self._measures.requests["invalid", ErrorCode.REJECT.value] += 1
        return self._answers[ErrorCode.REJECT]

    def datagram(self, device: str, change: SessionChange) -> bytes:
        """The event that tells the change."""
        return self.projection.datagram(device, change, self._clock.seconds())

    # -- sessions

    def open_session(self, request: ask.OpenSession, address: str, http: bool) -> Outcome:
        """OpenSession."""
        client = Client(address, request.event_udp_port, request.level is EventUpdate.RESTRICTED)
        opening = self._sessions.open(
            request.device_number,
            client,
            request.user_id,
            request.user_password,
            request.session_timeout,
            request.monitors_at_once,
        )
        return opening.addCallback(_standard)

    def close_session(self, request: ask.CloseSession, address: str, http: bool) -> Outcome:
        """CloseSession."""
        self._sessions.close(request.device_number, address, request.delay, request.leaves_others)
        return succeed(_STANDARD)

    def snapshot(self, request: ask.Snapshot, address: str, http: bool) -> Outcome:
        """Snapshot, at once or as a long poll (decision 35)."""
        poll = request.result_on_event
        if poll is not None and not http:
            raise ServiceError(ErrorCode.REJECT, "resultOnEvent is for HTTP")
        found = self._calls.session_of(request.device_number)
        if poll is None:
            return found.addCallback(self._encode_snapshot, None, False)
        found.addCallback(self._sessions.poll, address, poll.snapshot_seq, poll.timeout)
        return found.addCallback(self._encode_snapshot, poll.snapshot_seq, True)

    def _encode_snapshot(self, session: Session, since: int | None, numbered: bool) -> bytes:
        now = self._clock.seconds()
        seq = session.feed.seq if numbered else 0
        known, known_since, known_seq, at, answer = self._latest
        if now - at >= _SAME_SNAPSHOT_SECONDS:
            self._latest = _NO_SNAPSHOT
        elif known is session and numbered and known_since == since and known_seq == seq:
            return answer
        answer = encode_return(self.projection.snapshot(session.snapshot(since, numbered), now))
        self._latest = (session, since, seq, now, answer) if numbered else self._latest
        return answer

    # -- services asked of the PBX without a session

    def make_call(self, request: ask.MakeCall, address: str, http: bool) -> Outcome:
        """MakeCall."""
        command = commands.MakeCall(request.device_number, request.called_device_number, request.extra_data)
        return then(self._calls.execute(request.device_number, command), _standard)

    def forward(self, request: ask.SetForward, address: str, http: bool) -> Outcome:
        """Forward."""
        info = request.info
        command = commands.SetForwarding(request.device_number, info.type, info.state is OnOff.ON, info.number)
        return then(self._calls.execute(request.device_number, command), _standard)

    def query_forward(self, request: ask.QueryForward, address: str, http: bool) -> Outcome:
        """QueryForward."""
        asked = self._calls.execute(request.device_number, commands.GetForwarding(request.device_number))
        return then(asked, forwards_return)

    def do_not_disturb(self, request: ask.SetDoNotDisturb, address: str, http: bool) -> Outcome:
        """DoNotDisturb."""
        command = commands.SetDoNotDisturb(request.device_number, request.state is OnOff.ON)
        return then(self._calls.execute(request.device_number, command), _standard)

    def query_do_not_disturb(self, request: ask.QueryDoNotDisturb, address: str, http: bool) -> Outcome:
        """QueryDoNotDisturb."""
        asked = self._calls.execute(request.device_number, commands.GetDoNotDisturb(request.device_number))
        return asked.addCallback(lambda on: DoNotDisturb(on_off(on)))

    def query_msg_waiting(self, request: ask.QueryMsgWaiting, address: str, http: bool) -> Outcome:
        """QueryMsgWaiting."""
        asked = self._calls.execute(request.device_number, commands.GetMessageWaiting(request.device_number))
        return asked.addCallback(lambda on: MsgWaiting(on_off(on)))

    # -- services on calls

    def answer_call(self, request: ask.AnswerCall, address: str, http: bool) -> Outcome:
        """AnswerCall."""
        return then(self._calls.answer(request.device_number, request.calling_number), _standard)

    def drop_call(self, request: ask.DropCall, address: str, http: bool) -> Outcome:
        """DropCall."""
        return then(self._calls.drop(request.device_number, request.other_number), _standard)

    def hold_call(self, request: ask.HoldCall, address: str, http: bool) -> Outcome:
        """HoldCall."""
        return then(self._calls.hold(request.device_number, request.other_number), _standard)

    def retrieve_call(self, request: ask.RetrieveCall, address: str, http: bool) -> Outcome:
        """RetrieveCall."""
        return then(self._calls.retrieve(request.device_number, request.other_number), _standard)

    def consultation_call(self, request: ask.ConsultationCall, address: str, http: bool) -> Outcome:
        """ConsultationCall."""
        consulting = self._calls.consult(
            request.device_number, request.consulted_device_number, request.other_number, request.extra_data
        )
        return then(consulting, _standard)

    def divert_call(self, request: ask.DivertCall, address: str, http: bool) -> Outcome:
        """DivertCall."""
        diverting = self._calls.divert(
            request.device_number, request.diverted_device_number, request.other_number, request.extra_data
        )
        return then(diverting, _standard)

    def add_party_to_call(self, request: ask.AddPartyToCall, address: str, http: bool) -> Outcome:
        """AddPartyToCall."""
        adding = self._calls.add_party(request.device_number, request.added_device_number, request.other_number, request.extra_data)
        return then(adding, _standard)

    def two_calls(
        self, request: ask.AlternateCall | ask.ReconnectCall | ask.TransferCall | ask.ConferenceCall, address: str, http: bool
    ) -> Outcome:
        """AlternateCall, ReconnectCall, TransferCall, ConferenceCall."""
        service = LineService(_NAMES[type(request)])
        doing = self._calls.on_two_calls(request.device_number, service, request.prim_other_number, request.sec_other_number)
        return then(doing, _standard)

    def qualify_call(self, request: ask.QualifyCall, address: str, http: bool) -> Outcome:
        """QualifyCall. The name is absent: no directory knows it."""
        qualifying = self._calls.qualify(request.device_number, request.answers)
        return qualifying.addCallback(lambda part: CallerIdentity(party_of(part.other, part.ref).number))

    # -- services that are not offered

    def not_offered(self, request: Any, address: str, http: bool) -> Outcome:
        """The contact-centre half. Naming a device keeps its session open all the same (decision 14)."""
        self._sessions.get(getattr(request, "device_number", None) or "")
        raise ServiceError(ErrorCode.REJECT, "this service is not offered")

    def not_offered_with_session(self, request: Any, address: str, http: bool) -> Outcome:
        """Those of them that need a session say so first."""
        if self._sessions.get(request.device_number) is None:
            raise ServiceError(ErrorCode.NO_OPEN_SESSION, request.device_number)
        raise ServiceError(ErrorCode.REJECT, "this service is not offered")


def _standard(_: object) -> Standard:
    return _STANDARD


_SERVICES: dict[type, Callable[[Services, Any, str, bool], Outcome]] = {
    ask.OpenSession: Services.open_session,
    ask.CloseSession: Services.close_session,
    ask.AddPartyToCall: Services.add_party_to_call,
    ask.SetAgentState: Services.not_offered_with_session,
    ask.AlternateCall: Services.two_calls,
    ask.AnswerCall: Services.answer_call,
    ask.ConferenceCall: Services.two_calls,
    ask.ConsultationCall: Services.consultation_call,
    ask.DivertCall: Services.divert_call,
    ask.SetDoNotDisturb: Services.do_not_disturb,
    ask.DropCall: Services.drop_call,
    ask.SetForward: Services.forward,
    ask.HoldCall: Services.hold_call,
    ask.MakeCall: Services.make_call,
    ask.QualifyCall: Services.qualify_call,
    ask.QueryAgentState: Services.not_offered_with_session,
    ask.QueryDoNotDisturb: Services.query_do_not_disturb,
    ask.QueryForward: Services.query_forward,
    ask.QueryHistory: Services.not_offered,
    ask.QueryMsgWaiting: Services.query_msg_waiting,
    ask.QueryUserStatistics: Services.not_offered,
    ask.ReconnectCall: Services.two_calls,
    ask.RetrieveCall: Services.retrieve_call,
    ask.SearchName: Services.not_offered,
    ask.SearchNumber: Services.not_offered,
    ask.Snapshot: Services.snapshot,
    ask.TransferCall: Services.two_calls,
    ask.UpdateUserDirectory: Services.not_offered,
    ask.QueryRoutingPointState: Services.not_offered,
    ask.QueryRoutingPointStatistics: Services.not_offered,
    ask.ResumeRoutingPoint: Services.not_offered,
    ask.StartRoutingPoint: Services.not_offered,
    ask.StopRoutingPoint: Services.not_offered,
    ask.SuspendRoutingPoint: Services.not_offered,
    ask.UpdateRoutingPoint: Services.not_offered,
    ask.UpdateDirectory: Services.not_offered,
}
