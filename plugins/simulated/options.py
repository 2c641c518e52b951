"""The settings of the simulated PBX: the keys of `links.<name>` in the configuration that are its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from telgw.base.period import Period


@dataclass(frozen=True)
class SimulatedOptions:
    """How the simulated PBX is built and how long its people take."""

    appearances: int = field(default=4, metadata={"doc": "calls that a phone can have at once; one more finds it busy"})
    no_answer_after: Period = field(default=Period(20.0), metadata={"doc": "a phone rings this long before it is forwarded on no answer"})
    outside_prefix: str = field(
        default="0", metadata={"doc": "called numbers of four digits or more that begin so, and are no device, go outside"}
    )
    external_answer_after: Period = field(
        default=Period(3.0), metadata={"doc": "outside parties answer after this long; 0 = never by themselves"}
    )
    trunks: int = field(default=30, metadata={"doc": "calls with the outside at once"})
    conference_size: int = field(default=8, metadata={"doc": "parties that a conference can have"})
    max_calls: int = field(default=10_000, metadata={"doc": "calls at once; beyond it the PBX has no resources"})
    routing_devices: tuple[str, ...] = field(default=(), metadata={"doc": "numbers whose calls wait in a queue until they are sent on"})
    control: bool = field(default=True, metadata={"doc": "act on phones, lines and faults over HTTP"})

    def __post_init__(self) -> None:
        for name, least in (("appearances", 1), ("trunks", 0), ("conference_size", 3), ("max_calls", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}")
        for name in ("no_answer_after", "external_answer_after"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
