"""The HTTP codec: what it takes, what it refuses and with which status, and that it never guesses where a message ends."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telgw.base.limits import MAX_HTTP_HEAD_BYTES, MAX_HTTP_HEADERS
from telgw.wire.http1 import Head, HttpError, HttpRequest, RequestReader, write_response

MAX_BODY = 5000


def read(*pieces: bytes, max_body: int = MAX_BODY) -> list[HttpRequest]:
    """The requests that the pieces hold."""
    reader = RequestReader(max_body)
    requests = []
    for piece in pieces:
        reader.receive_data(piece)
        while (request := reader.next_request()) is not None:
            requests.append(request)
    return requests


def head_of(data: bytes) -> Head:
    (request,) = read(data)
    return request.head


def refusal(*pieces: bytes, max_body: int = MAX_BODY) -> int:
    with pytest.raises(HttpError) as refused:
        read(*pieces, max_body=max_body)
    return refused.value.status


# -- what it takes


def test_given_a_post_when_read_then_method_target_headers_and_body_are_told() -> None:
    (request,) = read(b"POST /any?x=1 HTTP/1.1\r\nHost: gateway\r\nX-Odd:\t value \t\r\nContent-Length: 4\r\n\r\nbody")
    assert (request.head.method, request.head.target, request.body) == ("POST", "/any?x=1", b"body")
    assert request.head.headers == {b"host": b"gateway", b"x-odd": b"value", b"content-length": b"4"}


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"close", False),
        (b"1.1", b"Keep-Alive, Close", False),
        (b"1.1", b"keep-alive", True),
        (b"1.0", b"", False),
        (b"1.0", b"keep-alive", True),
        (b"1.0", b"Keep-Alive", True),
        (b"1.0", b"close", False),
    ],
)
def test_given_a_version_and_a_connection_header_when_read_then_the_connection_is_kept_or_not(
    version: bytes, connection: bytes, kept: bool
) -> None:
    header = b"Connection: " + connection + b"\r\n" if connection else b""
    assert head_of(b"GET / HTTP/" + version + b"\r\n" + header + b"\r\n").keep_alive is kept


def test_given_pipelined_requests_when_read_then_they_come_one_by_one_in_order() -> None:
    data = b"GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + b"\r\n" + b"GET /3 HTTP/1.1\r\n\r\n"
    assert [(request.head.target, request.body) for request in read(data)] == [("/1", b""), ("/2", b"abc"), ("/3", b"")]


def test_given_the_same_head_again_when_read_then_it_means_the_same() -> None:
    data = b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n"
    first, second = read(data + b"a" + data + b"b")
    assert first.head == second.head
    assert (first.body, second.body) == (b"a", b"b")


def test_given_empty_lines_before_a_request_when_read_then_they_are_skipped() -> None:
    assert len(read(b"\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n")) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"4\r\nbody\r\n0\r\n\r\n",
        b"2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
        b"0004\r\nbody\r\n000\r\n\r\n",
        b'4;name=value;other="x y"\r\nbody\r\n0;last\r\n\r\n',
        b"4 \t\r\nbody\r\n0\r\n\r\n",
        b"4\r\nbody\r\n0\r\nTrailer: one\r\nAnother: two\r\n\r\n",
    ],
)
def test_given_a_chunked_body_when_read_then_extensions_and_trailers_are_left_out(body: bytes) -> None:
    data = b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n" + body
    assert [request.body for request in read(data + b"GET /next HTTP/1.1\r\n\r\n")] == [b"body", b""]


def test_given_a_client_that_expects_100_when_only_its_head_came_then_it_is_to_be_told_to_continue() -> None:
    reader = RequestReader(MAX_BODY)
    reader.receive_data(b"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n")
    assert reader.next_request() is None
    assert reader.continue_wanted
    reader.receive_data(b"body")
    assert reader.next_request() is not None
    assert not reader.continue_wanted


def test_given_an_http_1_0_client_when_it_expects_100_then_it_is_not_told() -> None:
    assert not head_of(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue


# -- what it refuses

GET = b"GET / HTTP/1.1\r\n"
POST = b"POST / HTTP/1.1\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (400, b"nonsense\r\n\r\n"),
        (400, b"GET /\r\n\r\n"),
        (400, b"GET  / HTTP/1.1\r\n\r\n"),
        (400, b"GET / HTTP/1.1 \r\n\r\n"),
        (400, b" GET / HTTP/1.1\r\n\r\n"),
        (400, b"G\x00T / HTTP/1.1\r\n\r\n"),
        (400, b"GET /\xff HTTP/1.1\r\n\r\n"),
        (400, b"GET / HTTP/1.2\r\n\r\n"),
        (400, b"GET / HTTP/0.9\r\n\r\n"),
        (400, b"GET / http/1.1\r\n\r\n"),
        (505, b"GET / HTTP/2.0\r\n\r\n"),
        (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (400, GET + b"NoColon\r\n\r\n"),
        (400, GET + b": empty name\r\n\r\n"),
        (400, GET + b"X: nul\x00\r\n\r\n"),
        (400, GET + b"X: carriage\rreturn\r\n\r\n"),
        (400, POST + b"Content-Length: abc\r\n\r\n"),
        (400, POST + b"Content-Length: -1\r\n\r\n"),
        (400, POST + b"Content-Length: +1\r\n\r\n"),
        (400, POST + b"Content-Length: 0x1\r\n\r\n"),
        (400, POST + b"Content-Length: 1_0\r\n\r\n"),
        (400, POST + b"Content-Length:\r\n\r\n"),
        (400, POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"),
        (400, POST + b"Content-Length: \xb2\r\n\r\n"),
        (413, POST + b"Content-Length: 5001\r\n\r\n"),
        (417, POST + b"Expect: miracles\r\n\r\n"),
        (501, POST + b"Transfer-Encoding: gzip\r\n\r\n"),
        (400, CHUNKED + b"\r\n"),
        (400, CHUNKED + b"g\r\n"),
        (400, CHUNKED + b"-1\r\n"),
        (400, CHUNKED + b"0x1\r\n"),
        (400, CHUNKED + b"4\r\nlonger\r\n"),
        (400, CHUNKED + b"123456789\r\n"),
        (400, CHUNKED + b"4" + b";" * 300 + b"\r\nbody\r\n0\r\n\r\n"),
        (413, CHUNKED + b"1389\r\n"),
        (413, CHUNKED + b"ffffffff\r\n"),
        (413, CHUNKED + b"1000\r\n" + b"x" * 4096 + b"\r\n1000\r\n"),
        (431, CHUNKED + b"0\r\nT: " + b"x" * MAX_HTTP_HEAD_BYTES + b"\r\n\r\n"),
        (431, GET + b"X: " + b"x" * MAX_HTTP_HEAD_BYTES + b"\r\n\r\n"),
        (431, GET + b"X: y\r\n" * (MAX_HTTP_HEADERS + 1) + b"\r\n"),
    ],
)
def test_given_what_is_no_request_when_read_then_it_is_refused_with_its_status_however_it_comes(status: int, data: bytes) -> None:
    assert refusal(data) == status
    assert refusal(*(data[at : at + 1] for at in range(len(data)))) == status


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="length and coding"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", id="coding and length"),
        pytest.param(POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody", id="two lengths"),
        pytest.param(POST + b"Content-Length: 4\r\ncontent-length: 4\r\n\r\nbody", id="the same length twice"),
        pytest.param(POST + b"Content-Length: 4, 4\r\n\r\nbody", id="a list of lengths"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", id="two codings"),
        pytest.param(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="a coding in 1.0"),
        pytest.param(POST + b"Content-Length : 4\r\n\r\nbody", id="a space before the colon"),
        pytest.param(POST + b" Content-Length: 4\r\n\r\nbody", id="a header that is folded into the request line"),
        pytest.param(POST + b"X: a\r\n Content-Length: 4\r\n\r\nbody", id="a folded header"),
        pytest.param(POST + b"X: a\r\n\tb\r\n\r\n", id="a header folded with a tab"),
        pytest.param(b"POST / HTTP/1.1\nContent-Length: 4\n\nbody", id="bare line feeds"),
        pytest.param(POST + b"X: a\nContent-Length: 4\r\n\r\nbody", id="one bare line feed"),
        pytest.param(POST + b"X: a\n\n", id="bare line feeds that end the head"),
        pytest.param(CHUNKED + b"4\nbody\n0\n\n\r\n", id="chunks with bare line feeds"),
        pytest.param(CHUNKED + b"4;\nbody\r\n0\r\n\r\n", id="a bare line feed in a chunk extension"),
        pytest.param(GET + b"Host: one\r\nHost: two\r\n\r\n", id="two hosts"),
    ],
)
def test_given_two_opinions_on_where_a_message_ends_when_read_then_it_is_refused(data: bytes) -> None:
    """Request smuggling: a proxy before the gateway must never see another request than the gateway does."""
    assert refusal(data) == 400


@pytest.mark.parametrize("coding", [b"chunked, chunked", b"xchunked", b"chunked;q=1", b"identity", b"gzip, chunked", b"\x0bchunked"])
def test_given_a_transfer_coding_that_is_not_exactly_chunked_when_read_then_it_is_refused(coding: bytes) -> None:
    assert refusal(POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n") == 501


def test_given_sizes_at_the_limits_when_read_then_they_pass_however_they_come() -> None:
    filler = MAX_HTTP_HEAD_BYTES - len(GET) - len(b"X: ")
    head = GET + b"X: " + b"x" * filler + b"\r\n\r\n"
    body = POST + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000
    chunks = CHUNKED + b"1388\r\n" + b"x" * 5000 + b"\r\n0\r\n\r\n"
    for data in (head, body, chunks):
        assert len(read(data)) == 1
        assert len(read(*(data[at : at + 1] for at in range(len(data))))) == 1


def test_given_a_head_without_end_when_it_grows_then_it_is_refused_before_it_costs_memory() -> None:
    reader = RequestReader(MAX_BODY)
    line = b"X-More: and more\r\n"
    for _ in range(MAX_HTTP_HEAD_BYTES // len(line)):
        reader.receive_data(line)
        assert reader.next_request() is None
    reader.receive_data(line)
    with pytest.raises(HttpError) as refused:
        reader.next_request()
    assert refused.value.status == 431


# -- any pieces


def _headers() -> st.SearchStrategy[bytes]:
    value = st.binary(max_size=20).map(lambda text: bytes(byte for byte in text if byte not in b"\0\r\n"))
    return st.lists(value.map(lambda text: b"X-Any: " + text + b"\r\n"), max_size=3).map(b"".join)


@st.composite
def _request(draw: st.DrawFn) -> bytes:
    method = draw(st.sampled_from([b"POST", b"GET", b"OPTIONS"]))
    line = method + b" /" + draw(st.sampled_from([b"", b"makeCall?a=%2B33", b"x/y"])) + b" HTTP/1." + draw(st.sampled_from([b"0", b"1"]))
    headers = draw(_headers())
    body = draw(st.binary(max_size=300))
    if line.endswith(b"0") or draw(st.booleans()):
        return line + b"\r\n" + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunks = b""
    while body:
        size = draw(st.integers(1, len(body)))
        extension = draw(st.sampled_from([b"", b";x", b" ; y=z"]))
        chunks += b"%x" % size + extension + b"\r\n" + body[:size] + b"\r\n"
        body = body[size:]
    trailers = draw(st.sampled_from([b"", b"Trailer: x\r\n", b"A: b\r\nC: d\r\n"]))
    return line + b"\r\n" + headers + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n" + trailers + b"\r\n"


def _pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


@given(st.lists(_request(), min_size=1, max_size=4), st.lists(st.integers(0, 10_000), max_size=40))
def test_given_valid_requests_when_they_come_in_any_pieces_then_they_read_as_the_whole(requests: list[bytes], cuts: list[int]) -> None:
    data = b"".join(requests)
    whole = read(data)
    assert len(whole) == len(requests)
    assert read(*_pieces(data, cuts)) == whole


_MARKS = [b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"0\r\n", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\n", b"Content-Length: 3\r\n"]
_LOOKALIKES = st.lists(
    st.one_of(st.binary(max_size=30), st.sampled_from([*_MARKS, b"Transfer-Encoding: chunked\r\n", b"X: y\r\n", b"3\r\nabc\r\n"])),
    max_size=25,
).map(b"".join)


@given(_LOOKALIKES, st.lists(st.integers(0, 10_000), max_size=20))
@example(b"\r\nGET / HTTP/1.1\r\n\r\n", [1, 2, 3])
@example(b"POST / HTTP/1.1\r\nX: y\n\nGET / HTTP/1.1\r\n\r\n", [25])
@settings(max_examples=500)
def test_given_any_bytes_when_read_then_the_outcome_does_not_depend_on_the_pieces_and_only_http_errors_are_raised(
    data: bytes, cuts: list[int]
) -> None:
    def outcome(pieces: list[bytes]) -> tuple[list[HttpRequest], int | None]:
        reader, requests = RequestReader(MAX_BODY), []
        try:
            for piece in pieces:
                reader.receive_data(piece)
                while (request := reader.next_request()) is not None:
                    requests.append(request)
        except HttpError as error:
            return requests, error.status
        return requests, None

    # a refusal may need bytes that the whole has anyway; requests before it are the same
    assert outcome(_pieces(data, cuts)) == outcome([data])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000, id="length"),
        pytest.param(CHUNKED + b"1\r\nx\r\n" * 150_000 + b"0\r\n\r\n", id="chunks of one byte"),
        pytest.param(b"\r\n" * 500_000 + b"GET / HTTP/1.1\r\n\r\n", id="empty lines"),
        pytest.param(GET.join([b"", b"\r\n"]) * 50_000, id="pipelined"),
    ],
)
def test_given_much_data_in_small_pieces_when_read_then_the_work_stays_linear(data: bytes) -> None:
    def seconds(amount: bytes) -> float:
        reader = RequestReader(2_000_000)
        started = time.perf_counter()
        for at in range(0, len(amount), 100):
            reader.receive_data(amount[at : at + 100])
            while reader.next_request() is not None:
                pass
        return time.perf_counter() - started

    # ten times the data would take a hundred times as long if the work were quadratic
    small = min(seconds(data[: len(data) // 10]) for _ in range(3))
    assert seconds(data) < 40 * small + 0.1


# -- responses


def test_given_a_response_when_written_then_it_has_status_type_length_and_no_store() -> None:
    assert write_response(200, b"<x/>") == (
        b"HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Type: text/xml; charset=UTF-8\r\nConnection: keep-alive\r\n"
        b"Content-Length: 4\r\n\r\n<x/>"
    )


def test_given_the_last_response_when_written_then_it_says_that_the_connection_closes() -> None:
    assert b"Connection: close\r\n" in write_response(400, b"", keep_alive=False)


def test_given_no_content_when_written_then_there_is_no_length() -> None:
    assert b"Content-Length" not in write_response(204, b"", headers=(("Allow", "POST"),))


@pytest.mark.parametrize("header", [("X", "a\r\nY: b"), ("X\n", "a"), ("X", "a\x00"), ("X", "a\x7f")])
def test_given_a_header_with_control_characters_when_written_then_it_is_an_error_of_ours(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="control"):
        write_response(200, b"", headers=(header,))
