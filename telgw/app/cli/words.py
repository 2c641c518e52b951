"""Answers and events in words: indented XML, and one line for each event."""

from __future__ import annotations

from typing import Any

from lxml import etree

from telgw.app.cli.command import printable
from telgw.base.outcome import ErrorCode
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import ANSWER_LIMITS
from telgw.wire.telservices.events import Event
from telgw.wire.telservices.records import AgentInfo, Call, CallPart, Forward, Party
from telgw.wire.telservices.returns import DoNotDisturb, MsgWaiting
from telgw.wire.telservices.vocabulary import SessionEvent
from telgw.wire.xmlsafe import DocumentScanner, parse_document

ERRORS = {
    ErrorCode.PBX_LINK_OUT_OF_SERVICE: "the link to the PBX of this device is down",
    ErrorCode.PBX_REJECT: "the PBX refuses, or no link owns the device",
    ErrorCode.PBX_TIMEOUT: "the PBX did not answer in time",
    ErrorCode.NO_CALL: "the device has no call in a state that allows this",
    ErrorCode.NO_OPEN_SESSION: "the device has no open session: open one first",
    ErrorCode.SESSION_LIMIT_EXCEEDED: "as many sessions are open as the configuration allows",
    ErrorCode.REJECT: "the gateway does not take this request; its log says why",
    ErrorCode.INVALID_CREDENTIALS: "the first session of a device needs userID and userPassword of the administrator",
    ErrorCode.RESOURCE_ERROR: "the gateway has come to a limit, or failed; its log says why",
}


def indented(document: bytes) -> str:
    """The XML, one element on a line. Raises RemoteProtocolError when it is no XML."""
    scanned = DocumentScanner(ANSWER_LIMITS).receive_data(document)
    if scanned is None:
        raise RemoteProtocolError("the XML is incomplete")
    root = parse_document(scanned)
    etree.indent(root)
    return printable(etree.tostring(root, encoding="unicode"))


def event_text(event: Event) -> str:
    """An event in one line, without the device."""
    content = event.content
    if isinstance(content, Call):
        return call_text(content)
    if isinstance(content, Forward):
        return printable(f"forward {content.type.value} to {content.number}: {content.state.value}")
    if isinstance(content, DoNotDisturb):
        return f"do not disturb: {content.state.value}"
    if isinstance(content, MsgWaiting):
        return f"message waiting: {content.state.value}"
    if isinstance(content, AgentInfo):
        user = f" {content.user_id}" if content.user_id else ""
        return printable(f"agent{user}: {content.state.value}")
    assert isinstance(content, SessionEvent)
    return f"session: {content.value}"


def call_text(call: Call) -> str:
    """A call element in one line."""
    parts = [_part(part) for part in (call.prim_call, call.sec_call) if part is not None]
    notes = [f"extra data {call.extra_data}"] if call.extra_data else []
    services = " ".join(service.value for service in call.permitted_services or ())
    text = f"call {call.id}: {' | '.join(parts)}{''.join(f', {note}' for note in notes)}"
    return printable(f"{text}  [{services}]" if services else text)


def _part(part: CallPart) -> str:
    words: list[Any] = [part.state.value]
    if part.other_party.number:
        words += ["to" if part.is_outgoing else "from", _party(part.other_party)]
    text = " ".join(words)
    notes = []
    if part.cause is not None:
        notes.append(part.cause.label)
    if part.is_conference:
        notes.append("conference with " + ", ".join(_party(party) for party in part.added_parties or ()))
    for what, party in (
        ("about", part.first_other_party),
        ("first called", part.first_called_party),
        ("by way of", part.last_redirection_party),
    ):
        if party is not None:
            notes.append(f"{what} {_party(party)}")
    if part.call_reference is not None:
        notes.append(f"reference {part.call_reference}")
    if part.duration:
        notes.append(f"{part.duration // 60}:{part.duration % 60:02d}")
    return ", ".join([text, *notes])


def _party(party: Party) -> str:
    return f"{party.number} ({party.name})" if party.name else party.number
