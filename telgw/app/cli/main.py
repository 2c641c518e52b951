"""`telgw`: finds the sub-command that was asked for, runs it, and turns what goes wrong into one line and an exit code.

Exit codes: 0 done, 1 it could not be done, 2 the command line or the configuration is wrong. Only the module of the sub-command is
imported, so that `telgw --help` does not wait for an XML library, nor `telgw status` for a reactor.
"""

from __future__ import annotations

import importlib
import os
import sys

from telgw import __version__
from telgw.app.cli.command import EXIT_FAILED, EXIT_USAGE, CommandError, UsageError, did_you_mean, printable

#: sub-command -> what it does; each is the function `main(arguments) -> exit code` of the module of that name
COMMANDS = {
    "run": "run the gateway, in the foreground",
    "check": "say what is wrong in a configuration file",
    "config": "print the effective configuration, defaults included",
    "status": "show what a running gateway does: links, sessions, calls",
    "send": "send one TelServices request and print the answer",
    "watch": "follow devices: print their events as they come",
    "sim": "act on the phones, lines and faults of a simulated PBX",
    "sessions": "list sessions, close one",
    "authorised": "list the devices that have authenticated, revoke one",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    name = arguments[0] if arguments else ""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show must not stop us
    if name in ("-h", "--help", "help"):
        print(_help())
        return 0
    if name in ("-V", "--version", "version"):
        print(f"telgw {__version__}")
        return 0
    try:
        if name not in COMMANDS:
            what = f"there is no command {name!r}{did_you_mean(name, COMMANDS)}" if name else "a command is missing"
            raise UsageError(f"{what} (telgw --help lists them)")
        module = importlib.import_module(f"telgw.app.cli.{name}")
        code: int = module.main(arguments[1:])
        sys.stdout.flush()
        return code
    except CommandError as error:
        prefix = f"telgw {name}" if name in COMMANDS else "telgw"
        print(f"{prefix}: {printable(str(error))}", file=sys.stderr, flush=True)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED
    except BrokenPipeError:
        # whoever read our output has seen enough; what Python would still write at its end goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 128 + 2  # as shells count an end by SIGINT


def _help() -> str:
    lines = [f"  {name:12}{text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: telgw COMMAND ...",
            "",
            "A telephony gateway: many client protocols over one call model, many kinds of PBX.",
            "",
            *lines,
            "",
            "telgw COMMAND --help tells more; telgw --version prints the version.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
