"""TelServices over HTTP on the real daemon."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from tests.e2e.clients import HOST, Http, config, connect, http_request, logged, metric, read_to_end, service, settled
from tests.e2e.gateway import STANDARD, Gateway, error

REJECT = error("reject")
QUERY = service("queryForward", deviceNumber="1101")
NO_FORWARDS = "<TelServiceReturn><result><forwards/></result></TelServiceReturn>"
CRM = "https://crm.example.org"


@pytest.fixture(scope="module", params=["epoll", "asyncio"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    settings = f"allowed_origins: ['{CRM}'], end_of_pdu: '\\0'"
    with Gateway(tmp_path_factory.mktemp("http"), config(settings), reactor=request.param) as running:
        yield running
        assert settled(running)["sessions"] == 0


def test_given_one_connection_when_requests_follow_each_other_then_it_is_kept(gateway: Gateway) -> None:
    client = Http(gateway.port)
    for _ in range(50):
        assert client.ask("queryForward", deviceNumber="1101").answer() == NO_FORWARDS
    client.close()


def test_given_pipelined_requests_when_some_are_bad_then_every_one_is_answered_in_order(gateway: Gateway) -> None:
    client = Http(gateway.port)
    good, bad = http_request(QUERY), http_request(b"<oops/>")
    client.send((good + bad + http_request(method="GET", target="/nowhere")) * 100)
    for _ in range(100):
        assert client.answer() == NO_FORWARDS
        assert client.answer() == REJECT
        assert client.response()[0] == 404
    client.close()


def test_given_an_ordinary_http_client_when_it_asks_then_type_and_caching_are_told(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection(HOST, gateway.port, timeout=10)
    for path in ("/", "/TelServices", "/a/b?c=d"):
        connection.request("POST", path, QUERY, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        assert (answer.status, answer.read().decode()) == (200, NO_FORWARDS)
        assert answer.headers["Content-Type"] == "text/xml; charset=UTF-8"
        assert answer.headers["Cache-Control"] == "no-store"
    connection.request("POST", "/", iter([QUERY[:10], QUERY[10:]]), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    assert connection.getresponse().read().decode() == NO_FORWARDS
    connection.request("HEAD", "/")
    answer = connection.getresponse()
    assert answer.status == 405
    answer.read()
    connection.close()


def test_given_a_client_that_waits_for_100_when_told_to_continue_then_it_is_answered(gateway: Gateway) -> None:
    client = Http(gateway.port)
    client.send(http_request(QUERY, Expect="100-continue")[: -len(QUERY)])
    assert client.response()[0] == 100
    assert client.send(QUERY).answer() == NO_FORWARDS
    client.close()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\nContent-Length: 3\n\nabc", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 3_000_000, 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 3_000_000, 431),
    ],
)
def test_given_bad_http_when_it_comes_then_it_gets_its_status_and_the_connection_closes(gateway: Gateway, data: bytes, status: int) -> None:
    before = metric(gateway, "telgw_refused_total", transport="http", reason=str(status))
    with connect(gateway.port) as sock:
        sock.sendall(data)
        answer = read_to_end(sock)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 %d" % status) == 1
    assert b"Connection: close" in answer
    assert metric(gateway, "telgw_refused_total", transport="http", reason=str(status)) == before + 1
    logged(gateway, "http_refused", status=status, address=HOST)


def test_given_a_truncated_request_when_the_client_half_closes_then_it_gets_400(gateway: Gateway) -> None:
    assert gateway.raw(http_request(QUERY)[:-1], half_close=True).startswith("HTTP/1.1 400 ")
    assert gateway.raw(http_request(QUERY), half_close=True).endswith(NO_FORWARDS)


# -- makeCall


def test_given_the_makecall_link_when_followed_then_the_call_is_made(gateway: Gateway) -> None:
    before = metric(gateway, "telgw_requests_total", service="makeCall", outcome="accepted")
    client = Http(gateway.port)
    for called in ("1104", "%31104", "0+33160127764", "0%2B33160127764"):
        client.send(http_request(method="GET", target=f"/makeCall?deviceNumber=1103&calledDeviceNumber={called}"))
        assert client.answer() == STANDARD
        gateway.act("1103", "hang_up")
    assert metric(gateway, "telgw_requests_total", service="makeCall", outcome="accepted") == before + 4
    client.send(http_request(method="GET", target="/makeCall?deviceNumber=9999&calledDeviceNumber=1102"))
    assert client.answer() == error("pbxReject")
    for query in ("", "?deviceNumber=1103", "?deviceNumber=1103&calledDeviceNumber=1%0a2"):
        client.send(http_request(method="GET", target="/makeCall" + query))
        assert client.answer() == REJECT
    client.close()
    assert gateway.status()["calls"] == 0


# -- CORS


def test_given_an_allowed_page_when_it_asks_then_it_may_and_others_may_not(gateway: Gateway) -> None:
    client = Http(gateway.port)
    status, headers, _ = client.send(http_request(method="OPTIONS", Origin=CRM, Access_Control_Request_Method="POST")).response()
    assert (status, headers["access-control-allow-origin"]) == (204, CRM)
    status, headers, body = client.send(http_request(QUERY, Origin=CRM)).response()
    assert (status, headers["access-control-allow-origin"], body.decode()) == (200, CRM, NO_FORWARDS)
    for origin in ("https://evil.example.org", "null"):
        call = http_request(service("makeCall", deviceNumber="1105", calledDeviceNumber="1106"), Origin=origin)
        assert client.send(call).response()[0] == 403
        link = http_request(method="GET", target="/makeCall?deviceNumber=1105&calledDeviceNumber=1106", Origin=origin)
        assert client.send(link).response()[0] == 403
    client.close()
    logged(gateway, "origin_refused", origin="https://evil.example.org")
    assert gateway.status()["calls"] == 0
