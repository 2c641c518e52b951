"""The TelServices port: raw XML and HTTP told apart, deadlines, limits, and peers that close their half."""

from __future__ import annotations

import pytest
from front_rig import ANSWER, DROP, POLL, REJECT, Rig, http, rig

from telgw.fronts.telservices.conversation import PortSettings

MARKED = PortSettings(end_of_pdu=b"\n")


# -- raw or HTTP


@pytest.mark.parametrize("lead", [b"", b"\r\n", b" \t\r\n\n  ", b"\xef\xbb\xbf", b'<?xml version="1.0" encoding="UTF-8"?>\n'])
@pytest.mark.parametrize("pieces", [None, 1])
def test_given_a_raw_request_with_any_lead_when_it_comes_in_any_pieces_then_it_is_answered_and_closed(
    lead: bytes, pieces: int | None
) -> None:
    with rig() as it:
        peer = it.connect().send(lead + DROP, pieces)
        assert peer.got == ANSWER
        assert peer.wire.disconnecting
        ((request, address, over_http),) = it.responder.asked
        assert (request.device_number, address, over_http) == ("1101", "192.0.2.1", False)


@pytest.mark.parametrize("lead", [b"", b"\r\n", b"\n \t"])
@pytest.mark.parametrize("pieces", [None, 1])
def test_given_an_http_request_with_any_lead_when_it_comes_in_any_pieces_then_it_is_answered_and_kept(
    lead: bytes, pieces: int | None
) -> None:
    with rig() as it:
        peer = it.connect().send(lead + http(body=DROP), pieces)
        assert peer.statuses == [200]
        assert peer.got.endswith(b"\r\n\r\n" + ANSWER)
        assert not peer.wire.closing
        assert it.responder.asked[0][2] is True


@pytest.mark.parametrize("data", [b"hello", b"\x16\x03\x01\x02\x00\x01", b"\x00", b"\xff\xfe<\x00T\x00", b"get / HTTP/1.1\r\n\r\n", b"{}"])
def test_given_what_is_neither_when_it_comes_then_it_is_rejected_and_the_connection_closed(data: bytes) -> None:
    with rig() as it:
        peer = it.connect().send(data)
        assert peer.got == REJECT
        assert peer.wire.closing
        assert len(it.responder.rejected) == 1
        assert it.responder.asked == []


def test_given_an_ipv4_client_on_an_ipv6_listener_when_it_asks_then_its_address_is_the_ipv4_one() -> None:
    with rig() as it:
        it.connect("::ffff:192.0.2.7").send(DROP)
        assert it.responder.asked[0][1] == "192.0.2.7"


# -- raw


@pytest.mark.parametrize("data", [DROP, DROP + b"\n", b"\n" + DROP, b"\n\n" + DROP + b"\n"])
def test_given_an_end_of_pdu_when_requests_come_with_or_without_it_then_it_is_appended_to_the_answer(data: bytes) -> None:
    with rig(MARKED) as it:
        assert it.connect().send(data).got == ANSWER + b"\n"


@pytest.mark.parametrize("pieces", [None, 1])
def test_given_a_visible_end_of_pdu_when_it_stands_before_the_request_then_it_is_skipped(pieces: int | None) -> None:
    with rig(PortSettings(end_of_pdu=b"--")) as it:
        assert it.connect().send(b"--" + DROP + b"--", pieces).got == ANSWER + b"--"


def test_given_an_end_of_pdu_when_a_request_is_rejected_then_it_is_appended_too() -> None:
    with rig(MARKED) as it:
        assert it.connect().send(b"<oops>").send(b"<!").send(b"DOCTYPE").got == REJECT + b"\n"


def test_given_an_end_of_pdu_when_http_is_spoken_then_it_is_not_appended() -> None:
    with rig(MARKED) as it:
        assert it.connect().send(http(body=DROP)).got.endswith(ANSWER)


def test_given_a_raw_request_when_another_follows_then_only_the_first_is_done() -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(DROP + DROP).send(DROP)
        assert len(it.responder.asked) == 1
        it.responder.open[0].callback(ANSWER)
        peer.send(DROP)
        assert len(it.responder.asked) == 1
        assert peer.got == ANSWER


