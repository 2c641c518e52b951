"""`telgw sim`: hands at the phones of a simulated PBX, voices from outside, and faults of its link.

What may be done, and with which parameters, is the simulated PBX's own knowledge: everything goes to its control over HTTP, and what is
not possible comes back with the reason.
"""

from __future__ import annotations

from typing import Any

from telgw.app.cli.command import CommandError, Parser, UsageError
from telgw.app.cli.web import Web, accepted, add_url, print_json

_USAGE = "telgw sim [--link NAME] [--url URL] [--json] WHAT ..."
_EPILOG = """
  telgw sim devices                              what is in use
  telgw sim 1101                                 one phone
  telgw sim 1101 lift | hang-up | answer | hold | retrieve | flash | transfer | conference
  telgw sim 1101 dial 1102                       lifts the handset when needed
  telgw sim 1101 pickup 1102                     answers what rings at 1102
  telgw sim 1101 do-not-disturb on
  telgw sim 1101 forward immediate 1103          ... forward immediate state=off
  telgw sim 1101 behaviour auto 2s               or manual, never, busy
  telgw sim external-call --from 0160127764 --to 1102      without --from the number is withheld
  telgw sim external-answer NUMBER               the party outside; also by the name of its line (T1)
  telgw sim external-hang-up NUMBER
  telgw sim message-waiting 1101 on              the lamp
  telgw sim faults                               those of now
  telgw sim faults '{"link": "down"}'            replaces them all; '{}' clears them

Parameters may be given by name: telgw sim 1101 dial number=1102
"""

#: action at a phone -> its parameters in the order in which they are typed
_ACTIONS = {
    "dial": ("number",),
    "pickup": ("number",),
    "do_not_disturb": ("state",),
    "forward": ("type", "number", "state"),
    "behaviour": ("answer", "after"),
}
_PLAIN_ACTIONS = ("lift", "hang_up", "answer", "hold", "retrieve", "flash", "transfer", "conference")
_GLOBAL = {
    "external_call": ("from", "to"),
    "external_answer": ("number",),
    "external_hang_up": ("number",),
    "message_waiting": ("device", "state"),
}


def main(arguments: list[str]) -> int:
    """Do what the command line says, and print what the thing acted upon looks like now."""
    parser = Parser("sim", "Act on a simulated PBX.", _EPILOG, _USAGE)
    parser.add_argument("what", nargs="+", metavar="WHAT", help="devices, faults, a number and an action, ...: see below")
    parser.add_argument("--link", metavar="NAME", help="which link, when several are simulated")
    parser.add_argument("--from", dest="caller", metavar="NUMBER", help="external-call: who calls")
    parser.add_argument("--to", dest="called", metavar="NUMBER", help="external-call: who is called")
    add_url(parser)
    options = parser.parse_args(arguments)
    method, segments, query, body = _request(options.what, options.caller, options.called)
    web = Web(options.url)
    link = options.link or _only_link(web)
    value = accepted(*web.request(method, "sim", link, *segments, body=body, **query))
    if options.json or segments == ("faults",) or not isinstance(value, dict):
        print_json(value)
    else:
        print(describe(value))
    return 0


def _only_link(web: Web) -> str:
    _, status = web.request("GET", "status")
    links = status.get("links") if isinstance(status, dict) else None
    names = [link["name"] for link in links or () if link["driver"] == "simulated"]
    if not names:
        raise CommandError("no link of this gateway is simulated")
    if len(names) > 1:
        raise UsageError(f"several links are simulated: --link {' or --link '.join(names)}")
    return str(names[0])


Request = tuple[str, tuple[str, ...], dict[str, str], bytes | None]


