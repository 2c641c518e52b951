"""The model as TelServices prints it: views to `call` elements, changes to events, a session to a snapshot."""

from __future__ import annotations

from telgw.core.session import LineSnapshot, SessionChange, SessionEvent
from telgw.model.callview import WITHHELD, CallView, PartView
from telgw.model.changes import CallChanged, DoNotDisturbChanged, ForwardChanged, MessageWaitingChanged
from telgw.model.states import ForwardType
from telgw.wire.telservices.codec import encode_event
from telgw.wire.telservices.events import Event
from telgw.wire.telservices.records import Call, CallPart, Forward, Party
from telgw.wire.telservices.returns import DeviceState, DoNotDisturb, Forwards, MsgWaiting
from telgw.wire.telservices.vocabulary import OnOff
from telgw.wire.telservices.vocabulary import SessionEvent as PrintedSessionEvent

_SESSION_EVENTS = {event: PrintedSessionEvent(event.value) for event in SessionEvent}
_ON_OFF = {True: OnOff.ON, False: OnOff.OFF}
#: datagrams remembered: call events of the devices that are in use now; when it is full it starts anew
_REMEMBERED = 20_000


def on_off(state: bool) -> OnOff:
    """`<on/>` or `<off/>`."""
    return _ON_OFF[state]


def party_of(number: str, ref: str) -> Party:
    """The printed party; a withheld number is followed by the call reference, which tells calls apart (document, Call, otherParty)."""
    return Party(f"{WITHHELD}-{ref}" if number == WITHHELD else number)


def forwards_of(forwards: tuple[tuple[ForwardType, str], ...]) -> tuple[Forward, ...]:
    """The active forwards."""
    return tuple(Forward(number, type_, OnOff.ON) for type_, number in forwards)


class Projection:
    """Prints the model. The settings are those of section telservices in the configuration; set them with `configure`."""

    def __init__(self) -> None:
        self._datagrams: dict[object, bytes] = {}
        self.configure()

    def configure(self, call_reference: bool = False, device_number_in_all_events: bool = True, first_other_party: bool = False) -> None:
        """Print like this from now on."""
        self.call_reference = call_reference
        self.device_number_in_all_events = device_number_in_all_events
        self.first_other_party = first_other_party
        self._datagrams.clear()

    def part(self, part: PartView, now: float) -> CallPart:
        """A primCall or secCall; durations are those of `now`."""
        ref = part.ref
        return CallPart(
            part.state,
            party_of(part.other, ref),
            tuple(party_of(number, ref) for number in part.added) if part.added else None,
            party_of(part.first_other, ref) if part.first_other is not None and self.first_other_party else None,
            None if part.first_called is None else party_of(part.first_called, ref),
            None if part.last_redirection is None else party_of(part.last_redirection, ref),
            part.duration(now),
            part.outgoing,
            part.conference,
            ref if self.call_reference else None,
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

    def datagram(self, device: str, change: SessionChange, now: float) -> bytes:
        """The encoded event. The same words are said of every call between the same parties, so they are remembered."""
        if not isinstance(change, CallChanged):
            return encode_event(self.event(device, change, now))
        key = self._words_of(device, change.view, now)
        datagram = self._datagrams.get(key)
        if datagram is None:
            if len(self._datagrams) >= _REMEMBERED:
                self._datagrams.clear()
            datagram = self._datagrams[key] = encode_event(self.event(device, change, now))
        return datagram

    def _words_of(self, device: str, view: CallView, now: float) -> object:
        """Everything that the event of the view is made of. The reference counts only where it is printed."""
        id_, prim, sec, permitted, extra = view
        with_ref = self.call_reference or prim.other == WITHHELD or bool(prim.added)
        duration = 0 if prim.connected_at is None else prim.duration(now)
        words = (device, id_, prim[:9], duration, permitted, extra, prim.ref if with_ref else None)
        return words if sec is None else (words, sec[:10], sec.duration(now), prim.ref)

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