def test_given_a_raw_reject_when_the_peer_goes_on_sending_then_its_bytes_are_dropped_until_it_closes() -> None:
    """Closing with unread bytes would reset the connection, and the peer might never see why."""
    with rig() as it:
        peer = it.connect().send(b"<a b='c'>")
        assert peer.wire.half_closed
        assert not peer.wire.disconnecting
        peer.send(b"x" * 100_000).send(DROP)
        assert peer.got == REJECT
        peer.conversation.writeConnectionLost()
        assert not peer.wire.aborted
        peer.half_close()
        assert peer.wire.disconnecting


def test_given_a_raw_reject_when_the_peer_never_closes_then_the_connection_is_cut() -> None:
    with rig() as it:
        peer = it.connect().send(b"<a b='c'>")
        it.pass_time(9)
        assert not peer.wire.aborted
        it.pass_time(2)
        assert peer.wire.aborted


def test_given_an_oversized_request_when_it_passes_the_limit_then_it_is_rejected_before_it_is_whole() -> None:
    with rig(PortSettings(max_request_size=2000)) as it:
        peer = it.connect().send(b"<TelServiceRequest><searchName><name>")
        peer.send(b"x" * 3000)
        assert peer.got == REJECT


def test_given_a_half_closed_raw_peer_when_its_request_was_whole_then_it_is_answered() -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(DROP)
        peer.half_close()
        assert not peer.wire.closing
        it.responder.open[0].callback(ANSWER)
        assert peer.got == ANSWER
        assert peer.wire.disconnecting


def test_given_a_half_closed_raw_peer_when_its_request_was_incomplete_then_it_is_rejected() -> None:
    with rig() as it:
        peer = it.connect().send(DROP[:-1])
        peer.half_close()
        assert peer.got == REJECT
        assert peer.wire.disconnecting
        assert "half closed" in it.responder.rejected[0]


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_given_a_half_closed_peer_that_said_nothing_when_it_ends_then_the_connection_closes_without_a_word(sent: bytes) -> None:
    with rig() as it:
        peer = it.connect()
        if sent:
            peer.send(sent)
        peer.half_close()
        assert peer.wire.disconnecting
        assert peer.got == b""


def test_given_a_raw_peer_that_vanishes_when_the_answer_comes_then_nothing_breaks() -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(DROP)
        peer.vanish()
        it.responder.open[0].callback(ANSWER)
        assert it.responder.cancelled == 0
        assert len(it.connections) == 0


# -- deadlines


def test_given_a_peer_that_says_nothing_when_the_idle_time_is_over_then_it_is_cut() -> None:
    with rig() as it:
        peer = it.connect()
        it.pass_time(9)
        assert not peer.wire.aborted
        it.pass_time(2)
        assert peer.wire.aborted
        assert it.measures.refused["tcp", "deadline"] == 1


def test_given_a_peer_that_sends_blanks_when_the_idle_time_is_over_then_it_is_cut() -> None:
    with rig() as it:
        peer = it.connect()
        for _ in range(11):
            peer.send(b" ")
            it.pass_time(1)
        assert peer.wire.aborted


def test_given_a_raw_request_that_pauses_when_the_idle_time_is_over_then_it_is_rejected() -> None:
    with rig() as it:
        peer = it.connect().send(DROP[:30])
        it.pass_time(11)
        assert peer.got == REJECT
        assert peer.wire.closing
        assert it.responder.rejected == ["the request was not complete in time"]


def test_given_a_raw_request_byte_by_byte_when_it_takes_too_long_then_it_is_rejected() -> None:
    with rig(PortSettings(idle_timeout=10, request_timeout=30)) as it:
        peer = it.connect()
        for byte in DROP[:29]:
            peer.send(bytes([byte]))
            it.pass_time(1)
        assert peer.got == b""
        it.pass_time(2)
        assert peer.got == REJECT


def test_given_a_raw_request_that_the_pbx_has_not_answered_when_time_passes_then_the_connection_stays() -> None:
    with rig() as it:
        it.responder.patient = True
        peer = it.connect().send(DROP)
        it.pass_time(120)
        assert not peer.wire.closing
        assert it.connections.busy
        it.responder.open[0].callback(ANSWER)
        assert peer.got == ANSWER


def test_given_an_http_request_that_pauses_when_the_idle_time_is_over_then_it_gets_408() -> None:
    with rig() as it:
        peer = it.connect().send(http(body=DROP)[:-1])
        it.pass_time(11)
        assert peer.statuses == [408]
        assert peer.wire.closing


