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
from telgw.wire.xmlsafe import escape

_SESSION_EVENTS = {event: PrintedSessionEvent(event.value) for event in SessionEvent}
_ON_OFF = {True: OnOff.ON, False: OnOff.OFF}
#: marks that stand for the words of an event while its shape is made
_DEVICE, _OTHER, _ID, _DURATION = "deviceMark", "otherMark", 777_777, 888_888


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
        #: text of the event of a plain call, by (state, cause, isOutgoing, isConference, permitted services)
        self._shapes: dict[object, str] = {}
        self.configure()

    def configure(self, call_reference: bool = False, device_number_in_all_events: bool = True, first_other_party: bool = False) -> None:
        """Print like this from now on."""
        self.call_reference = call_reference
        self.device_number_in_all_events = device_number_in_all_events
        self.first_other_party = first_other_party
        self._shapes.clear()

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
        """The encoded event.

        Nearly every event is that of one call without a history: those of the same shape differ in four words, so their text is kept
        with the words left out. There are as many shapes as states and causes, not as many as devices.
        """
        if not isinstance(change, CallChanged):
            return encode_event(self.event(device, change, now))
        id_, prim, sec, permitted, extra = change.view
        state, other, added, first_other, first_called, last, outgoing, conference, cause, ref, connected_at, _ = prim
        if sec or added or first_other or first_called or last or extra is not None or self.call_reference:
            return encode_event(self.event(device, change, now))
        shape = (state, cause, outgoing, conference, permitted)
        text = self._shapes.get(shape)
        if text is None:
            text = self._shapes[shape] = self._shape_of(change.view)
        if other == WITHHELD:
            other = f"{WITHHELD}-{ref}"
        if not other.isalnum():
            other = escape(other)
        if not device.isalnum():
            device = escape(device)
        number = f"<number>{other}</number>" if other else "<number/>"
        return (text % (device, id_, number, 0 if connected_at is None else prim.duration(now))).encode()

    def _shape_of(self, view: CallView) -> str:
        """The text of the event of such a view, made by the codec, with marks for the four words."""
        marked = view._replace(id=_ID, prim=view.prim._replace(other=_OTHER, connected_at=0.0, ended_at=float(_DURATION)))
        text = encode_event(Event(_DEVICE, self.call(marked, 0.0))).decode()
        text = text.replace("%", "%%")
        number = f"<number>{_OTHER}</number>"
        for mark, place in ((_DEVICE, "%s"), (f"<id>{_ID}<", "<id>%d<"), (number, "%s"), (f">{_DURATION}<", ">%d<")):
            assert text.count(mark) == 1, text
            text = text.replace(mark, place)
        return text

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
