"""The web listener on the real daemon: status, metrics, sessions, phones, and visitors who do not belong there."""

from __future__ import annotations

import json
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.clients import Http, config, connect, http_request, logged, metric, read_to_end, service, until
from tests.e2e.gateway import STANDARD, Gateway, error

QUERY = service("queryForward", deviceNumber="1101")
NO_FORWARDS = b"<TelServiceReturn><result><forwards/></result></TelServiceReturn>"


@pytest.fixture(scope="module", params=["epoll", "asyncio"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(tmp_path_factory.mktemp("web"), reactor=request.param) as running:
        yield running
        assert running.status()["sessions"] == 0


def test_given_a_running_gateway_when_its_status_is_asked_then_links_sessions_calls_and_version_are_told(gateway: Gateway) -> None:
    code, body = gateway.get("/status")
    status = json.loads(body)
    assert code == 200
    assert status["status"] == "running"
    assert status["version"]
    assert status["uptime"] > 0
    assert (status["sessions"], status["calls"], status["waiting_polls"], status["connections"]) == (0, 0, 0, 0)
    (link,) = status["links"]
    assert (link["name"], link["driver"], link["state"], link["reason"]) == ("pbx", "simulated", "up", "")
    assert link["since"].startswith("20")


def test_given_a_running_gateway_when_scraped_then_the_page_is_in_the_text_format(gateway: Gateway) -> None:
    status, body = gateway.get("/metrics")
    assert status == 200
    families = {family.name for family in text_string_to_metric_families(body.decode())}
    assert {"telgw_sessions", "telgw_calls", "telgw_link_up", "telgw_connections", "telgw_timers", "telgw_event_queue"} <= families


def test_given_the_telservices_page_when_posted_to_then_it_is_the_same_as_the_port(gateway: Gateway) -> None:
    assert gateway.web_request("POST", "/telservices", QUERY) == (200, NO_FORWARDS)
    assert gateway.web_request("POST", "/telservices", b"<oops") == (200, error("reject").encode())
    assert gateway.web_request("POST", "/telservices", b"") == (200, error("reject").encode())
    assert gateway.web_request("POST", "/telservices", service("openSession", deviceNumber="1101")) == (200, STANDARD.encode())
    assert gateway.web_request("POST", "/telservices", service("closeSession", deviceNumber="1101")) == (200, STANDARD.encode())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("GET", "/phone/../../../etc/passwd", 404),
        ("GET", "/phone/%2e%2e/%2e%2e/metrics.py", 404),
        ("GET", "/phone/..%5c..%5csecret.js", 404),
        ("GET", "/phone/nothing.js", 404),
        ("GET", "/telservices", 405),
        ("POST", "/status", 405),
        ("DELETE", "/status", 405),
        ("DELETE", "/sessions/1199", 404),
        ("DELETE", "/authorised-devices/1199", 404),
        ("GET", "/sim/nothing/devices", 404),
        ("GET", "/sim/pbx/nothing", 404),
        ("POST", "/sim/pbx/devices/9999/lift", 404),
        ("GET", "/%ff%fe%00", 404),
        ("BREW", "/status", 405),
    ],
)
def test_given_a_path_that_is_not_there_when_visited_then_it_is_404_or_405(gateway: Gateway, method: str, path: str, status: int) -> None:
    assert gateway.web_request(method, path)[0] == status


def test_given_the_web_phone_when_visited_then_its_files_come_with_a_policy_and_nothing_else_does(gateway: Gateway) -> None:
    client = Http(gateway.web)
    status, headers, body = client.send(http_request(method="GET", target="/phone?device=1101")).response()
    assert status == 200
    assert b"<html" in body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    client.close()


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null", "http://gateway:1"])
def test_given_a_page_of_another_site_when_it_changes_something_then_it_is_refused(gateway: Gateway, origin: str) -> None:
    client = Http(gateway.web)
    for method, target in (("POST", "/telservices"), ("DELETE", "/sessions/1101"), ("POST", "/sim/pbx/devices/1101/lift")):
        call = service("makeCall", deviceNumber="1101", calledDeviceNumber="1102")
        assert client.send(http_request(call, method, target, Origin=origin)).response()[0] == 403
    assert client.send(http_request(QUERY, target="/telservices", Origin="http://gateway")).answer().encode() == NO_FORWARDS
    client.close()
    assert gateway.status()["calls"] == 0


