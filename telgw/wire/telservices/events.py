"""Events: TelServiceEvent tells one thing about one device.

Only the call events of the document carry a deviceNumber. A client may follow several devices on one port, so the gateway gives it in
every event; a reader must not count on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from telgw.wire.telservices.records import AgentInfo, Call, Forward
from telgw.wire.telservices.returns import DoNotDisturb, MsgWaiting
from telgw.wire.telservices.schema import Element, OneOf
from telgw.wire.telservices.vocabulary import SessionEvent

#: What an event may tell; the class decides the element.
Content = AgentInfo | Call | Forward | DoNotDisturb | MsgWaiting | SessionEvent

#: Every kind of event by its printed name, in the order of the document.
EVENTS: Mapping[str, Any] = {
    "agent": AgentInfo,
    "call": Call,
    "forward": Forward,
    "doNotDisturb": DoNotDisturb,
    "msgWaiting": MsgWaiting,
    "session": SessionEvent,
}


class Event(NamedTuple):
    """Events: what happened (`content`) at which device."""

    device_number: str | None
    content: Annotated[Content, Element("event"), OneOf("event", EVENTS)]
