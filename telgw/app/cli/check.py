"""`telgw check`: what is wrong in a configuration file, one line for each fault."""

from __future__ import annotations

import sys
from pathlib import Path

from telgw.app.cli.command import EXIT_USAGE, Parser


def main(arguments: list[str]) -> int:
    """Check the file without starting anything."""
    parser = Parser(
        "check", "Check a configuration file. Exit code 0: nothing is wrong. 2: one line on standard error for each fault."
    )
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="configuration file; without one, the built-in demo")
    options = parser.parse_args(arguments)
    from telgw.app.config import ConfigError, load

    try:
        config = load(options.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    links = ", ".join(f"{name} ({link.driver})" for name, link in config.links.items())
    print(f"{options.config or 'built-in demo'}: nothing is wrong; links: {links}")
    return 0
