"""`telgw run`: the daemon, in the foreground."""

from __future__ import annotations

from pathlib import Path

from telgw.app.cli.command import Parser

_SIGNALS = """
SIGTERM, SIGINT   stop within 5 s; exit code 0
SIGHUP            read the file again and apply the differences; sessions and calls stay. A wrong file changes nothing.

Exit code 1: it cannot run, such as when a port is taken. 2: the configuration is wrong.
"""


def main(arguments: list[str]) -> int:
    """Run until told to stop."""
    parser = Parser("run", "Run the gateway in the foreground. Without a file it is the demo with a simulated PBX.", _SIGNALS)
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="configuration file")
    parser.add_argument("--reactor", choices=("epoll", "asyncio"), default="epoll", help="event loop; asyncio uses uvloop if installed")
    options = parser.parse_args(arguments)
    from telgw.app.daemon import run

    return run(options.config, options.reactor)
