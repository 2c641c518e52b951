"""The fuzz target on its own corpus: the seeds are good, and everything the fuzzer ever found stays fixed."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = sorted((ROOT / "tests/fuzz/corpus/telservices").iterdir())


@pytest.fixture(scope="module")
def check() -> Callable[[bytes], int]:
    """The target of tools/fuzz_telservices.py."""
    target: Callable[[bytes], int] = runpy.run_path(str(ROOT / "tools/fuzz_telservices.py"))["check"]
    return target


@pytest.mark.parametrize("seed", CORPUS, ids=[path.name for path in CORPUS])
def test_given_a_file_of_the_corpus_then_the_target_finds_nothing_wrong(seed: Path, check: Callable[[bytes], int]) -> None:
    kinds = check(seed.read_bytes())
    assert kinds == (0 if seed.name.startswith("refused") else 1)


def test_given_no_bytes_at_all_then_the_target_finds_nothing_wrong(check: Callable[[bytes], int]) -> None:
    assert check(b"") == 0
