"""Write docs/states.md from the tables of the model: `draw_states.py`, or with `--check` only say whether the page differs.

The page shows what the code does, because it is made from what the code reads: telgw.model.table, telgw.model.views, telgw.model.permitted.
What it cannot show is what an event does to the other connections of its call; that is told by the functions that telgw.model.apply calls.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from telgw.model.graph import Graph
from telgw.model.permitted import (
    PERMITTED_ALONE,
    PERMITTED_CALLER_QUEUED,
    PERMITTED_CONFERENCE,
    PERMITTED_PAIR,
    TWO_CALLS,
)
from telgw.model.states import ConnectionState, LineService, LineState, Progress
from telgw.model.table import PROGRESS_OF, TRANSITIONS, Event, Verdict, progress_after
from telgw.model.views import line_state

PAGE = Path(__file__).parent.parent / "docs" / "states.md"


def page() -> str:
    """The whole page."""
    return "\n".join([*_head(), *_diagram(), *_transitions(), *_progress(), *_line_states(), *_permitted()]) + "\n"


def _head() -> Iterator[str]:
    yield from (
        "# States",
        "",
        "<!-- This page is written by tools/draw_states.py from the tables in telgw/model: `make docs` writes it again. -->",
        "",
        "A *connection* is one device in one call. Events of the PBX move connections; what a client is shown is computed from them.",
        "",
    )


def _diagram() -> Iterator[str]:
    yield from ("## A connection", "", "```mermaid", "stateDiagram-v2", "    direction LR")
    edges: dict[tuple[ConnectionState, ConnectionState], list[str]] = {}
    for (state, event), entry in TRANSITIONS.items():
        if not isinstance(entry, Verdict):
            edges.setdefault((state, entry), []).append(event.value)
    for (source, target), events in edges.items():
        one, other = ("[*]" if state is ConnectionState.NULL else state.value for state in (source, target))
        yield f"    {one} --> {other}: {', '.join(events)}"
    yield from ("```", "")


def _table(header: Sequence[str], rows: Iterator[Sequence[str]] | list[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("---" for _ in header) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def _transitions() -> Iterator[str]:
    yield from (
        "Every state and every event have an entry:",
        "",
        "* a state: the connection is in it from now on;",
        "* `ignored`: old news, which changes nothing: events overtake each other, and PBXs repeat themselves;",
        "* `illegal`: it cannot have happened. The event is dropped and counted, and the device is compared with the PBX.",
        "",
    )
    rows = [
        [event.value, *(_entry(TRANSITIONS[state, event]) for state in ConnectionState)]
        for event in Event
    ]  # fmt: skip
    yield from _table(("event", *(state.value for state in ConnectionState)), rows)


def _entry(entry: ConnectionState | Verdict) -> str:
    return f"*{entry.value}*" if isinstance(entry, Verdict) else f"**{entry.value}**"


def _progress() -> Iterator[str]:
    yield from (
        "## What the other ends of the call learn",
        "",
        "A connection also knows how far the call has come at its other end, its *progress*. When a connection comes to a state, the other",
        "connections of the call learn:",
        "",
    )
    yield from _table(("state", "progress at the other ends"), [[s.value, p.name.lower()] for s, p in PROGRESS_OF.items()])
    yield "What is known (rows) changes by what is told (columns): a conversation is never taken back."
    yield ""
    rows = [[f"**{known.name.lower()}**", *(progress_after(known, told).name.lower() for told in Progress)] for known in Progress]
    yield from _table(("", *(told.name.lower() for told in Progress)), rows)


def _line_states() -> Iterator[str]:
    yield from (
        "## What a client is shown",
        "",
        "The state of a call in TelServices is the connection's own; while that is `connected`, it is what is known of the other end.",
        "",
    )
    rows = []
    for state in ConnectionState:
        shown = {progress: line_state_of(state, progress) for progress in Progress}
        if len(set(shown.values())) == 1:
            rows.append([state.value, "any", next(iter(shown.values())).value])
        else:
            rows += [[state.value, progress.name.lower(), line.value] for progress, line in shown.items()]
    yield from _table(("connection", "progress", "state of the call"), rows)


def line_state_of(state: ConnectionState, progress: Progress) -> LineState:
    """The state of a call whose connection is in `state` and knows `progress` of its other end."""
    graph = Graph()
    connection = graph.connect(graph.call("any"), "1101")
    connection.state, connection.progress = state, progress
    return line_state(connection)


def _services(services: Sequence[LineService]) -> str:
    return ", ".join(service.value for service in services) or "none"


def _permitted() -> Iterator[str]:
    yield from (
        "## Permitted services",
        "",
        "What is listed in `permittedServices` is accepted, and nothing else. A new `makeCall` is possible at any time and never listed;",
        "`addPartyToCall`, which the vocabulary does not have, is possible in `connected` and `hold`.",
        "",
        "A call that is the only one of its device:",
        "",
    )
    rows = [[state.value, _services(PERMITTED_ALONE[state])] for state in LineState]
    rows.insert(
        list(LineState).index(LineState.CONNECTED) + 1, ["connected, in a conference of three or more", _services(PERMITTED_CONFERENCE)]
    )
    rows.insert(list(LineState).index(LineState.QUEUED) + 1, ["queued, seen by the caller", _services(PERMITTED_CALLER_QUEUED)])
    yield from _table(("state", "permitted"), rows)
    yield "A consultation: one call element of two calls, one of them held, by the state of the other:"
    yield ""
    yield from _table(
        ("the other call", "permitted"), [[state.value, _services(services)] for state, services in PERMITTED_PAIR.items()]
    )
    yield from (
        "An active and a held call in two call elements: the active one lists what it lists alone and then the following, the held one",
        "lists the following only:",
        "",
    )
    yield from _table(("the active call", "permitted in both"), [[state.value, _services(more)] for state, more in TWO_CALLS.items()])


def main(arguments: list[str]) -> int:
    """Write the page; with --check, leave it and return 1 when it differs."""
    wanted = page().rstrip("\n") + "\n"
    if "--check" in arguments:
        return int(not PAGE.exists() or PAGE.read_text("utf-8") != wanted)
    PAGE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
