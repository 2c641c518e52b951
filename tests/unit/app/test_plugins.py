"""Link plugins: found without importing them, and harmless when they are broken."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from telgw.app import plugins
from telgw.app.plugins import BrokenPlugin, Plugins
from telgw.core.ports import LinkPlugin


@dataclass(frozen=True)
class Options:
    """None of its own."""


@dataclass(frozen=True)
class StrangeOptions:
    """What no file can hold."""

    odd: complex = 0j


def build(context: object, options: object) -> Any:
    raise AssertionError("nothing is built here")


GOOD = LinkPlugin("good", Options, build)
STRANGE = LinkPlugin("strange", StrangeOptions, build)
NOT_A_PLUGIN = 5


def point(name: str, attribute: str, module: str = __name__) -> EntryPoint:
    return EntryPoint(name, f"{module}:{attribute}", plugins.GROUP)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes a module that can be imported."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)

    return write


def test_the_simulated_pbx_is_installed() -> None:
    plugin = plugins.installed()["simulated"]
    assert isinstance(plugin, LinkPlugin)
    assert plugin.name == "simulated"


def test_a_plugin_is_loaded_when_it_is_asked_for_and_once(module: Callable[[str, str], None]) -> None:
    module("telgw_test_counted", f"import {__name__} as t\nGOOD = t.LinkPlugin('good', t.Options, t.build)\n")
    found = Plugins([point("good", "GOOD", "telgw_test_counted"), point("other", "NOWHERE")])
    assert list(found) == ["good", "other"]
    assert len(found) == 2
    assert "good" in found
    assert "telgw_test_counted" not in sys.modules
    assert found["good"] is found["good"]
    assert "telgw_test_counted" in sys.modules


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import telgw_has_no_such_module", "cannot be imported: ModuleNotFoundError: No module named 'telgw_has_no_such_module'"),
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
        ("def broken(:", "cannot be imported: SyntaxError: "),
        ("PLUGIN_ = 1", "cannot be imported: AttributeError: "),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_kept_with_its_reason(
    text: str, reason: str, module: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    module("telgw_test_broken", text)
    monkeypatch.delitem(sys.modules, "telgw_test_broken", raising=False)
    found = Plugins([point("bad", "PLUGIN", "telgw_test_broken"), point("good", "GOOD")])
    bad = found["bad"]
    assert isinstance(bad, BrokenPlugin)
    assert bad.name == "bad"
    assert bad.reason.startswith(reason)
    assert found["good"] is GOOD


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        ("NOT_A_PLUGIN", f"{__name__}:NOT_A_PLUGIN is not a LinkPlugin"),
        ("STRANGE", "its options cannot be read: StrangeOptions: an option cannot be of type <class 'complex'>"),
    ],
)
def test_what_is_not_a_plugin_is_broken(attribute: str, reason: str) -> None:
    assert Plugins([point("x", attribute)])["x"] == BrokenPlugin("x", reason)


def test_two_plugins_of_one_name_are_both_refused() -> None:
    found = Plugins([point("x", "GOOD"), point("x", "STRANGE")])
    assert found["x"] == BrokenPlugin("x", f"entered twice: {__name__}:GOOD and {__name__}:STRANGE")


def test_one_plugin_found_twice_is_one_plugin() -> None:
    assert Plugins([point("x", "GOOD"), point("x", "GOOD")])["x"] is GOOD


def test_a_plugin_that_is_not_installed_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Plugins([])["x"]
