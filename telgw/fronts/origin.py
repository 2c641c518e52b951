"""Whose pages may send requests: the rule that both HTTP listeners keep.

Pages of other sites can make a browser send requests here. They say so in `Origin`, unless they let their own name resolve to our address
(DNS rebinding): then they are of the "same" origin, and only the name in `Host` tells. A name is ours when nobody else can have it: an
address, a name without a dot, or one that the configuration gives.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

_HOST = re.compile(r"\A(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s:@/\[\]]+))(?::\d*)?\Z")


def trusted_host(host_header: str, names: Collection[str]) -> bool:
    """Whether the name in `Host` is one of ours."""
    found = _HOST.match(host_header)
    if found is None:
        return False
    name = (found["v6"] or found["name"]).lower()
    # `ai.` is a name that others can have: a dot at the end counts
    if found["v6"] is None and "." not in name:
        return True  # localhost, and names of the local network
    return is_address(name) or any(name == own.lower() for own in names)


def is_address(name: str) -> bool:
    """Whether the name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Whether a peer with this address is on this machine."""
    return is_address(address) and ipaddress.ip_address(address.removeprefix("::ffff:")).is_loopback


def own_origin(origin: str, host_header: str, names: Collection[str]) -> bool:
    """Whether the page was loaded from here."""
    return origin in (f"http://{host_header}", f"https://{host_header}") and trusted_host(host_header, names)
