"""Secrets do not show themselves."""

from __future__ import annotations

from telgw.base.secrets import Secret


def test_given_a_secret_when_printed_then_nothing_of_it_is_seen() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"


def test_given_a_secret_when_compared_then_only_the_same_text_matches() -> None:
    secret = Secret("pässword")
    assert secret.matches("pässword")
    assert not secret.matches("pässwor")
    assert not secret.matches("")
