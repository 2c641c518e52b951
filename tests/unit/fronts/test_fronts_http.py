"""TelServices over HTTP: pipelining, polls, CORS, the makeCall link, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from front_rig import ANSWER, DROP, POLL, REJECT, Peer, http, rig
from hypothesis import given
from hypothesis import strategies as st

from telgw.fronts.telservices.conversation import PortSettings
from telgw.fronts.telservices.http import make_call_of
from telgw.wire.errors import RemoteProtocolError

CRM = "https://crm.example.org"


def headers_of(peer: Peer) -> dict[str, str]:
    """The headers of the only response, names in lower case."""
    head = peer.got.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}


# -- answers


@pytest.mark.parametrize("path", ["/", "/TelServices", "/any/path?with=query", "*"])
def test_given_a_post_on_any_path_when_it_comes_then_it_is_a_request(path: str) -> None:
    with rig() as it:
        peer = it.connect().send(http(target=path, body=DROP, Content_Type="application/x-whatever"))
        assert peer.statuses == [200]
        found = headers_of(peer)
        assert found["content-type"] == "text/xml; charset=UTF-8"
        assert found["cache-control"] == "no-store"
        assert found["content-length"] == str(len(ANSWER))
        assert it.responder.asked[0][0].device_number == "1101"


@pytest.mark.parametrize("body", [b"", b"<oops/>", DROP[:-1], b"nonsense", b"<!DOCTYPE x><x/>", b"\xff\xfe"])
def test_given_a_post_that_is_no_request_when_it_comes_then_it_is_rejected_with_200_and_the_connection_kept(body: bytes) -> None:
    with rig() as it:
        peer = it.connect().send(http(body=body) + http(body=DROP))
        assert peer.statuses == [200, 200]
        assert REJECT in peer.got
        assert peer.got.endswith(ANSWER)
        assert len(it.responder.rejected) == 1


def test_given_http_1_0_when_a_request_comes_then_the_connection_closes_unless_it_asks_to_be_kept() -> None:
    with rig() as it:
        assert it.connect().send(http(body=DROP, version="1.0")).wire.disconnecting
        assert not it.connect().send(http(body=DROP, version="1.0", Connection="keep-alive")).wire.closing
        assert it.connect().send(http(body=DROP, Connection="close")).wire.disconnecting


def test_given_a_client_that_expects_100_when_its_head_comes_then_it_may_go_on_once() -> None:
    with rig() as it:
        data = http(body=DROP, Expect="100-continue")
        peer = it.connect().send(data[: -len(DROP)])
        assert peer.statuses == [100]
        peer.send(DROP, pieces=10)
        assert peer.statuses == [100, 200]


def test_given_the_head_with_the_body_when_100_is_expected_then_it_is_not_said() -> None:
    with rig() as it:
        assert it.connect().send(http(body=DROP, Expect="100-continue")).statuses == [200]


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/makeCal", 404),
        ("GET", "/status", 404),
        ("PUT", "/", 405),
        ("DELETE", "/", 405),
        ("CONNECT", "host:1", 405),
        ("TRACE", "/", 405),
    ],
)
def test_given_another_path_or_method_when_it_comes_then_it_gets_404_or_405_and_the_connection_is_kept(
    method: str, target: str, status: int
) -> None:
    with rig() as it:
        peer = it.connect().send(http(method, target))
        assert peer.statuses == [status]
        assert not peer.wire.closing
        if status == 405:
            assert headers_of(peer)["allow"] == "POST, GET, OPTIONS"


def test_given_head_when_it_comes_then_its_answer_cannot_be_taken_for_the_beginning_of_the_next() -> None:
    with rig() as it:
        peer = it.connect().send(http("HEAD") + http(body=DROP))
        assert peer.statuses == [405]
        assert peer.wire.disconnecting


def test_given_what_is_no_http_when_it_comes_then_it_gets_the_status_a_log_line_and_a_count_and_the_connection_closes() -> None:
    with rig() as it:
        peer = it.connect().send(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert peer.statuses == [400]
        assert peer.wire.half_closed
        assert it.measures.refused["http", "400"] == 1
        (line,) = it.log.lines
        assert line[:2] == ("info", "http_refused")
        assert line[2]["status"] == 400


def test_given_a_body_beyond_the_limit_when_it_is_announced_then_it_is_refused_before_it_comes() -> None:
    with rig(PortSettings(max_request_size=1024)) as it:
        peer = it.connect().send(b"POST / HTTP/1.1\r\nContent-Length: 1025\r\n\r\n")
        assert peer.statuses == [413]
        peer.send(b"x" * 1025)
        assert peer.statuses == [413]


# -- pipelining


def test_given_pipelined_requests_when_the_first_waits_then_the_others_wait_and_answers_keep_their_order() -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(http(body=DROP) + http("GET", "/") + http(body=DROP))
        assert peer.got == b""
        it.responder.open[0].callback(b"<first/>")
        assert peer.statuses == [200, 404]
        it.responder.open[1].callback(b"<second/>")
        assert peer.statuses == [200, 404, 200]
        assert peer.got.index(b"<first/>") < peer.got.index(b"<second/>")


def test_given_a_client_that_pipelines_too_much_when_its_request_waits_then_it_is_not_read_until_the_answer() -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(http(body=DROP))
        peer.send(http("GET", "/") * 2000)
        assert peer.wire.producerState == "paused"
        it.responder.patient = False
        it.responder.open[0].callback(ANSWER)
        assert peer.wire.producerState == "producing"
        assert peer.statuses == [200] + [404] * 2000


def test_given_a_client_that_never_reads_when_its_answers_pile_up_then_it_is_not_read_either() -> None:
    with rig() as it:
        peer = it.connect(stuck=True).send(http(body=DROP) * 1000)
        assert peer.statuses == [200]
        assert peer.wire.producerState == "paused"
        peer.send(http(body=DROP) * 1000)
        assert len(it.responder.asked) == 1
        peer.wire.drain()
        assert len(it.responder.asked) == 2000
        assert peer.wire.producerState == "producing"


def test_given_a_client_that_never_reads_when_the_time_is_over_then_it_is_cut() -> None:
    with rig() as it:
        peer = it.connect(stuck=True).send(http(body=DROP) * 10)
        it.pass_time(61)
        assert peer.wire.closing
        assert peer.wire.producer is None
        it.pass_time(11)
        assert peer.wire.aborted


def test_given_a_client_that_never_reads_when_it_half_closes_then_it_still_gets_all_answers_when_it_reads() -> None:
    with rig() as it:
        peer = it.connect(stuck=True).send(http(body=DROP) * 3)
        peer.half_close()
        assert not peer.wire.closing
        peer.wire.drain()
        assert peer.wire.disconnecting
        assert peer.statuses == [200, 200, 200]


def test_given_a_thousand_pipelined_requests_when_they_come_at_once_then_all_are_answered_in_one_go() -> None:
    with rig() as it:
        assert it.connect().send(http(body=DROP) * 3000).statuses == [200] * 3000


# -- half-close and vanishing


def test_given_a_half_closed_client_when_its_request_waits_then_it_is_answered_and_closed() -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(http(body=DROP))
        peer.half_close()
        assert not peer.wire.closing
        it.responder.open[0].callback(ANSWER)
        assert peer.got.endswith(ANSWER)
        assert peer.wire.disconnecting


def test_given_a_half_closed_client_when_its_request_is_incomplete_then_it_gets_400() -> None:
    with rig() as it:
        peer = it.connect().send(http(body=DROP)[:-1])
        peer.half_close()
        assert peer.statuses == [400]
        assert peer.wire.disconnecting
        assert it.measures.refused["http", "400"] == 1


def test_given_a_half_closed_client_when_it_rests_then_the_connection_closes_without_a_word() -> None:
    with rig() as it:
        peer = it.connect().send(http(body=DROP))
        peer.half_close()
        assert peer.statuses == [200]
        assert peer.wire.disconnecting


@pytest.mark.parametrize("how", ["vanish", "half_close"])
def test_given_a_poll_when_its_client_goes_then_it_is_given_up(how: str) -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(http(body=POLL))
        getattr(peer, how)()
        assert it.responder.cancelled == 1
        assert peer.got == b""


def test_given_a_request_for_the_pbx_when_its_client_goes_then_it_is_done_all_the_same() -> None:
    """A session that was being opened must not be left half open."""
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(http(body=DROP))
        peer.vanish()
        assert it.responder.cancelled == 0
        it.responder.open[0].callback(ANSWER)
        assert peer.got == b""


def test_given_a_waiting_poll_when_time_passes_then_the_connection_stays() -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(http(body=POLL))
        assert peer.wire.keep_alive
        it.pass_time(300)
        assert not peer.wire.closing
        it.responder.open[0].callback(ANSWER)
        assert peer.statuses == [200]


# -- CORS


def test_given_a_page_of_another_site_when_it_asks_then_it_is_refused_before_its_request_is_read() -> None:
    with rig() as it:
        peer = it.connect().send(http(body=DROP, Origin="https://evil.example.org"))
        assert peer.statuses == [403]
        assert it.responder.asked == []
        assert "access-control-allow-origin" not in headers_of(peer)
        assert it.measures.refused["http", "origin"] == 1
        assert it.log.lines[0][:2] == ("warning", "origin_refused")


@pytest.mark.parametrize("origin", ["null", "http://gateway", "http://gateway:20001", "ftp://gateway:20000", CRM + ".evil", "\x01", "\xad"])
def test_given_an_origin_that_is_not_ours_when_a_page_uses_the_makecall_link_then_it_is_refused(origin: str) -> None:
    with rig(PortSettings(allowed_origins=(CRM,))) as it:
        peer = it.connect().send(http("GET", "/makeCall?deviceNumber=1&calledDeviceNumber=2", Origin=origin))
        assert peer.statuses == [403]
        assert it.responder.asked == []


@pytest.mark.parametrize("origin", ["http://gateway:20000", "https://gateway:20000"])
def test_given_a_page_of_our_own_when_it_asks_then_it_needs_no_permission(origin: str) -> None:
    with rig() as it:
        peer = it.connect().send(http(body=DROP, Origin=origin))
        assert peer.statuses == [200]
        assert "access-control-allow-origin" not in headers_of(peer)


@pytest.mark.parametrize("allowed", [(CRM,), ("https://x.example.org", CRM), ("*",)])
def test_given_an_allowed_page_when_it_asks_then_it_may_read_the_answer(allowed: tuple[str, ...]) -> None:
    with rig(PortSettings(allowed_origins=allowed)) as it:
        found = headers_of(it.connect().send(http(body=DROP, Origin=CRM)))
        assert found["access-control-allow-origin"] == CRM
        assert found["vary"] == "Origin"


def test_given_an_allowed_page_when_another_request_follows_without_origin_then_it_gets_no_permission() -> None:
    with rig(PortSettings(allowed_origins=(CRM,))) as it:
        peer = it.connect().send(http(body=DROP, Origin=CRM) + http(body=DROP))
        assert peer.got.count(b"Access-Control-Allow-Origin") == 1


@pytest.mark.parametrize("origin", ["\x01", "x\x7f", "\xa0"])
def test_given_any_page_is_allowed_when_its_origin_cannot_be_repeated_then_it_is_refused(origin: str) -> None:
    with rig(PortSettings(allowed_origins=("*",))) as it:
        assert it.connect().send(http(body=DROP, Origin="x" + origin + "x")).statuses == [403]


def test_given_an_allowed_page_when_it_asks_beforehand_then_it_is_told_what_it_may() -> None:
    with rig(PortSettings(allowed_origins=(CRM,))) as it:
        asked: dict[str, Any] = {"Origin": CRM, "Access_Control_Request_Method": "POST", "Access_Control_Request_Private_Network": "true"}
        peer = it.connect().send(http("OPTIONS", "/", **asked))
        assert peer.statuses == [204]
        found = headers_of(peer)
        assert found["access-control-allow-origin"] == CRM
        assert "POST" in found["access-control-allow-methods"]
        assert found["access-control-allow-headers"] == "Content-Type"
        assert found["access-control-allow-private-network"] == "true"
        assert "content-length" not in found
        assert not peer.wire.closing


def test_given_no_origin_when_the_options_are_asked_then_they_are_told_without_cors() -> None:
    with rig() as it:
        found = headers_of(it.connect().send(http("OPTIONS", "*")))
        assert found["allow"] == "POST, GET, OPTIONS"
        assert not any(name.startswith("access-control") for name in found)


# -- the makeCall link


@pytest.mark.parametrize(
    ("query", "device", "called"),
    [
        ("deviceNumber=1101&calledDeviceNumber=1102", "1101", "1102"),
        ("calledDeviceNumber=+33160127764&deviceNumber=1101", "1101", "+33160127764"),
        ("deviceNumber=1101&calledDeviceNumber=%2B33160127764", "1101", "+33160127764"),
        ("deviceNumber=%31%31%30%31&calledDeviceNumber=*21%23", "1101", "*21#"),
        ("deviceNumber=1101&calledDeviceNumber=%20+1%20", "1101", "+1"),
        ("deviceNumber=1101&calledDeviceNumber=a=b", "1101", "a=b"),
        ("deviceNumber=1101&calledDeviceNumber=1102&unknown=1&", "1101", "1102"),
    ],
)
def test_given_a_makecall_link_when_followed_then_percent_is_decoded_and_plus_stays(query: str, device: str, called: str) -> None:
    with rig() as it:
        peer = it.connect().send(http("GET", "/makeCall?" + query))
        assert peer.statuses == [200]
        assert peer.got.endswith(ANSWER)
        request = it.responder.asked[0][0]
        assert (request.device_number, request.called_device_number, request.extra_data) == (device, called, None)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "deviceNumber=1101",
        "calledDeviceNumber=1102",
        "deviceNumber=&calledDeviceNumber=1102",
        "deviceNumber=%20&calledDeviceNumber=1102",
        "devicenumber=1101&calleddevicenumber=1102",
        "deviceNumber=1101&deviceNumber=1103&calledDeviceNumber=1102",
        "deviceNumber=1101&calledDeviceNumber=%ff",
        "deviceNumber=1101&calledDeviceNumber=11%0d%0aAction:%20Originate",
        "deviceNumber=1101&calledDeviceNumber=11%00",
        "deviceNumber=1101&calledDeviceNumber=" + "1" * 5000,
    ],
)
def test_given_a_makecall_link_with_bad_parameters_when_followed_then_it_is_rejected(query: str) -> None:
    with rig() as it:
        peer = it.connect().send(http("GET", "/makeCall?" + query))
        assert peer.statuses == [200]
        assert peer.got.endswith(REJECT)
        assert it.responder.asked == []


def test_given_a_makecall_link_as_a_whole_url_when_a_proxy_passes_it_on_then_it_is_followed() -> None:
    with rig() as it:
        peer = it.connect().send(http("GET", "http://gateway:20000/makeCall?deviceNumber=1101&calledDeviceNumber=1102"))
        assert peer.got.endswith(ANSWER)


def test_given_the_makecall_link_is_switched_off_when_followed_then_it_is_not_found() -> None:
    with rig(PortSettings(make_call_url=False)) as it:
        assert it.connect().send(http("GET", "/makeCall?deviceNumber=1101&calledDeviceNumber=1102")).statuses == [404]
        assert it.responder.asked == []


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60))
def test_given_any_query_when_read_then_it_is_a_call_or_no_request(query: str) -> None:
    try:
        request = make_call_of(query)
    except RemoteProtocolError:
        return
    assert request.device_number.isprintable()
    assert request.called_device_number.isprintable()


# -- pages of other sites


def test_given_a_page_whose_name_is_not_ours_when_it_asks_its_own_origin_then_it_is_refused() -> None:
    head = b"POST / HTTP/1.1\r\nHost: evil.example.org\r\nOrigin: http://evil.example.org\r\n"
    rebound = head + b"Content-Length: %d\r\n\r\n" % len(DROP) + DROP
    with rig() as it:
        assert it.connect().send(rebound).statuses == [403]
        assert it.responder.asked == []
        assert it.connect().send(http(body=DROP, Origin="http://gateway:20000")).statuses == [200]
        assert it.connect().send(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(DROP) + DROP).statuses == [200]
    with rig(PortSettings(host_names=("evil.example.org",))) as it:
        assert it.connect().send(rebound).statuses == [200]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 200),
        ({"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}, 200),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors", "Origin": CRM}, 200),
        ({}, 200),
    ],
)
def test_given_the_makecall_link_when_a_foreign_page_loads_it_then_only_links_work(headers: dict[str, str], status: int) -> None:
    with rig(PortSettings(allowed_origins=(CRM,))) as it:
        peer = it.connect().send(http("GET", "/makeCall?deviceNumber=1101&calledDeviceNumber=1102", **headers))
        assert peer.statuses == [status]
        assert len(it.responder.asked) == (status == 200)
