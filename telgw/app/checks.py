"""What can only be judged by looking at several options, or outside the file: ports, certificates, owners of devices.

A check looks only at what was read without fault, so that one mistake gives one message.
"""

from __future__ import annotations

import os
import re
from itertools import combinations
from pathlib import Path

from telgw.app.document import Document, below
from telgw.app.sections import Config, LinkSection
from telgw.base.address import Address
from telgw.base.numbers import DeviceSet

#: Names of links stand in addresses of web pages, in log lines and in metrics.
_LINK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ORIGIN = re.compile(r"https?://[^/\s?#@]+|\*|null")
_RANGE = re.compile(r"(\d+)-(\d+)")


def check(document: Document, config: Config) -> None:
    """Note a fault for everything in `config` that cannot work."""
    _check_ports(document, config)
    _check_origins(document, config)
    _check_end_of_pdu(document, config)
    _check_certificate(document, config)
    _check_authentication(document, config)
    _check_links(document, config)
    _check_state(document, config)


def _check_ports(document: Document, config: Config) -> None:
    listeners: list[tuple[str, Address]] = []
    path = "telservices.listen"
    if document.sound(path):
        many = len(config.telservices.listen) > 1 or f"{path}[0]" in document.lines
        for index, address in enumerate(config.telservices.listen):
            listeners.append((f"{path}[{index}]" if many else path, address))
    if config.telservices.tls and document.sound("telservices.tls"):
        listeners.append(("telservices.tls.listen", config.telservices.tls.listen))
    if config.web.listen and document.sound("web.listen"):
        listeners.append(("web.listen", config.web.listen))
    for (first, one), (second, other) in combinations(listeners, 2):
        if not one.collides(other):
            continue
        if second in document.lines or first not in document.lines:
            document.fault(second, f"{other} is taken: {first} listens on {one}")
        else:  # the other one is a default, which nobody finds in the file
            document.fault(first, f"{one} is taken: {second} listens on {other}")


def _check_origins(document: Document, config: Config) -> None:
    path = "telservices.allowed_origins"
    for index, origin in enumerate(config.telservices.allowed_origins if document.sound(path) else ()):
        if not _ORIGIN.fullmatch(origin):
            hint = " (without a path)" if _ORIGIN.match(origin) else ""
            document.fault(f"{path}[{index}]", f"expected an origin such as https://crm.example.org{hint}, got {origin!r}")


def _check_end_of_pdu(document: Document, config: Config) -> None:
    if b"<" in config.telservices.end_of_pdu:
        document.fault("telservices.end_of_pdu", "must not hold <, with which the next document begins")


def _check_certificate(document: Document, config: Config) -> None:
    tls = config.telservices.tls
    if tls is None or not document.sound("telservices.tls.certificate", "telservices.tls.key"):
        return
    files = {"telservices.tls.certificate": tls.certificate, "telservices.tls.key": tls.key}
    for path, file in files.items():
        if reason := _unreadable(file):
            document.fault(path, f"{file} {reason}")
    if document.sound(*files) and (reason := _unfit(tls.certificate, tls.key)):
        document.fault("telservices.tls", reason)


def _unreadable(file: Path) -> str:
    try:
        if not file.exists():
            return "does not exist"
        if not file.is_file():
            return "is not a file"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if os.access(file, os.R_OK) else "cannot be read: permission denied"


def _unfit(certificate: Path, key: Path) -> str:
    import ssl  # costs more than the rest of the configuration together, and few have TLS

    def refuse() -> str:
        raise ValueError("the key has a password")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=refuse)
    except ValueError as error:
        return str(error)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"the key {key} does not belong to the certificate {certificate}"
        return f"{certificate} and {key} are not a certificate and its key in PEM form: {error.reason or 'no PEM'}"
    except OSError as error:
        return f"{certificate} or {key} cannot be read: {error.strerror}"
    return ""


def _check_authentication(document: Document, config: Config) -> None:
    path = "sessions.authentication"
    authentication = config.sessions.authentication
    if authentication.by_administrator and authentication.administrator is None and document.sound(path):
        document.fault(f"{path}.by_administrator", f"needs {path}.administrator: nobody could authenticate")


def _check_links(document: Document, config: Config) -> None:
    for name in config.links:
        if not _LINK_NAME.fullmatch(name):
            document.fault(below("links", name), "the name of a link is made of letters, digits, - and _, 64 at most")
    for (first, one), (second, other) in combinations(config.links.items(), 2):
        _check_owners(document, first, one, second, other)


def _check_owners(document: Document, first: str, one: LinkSection, second: str, other: LinkSection) -> None:
    path = f"{below('links', second)}.devices"
    if (shared := overlap(one.devices, other.devices)) is not None:
        mine, theirs = shared
        index = other.devices.entries.index(theirs)
        where = f"{path}[{index}]" if f"{path}[{index}]" in document.lines else path
        also = f" ({mine})" if mine != theirs else ""
        document.fault(where, f"a device belongs to one link: {theirs} is also in {below('links', first)}.devices{also}")


def overlap(one: DeviceSet, other: DeviceSet) -> tuple[str, str] | None:
    """An entry of each set that have a number in common, if there are any."""
    for entry in other.entries:
        if entry in one:
            return next(mine for mine in one.entries if entry in DeviceSet([mine])), entry
    for entry in one.entries:
        if entry in other:
            return entry, next(theirs for theirs in other.entries if entry in DeviceSet([theirs]))
    patterns = [[entry for entry in devices.entries if _is_pattern(entry)] for devices in (one, other)]
    for mine in patterns[0]:
        for theirs in patterns[1]:
            if _patterns_meet(mine, theirs):
                return mine, theirs
    return None


def _is_pattern(entry: str) -> bool:
    return entry.endswith("*") or _RANGE.fullmatch(entry) is not None


def _patterns_meet(one: str, other: str) -> bool:
    if one.endswith("*") and other.endswith("*"):
        return one[:-1].startswith(other[:-1]) or other[:-1].startswith(one[:-1])
    if one.endswith("*"):
        one, other = other, one
    low, high = one.split("-")
    if not other.endswith("*"):
        start, end = other.split("-")
        return len(low) == len(start) and low <= end and start <= high
    prefix = other[:-1]
    # among texts of digits of the same length, the order of texts is that of numbers
    digits = len(low) - len(prefix)
    return digits >= 0 and not prefix.strip("0123456789") and prefix + "0" * digits <= high and low <= prefix + "9" * digits


def _check_state(document: Document, config: Config) -> None:
    path, folder = "state.state_directory", config.state.state_directory
    if document.sound(path) and folder.exists() and not folder.is_dir():
        document.fault(path, f"{folder} is not a folder")
