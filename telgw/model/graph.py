"""The graph: calls, devices, and the connections between them. One graph per link.

This is the whole truth of the gateway about calls; what clients see are views of it (`telgw.model.views`). The graph only keeps itself
consistent: a connection is always in a call and at a device, a call without connections does not exist. What events mean is decided in
`telgw.model.apply`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import count

from telgw.base.limits import DEAD_CALL_SECONDS, MAX_DEAD_CALLS
from telgw.model.callview import CallView
from telgw.model.commands import ConnectionID
from telgw.model.states import ConnectionState, EventCause, ForwardType, LineCause, Progress


class Call:
    """A call: `ref` is ours and is not used again within a day, `alias` is the link's."""

    __slots__ = ("alias", "conference", "connections", "diverting", "extra_data", "first_called", "left", "ref")

    def __init__(self, ref: str, alias: str) -> None:
        self.ref = ref
        self.alias = alias
        self.connections: dict[str, Connection] = {}
        self.conference = False
        self.extra_data: str | None = None
        #: the number first called, for everybody in the call
        self.first_called: str | None = None
        #: who sent the call on; shown when the call arrives somewhere
        self.diverting: str | None = None
        #: devices that left while the call went on: late events about them must not end it for those who stay
        self.left: set[str] = set()


class Connection:
    """One device in one call."""

    __slots__ = (
        "appearance",
        "call",
        "cause",
        "connected_at",
        "device",
        "ended_at",
        "first_called",
        "first_other",
        "guessed",
        "held_order",
        "last_redirection",
        "merged",
        "order",
        "outgoing",
        "peer",
        "progress",
        "shown",
        "state",
    )

    def __init__(self, call: Call, device: Device, order: int) -> None:
        self.call = call
        self.device = device
        #: rises with each connection of the graph: the age of a call at its device
        self.order = order
        self.state = ConnectionState.NULL
        self.progress = Progress.NONE
        self.outgoing = False
        #: number of the other party; "" = nobody yet, None = withheld
        self.peer: str | None = ""
        self.first_called: str | None = None
        self.last_redirection: str | None = None
        self.first_other: str | None = None
        self.cause: LineCause | None = None
        #: which of the device's call elements shows this connection (TelServices call/id)
        self.appearance = 0
        self.connected_at: float | None = None
        self.ended_at: float | None = None
        self.held_order = 0
        #: known only from the snapshot of another device: its own knows better
        self.guessed = False
        #: ended because its call was joined with the other call of the same element
        self.merged = False
        #: the number of this end as others see it (None = withheld): a link may have a name of its own for an end
        self.shown: str | None = device.number

    @property
    def id(self) -> ConnectionID:
        """The link's name of this connection."""
        return ConnectionID(self.call.alias, self.device.number)

    def __repr__(self) -> str:
        return f"<Connection {self.call.alias} {self.device.number} {self.state.value} {self.progress.name}>"


class Device:
    """A device of the PBX, or any other end of a call."""

    __slots__ = (
        "connections",
        "do_not_disturb",
        "forwards",
        "message_waiting",
        "monitored",
        "number",
        "published",
    )

    def __init__(self, number: str) -> None:
        self.number = number
        self.connections: list[Connection] = []
        self.monitored = False
        self.forwards: dict[ForwardType, str] = {}
        self.do_not_disturb = False
        self.message_waiting = False
        #: what was last told of each appearance: the connections it showed, and the view
        self.published: dict[int, tuple[tuple[Connection, ...], CallView]] = {}

    def __repr__(self) -> str:
        return f"<Device {self.number} {self.connections}>"


