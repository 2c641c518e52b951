"""Raw XML over TCP: bad input, slow and silent peers, crowds. Who causes it is told; everybody else is served."""

from __future__ import annotations

import resource
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.clients import (
    HOST,
    Http,
    config,
    connect,
    http_request,
    log_lines,
    logged,
    memory,
    metric,
    read_to_end,
    service,
    settled,
    until,
)
from tests.e2e.gateway import STANDARD, Gateway, error

REJECT = error("reject")
QUERY = service("queryForward", deviceNumber="1101")
NO_FORWARDS = "<TelServiceReturn><result><forwards/></result></TelServiceReturn>"


@pytest.fixture(scope="module", params=["epoll", "asyncio"])
def any_gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(tmp_path_factory.mktemp("transport"), reactor=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with short deadlines and low limits."""
    settings = (
        "idle_timeout: 300ms, request_timeout: 1s, keep_alive_timeout: 500ms, max_connections: 40,"
        " max_connections_per_address: 20, max_request_size: 100000, end_of_pdu: '\\n'"
    )
    with Gateway(tmp_path_factory.mktemp("impatient"), config(settings)) as running:
        yield running


def ask(body: bytes) -> bytes:
    return b"<TelServiceRequest>" + body + b"</TelServiceRequest>"


LAUGHS = b"<!DOCTYPE x [<!ENTITY a 'ha'>" + b"".join(
    b"<!ENTITY %c '&%c;&%c;&%c;'>" % (97 + n, 96 + n, 96 + n, 96 + n) for n in range(1, 20)
) + b"]><x>&t;</x>"
BAD = {
    "garbage": b"hello, gateway",
    "binary": bytes(range(256)),
    "tls hello": bytes.fromhex("16030100a5010000a10303"),
    "json": b'{"makeCall": {}}',
    "nul": ask(b"<dropCall><deviceNumber>11\0</deviceNumber></dropCall>"),
    "utf-16": ask(b"<snapshot><deviceNumber>1101</deviceNumber></snapshot>").decode().encode("utf-16"),
    "latin-1": ask("<searchName><name>é</name></searchName>".encode("latin-1")),
    "declared utf-16": b'<?xml version="1.0" encoding="UTF-16"?>' + QUERY,
    "overlong utf-8": ask(b"<searchName><name>\xc0\xbc</name></searchName>"),
    "surrogates": ask(b"<searchName><name>\xed\xa0\x80</name></searchName>"),
    "deep": b"<TelServiceRequest>" + b"<a>" * 50_000,
    "entity bomb": LAUGHS,
    "external entity": b"<!DOCTYPE x [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><TelServiceRequest>&x;</TelServiceRequest>",
    "external dtd": b"<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'><TelServiceRequest/>",
    "unknown entity": ask(b"<searchName><name>&nbsp;</name></searchName>"),
    "processing instruction": b"<?php echo 1 ?>" + QUERY,
    "attribute": b'<TelServiceRequest version="1"><queryForward/></TelServiceRequest>',
    "namespace": b"<t:TelServiceRequest><t:queryForward/></t:TelServiceRequest>",
    "default namespace": b'<TelServiceRequest xmlns="urn:x"><queryForward/></TelServiceRequest>',
    "not well-formed": ask(b"<dropCall><deviceNumber>1101</dropCall></deviceNumber>"),
    "another root": b"<TelServiceReturn/>",
    "no service": ask(b""),
    "unknown service": ask(b"<openSesame/>"),
    "two services": ask(b"<dropCall><deviceNumber>1</deviceNumber></dropCall>" * 2),
    "missing element": ask(b"<makeCall><deviceNumber>1101</deviceNumber></makeCall>"),
    "bad port": ask(b"<openSession><deviceNumber>1101</deviceNumber><eventUDPPort>70000</eventUDPPort></openSession>"),
    "bad enumeration": ask(b"<doNotDisturb><deviceNumber>1101</deviceNumber><state><maybe/></state></doNotDisturb>"),
    "text beside elements": ask(b"oops<dropCall><deviceNumber>1101</deviceNumber></dropCall>"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_given_what_is_no_request_when_it_comes_then_it_is_rejected_and_the_connection_closed_at_once(
    any_gateway: Gateway, bad: bytes
) -> None:
    before = metric(any_gateway, "telgw_requests_total", service="invalid", outcome="reject")
    started = time.monotonic()
    assert any_gateway.raw(bad) == REJECT
    assert time.monotonic() - started < 1
    assert metric(any_gateway, "telgw_requests_total", service="invalid", outcome="reject") == before + 1
    assert any_gateway.raw(QUERY) == NO_FORWARDS


def test_given_bad_input_when_it_is_rejected_then_a_log_line_says_why_and_cannot_forge_another(any_gateway: Gateway) -> None:
    any_gateway.raw(b'<a x="\n{\\"event\\": \\"forged\\"}\n">')
    until(lambda: [line for line in log_lines(any_gateway, "request_rejected") if "an attribute" in line["reason"]])
    assert "forged" not in any_gateway.log.read_text()


@pytest.mark.parametrize("size", [1_100_000, 8_000_000])
def test_given_an_oversized_request_when_the_client_sends_all_of_it_then_it_still_reads_the_reject(any_gateway: Gateway, size: int) -> None:
    """Most clients send everything before they read anything: the answer must survive that."""
    assert any_gateway.raw(b"<TelServiceRequest><searchName><name>" + b"x" * size) == REJECT
    blanks = b"<TelServiceRequest>" + b" " * size
    assert any_gateway.raw(blanks) == REJECT


def test_given_a_truncated_request_when_the_client_half_closes_then_it_is_rejected(any_gateway: Gateway) -> None:
    assert any_gateway.raw(QUERY[:-5], half_close=True) == REJECT
    assert any_gateway.raw(QUERY, half_close=True) == NO_FORWARDS
    assert any_gateway.raw(b"", half_close=True) == ""


@pytest.mark.parametrize("lead", [b"", b"\r\n \t", b"\xef\xbb\xbf", b'<?xml version="1.0" encoding="utf-8"?>\r\n'])
def test_given_a_request_byte_by_byte_when_it_is_complete_then_it_is_answered(any_gateway: Gateway, lead: bytes) -> None:
    with connect(any_gateway.port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in lead + QUERY:
            sock.send(bytes([byte]))
        assert read_to_end(sock).decode() == NO_FORWARDS


def test_given_a_client_that_resets_when_it_has_asked_then_the_gateway_does_not_mind(any_gateway: Gateway) -> None:
    for data in (b"", b"<Tel", QUERY, http_request(QUERY)):
        sock = connect(any_gateway.port)
        sock.sendall(data)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    assert settled(any_gateway)["sessions"] == 0
    assert any_gateway.raw(QUERY) == NO_FORWARDS


def test_given_the_largest_allowed_request_when_it_comes_then_it_is_read(any_gateway: Gateway) -> None:
    entry = "<party><number>+33160127764</number><name>Somebody</name></party>"
    body = f"<userID>u</userID><directoryName>d</directoryName><directory>{entry * 15_000}</directory>"
    request = ask(f"<updateUserDirectory>{body}</updateUserDirectory>".encode())
    assert 900_000 < len(request) < 1_048_576
    assert any_gateway.raw(request) == REJECT


# -- short deadlines


def test_given_an_end_of_pdu_when_requests_come_with_and_without_then_answers_end_with_it(impatient: Gateway) -> None:
    for request in (QUERY, QUERY + b"\n", b"\n" + QUERY):
        assert impatient.raw(request) == NO_FORWARDS + "\n"
    assert impatient.raw(b"<a b=''/>") == REJECT + "\n"
    assert impatient.post("queryForward", deviceNumber="1101") == NO_FORWARDS


def test_given_a_raw_client_that_stops_in_the_middle_when_the_idle_time_is_over_then_it_is_rejected(impatient: Gateway) -> None:
    before = metric(impatient, "telgw_refused_total", transport="tcp", reason="deadline")
    assert impatient.raw(QUERY[:20]) == REJECT + "\n"
    assert metric(impatient, "telgw_refused_total", transport="tcp", reason="deadline") > before
    logged(impatient, "request_rejected", reason="the request was not complete in time")


@pytest.mark.parametrize("start", [b"<TelServiceRequest>", b"POST / HTTP/1.1\r\nX: "], ids=["raw", "http"])
def test_given_a_slow_loris_when_it_trickles_then_the_deadline_cuts_it_and_others_are_served(impatient: Gateway, start: bytes) -> None:
    with connect(impatient.port) as sock:
        sock.sendall(start)
        sock.settimeout(0.1)
        got, started = b"", time.monotonic()
        while time.monotonic() - started < 5:
            try:
                sock.send(b" ")
                more = sock.recv(4096)
            except TimeoutError:
                assert impatient.raw(QUERY) == NO_FORWARDS + "\n"
                continue
            except OSError:
                break
            if not more:
                break
            got += more
        assert time.monotonic() - started < 3.5
        assert b"reject" in got or got.startswith(b"HTTP/1.1 408")


def test_given_connections_that_say_nothing_when_their_time_is_over_then_they_are_cut(impatient: Gateway) -> None:
    for say in (b"", b" "):
        with connect(impatient.port) as sock:
            sock.sendall(say)
            started = time.monotonic()
            assert read_to_end(sock) == b""
            assert time.monotonic() - started < 3


def test_given_a_resting_http_connection_when_its_time_is_over_then_it_is_closed(impatient: Gateway) -> None:
    client = Http(impatient.port).ask("queryForward", deviceNumber="1101")
    assert client.answer() == NO_FORWARDS
    assert client.ended(4)
    client.close()


def test_given_as_many_connections_as_an_address_may_have_when_one_more_comes_then_only_it_is_refused(impatient: Gateway) -> None:
    until(lambda: impatient.status()["connections"] == 0)
    before = metric(impatient, "telgw_refused_total", transport="tcp", reason="connection limit of the address")
    crowd = [Http(impatient.port) for _ in range(20)]
    for client in crowd:
        client.ask("queryForward", deviceNumber="1101")
        assert client.answer() == NO_FORWARDS
    with suppress(ConnectionResetError), connect(impatient.port) as one_more:
        assert read_to_end(one_more) == b""
    assert metric(impatient, "telgw_refused_total", transport="tcp", reason="connection limit of the address") == before + 1
    logged(impatient, "connection_refused", address=HOST)
    crowd.pop().close()
    until(lambda: impatient.status()["connections"] == 19)
    assert impatient.raw(QUERY) == NO_FORWARDS + "\n"
    for client in crowd:
        client.close()


def test_given_a_client_that_never_reads_when_its_answers_pile_up_then_it_is_not_read_and_at_last_cut(impatient: Gateway) -> None:
    until(lambda: impatient.status()["connections"] == 0)
    before = memory(impatient)
    with connect(impatient.port) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(0.3)
        sent = 0
        try:
            for _ in range(3000):
                sent += sock.send(http_request(QUERY) * 100)
        except OSError:
            pass
        else:
            pytest.fail("the gateway read everything")
        assert impatient.raw(QUERY) == NO_FORWARDS + "\n"
        assert memory(impatient) - before < 20_000_000
        until(lambda: impatient.status()["connections"] == 0, 6)


# -- crowds


def test_given_thousands_of_idle_connections_when_others_ask_then_they_are_served_at_normal_speed(any_gateway: Gateway) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 65536, hard))
    crowd: list[socket.socket] = []
    try:
        for number in range(3000):
            sock = connect(any_gateway.port)
            sock.sendall((b"", b"<TelServiceRequest>", b"POST / HTTP/1.1\r\n")[number % 3])
            crowd.append(sock)
        until(lambda: any_gateway.status()["connections"] == 3000)
        seconds = []
        for _ in range(100):
            started = time.monotonic()
            assert any_gateway.raw(QUERY) == NO_FORWARDS
            seconds.append(time.monotonic() - started)
        assert sorted(seconds)[90] < 0.05
    finally:
        for sock in crowd:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert settled(any_gateway)["connections"] == 0


def test_given_an_ipv6_listener_when_a_client_asks_over_it_then_it_gets_answers_and_its_events(tmp_path: Path) -> None:
    with Gateway(tmp_path, config(listen='["127.0.0.1:@PORT@", "[::1]:@PORT@"]')) as gateway:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as events, connect(gateway.port, "::1") as sock:
            events.bind(("::1", 0))
            events.settimeout(5)
            sock.sendall(service("openSession", deviceNumber="1101", eventUDPPort=events.getsockname()[1]))
            assert read_to_end(sock).decode() == STANDARD
            assert gateway.ask("doNotDisturb", deviceNumber="1101", state="<on/>") == STANDARD
            assert b"<doNotDisturb>" in events.recv(65535)
        with connect(gateway.port, "::1") as sock:
            sock.sendall(http_request(service("closeSession", deviceNumber="1101"), Connection="close"))
            assert STANDARD.encode() in read_to_end(sock)
        assert settled(gateway)["sessions"] == 0
