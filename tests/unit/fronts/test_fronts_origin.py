"""Names that are ours, and pages that were loaded from here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from telgw import fronts
from telgw.fronts.origin import is_loopback, own_origin, trusted_host


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "192.0.2.1:20000", "[::1]", "[2001:db8::1]:8080", "localhost", "localhost:8080", "gateway:1", "TelGW.Example.org:443"],
)
def test_given_a_name_that_nobody_else_can_have_then_it_is_trusted(host: str) -> None:
    assert trusted_host(host, ("telgw.example.org",))


@pytest.mark.parametrize(
    "host",
    ["", "evil.example.org", "evil.example.org:8080", "127.0.0.1.evil.example.org", "localhost.", "ai.", "user@localhost", "[evil]",
     "x.telgw.example.org", "localhost:x", "127.0.0.1\n", "1.2.3"],
)  # fmt: skip
def test_given_any_other_name_then_it_is_not(host: str) -> None:
    assert not trusted_host(host, ("telgw.example.org",))


def test_given_an_origin_then_it_is_own_only_when_it_is_the_host_and_the_host_is_trusted() -> None:
    assert own_origin("http://gateway:1", "gateway:1", ())
    assert own_origin("https://a.example.org", "a.example.org", ("a.example.org",))
    assert not own_origin("http://a.example.org", "a.example.org", ())
    assert not own_origin("http://gateway:1", "gateway:2", ())
    assert not own_origin("null", "", ())


@pytest.mark.parametrize(
    ("address", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.1", False), ("", False)],
)
def test_given_an_address_then_it_is_known_whether_it_is_this_machine(address: str, local: bool) -> None:
    assert is_loopback(address) is local


@pytest.mark.parametrize("name", ["conversation", "http", "raw"])
def test_given_what_a_connection_speaks_then_it_does_not_know_the_port(name: str) -> None:
    path = Path(fronts.__path__[0]) / "telservices" / f"{name}.py"
    imported = {node.module for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)}
    assert "telgw.fronts.telservices.port" not in imported
