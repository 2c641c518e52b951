"""The sections of the configuration: their names, types, defaults and one line of documentation for each option.

Names and defaults are a contract with the users: extend, do not rename. A section is added by adding a field to `Config`; what fields
may say is told in telgw.app.options. What can only be judged by looking at several options is in telgw.app.checks.
"""

# ruff: noqa: RUF009 - every default below is made by a call, which adds the documentation and the bounds of the option

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from telgw.base.address import Address
from telgw.base.limits import MAX_REQUEST_BYTES
from telgw.base.numbers import DeviceSet
from telgw.base.period import Period
from telgw.base.secrets import Secret

#: The least time that a limit in time may be set to: below, a correct peer on the same machine would fail it.
_SHORTEST = 0.01


class EventDeviceNumber(Enum):
    """In which TelServices events the number of the session's device stands."""

    ALL = "all"
    CALLS = "calls"


class LogLevel(Enum):
    """The least important level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(Enum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"
    AUTO = "auto"


def _option(default: Any, doc: str, **metadata: Any) -> Any:
    return field(default=default, metadata={"doc": doc, **metadata})


def _required(doc: str, **metadata: Any) -> Any:
    return field(metadata={"doc": doc, **metadata})


@dataclass(frozen=True)
class Tls:
    """The same service over TLS. Absent: no TLS."""

    certificate: Path = _required("file with the certificate and its chain, PEM")
    key: Path = _required("file with the private key, PEM, without password")
    listen: Address = _option(Address("127.0.0.1", 20443), "address of the TLS listener")


@dataclass(frozen=True)
class TelServices:
    """The TelServices gateway: raw XML and HTTP on one port, events over UDP or as answers to long polls."""

    listen: tuple[Address, ...] = _option(
        (Address("127.0.0.1", 20000),),
        "where raw XML and HTTP are served; 0.0.0.0 is every network, port 0 any free one, an empty list none",
        one_or_many=True,
    )
    tls: Tls | None = _option(None, "the same over TLS")
    end_of_pdu: bytes = _option(b"", "bytes after each raw answer and each UDP event, never after HTTP ones")
    make_call_url: bool = _option(True, "allow GET /makeCall?deviceNumber=..&calledDeviceNumber=.., which needs no session")
    allowed_origins: tuple[str, ...] = _option(
        (), "web sites whose pages may call over HTTP (CORS), such as https://crm.example.org; `*` is any"
    )
    idle_timeout: Period = _option(Period(10.0), "a request under way may pause this long between two bytes", min=_SHORTEST)
    request_timeout: Period = _option(Period(30.0), "a request must be complete after this long", min=_SHORTEST)
    keep_alive_timeout: Period = _option(Period(60.0), "an HTTP connection may wait this long for its next request", min=_SHORTEST)
    max_connections: int = _option(10_000, "connections at once; more are refused", min=1)
    max_connections_per_address: int = _option(8192, "connections at once from one address", min=1)
    max_request_size: int = _option(MAX_REQUEST_BYTES, "bytes of one request", min=1024, max=64 * 1024 * 1024)
    event_rate: int = _option(50_000, "UDP events per second to one address; what exceeds it waits", min=1)
    event_queue: int = _option(10_000, "UDP events that may wait for one address; more are dropped", min=1)
    device_number_in_events: EventDeviceNumber = _option(
        EventDeviceNumber.ALL, "events that carry deviceNumber; `calls` is the printed form of the document, call events only"
    )
    call_reference: bool = _option(False, "call events carry the PBX's reference of the call as callReference")
    restricted_session_events: bool = _option(
        True, "clients with eventUpdate `restricted` get session events too, not only those of alerting calls"
    )


@dataclass(frozen=True)
class Web:
    """The web listener: status, metrics, web phone, control of simulated phones."""

    listen: Address | None = _option(Address("127.0.0.1", 8080), "where it is served; `none` switches it off")
    host_names: tuple[str, ...] = _option(
        (), "names with a dot under which browsers reach the gateway, such as telgw.example.org; addresses and short names need none"
    )
    remote_administration: bool = _option(
        False, "/sessions, /authorised-devices and /sim answer other machines too; without, this machine only"
    )


@dataclass(frozen=True)
class Administrator:
    """Who may open a device for the first time. Absent: anybody."""

    user_id: str = _required("the userID that openSession must carry", not_empty=True)
    password: Secret = _required("the userPassword that openSession must carry", not_empty=True)


@dataclass(frozen=True)
class Authentication:
    """Whether the first openSession on a device must authenticate; the devices that did are remembered across restarts."""

    administrator: Administrator | None = _option(None, "when present, the first openSession on a device must authenticate")
    by_administrator: bool = _option(False, "the same demand by its other name; needs an administrator")


@dataclass(frozen=True)
class Sessions:
    """Sessions: one for each device that clients follow."""

    limit: int = _option(0, "devices that may have a session at once; 0 is no limit", min=0)
    authentication: Authentication = _option(Authentication(), "who may open sessions")
    qualify_call_may_answer: bool = _option(True, "qualifyCall may answer an alerting call when the client asks for it")
    first_other_party: bool = _option(False, "a consulted device is shown the party that the consultation is about")
    waiting_polls_per_address: int = _option(10_000, "long polls that may wait at once from one address", min=1)


@dataclass(frozen=True)
class LinkSection:
    """A link to a PBX, under a name of your choice. The keys below are those of every link; each driver adds its own."""

    driver: str = _required("the plugin that speaks to the PBX", not_empty=True)
    devices: DeviceSet = _required("the devices that the link owns: numbers, ranges (1101-1130) and prefixes (2*)", not_empty=True)
    request_timeout: Period = _option(Period(10.0), "the PBX must answer after this long, else pbxTimeout", min=_SHORTEST)
    resync_interval: Period = _option(Period(600.0), "the model is compared with the PBX this often; 0 is never")
    #: the driver's own keys, which stand beside the common ones; the type is LinkPlugin.options
    options: Any = field(default=None, metadata={"internal": True})


@dataclass(frozen=True)
class Logs:
    """Log lines, on standard error."""

    level: LogLevel = _option(LogLevel.INFO, "the least important level that is logged")
    format: LogFormat = _option(LogFormat.AUTO, "json lines or readable ones; `auto` is console on a terminal, else json")


@dataclass(frozen=True)
class State:
    """What the gateway remembers across restarts."""

    state_directory: Path = _option(Path("var"), "folder of the devices that have authenticated; made when needed")


@dataclass(frozen=True)
class Config:
    """The whole configuration. Two are equal when they say the same, wherever they were read from."""

    telservices: TelServices = _option(TelServices(), "")
    web: Web = _option(Web(), "")
    sessions: Sessions = _option(Sessions(), "")
    links: Mapping[str, LinkSection] = field(default_factory=dict, metadata={"internal": True})
    logs: Logs = _option(Logs(), "")
    state: State = _option(State(), "")
    #: the file, None for the built-in demo
    source: Path | None = field(default=None, compare=False, metadata={"internal": True})
