"""`telgw status`: what a running gateway does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from telgw.app.cli.command import EXIT_FAILED, CommandError, Parser, table
from telgw.app.cli.web import Web, add_url, print_json


def main(arguments: list[str]) -> int:
    """Print the status. Exit code 1 when the gateway does not answer, or is not ready."""
    parser = Parser("status", "Show what a running gateway does. Exit code 1: it does not answer, or is starting or stopping.")
    add_url(parser)
    options = parser.parse_args(arguments)
    code, status = Web(options.url).request("GET", "status")
    if not isinstance(status, dict) or "links" not in status:
        raise CommandError(f"{options.url} answered something else than the status of a gateway")
    if options.json:
        print_json(status)
    else:
        print(describe(status))
    return 0 if code == 200 else EXIT_FAILED


def describe(status: dict[str, Any]) -> str:
    """The status for people."""
    counts = "  ".join(f"{name} {status.get(key, '?')}" for key, name in _COUNTS.items())
    links = [
        (link["name"], link["driver"], link["state"], _local(link["since"]), link.get("monitored", ""), link.get("calls", ""),
         link["reason"])
        for link in status["links"]
    ]  # fmt: skip
    lines = [f"telgw {status['version']}  {status['status']}  up {length(status['uptime'])}", counts, ""]
    return "\n".join([*lines, table(("link", "driver", "state", "since", "monitored", "calls", "reason"), links)])


_COUNTS = {"sessions": "sessions", "calls": "calls", "waiting_polls": "waiting polls", "connections": "connections"}


def length(seconds: float) -> str:
    """A length of time as people say it: `3d 4h`, `2h 05m`, `17s`."""
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes:02d}m"
    return f"{minutes}m {whole % 60:02d}s" if minutes else f"{whole}s"


def _local(timestamp: str) -> str:
    try:
        return datetime.fromisoformat(timestamp).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return timestamp