def test_given_a_body_that_is_too_long_when_it_is_posted_then_it_is_refused_and_memory_does_not_grow(gateway: Gateway) -> None:
    with connect(gateway.web) as sock:
        sock.sendall(b"POST /telservices HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100000000\r\n\r\n")
        assert read_to_end(sock).startswith(b"HTTP/1.1 413 ")
    with connect(gateway.web) as sock:
        sock.sendall(b"POST /telservices HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError, match=r"reset|pipe"):
            sock.sendall((b"10000\r\n" + b"x" * 65536 + b"\r\n") * 1000)
    assert gateway.get("/status")[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01",
        b"GET /status HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"POST /telservices HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"GET /" + b"x" * 100_000,
    ],
)
def test_given_bad_http_when_it_comes_then_the_listener_goes_on(gateway: Gateway, data: bytes) -> None:
    with connect(gateway.web) as sock:
        try:
            sock.sendall(data)
            sock.shutdown(1)
            read_to_end(sock)
        except OSError:
            pass
    assert gateway.get("/status")[0] == 200


def test_given_a_gateway_without_control_when_its_phones_are_acted_on_then_there_are_none(tmp_path: Path) -> None:
    links = "pbx: {driver: simulated, devices: ['1101-1130'], control: false}"
    with Gateway(tmp_path, config(links=links)) as gateway:
        for method, path in (("GET", "/sim/pbx/devices"), ("POST", "/sim/pbx/devices/1101/lift"), ("POST", "/sim/pbx/faults")):
            assert gateway.web_request(method, path)[0] == 404


def test_given_a_gateway_that_stops_when_its_status_is_asked_then_it_is_503_or_gone(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, config())
    gateway.start()
    client = Http(gateway.web)
    assert client.send(http_request(method="GET", target="/status")).response()[0] == 200
    # a request that the PBX does not answer keeps the stop waiting a moment
    gateway.control("faults", {"silent": ["makeCall"]})
    with connect(gateway.port) as waiting:
        waiting.sendall(service("makeCall", deviceNumber="1101", calledDeviceNumber="1102"))
        until(lambda: gateway.status()["connections"] == 1)
        assert gateway.process is not None
        gateway.process.send_signal(signal.SIGTERM)
        try:
            client.send(http_request(method="GET", target="/status"))
            assert client.response(5)[0] in (200, 503)
        except (EOFError, OSError):
            pass
        assert read_to_end(waiting).decode() == error("pbxlinkOutOfService")
    started = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - started < 5
    client.close()


def test_given_many_scrapes_when_they_come_then_they_leave_no_trace(gateway: Gateway) -> None:
    for _ in range(20):
        assert gateway.get("/metrics")[0] == 200
    assert metric(gateway, "telgw_connections") == 0


def test_given_a_name_that_is_not_ours_when_a_page_is_asked_for_then_it_is_refused_unless_it_is_configured(
    gateway: Gateway, tmp_path: Path
) -> None:
    visit = {"Host": "telgw.example.org"}
    status, body = gateway.web_request("GET", "/status", headers=visit)
    assert (status, b"web.host_names" in body) == (403, True)
    logged(gateway, "host_refused", host="telgw.example.org")
    text = config().replace('@WEB@"', '@WEB@", host_names: [telgw.example.org]')
    with Gateway(tmp_path, text) as named:
        assert named.web_request("GET", "/status", headers=visit)[0] == 200
        own = {**visit, "Origin": "http://telgw.example.org"}
        assert named.web_request("POST", "/telservices", QUERY, own) == (200, NO_FORWARDS)


def test_given_any_content_type_when_telservices_is_posted_to_then_it_is_the_same_as_the_port(gateway: Gateway) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        assert gateway.web_request("POST", "/telservices", QUERY, {"Content-Type": kind}) == (200, NO_FORWARDS)


def test_given_short_patience_when_visitors_are_slow_or_too_many_then_they_are_sent_away(tmp_path: Path) -> None:
    with Gateway(tmp_path, config("request_timeout: 1s, max_connections_per_address: 5")) as gateway:
        with connect(gateway.web) as slow:
            slow.sendall(b"GET /status HTTP/1.1\r\n")
            started = time.monotonic()
            assert read_to_end(slow).startswith(b"HTTP/1.1 408 ")
            assert time.monotonic() - started < 4
        crowd = [Http(gateway.web) for _ in range(5)]
        for client in crowd:
            assert client.send(http_request(method="GET", target="/status")).response()[0] == 200
        assert Http(gateway.web).ended()
        for client in crowd:
            client.close()


def test_given_more_connections_than_files_may_be_open_when_it_starts_then_it_says_how_many_there_may_be(tmp_path: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this machine has no limit")
    with Gateway(tmp_path, config(f"max_connections: {hard}")) as gateway:
        logged(gateway, "connections_lowered", asked=hard, limit=hard - 200)
