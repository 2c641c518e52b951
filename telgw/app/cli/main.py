"""`telgw`: the command line."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("telgw")
    sub = parser.add_subparsers(dest="command", required=True)
    run = sub.add_parser("run")
    run.add_argument("-c", "--config", type=Path)
    run.add_argument("--reactor", choices=("epoll", "asyncio"), default="epoll")
    options = parser.parse_args(arguments)
    from telgw.app.daemon import run as run_daemon
    return run_daemon(options.config, options.reactor)

if __name__ == "__main__":
    sys.exit(main())
