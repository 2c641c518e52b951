"""`python -m telgw` is the `telgw` command."""

from __future__ import annotations

import sys

from telgw.app.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
