"""Numbers as people write them, and sets of devices as administrators write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telgw.base.limits import MAX_LISTED_DEVICES
from telgw.base.numbers import DeviceSet, dialable, same_number


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("01 60 12-77.64", "0160127764"),
        ("+33 (1) 60/12\t77\u00a064", "+33160127764"),
        ("*21#", "*21#"),
        ("0800-CALL", "0800CALL"),
        ("", ""),
        (" -/.() ", ""),
    ],
)
def test_given_a_written_number_then_only_the_punctuation_of_print_goes(written: str, dialled: str) -> None:
    assert dialable(written) == dialled


@given(st.text("0123456789+*# .-/()", max_size=20))
def test_given_any_number_when_made_dialable_twice_then_once_was_enough(number: str) -> None:
    assert dialable(dialable(number)) == dialable(number)
    assert same_number(number, dialable(number))


def test_given_two_numbers_then_they_are_the_same_only_when_dialled_the_same() -> None:
    assert same_number("11 01", "1101")
    assert not same_number("1101", "01101")
    assert not same_number("+331101", "00331101")


def test_given_numbers_ranges_and_prefixes_then_the_set_holds_them_and_nothing_else() -> None:
    devices = DeviceSet(["1101-1103", "2*", "0900-0910", "x42", " 7 "])
    for number in ("1101", "1103", "2", "2999", "0900", "0910", "x42", "7"):
        assert number in devices
    for number in ("1100", "1104", "01101", "900", "3", "x4", "", "\u0661\u0661\u0660\u0661", "1" * 400):
        assert number not in devices


@pytest.mark.parametrize("entry", ["1101-110", "1103-1101", "", " ", "11 01"])
def test_given_an_entry_that_cannot_be_read_then_the_error_names_it(entry: str) -> None:
    with pytest.raises(ValueError, match=r"neither|digits|ends before") as error:
        DeviceSet(["1101", entry])
    assert repr(entry.strip()) in str(error.value)


def test_given_a_set_then_single_numbers_and_ranges_are_listed_in_order() -> None:
    assert list(DeviceSet(["12-14", "7", "2*", "05-06", "1"]).listed()) == ["1", "7", "12", "13", "14", "05", "06"]


def test_given_a_huge_range_then_the_list_is_cut() -> None:
    assert sum(1 for _ in DeviceSet(["000000000000001-999999999999999"]).listed()) == MAX_LISTED_DEVICES


def test_given_two_sets_of_the_same_entries_then_they_are_equal() -> None:
    assert DeviceSet(["1101", "2*"]) == DeviceSet(["1101", "2*"])
    assert hash(DeviceSet(["1101"])) == hash(DeviceSet(["1101"]))
    assert DeviceSet(["1101"]) != DeviceSet(["1102"])
    assert repr(DeviceSet(["2*"])) == "DeviceSet(['2*'])"
