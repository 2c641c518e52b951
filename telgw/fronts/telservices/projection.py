"""The model as TelServices prints it: views to `call` elements, changes to events, a session to a snapshot."""

from __future__ import annotations

from telgw.core.session import LineSnapshot, SessionChange, SessionEvent
from telgw.model.changes import CallChanged, DoNotDisturbChanged, ForwardChanged, MessageWaitingChanged
from telgw.model.states import ForwardType
from telgw.model.views import CallView, PartView
from telgw.model.views import Party as ModelParty
from telgw.wire.telservices.events import Event
from telgw.wire.telservices.records import Call, CallPart, Forward, Party
from telgw.wire.telservices.returns import DeviceState, DoNotDisturb, Forwards, MsgWaiting
from telgw.wire.telservices.vocabulary import OnOff
from telgw.wire.telservices.vocabulary import SessionEvent as PrintedSessionEvent

#: what stands for a number that is not shown; the call reference after it tells calls apart (document, Call, otherParty)
WITHHELD = "*****-"

_SESSION_EVENTS = {event: PrintedSessionEvent(event.value) for event in SessionEvent}
_ON_OFF = {True: OnOff.ON, False: OnOff.OFF}


def on_off(state: bool) -> OnOff:
    """`<on/>` or `<off/>`."""
    return _ON_OFF[state]


def party_of(party: ModelParty) -> Party:
    """The printed party; a number that is withheld is replaced by one that only tells calls apart."""
    return Party(WITHHELD + party.ref if party.number is None else party.number)


def forwards_of(forwards: tuple[tuple[ForwardType, str], ...]) -> tuple[Forward, ...]:
    """The active forwards."""
    return tuple(Forward(number, type_, OnOff.ON) for type_, number in forwards)


class Projection:
    """Prints the model. The settings are those of section telservices in the configuration."""

    def __init__(
        self, call_reference: bool = False, device_number_in_all_events: bool = True, first_other_party: bool = False
    ) -> None:
        self.call_reference = call_reference
        self.first_other_party = first_other_party
        self.device_number_in_all_events = device_number_in_all_events

    def part(self, part: PartView, now: float) -> CallPart:
        """A primCall or secCall; durations are those of `now`."""
        return CallPart(
            part.state,
            party_of(part.other),
            tuple(map(party_of, part.added)) if part.added else None,
            party_of(part.first_other) if part.first_other is not None and self.first_other_party else None,
            None if part.first_called is None else party_of(part.first_called),
            None if part.last_redirection is None else party_of(part.last_redirection),
            part.duration(now),
            part.outgoing,
            part.conference,
            part.ref if self.call_reference else None,
            part.cause,
        )

    def call(self, view: CallView, now: float) -> Call:
        """A call element."""
        return Call(
            view.id,
            self.part(view.prim, now),
            None if view.sec is None else self.part(view.sec, now),
            view.permitted,
            view.extra_data,
        )

    def event(self, device: str, change: SessionChange, now: float) -> Event:
        """The event that tells the change."""
        if isinstance(change, CallChanged):
            return Event(device, self.call(change.view, now))
        named = device if self.device_number_in_all_events else None
        if isinstance(change, SessionEvent):
            return Event(named, _SESSION_EVENTS[change])
        if isinstance(change, ForwardChanged):
            return Event(named, Forward(change.number, change.type, on_off(change.on)))
        if isinstance(change, DoNotDisturbChanged):
            return Event(named, DoNotDisturb(on_off(change.on)))
        assert isinstance(change, MessageWaitingChanged)
        return Event(named, MsgWaiting(on_off(change.on)))

    def snapshot(self, snapshot: LineSnapshot, now: float) -> DeviceState:
        """The answer to a snapshot request."""
        return DeviceState(
            snapshot.seq,
            tuple(self.call(view, now) for view in snapshot.calls),
            forwards_of(snapshot.forwards),
            on_off(snapshot.message_waiting),
            on_off(snapshot.do_not_disturb),
            None,
            None if snapshot.event is None else _SESSION_EVENTS[snapshot.event],
        )


def forwards_return(forwards: tuple[tuple[ForwardType, str], ...]) -> Forwards:
    """The answer to queryForward."""
    return Forwards(forwards_of(forwards))
