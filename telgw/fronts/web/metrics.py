"""`GET /metrics`: what the gateway counts, in the Prometheus text format. Names and help texts stand in docs/operations.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from telgw.core.measures import BUCKETS, Histogram, Measures
from telgw.core.ports import LinkState
from telgw.core.sessions import Sessions
from telgw.core.switchboard import Switchboard

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Gauges = dict[str, tuple[str, Callable[[], float]]]


class GatewayCollector(Collector):
    """Reads the counters at the moment of the scrape; between scrapes metrics cost nothing."""

    def __init__(self, measures: Measures, switchboard: Switchboard, sessions: Sessions, gauges: Gauges) -> None:
        self._measures = measures
        self._switchboard = switchboard
        self._sessions = sessions
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        yield from self._requests()
        yield from self._counters()
        yield from self._links()
        yield GaugeMetricFamily("telgw_sessions", "Open sessions", len(self._sessions))
        yield GaugeMetricFamily("telgw_session_clients", "Clients of open sessions", sum(len(one.clients) for one in self._sessions))
        yield GaugeMetricFamily("telgw_waiting_polls", "Long polls that wait", self._sessions.waiting_polls)
        for name, (text, read) in self._gauges.items():
            yield GaugeMetricFamily(name, text, read())

    def _requests(self) -> Iterable[Metric]:
        requests = CounterMetricFamily("telgw_requests", "TelServices requests answered", labels=["service", "outcome"])
        for (service, outcome), count in self._measures.requests.items():
            requests.add_metric([service, outcome], count)
        yield requests
        latency = HistogramMetricFamily(
            "telgw_request_seconds", "Time from the complete request to its answer", labels=["service"]
        )
        for service, histogram in self._measures.latency.items():
            latency.add_metric([service], _buckets(histogram), histogram.total)
        yield latency

    def _counters(self) -> Iterable[Metric]:
        measures = self._measures
        yield CounterMetricFamily("telgw_events_sent", "UDP events sent", measures.events_sent)
        dropped = CounterMetricFamily("telgw_events_dropped", "UDP events that could not be sent", labels=["reason"])
        for reason, count in measures.events_dropped.items():
            dropped.add_metric([reason], count)
        yield dropped
        refused = CounterMetricFamily("telgw_refused", "Connections and HTTP requests refused", labels=["transport", "reason"])
        for (transport, reason), count in measures.refused.items():
            refused.add_metric([transport, reason], count)
        yield refused
        for name, text, counter in (
            ("telgw_link_facts", "Events received from the PBX", measures.facts),
            ("telgw_link_illegal_facts", "Events that cannot have happened", measures.illegal_facts),
            ("telgw_link_stale_facts", "Events of an earlier connection to the PBX", measures.stale_facts),
            ("telgw_link_late_answers", "Answers that came after their deadline", measures.late_answers),
            ("telgw_model_drift", "Corrections made by comparing the model with the PBX", measures.drift),
        ):
            family = CounterMetricFamily(name, text, labels=["link"])
            for link, count in counter.items():
                family.add_metric([link], count)
            yield family

    def _links(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("telgw_link_up", "1 while the link is in service", labels=["link"])
        calls = GaugeMetricFamily("telgw_calls", "Calls that the model knows", labels=["link"])
        devices = GaugeMetricFamily("telgw_monitored_devices", "Devices that are followed", labels=["link"])
        for domain in self._switchboard.domains.values():
            up.add_metric([domain.name], float(domain.state is LinkState.UP))
            calls.add_metric([domain.name], len(domain.graph.calls))
            devices.add_metric([domain.name], len(domain.lines))
        yield from (up, calls, devices)


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Cumulative counts by upper bound."""
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), histogram.counts, strict=True):
        total += count
        buckets.append((bound, total))
    return buckets


class MetricsPage:
    """The page: a registry of its own, so that no library's metrics leak in."""

    def __init__(self, collector: GatewayCollector) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(collector)

    def render(self) -> bytes:
        """The text of one scrape."""
        return generate_latest(self._registry)
