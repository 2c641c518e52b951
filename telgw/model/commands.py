"""What the gateway asks of a PBX: CSTA's services, with numbers where CSTA has device identifiers.

A command names connections by `ConnectionID`: the link's own call identifier and the device. A link answers every command with
exactly one outcome: the result named in the docstring ("nothing" is None), or a ServiceError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from telgw.model.states import ForwardType


class ConnectionID(NamedTuple):
    """One device in one call (ECMA-269 connectionID)."""

    call: str
    device: str


@dataclass(frozen=True, slots=True)
class MakeCall:
    """Call `called` from `device` without asking the person at `device` first. Result: the ConnectionID of the caller."""

    device: str
    called: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer the alerting connection. Result: nothing."""

    connection: ConnectionID


@dataclass(frozen=True, slots=True)
class ClearConnection:
    """Leave the call. Result: nothing."""

    connection: ConnectionID


@dataclass(frozen=True, slots=True)
class HoldCall:
    """Hold the connected connection. Result: nothing."""

    connection: ConnectionID


@dataclass(frozen=True, slots=True)
class RetrieveCall:
    """Take the held connection back. Result: nothing."""

    connection: ConnectionID


@dataclass(frozen=True, slots=True)
class ConsultationCall:
    """Hold the connected connection and call `called`. Result: the ConnectionID of the new call at the consulting device."""

    connection: ConnectionID
    called: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class AlternateCall:
    """Hold the active connection and retrieve the held one. Result: nothing."""

    active: ConnectionID
    held: ConnectionID


@dataclass(frozen=True, slots=True)
class ReconnectCall:
    """Clear the active connection and retrieve the held one. Result: nothing."""

    active: ConnectionID
    held: ConnectionID


@dataclass(frozen=True, slots=True)
class TransferCall:
    """Join the other ends of both calls and leave. Result: nothing."""

    active: ConnectionID
    held: ConnectionID


@dataclass(frozen=True, slots=True)
class ConferenceCall:
    """Join both calls. Result: nothing."""

    active: ConnectionID
    held: ConnectionID


@dataclass(frozen=True, slots=True)
class SingleStepConferenceCall:
    """Add `joining` to the call of the connection. Result: nothing."""

    connection: ConnectionID
    joining: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class SingleStepTransferCall:
    """Send the other end of the connected call to `destination` and leave. Result: nothing."""

    connection: ConnectionID
    destination: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class DeflectCall:
    """Send the alerting or queued call to `destination`. Result: nothing."""

    connection: ConnectionID
    destination: str
    extra_data: str | None = None


@dataclass(frozen=True, slots=True)
class DirectedPickupCall:
    """Answer at `device` the call that alerts elsewhere. Result: nothing."""

    connection: ConnectionID
    device: str


@dataclass(frozen=True, slots=True)
class AssociateData:
    """Put correlator data on the call. Result: nothing."""

    connection: ConnectionID
    extra_data: str


@dataclass(frozen=True, slots=True)
class SetForwarding:
    """Set one forwarding, or take it back. Result: nothing."""

    device: str
    type: ForwardType
    on: bool
    number: str


@dataclass(frozen=True, slots=True)
class GetForwarding:
    """Result: tuple of (ForwardType, number), the active ones."""

    device: str


@dataclass(frozen=True, slots=True)
class SetDoNotDisturb:
    """Result: nothing."""

    device: str
    on: bool


@dataclass(frozen=True, slots=True)
class GetDoNotDisturb:
    """Result: bool."""

    device: str


@dataclass(frozen=True, slots=True)
class GetMessageWaiting:
    """Result: bool."""

    device: str


Command = (
    MakeCall
    | AnswerCall
    | ClearConnection
    | HoldCall
    | RetrieveCall
    | ConsultationCall
    | AlternateCall
    | ReconnectCall
    | TransferCall
    | ConferenceCall
    | SingleStepConferenceCall
    | SingleStepTransferCall
    | DeflectCall
    | DirectedPickupCall
    | AssociateData
    | SetForwarding
    | GetForwarding
    | SetDoNotDisturb
    | GetDoNotDisturb
    | GetMessageWaiting
)
