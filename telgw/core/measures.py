"""What the gateway counts about itself. Counting costs an addition; names and text formats are the metrics page's affair."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import Final

#: upper bounds of the latency buckets, seconds
BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Histogram:
    """Counts of observations by bucket."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """One more observation of that many seconds."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


class Measures:
    """All counters of one gateway."""

    def __init__(self) -> None:
        #: (service, outcome) -> requests
        self.requests: Counter[tuple[str, str]] = Counter()
        #: service -> time from the complete request to its answer
        self.latency: defaultdict[str, Histogram] = defaultdict(Histogram)
        #: transport -> connections refused, and why
        self.refused: Counter[tuple[str, str]] = Counter()
        #: UDP datagrams sent / dropped, the latter by reason
        self.events_sent = 0
        self.events_dropped: Counter[str] = Counter()
        #: link -> facts received / facts that cannot have happened / facts of an older epoch / corrections by comparison
        self.facts: Counter[str] = Counter()
        self.illegal_facts: Counter[str] = Counter()
        self.stale_facts: Counter[str] = Counter()
        self.drift: Counter[str] = Counter()
        #: link -> answers that came after their deadline
        self.late_answers: Counter[str] = Counter()

    def request(self, service: str, outcome: str, seconds: float) -> None:
        """One request was answered."""
        self.requests[service, outcome] += 1
        self.latency[service].observe(seconds)
