"""Properties of the TelServices codec over values made from the messages' own shapes, and over bytes made from the examples."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from telservices_rig import DECODE, ENCODE, VECTORS, values_of

from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import EVENT_SHAPE, REQUEST_SHAPE, RETURN_SHAPE, RequestReader
from telgw.wire.telservices.schema import names_in

REQUESTS = values_of(REQUEST_SHAPE, filled=True)
EXAMPLES = st.sampled_from([(entry["kind"], entry["xml"].encode()) for entry in VECTORS])


@given(REQUESTS)
@settings(max_examples=400, deadline=None)
def test_given_any_request_then_it_survives_writing_and_reading(value: Any) -> None:
    """One that says that the session timeout is zero would not: it is ignored; the shapes do not make such."""
    assert DECODE["request"](ENCODE["request"](value)) == value


@given(values_of(RETURN_SHAPE, filled=False))
@settings(max_examples=400, deadline=None)
def test_given_any_answer_then_it_survives_writing_and_reading(value: Any) -> None:
    read = DECODE["return"](ENCODE["return"](value))
    assert read == value
    assert type(read) is type(value)


@given(values_of(EVENT_SHAPE, filled=False))
@settings(max_examples=400, deadline=None)
def test_given_any_event_then_it_survives_writing_and_reading(value: Any) -> None:
    read = DECODE["event"](ENCODE["event"](value))
    assert read == value
    assert type(read.content) is type(value.content)


@given(REQUESTS, st.data())
@settings(deadline=None)
def test_given_any_request_then_any_cut_into_chunks_gives_the_same_value(value: Any, data: st.DataObject) -> None:
    written = ENCODE["request"](value)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=6)))
    reader = RequestReader()
    results = [reader.receive_data(written[start:end]) for start, end in zip([0, *cuts], [*cuts, len(written)], strict=True)]
    assert [result for result in results if result is not None] == [value]
    assert reader.ignored == ()


def attempt(kind: str, data: bytes) -> Any:
    """The value, or None when the bytes are refused the right way."""
    try:
        return DECODE[kind](data)
    except RemoteProtocolError:
        return None


@given(st.sampled_from(sorted(DECODE)), st.binary(max_size=200))
@settings(deadline=None)
def test_given_any_bytes_then_only_the_peer_is_blamed(kind: str, data: bytes) -> None:
    attempt(kind, data)
    attempt(kind, b"<TelServiceRequest>" + data)
    attempt(kind, b"<TelServiceRequest>" + data + b"</TelServiceRequest>")


PIECES = st.sampled_from(
    [f"<{name}>" for shape in (REQUEST_SHAPE, RETURN_SHAPE, EVENT_SHAPE) for name in sorted(set(names_in(shape)))]
    + [
        "</",
        "/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE x>",
        "<?x?>",
        "&amp;",
        "&x;",
        "&#0;",
        "&#13;",
        "\0",
        "\x1b",
        "\ud800",
        " x='y'",
    ]
    + ["9" * 30, "-1", "1.0E2", "INF", "00:00:00", "2009-12-02", "\u0661", "<unknown/>"]
).map(lambda text: text.encode("utf-8", "surrogatepass"))


@given(EXAMPLES, st.data())
@settings(max_examples=600, deadline=None)
def test_given_a_damaged_example_then_only_the_peer_is_blamed(example: tuple[str, bytes], data: st.DataObject) -> None:
    """Bytes cut out, doubled, replaced; what is still read can be written and read again."""
    kind, damaged = example
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged)))
        end = min(len(damaged), start + data.draw(st.integers(0, 30)))
        middle = data.draw(st.one_of(PIECES, st.binary(max_size=3), st.just(b""), st.just(damaged[start:end] * 2)))
        damaged = damaged[:start] + middle + damaged[end:]
    value = attempt(kind, damaged)
    if value is not None:
        assert DECODE[kind](ENCODE[kind](value)) == value


@given(EXAMPLES, st.data())
@settings(deadline=None)
def test_given_an_example_with_its_elements_shuffled_by_lines_then_nothing_but_a_value_or_a_refusal_comes(
    example: tuple[str, bytes], data: st.DataObject
) -> None:
    kind, printed = example
    lines = printed.replace(b"><", b">\n<").split(b"\n")
    attempt(kind, b"\n".join(data.draw(st.permutations(lines))))
