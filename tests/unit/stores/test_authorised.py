"""The file of authorised devices: what is kept, how it is written, and what happens when it cannot be."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telgw.stores.authorised import FILE_NAME, AuthorisedFile


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda event, **fields: self.lines.append((event, fields))


class Rig:
    """A store whose writes happen when `write` is called."""

    def __init__(self, folder: Path) -> None:
        self.log = Log()
        self.writes: list[Callable[[], None]] = []
        self.store = AuthorisedFile(folder, self.writes.append, self.log)

    def write(self) -> None:
        while self.writes:
            self.writes.pop(0)()


def test_given_no_file_when_loaded_then_nobody_is_authorised_and_nothing_is_written(tmp_path: Path) -> None:
    it = Rig(tmp_path / "var")
    it.store.load()
    assert list(it.store) == []
    assert "1101" not in it.store
    assert not (tmp_path / "var").exists()


def test_given_devices_when_they_are_added_then_another_start_knows_them(tmp_path: Path) -> None:
    it = Rig(tmp_path / "var")
    it.store.load()
    it.store.add("1102")
    it.store.add("1101")
    it.store.add("1101")
    assert len(it.writes) == 2
    assert "1101" in it.store
    it.write()
    again = Rig(tmp_path / "var")
    again.store.load()
    assert list(again.store) == ["1101", "1102"]
    assert [event for event, _ in it.log.lines] == ["device_authorised", "device_authorised"]


def test_given_a_device_when_it_is_revoked_then_it_is_forgotten_for_good(tmp_path: Path) -> None:
    it = Rig(tmp_path)
    it.store.add("1101")
    assert it.store.revoke("1101")
    assert not it.store.revoke("1101")
    it.write()
    again = Rig(tmp_path)
    again.store.load()
    assert list(again.store) == []


def test_given_a_write_that_breaks_off_when_the_next_start_reads_then_it_finds_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = Rig(tmp_path)
    it.store.add("1101")
    it.write()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    it.store.add("1102")
    it.write()
    assert it.log.lines[-1][0] == "authorised_devices_not_saved"
    assert "No space left" in it.log.lines[-1][1]["reason"]
    again = Rig(tmp_path)
    again.store.load()
    assert list(again.store) == ["1101"]


def test_given_a_folder_that_cannot_be_made_when_a_device_is_added_then_it_counts_until_the_end_and_is_logged(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    it = Rig(tmp_path / "file" / "var")
    it.store.add("1101")
    it.write()
    assert "1101" in it.store
    assert it.log.lines[-1][0] == "authorised_devices_not_saved"


@pytest.mark.parametrize("content", [b"", b"{", b'{"1101": true}', b"[1101]", b'["1101", null]', b"\xff\xfe", b"null", b"[" * 100_000])
def test_given_a_file_that_is_none_of_ours_when_loaded_then_it_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    """A start that forgot who is authorised would lock people out, or worse."""
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    it = Rig(tmp_path)
    with pytest.raises(ValueError, match=FILE_NAME):
        it.store.load()
    assert path.read_bytes() == content


def test_given_a_file_that_cannot_be_read_when_loaded_then_it_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(OSError, match=FILE_NAME):
        Rig(tmp_path).store.load()


def test_given_numbers_of_any_kind_when_they_are_kept_then_they_come_back(tmp_path: Path) -> None:
    it = Rig(tmp_path)
    numbers = ["+33160127764", "*21#", "é", "\ud800"]
    for number in numbers:
        it.store.add(number)
    it.write()
    again = Rig(tmp_path)
    again.store.load()
    assert set(again.store) == set(numbers)
    assert json.loads((tmp_path / FILE_NAME).read_text("utf-8"))
