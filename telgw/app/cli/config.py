"""`telgw config`: the effective configuration, defaults included, secrets as `***`."""

from __future__ import annotations

import sys
from pathlib import Path

from telgw.app.cli.command import EXIT_USAGE, Parser


def main(arguments: list[str]) -> int:
    """Print it as YAML that reads back as the same configuration, secrets excepted."""
    parser = Parser("config", "Print the effective configuration as YAML: what the file says, and the defaults of everything else.")
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="configuration file; without one, the built-in demo")
    options = parser.parse_args(arguments)
    from telgw.app.config import ConfigError, load, render

    try:
        print(render(load(options.config)), end="")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    return 0
