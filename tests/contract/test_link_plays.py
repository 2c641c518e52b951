"""Every link shows clients the same: the plays that say `kit`, on every switch."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import play
from tests.contract.switches import SWITCHES

KIT = play.plays("kit")


def test_the_kit_covers_the_ground() -> None:
    assert len(KIT) >= 15


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("path", KIT, ids=lambda path: path.stem)
def test_given_a_link_when_a_play_of_the_kit_is_performed_then_it_goes_as_written(path: Path, switch: str) -> None:
    play.check(path, SWITCHES[switch])