class Graph:
    """All calls of one link.

    `refs` numbers calls for the whole gateway: two links never give the same reference.
    """

    def __init__(self, refs: Iterator[str] | None = None) -> None:
        self._refs = refs if refs is not None else map(str, count(1))
        self._order = 0
        self.calls: dict[str, Call] = {}
        self.devices: dict[str, Device] = {}
        #: False between the loss of the link and the end of the next comparison with the PBX
        self.in_service = True
        #: devices whose next view waits for the second half of what just happened (see telgw.model.holding)
        self.held_back: set[Device] = set()
        #: connections whose duration starts again once it has been told (transfer)
        self.restarting: list[Connection] = []
        #: numbers of devices that must be compared with the PBX, and how often that was for an impossible event
        self.suspects: set[str] = set()
        self.illegal = 0
        #: calls that somebody has left since they were last looked at
        self.left: list[Call] = []
        self._dead: OrderedDict[str, float] = OrderedDict()

    def device(self, number: str) -> Device:
        """The device of that number, known from now on."""
        device = self.devices.get(number)
        if device is None:
            device = self.devices[number] = Device(number)
        return device

    def call(self, alias: str) -> Call:
        """The call that the link names `alias`, known from now on."""
        call = self.calls.get(alias)
        if call is None:
            call = self.calls[alias] = Call(next(self._refs), alias)
        return call

    def connect(self, call: Call, number: str) -> Connection:
        """A new connection of the device in the call."""
        device = self.device(number)
        self._order += 1
        connection = Connection(call, device, self._order)
        call.connections[number] = connection
        device.connections.append(connection)
        return connection

    def disconnect(self, connection: Connection, now: float, cause: LineCause | None = None) -> None:
        """The device has left the call; a call without connections is dead."""
        self.leave(connection, now, cause)
        if not connection.call.connections:
            self.bury(connection.call.alias, now)

    def leave(self, connection: Connection, now: float, cause: LineCause | None) -> None:
        """As `disconnect`, for a call that goes on even if nobody is left in it at this moment."""
        call, device = connection.call, connection.device
        connection.state = ConnectionState.NULL
        connection.ended_at = now
        connection.cause = cause
        if call.connections.get(device.number) is connection:
            del call.connections[device.number]
        device.connections.remove(connection)
        self.left.append(call)
        self._forget_idle(device)

    def forget_unfollowed(self) -> None:
        """Forget the calls that the last monitored device has left: their end would never be told."""
        for call in self.left:
            if call.connections and not any(one.device.monitored for one in call.connections.values()):
                self.forget(call)
        self.left.clear()

    def _forget_idle(self, device: Device) -> None:
        if not device.monitored and not device.connections:
            self.devices.pop(device.number, None)

    def give_appearance(self, connection: Connection, cause: EventCause = EventCause.NONE) -> None:
        """Say which call element of its device shows the connection; once given it stays.

        A call made while another is held is a consultation: it stands beside the held one, under the same id. Any other call gets the
        smallest id that is free.
        """
        if connection.appearance:
            return
        device = connection.device
        groups: dict[int, list[Connection]] = {}
        for other in device.connections:
            if other.appearance:
                groups.setdefault(other.appearance, []).append(other)
        if connection.outgoing and groups:
            consulting = cause is EventCause.CONSULTATION
            singles = [
                group[0]
                for group in groups.values()
                if len(group) == 1
                and (group[0].state is ConnectionState.HELD or (consulting and group[0].state is ConnectionState.CONNECTED))
            ]
            if singles:
                connection.appearance = max(singles, key=lambda single: single.held_order).appearance
                return
        appearance = 1
        while appearance in groups:
            appearance += 1
        connection.appearance = appearance

    def restart_durations(self, now: float) -> None:
        """The durations of transferred calls start again."""
        for connection in self.restarting:
            connection.connected_at = now
        self.restarting.clear()

    def suspect(self, device: Device) -> None:
        """Something impossible was told of the device: count it, and have the device compared with the PBX."""
        self.illegal += 1
        self.suspects.add(device.number)

    def move(self, connection: Connection, call: Call) -> None:
        """The device is now in `call` instead of its call; the connection stays the same one for those who watch."""
        old = connection.call
        if old.connections.get(connection.device.number) is connection:
            del old.connections[connection.device.number]
        connection.call = call
        call.connections[connection.device.number] = connection

    def next_order(self) -> int:
        """The next number of the order in which things happen."""
        self._order += 1
        return self._order

    def bury(self, alias: str, now: float) -> None:
        """The call is over: late events about it are ignored for a while."""
        self.calls.pop(alias, None)
        self._dead[alias] = now
        self._dead.move_to_end(alias)
        while len(self._dead) > MAX_DEAD_CALLS:
            self._dead.popitem(last=False)

    def revive(self, alias: str) -> None:
        """The link uses the name for a new call."""
        self._dead.pop(alias, None)

    def is_dead(self, alias: str, now: float) -> bool:
        """Whether a call of that name ended just now."""
        ended = self._dead.get(alias)
        return ended is not None and now - ended <= DEAD_CALL_SECONDS

    def forget_dead(self) -> None:
        """The link starts anew: its names mean other calls."""
        self._dead.clear()

    def monitor(self, number: str) -> Device:
        """Follow the device from now on."""
        device = self.device(number)
        device.monitored = True
        return device

    def unmonitor(self, number: str) -> None:
        """Follow the device no more: what only it knew is forgotten."""
        device = self.devices.get(number)
        if device is None:
            return
        device.monitored = False
        device.published.clear()
        self.held_back.discard(device)
        for connection in list(device.connections):
            if not any(other.device.monitored for other in connection.call.connections.values()):
                self.forget(connection.call)
        self._forget_idle(device)

    def drop(self, connection: Connection) -> None:
        """Remove the connection without a word, and its call if it was the last."""
        call = connection.call
        connection.state = ConnectionState.NULL
        call.connections.pop(connection.device.number, None)
        connection.device.connections.remove(connection)
        self._forget_idle(connection.device)
        if not call.connections:
            self.calls.pop(call.alias, None)

    def forget(self, call: Call) -> None:
        """Remove the call without a word: nobody follows it, or its link is gone."""
        for connection in list(call.connections.values()):
            connection.state = ConnectionState.NULL
            connection.device.connections.remove(connection)
            self._forget_idle(connection.device)
        call.connections.clear()
        self.calls.pop(call.alias, None)