def test_given_an_http_head_byte_by_byte_when_it_takes_too_long_then_it_gets_408() -> None:
    with rig(PortSettings(request_timeout=20)) as it:
        peer = it.connect().send(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(22):
            peer.send(b"x")
            it.pass_time(1)
        assert peer.statuses == [408]


def test_given_a_resting_http_connection_when_the_keep_alive_time_is_over_then_it_closes_without_a_word() -> None:
    with rig() as it:
        peer = it.connect().send(http(body=DROP))
        it.pass_time(59)
        assert not peer.wire.closing
        it.pass_time(2)
        assert peer.statuses == [200]
        assert peer.wire.disconnecting


def test_given_a_resting_http_connection_when_it_asks_again_then_the_keep_alive_time_starts_again() -> None:
    with rig() as it:
        peer = it.connect().send(http(body=DROP))
        it.pass_time(50)
        peer.send(http(body=DROP))
        it.pass_time(50)
        assert not peer.wire.closing


def test_given_empty_lines_on_a_resting_http_connection_when_time_passes_then_they_do_not_keep_it_open() -> None:
    with rig() as it:
        peer = it.connect().send(http(body=DROP))
        for _ in range(62):
            peer.send(b"\r\n")
            it.pass_time(1)
        assert peer.wire.closing


def test_given_a_peer_that_does_not_read_the_last_word_when_time_passes_then_it_is_cut() -> None:
    with rig() as it:
        peer = it.connect().send(DROP)
        assert peer.wire.disconnecting
        it.pass_time(11)
        assert peer.wire.aborted


def test_given_no_connection_when_time_passes_then_no_timer_is_set() -> None:
    with rig() as it:
        it.connect().vanish()
        it.pass_time(2)
        assert it.time.calls == []


# -- limits


def test_given_as_many_connections_as_allowed_when_one_more_comes_then_it_is_refused_until_one_goes() -> None:
    with rig(limit=2) as it:
        first, _ = it.connect("192.0.2.1"), it.connect("192.0.2.2")
        refused = it.connect("192.0.2.3")
        assert refused.wire.aborted
        refused.send(DROP)
        assert it.responder.asked == []
        assert it.measures.refused["tcp", "connection limit"] == 1
        assert it.log.lines[-1] == ("warning", "connection_refused", {"address": "192.0.2.3", "why": "connection limit"})
        first.vanish()
        assert not it.connect("192.0.2.3").wire.aborted


def test_given_as_many_connections_of_an_address_as_allowed_when_one_more_comes_then_only_that_address_is_refused() -> None:
    with rig(per_address=2) as it:
        first, _ = it.connect("192.0.2.1"), it.connect("192.0.2.1")
        assert it.connect("192.0.2.1").wire.aborted
        assert not it.connect("192.0.2.2").wire.aborted
        assert it.measures.refused["tcp", "connection limit of the address"] == 1
        first.vanish()
        assert not it.connect("192.0.2.1").wire.aborted


def test_given_refused_connections_when_they_are_gone_then_the_count_is_right() -> None:
    with rig(limit=1) as it:
        admitted = it.connect()
        for _ in range(5):
            it.connect().vanish()
        assert len(it.connections) == 1
        admitted.vanish()
        assert len(it.connections) == 0


# -- the end


def test_given_all_sorts_of_connections_when_the_gateway_stops_then_all_are_closed_and_no_timer_is_left() -> None:
    it = Rig()
    silent, resting, reading = it.connect(), it.connect().send(http(body=DROP)), it.connect().send(DROP[:10])
    it.responder.patient = True
    waiting = it.connect().send(DROP)
    assert it.connections.busy
    it.connections.close_all()
    for peer in (silent, resting, reading, waiting):
        assert peer.wire.closing or peer.wire.aborted
    assert it.clock.pending() == []


def test_given_a_port_when_its_settings_change_then_the_next_requests_follow_them() -> None:
    with rig() as it:
        peer = it.connect().send(DROP[:10])
        it.port.configure(MARKED)
        assert peer.send(DROP[10:]).got == ANSWER + b"\n"


def test_given_a_poll_over_raw_tcp_when_it_comes_then_the_responder_is_told_that_it_is_not_http() -> None:
    with rig() as it:
        it.connect().send(POLL)
        assert it.responder.asked[0][2] is False
