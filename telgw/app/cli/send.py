"""`telgw send`: one TelServices request, typed or piped in, and its answer."""

from __future__ import annotations

import sys
from typing import Any

from telgw.app.cli.command import EXIT_FAILED, CommandError, Parser, UsageError, did_you_mean
from telgw.app.cli.port import Port, add_port, document_of

_USAGE = "telgw send [options] --SERVICE VALUE ... [name=value ...]\n       telgw send [options] < request.xml"
_EPILOG = """
Examples:
  telgw send --open-session 1101
  telgw send --make-call 1101 1102 extraData=order-4711
  telgw send --drop-call 1101
  telgw send --forward 1101 1103 immediate on
  telgw send --http --snapshot 1101 timeout=60 snapshotSeq=1

telgw send --SERVICE --help tells the values of a service. Services:

"""


def main(arguments: list[str]) -> int:
    """Send and print. Exit code 0: a result; 1: an error, or no answer; 2: the command line is wrong."""
    from telgw.app.cli.verbs import plain, verbs
    from telgw.wire.telservices.codec import encode_request

    parser = Parser("send", "Send one TelServices request and print the answer.", usage=_USAGE)
    add_port(parser)
    parser.add_argument("--raw", action="store_true", help="print the answer as it came, without line breaks")
    ours, rest = _split(parser, arguments)
    named = [word for word in rest if word.startswith("--") and plain(word) in verbs()]
    verb = verbs()[plain(named[0])] if named else None
    if "-h" in rest or "--help" in rest:
        if verb is None:
            parser.epilog = _EPILOG + "\n".join(f"  {one.usage.removeprefix('telgw send ')}" for one in verbs().values())
            parser.print_help()
        else:
            print(_verb_help(verb))
        return 0
    port = Port.of(parser.parse_args(ours))
    if verb is not None:
        rest.remove(named[0])
        request = encode_request(verb.request(rest))
    elif rest:
        unknown = rest[0]
        hint = did_you_mean(unknown, [one.option for one in verbs().values()]) if unknown.startswith("-") else ""
        raise UsageError(f"{unknown!r} is no service{hint} (telgw send --help lists them)")
    else:
        request = _standard_input()
    return _exchange(port, request, raw="--raw" in ours)


def _split(parser: Parser, arguments: list[str]) -> tuple[list[str], list[str]]:
    """The options of the command itself, wherever they stand, and all other words."""
    takes_value = {name: action.nargs != 0 for action in parser._actions for name in action.option_strings if action.dest != "help"}
    ours: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        name, equals, _ = word.partition("=")
        if name not in takes_value:
            rest.append(word)
            continue
        ours.append(word)
        if takes_value[name] and not equals and (value := next(words, None)) is not None:
            ours.append(value)
    return ours, rest


def _verb_help(verb: Any) -> str:
    rows = [
        (f"  {one.placeholder}", f"{one.name}: {one.expected}") if one.required else (f"  {one.name}=", one.expected)
        for one in verb.parameters
    ]
    width = max(len(name) for name, _ in rows) + 2
    lines = [f"usage: {verb.usage}", ""]
    return "\n".join([*lines, *(f"{name:{width}}{expected}" for name, expected in rows)])


def _standard_input() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("no request: name a service, such as --make-call 1101 1102, or pipe XML in (telgw send --help)")
    request = sys.stdin.buffer.read()
    if not request.strip():
        raise UsageError("no request: standard input is empty, and no service is named (telgw send --help)")
    return request


def _exchange(port: Port, request: bytes, raw: bool) -> int:
    from telgw.app.cli.words import ERRORS, indented
    from telgw.base.outcome import ErrorCode
    from telgw.wire.errors import RemoteProtocolError
    from telgw.wire.telservices.codec import decode_return

    document = document_of(port.exchange(request, port.patience + _poll_time(request)))
    try:
        answer = decode_return(document)
        text = document.decode("utf-8", "replace") if raw else indented(document)
    except RemoteProtocolError as error:
        raise CommandError(f"what {port.address} answered is no TelServices answer: {error.reason}") from None
    print(text, flush=True)
    if isinstance(answer, ErrorCode):
        print(f"telgw send: {answer.value}: {ERRORS[answer]}", file=sys.stderr)
        return EXIT_FAILED
    return 0


def _poll_time(request: bytes) -> float:
    """The seconds that the request itself asks the gateway to wait."""
    from telgw.wire.errors import RemoteProtocolError
    from telgw.wire.telservices.codec import decode_request
    from telgw.wire.telservices.requests import Snapshot

    try:
        asked = decode_request(request)
    except RemoteProtocolError:
        return 0.0
    poll = asked.result_on_event if isinstance(asked, Snapshot) else None
    return 0.0 if poll is None else max(0.0, min(float(poll.timeout), 300.0))
