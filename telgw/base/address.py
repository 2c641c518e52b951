"""Addresses of sockets as people write them: `127.0.0.1:20000`, `[::1]:20000`, `pbx.example.org:8800`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?")
_PORT = re.compile(r"[0-9]{1,5}")
_ANY = {"0.0.0.0", "::"}


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A host (name, IPv4 or IPv6 address without brackets) and a port; port 0 lets the system choose a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address in `text`. Raises ValueError saying what is wrong with it."""
        host, colon, port = text.strip().rpartition(":")
        if not colon:
            raise ValueError("no port")
        if not _PORT.fullmatch(port) or int(port) > 65535:
            raise ValueError("the port is a number from 0 to 65535")
        if not host or host == "*":
            raise ValueError("no host: 127.0.0.1 means this machine only, 0.0.0.0 every network")
        return cls(_host(host), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def collides(self, other: Address) -> bool:
        """Whether two listeners, one on each address, would fight for the same port of this machine."""
        if self.port != other.port or self.port == 0:
            return False
        one, two = _listening_host(self.host), _listening_host(other.host)
        if one == two or "::" in (one, two):
            return True  # a socket on :: takes the IPv4 port as well
        return ":" not in one + two and bool(_ANY & {one, two})


def _host(text: str) -> str:
    if text.startswith("[") and text.endswith("]"):
        try:
            return str(IPv6Address(text[1:-1]))
        except ValueError:
            raise ValueError(f"{text} is not an IPv6 address") from None
    if ":" in text and not text.strip("0123456789abcdefABCDEF:."):
        raise ValueError("an IPv6 address needs brackets: [::1]:20000")
    if not text.strip("0123456789."):
        try:
            return str(IPv4Address(text))
        except ValueError:
            raise ValueError(f"{text} is not an IPv4 address") from None
    if len(text) > 253 or not _NAME.fullmatch(text):
        raise ValueError(f"{text} is not the name of a host")
    return text


def _listening_host(host: str) -> str:
    return "127.0.0.1" if host.lower() == "localhost" else host
