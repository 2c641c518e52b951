"""`telgw sessions`: who follows which device, and an end to it."""

from __future__ import annotations

from typing import Any

from telgw.app.cli.command import Parser, table
from telgw.app.cli.web import Web, accepted, add_url, print_json


def main(arguments: list[str]) -> int:
    """List the sessions, or close one."""
    parser = Parser("sessions", "List the open sessions, or close the session of a device for all its clients.")
    parser.add_argument("action", choices=("list", "close"), nargs="?", default="list")
    parser.add_argument("device", nargs="?", help="whose session is closed")
    add_url(parser)
    options = parser.parse_args(arguments)
    if (options.action == "close") != (options.device is not None):
        parser.error("close needs a device" if options.device is None else "list takes no device")
    web = Web(options.url)
    if options.action == "close":
        value = accepted(*web.request("DELETE", "sessions", options.device))
        text = f"the session of {options.device} is closed"
    else:
        value = web.get("sessions")
        text = describe(value)
    if options.json:
        print_json(value)
    else:
        print(text)
    return 0


def describe(sessions: list[dict[str, Any]]) -> str:
    """The sessions for people."""
    if not sessions:
        return "no session is open"
    rows = [
        (
            session["device"],
            session["link"],
            "yes" if session["monitored"] else "no",
            session["seq"],
            "none" if session["timeout"] is None else f"{session['timeout']} s",
            ", ".join(map(_client, session["clients"])),
        )
        for session in sorted(sessions, key=lambda session: str(session["device"]))
    ]
    return table(("device", "link", "monitored", "seq", "timeout", "clients"), rows)


def _client(client: dict[str, Any]) -> str:
    where = f"{client['address']} UDP {client['port']}" if client["port"] else f"{client['address']} polls"
    return f"{where} restricted" if client["restricted"] else where
