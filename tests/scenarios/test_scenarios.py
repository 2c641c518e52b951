"""Every play of this folder goes as it is written (docs/scenarios.md tells how to read and write them)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import play


@pytest.mark.parametrize("path", play.plays(), ids=lambda path: path.stem)
def test_the_play_goes_as_it_is_written(path: Path) -> None:
    play.check(path)
