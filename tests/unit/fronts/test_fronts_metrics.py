"""The metrics page: what is counted can be read, in the text format, and labels cannot break out of it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from telgw.fronts.web.metrics import CONTENT_TYPE, GatewayCollector, MetricsPage
from tests.world import ADDRESS, World


def values(it: World) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels) -> value of everything on the page."""
    gauges = {"telgw_connections": ("Open TelServices connections", lambda: 7.0)}
    text = MetricsPage(GatewayCollector(it.measures, it.switchboard, it.sessions, gauges)).render().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_given_a_gateway_that_has_done_nothing_when_scraped_then_the_page_says_so() -> None:
    got = values(World())
    assert got["telgw_sessions", ()] == 0
    assert got["telgw_waiting_polls", ()] == 0
    assert got["telgw_connections", ()] == 7
    assert got["telgw_link_up", (("link", "pbx"),)] == 1
    assert got["telgw_calls", (("link", "pbx"),)] == 0
    assert got["telgw_monitored_devices", (("link", "pbx"),)] == 0
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


def test_given_sessions_calls_and_refusals_when_scraped_then_all_are_counted() -> None:
    it = World()
    for port in ("1", "2"):
        it.request("1101", "openSession", eventUDPPort=port)
    it.request("1101", "makeCall", calledDeviceNumber="1102")
    it.request("1101", "snapshot", ADDRESS, True, timeout="10", snapshotSeq="4")
    it.request("1199", "dropCall")
    it.measures.refused["http", "origin"] += 1
    it.measures.events_dropped["too fast"] += 2
    got = values(it)
    assert got["telgw_requests_total", (("outcome", "accepted"), ("service", "openSession"))] == 2
    assert got["telgw_requests_total", (("outcome", "noOpenSession"), ("service", "dropCall"))] == 1
    assert got["telgw_request_seconds_count", (("service", "openSession"),)] == 2
    assert got["telgw_request_seconds_bucket", (("le", "+Inf"), ("service", "openSession"))] == 2
    assert got["telgw_refused_total", (("reason", "origin"), ("transport", "http"))] == 1
    assert got["telgw_events_dropped_total", (("reason", "too fast"),)] == 2
    assert got["telgw_events_sent_total", ()] == it.measures.events_sent > 0
    assert got["telgw_sessions", ()] == 1
    assert got["telgw_session_clients", ()] == 2
    assert got["telgw_calls", (("link", "pbx"),)] == 1
    assert got["telgw_monitored_devices", (("link", "pbx"),)] == 1
    assert got["telgw_waiting_polls", ()] == 1
    assert got["telgw_link_facts_total", (("link", "pbx"),)] > 0


def test_given_the_link_is_down_when_scraped_then_it_is_not_up() -> None:
    it = World()
    it.switch.faults({"link": "down"})
    assert values(it)["telgw_link_up", (("link", "pbx"),)] == 0


def test_given_a_latency_when_scraped_then_the_buckets_are_cumulative() -> None:
    it = World()
    for seconds in (0.0002, 0.003, 0.003, 99.0):
        it.measures.request("makeCall", "accepted", seconds)
    got = values(it)
    buckets = {
        dict(labels)["le"]: value for (name, labels), value in got.items() if name == "telgw_request_seconds_bucket"
    }
    assert (buckets["0.0001"], buckets["0.00025"], buckets["0.005"], buckets["10.0"], buckets["+Inf"]) == (0, 1, 3, 3, 4)


def test_given_a_reason_with_quotes_and_line_feeds_when_scraped_then_it_stays_one_label() -> None:
    it = World()
    it.measures.events_dropped['odd "reason"\nsecond line\\'] += 1
    assert values(it)["telgw_events_dropped_total", (("reason", 'odd "reason"\nsecond line\\'),)] == 1
