"""Lengths of time as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telgw.base.period import parse_period, print_period


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("200ms", 0.2), ("5m", 300), ("5 min", 300), ("1h", 3600), ("2d", 172800), ("7", 7), (" 1.5s ", 1.5), ("0", 0)],
)
def test_given_a_period_then_its_seconds_are_read(text: str, seconds: float) -> None:
    assert parse_period(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1 week", "1s2", "1e3s", "ten"])
def test_given_no_period_then_the_error_names_it(text: str) -> None:
    with pytest.raises(ValueError, match="not a length of time"):
        parse_period(text)


@given(st.integers(0, 10**7), st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_given_any_period_when_printed_then_it_reads_back_the_same(amount: int, unit: str) -> None:
    seconds = parse_period(f"{amount}{unit}")
    assert parse_period(print_period(seconds)) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.2, "200ms"), (1, "1s"), (90, "90s"), (300, "5m"), (7200, "2h"), (86400, "1d"), (1.5, "1500ms")]
)
def test_given_seconds_when_printed_then_the_text_is_short(seconds: float, text: str) -> None:
    assert print_period(seconds) == text
