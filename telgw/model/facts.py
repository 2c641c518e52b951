"""What a PBX link says has happened: CSTA's events, with numbers where CSTA has device identifiers.

A fact is about a call (the link's own identifier of it) and, for call control, about one connection of it: the *subject*, named by
`call` and `device`. `device` is a number of the PBX's plan when the link can tell it, otherwise any text that stays the same for the
life of that connection. Parties are numbers; None means that the PBX does not say (not known, or withheld).

A link may tell the same fact twice (two monitors, one call), late, or out of order; the model sorts that out. `Snapshot` is the other
kind of input: not what happened, but what is.
"""

from __future__ import annotations

from dataclasses import dataclass

from telgw.model.states import ConnectionState, EventCause, ForwardType, Progress


@dataclass(frozen=True, slots=True)
class ServiceInitiated:
    """The device went off hook, or a call is being made for it (ECMA-269 ServiceInitiated)."""

    call: str
    device: str
    cause: EventCause = EventCause.NONE


@dataclass(frozen=True, slots=True)
class Originated:
    """The dialled number is complete and accepted (ECMA-269 Originated)."""

    call: str
    device: str
    called: str | None
    cause: EventCause = EventCause.NONE
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class NetworkReached:
    """The call left the PBX over a trunk; whether the far end rings is not known (ECMA-269 NetworkReached)."""

    call: str
    device: str
    calling: str | None
    called: str | None
    cause: EventCause = EventCause.NONE


@dataclass(frozen=True, slots=True)
class Delivered:
    """`device` rings (ECMA-269 Delivered). `called` is the number first called, `redirecting` who sent the call on, if anybody."""

    call: str
    device: str
    calling: str | None
    called: str | None
    redirecting: str | None = None
    cause: EventCause = EventCause.NONE
    extra_data: str | None = None
    #: original party of the call that the caller holds, when the caller consults (TelServices firstOtherParty)
    consulting_for: str | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """The call waits in the queue of `device` (ECMA-269 Queued)."""

    call: str
    device: str
    calling: str | None
    called: str | None
    redirecting: str | None = None
    cause: EventCause = EventCause.NONE
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class Established:
    """`device` answered (ECMA-269 Established)."""

    call: str
    device: str
    calling: str | None
    called: str | None
    redirecting: str | None = None
    cause: EventCause = EventCause.NONE
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The call cannot be completed at `device`: busy, not obtainable, ... (ECMA-269 Failed)."""

    call: str
    device: str
    calling: str | None
    called: str | None
    cause: EventCause


@dataclass(frozen=True, slots=True)
class Held:
    """`device` put the call on hold (ECMA-269 Held)."""

    call: str
    device: str
    cause: EventCause = EventCause.NONE


@dataclass(frozen=True, slots=True)
class Retrieved:
    """`device` took the call back from hold (ECMA-269 Retrieved)."""

    call: str
    device: str
    cause: EventCause = EventCause.NONE


@dataclass(frozen=True, slots=True)
class ConnectionCleared:
    """`device` left the call (ECMA-269 ConnectionCleared)."""

    call: str
    device: str
    cause: EventCause = EventCause.NONE


@dataclass(frozen=True, slots=True)
class CallCleared:
    """The whole call is over (ECMA-269 CallCleared)."""

    call: str
    cause: EventCause = EventCause.NONE


@dataclass(frozen=True, slots=True)
class Diverted:
    """The call left `device` for `destination` before it was answered there (ECMA-269 Diverted)."""

    call: str
    device: str
    destination: str | None
    cause: EventCause = EventCause.NONE


@dataclass(frozen=True, slots=True)
class Transferred:
    """`device` joined the other ends of its calls and left (ECMA-269 Transferred).

    `call` is the resulting call (new, or one of the old ones); `parties` are its devices with the call each of them was in before.
    `destination` is the device transferred to. A single-step transfer has no `secondary_old`; `destination` then starts to ring.
    """

    call: str
    device: str
    primary_old: str
    secondary_old: str | None
    parties: tuple[tuple[str, str], ...]
    destination: str | None
    cause: EventCause = EventCause.TRANSFER


@dataclass(frozen=True, slots=True)
class Conferenced:
    """`device` joined its calls, and stays; or it added one party (single step) (ECMA-269 Conferenced).

    `call` is the resulting call; `parties` are all its devices, `device` included, with the call each of them was in before.
    """

    call: str
    device: str
    primary_old: str
    secondary_old: str | None
    added: str | None
    parties: tuple[tuple[str, str], ...]
    cause: EventCause = EventCause.CONFERENCE


@dataclass(frozen=True, slots=True)
class CallInformation:
    """The correlator data of the call changed (ECMA-269 CallInformation)."""

    call: str
    device: str
    extra_data: str


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A forwarding of `device` was set or taken back (ECMA-269 Forwarding)."""

    device: str
    type: ForwardType
    on: bool
    number: str


@dataclass(frozen=True, slots=True)
class DoNotDisturb:
    """`device` refuses calls, or takes them again (ECMA-269 DoNotDisturb)."""

    device: str
    on: bool


@dataclass(frozen=True, slots=True)
class MessageWaiting:
    """The message lamp of `device` (ECMA-269 MessageWaiting)."""

    device: str
    on: bool


CallFact = (
    ServiceInitiated
    | Originated
    | NetworkReached
    | Delivered
    | Queued
    | Established
    | Failed
    | Held
    | Retrieved
    | ConnectionCleared
    | CallCleared
    | Diverted
    | Transferred
    | Conferenced
    | CallInformation
)
FeatureFact = Forwarding | DoNotDisturb | MessageWaiting
Fact = CallFact | FeatureFact


@dataclass(frozen=True, slots=True)
class ConnectionSnapshot:
    """One call of a device as the PBX sees it now.

    `others` are the other connections of the call that the PBX tells, with their states. `progress` may be left to be derived from
    them. `outgoing` None: not told.
    """

    call: str
    state: ConnectionState
    others: tuple[tuple[str, ConnectionState], ...] = ()
    outgoing: bool | None = None
    calling: str | None = None
    called: str | None = None
    first_called: str | None = None
    redirecting: str | None = None
    conference: bool = False
    extra_data: str | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """What a PBX says of one device now. A feature that is None is not told, and stays what it was."""

    device: str
    calls: tuple[ConnectionSnapshot, ...] = ()
    forwards: tuple[tuple[ForwardType, str], ...] | None = None
    do_not_disturb: bool | None = None
    message_waiting: bool | None = None
