"""Addresses: what is read, what is refused and why, and which listeners fight for a port."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telgw.base.address import Address


@pytest.mark.parametrize(
    ("text", "host", "port", "printed"),
    [
        ("127.0.0.1:20000", "127.0.0.1", 20000, "127.0.0.1:20000"),
        (" 0.0.0.0:0 ", "0.0.0.0", 0, "0.0.0.0:0"),
        ("[::1]:65535", "::1", 65535, "[::1]:65535"),
        ("[0:0:0:0:0:0:0:0]:1", "::", 1, "[::]:1"),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1, "[fe80::1%eth0]:1"),
        ("localhost:80", "localhost", 80, "localhost:80"),
        ("pbx-1.example.org.:5061", "pbx-1.example.org.", 5061, "pbx-1.example.org.:5061"),
    ],
)
def test_an_address_is_read_and_printed(text: str, host: str, port: int, printed: str) -> None:
    address = Address.parse(text)
    assert address == Address(host, port)
    assert str(address) == printed
    assert Address.parse(printed) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no port"),
        ("127.0.0.1", "no port"),
        ("127.0.0.1:", "the port is a number from 0 to 65535"),
        ("127.0.0.1:x", "the port is a number from 0 to 65535"),
        ("127.0.0.1:65536", "the port is a number from 0 to 65535"),
        ("127.0.0.1:+1", "the port is a number from 0 to 65535"),
        ("127.0.0.1:٣", "the port is a number from 0 to 65535"),
        (":20000", "no host: 127.0.0.1 means this machine only, 0.0.0.0 every network"),
        ("*:20000", "no host: 127.0.0.1 means this machine only, 0.0.0.0 every network"),
        ("::1:20000", "an IPv6 address needs brackets: [::1]:20000"),
        ("[::g]:1", "[::g] is not an IPv6 address"),
        ("[127.0.0.1]:1", "[127.0.0.1] is not an IPv6 address"),
        ("256.0.0.1:1", "256.0.0.1 is not an IPv4 address"),
        ("20:00", "20 is not an IPv4 address"),
        ("a b:1", "a b is not the name of a host"),
        ("-a:1", "-a is not the name of a host"),
        ("a..b:1", "a..b is not the name of a host"),
        ("http://a:1", "http://a is not the name of a host"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        Address.parse(text)


@settings(deadline=None)
@given(st.text(max_size=30) | st.text("0123456789.:[]a-", max_size=30))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        address = Address.parse(text)
    except ValueError:
        return
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("127.0.0.1:1", "127.0.0.1:1", True),
        ("127.0.0.1:1", "127.0.0.1:2", False),
        ("127.0.0.1:0", "127.0.0.1:0", False),
        ("127.0.0.1:1", "127.0.0.2:1", False),
        ("0.0.0.0:1", "127.0.0.2:1", True),
        ("localhost:1", "127.0.0.1:1", True),
        ("[::1]:1", "127.0.0.1:1", False),
        ("[::1]:1", "0.0.0.0:1", False),
        ("[::]:1", "127.0.0.1:1", True),
        ("[::]:1", "[::1]:1", True),
    ],
)
def test_listeners_fight_for_a_port(one: str, other: str, collide: bool) -> None:
    assert Address.parse(one).collides(Address.parse(other)) is collide
    assert Address.parse(other).collides(Address.parse(one)) is collide