def _request(words: list[str], caller: str | None, called: str | None) -> Request:
    """Method, path, query and body of what was typed."""
    first, *rest = words
    name = first.replace("-", "_")
    given = {key: value for key, value in (("from", caller), ("to", called)) if value is not None}
    if given and name != "external_call":
        raise UsageError("--from and --to belong to external-call")
    if name == "devices" and not rest:
        return "GET", ("devices",), {}, None
    if name == "faults":
        if len(rest) > 1:
            raise UsageError("faults takes one JSON object, in quotes: telgw sim faults '{\"link\": \"down\"}'")
        return ("POST", ("faults",), {}, rest[0].encode("utf-8", "replace")) if rest else ("GET", ("faults",), {}, None)
    if name in _GLOBAL:
        return "POST", (name,), _parameters(first, rest, _GLOBAL[name], given), None
    if name == "devices":
        rest, first = rest[1:], rest[0]
    elif name in _ACTIONS or name in _PLAIN_ACTIONS:
        raise UsageError(f"{first} is done at a phone: telgw sim 1101 {first} ...")
    elif not any(character.isdigit() for character in first):
        raise UsageError(f"{first!r} is neither a number nor something that can be done (telgw sim --help)")
    if not rest:
        return "GET", ("devices", first), {}, None
    action = rest[0].replace("-", "_")
    return "POST", ("devices", first, action), _parameters(rest[0], rest[1:], _ACTIONS.get(action, ()), {}), None


def _parameters(what: str, words: list[str], names: tuple[str, ...], given: dict[str, str]) -> dict[str, str]:
    """Parameters as they were typed: by name, or in their order."""
    values = dict(given)
    free: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name.replace("-", "_").isidentifier():
            values[name.replace("-", "_")] = value
        else:
            free.append(word)
    places = [name for name in names if name not in values]
    if len(free) > len(places):
        takes = " ".join(name.upper() for name in names) or "nothing"
        raise UsageError(f"{what} takes {takes}; there is no place for {free[len(places)]!r}")
    return values | dict(zip(places, free, strict=False))


def describe(value: dict[str, Any]) -> str:
    """What the control answered, for people."""
    if "ranges" in value:
        return _pbx(value)
    if "kind" in value:
        return _end(value)
    if "to" in value:
        caller = value["from"] or "a withheld number"
        where = value.get("device") or value["to"]
        why = f" ({value['cause']})" if "cause" in value else ""
        return f"{caller} calls {value['to']} on {value['trunk']}: {value['state']} at {where}{why}"
    if "trunk" in value:
        return _line(value)
    return "\n".join(f"{key}: {item}" for key, item in value.items())


def _pbx(value: dict[str, Any]) -> str:
    trunks = value["trunks"]
    devices = ", ".join(value["ranges"])
    lines = [f"{value['count']} devices ({devices}), {value['monitored']} monitored, {value['calls']} calls"]
    if value["routing_devices"]:
        lines.append(f"routing devices: {', '.join(value['routing_devices'])}")
    lines += [_end(end) for end in value["devices"]]
    lines += [_line(line) for line in trunks["lines"]]
    return "\n".join(lines)


def _end(end: dict[str, Any]) -> str:
    notes = ["queue" if end["kind"] == "queue" else f"{end['hook']} hook"]
    if end.get("lamp"):
        notes.append("message waiting")
    if end.get("do_not_disturb"):
        notes.append("do not disturb")
    notes += [f"forward {forward['type']} to {forward['number']}" for forward in end.get("forwards", ())]
    behaviour = end.get("behaviour", {})
    if behaviour.get("answer", "manual") != "manual":
        after = f" after {behaviour['after']}" if "after" in behaviour else ""
        notes.append(f"answers: {behaviour['answer']}{after}")
    if end["monitored"]:
        notes.append("monitored")
    return "\n".join([f"{end['number']}: {', '.join(notes)}", *map(_call, end["calls"])])


def _line(line: dict[str, Any]) -> str:
    return "\n".join([f"{line['trunk']}: outside party {line['number'] or 'withheld'}", *map(_call, line["calls"])])


def _call(call: dict[str, Any]) -> str:
    other = "a withheld number" if call["other"] is None else call["other"] or "nobody yet"
    notes = [f"  {call['call']} {call['state']}", ("to " if call["outgoing"] else "from ") + other]
    if call["conference"]:
        notes.append("conference of " + ", ".join(party["device"] for party in call["parties"]))
    notes += [f"{key.replace('_', ' ')} {call[key]}" for key in ("failed", "redirecting", "extra_data") if key in call]
    return ", ".join(notes)
