"""What is read although our own writer would not write it so, and how a request comes out of a stream."""

from __future__ import annotations

import pytest
from telservices_rig import request

from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import RequestReader, decode_event, decode_request, decode_return, encode_request
from telgw.wire.telservices.records import Party
from telgw.wire.telservices.requests import (
    AnswerCall,
    DropCall,
    MakeCall,
    OpenSession,
    QueryForward,
    QueryHistory,
    ResultOnEvent,
    Snapshot,
    UpdateUserDirectory,
)
from telgw.wire.telservices.returns import Standard
from telgw.wire.telservices.vocabulary import EventUpdate

FORWARD = request("<queryForward><deviceNumber>1101</deviceNumber></queryForward>")


def test_given_any_order_of_elements_then_the_value_is_the_same() -> None:
    assert decode_request(
        request(
            "<openSession><eventUpdate><full/></eventUpdate><eventUDPPort>1</eventUDPPort><deviceNumber>1101</deviceNumber></openSession>"
        )
    ) == OpenSession("1101", 1, EventUpdate.FULL)


def test_given_blanks_around_texts_then_they_are_no_part_of_them() -> None:
    """XML white space only: a no-break space may be meant."""
    assert decode_request(
        request("<makeCall><deviceNumber>\n 1101\t</deviceNumber><calledDeviceNumber> 00 1\u00a0</calledDeviceNumber></makeCall>")
    ) == (MakeCall("1101", "00 1\u00a0"))


def test_given_unknown_elements_then_they_are_left_out_and_reported() -> None:
    reader = RequestReader()
    content = (
        "<dropCall><vendor><deviceNumber>9</deviceNumber></vendor><deviceNumber>1101</deviceNumber><extraData>x</extraData></dropCall>"
    )
    assert reader.receive_data(request(content)) == DropCall("1101")
    assert reader.ignored == ("dropCall/vendor", "dropCall/extraData")


def test_given_unknown_elements_deep_inside_then_they_are_reported_with_their_parent() -> None:
    reader = RequestReader()
    assert reader.receive_data(
        request(
            "<updateUserDirectory><directoryName>x</directoryName><parties><entry/><party><number>1</number><photo>x</photo></party></parties>"
            "</updateUserDirectory>"
        )
    ) == UpdateUserDirectory(directory_name="x", parties=(Party("1"),))
    assert reader.ignored == ("parties/entry", "party/photo")


def test_given_many_unknown_elements_then_each_is_reported_once_and_only_some() -> None:
    reader = RequestReader()
    strangers = "".join(f"<x{number}/><x{number}/>" for number in range(50))
    assert reader.receive_data(request(f"<queryForward><deviceNumber>1101</deviceNumber>{strangers}</queryForward>")) == QueryForward(
        "1101"
    )
    assert reader.ignored == tuple(f"queryForward/x{number}" for number in range(20))


@pytest.mark.parametrize("timeout", ["0", "-1", "-2147483649", "99999999999"])
def test_given_a_session_timeout_that_is_not_positive_then_it_is_ignored(timeout: str) -> None:
    """ "must be positive otherwise ignored"; one beyond 68 years is no timeout either."""
    read = decode_request(request(f"<openSession><deviceNumber>1</deviceNumber><sessionTimeout>{timeout}</sessionTimeout></openSession>"))
    assert read == OpenSession("1")


def test_given_an_empty_optional_text_then_it_counts_as_absent() -> None:
    assert decode_request(request("<answerCall><deviceNumber>1</deviceNumber><callingNumber/></answerCall>")) == AnswerCall("1")


def test_given_a_query_without_elements_then_everything_is_asked_for() -> None:
    for content in ("<queryHistory/>", "<queryHistory></queryHistory>", "<queryHistory>\n</queryHistory>"):
        assert decode_request(request(content)) == QueryHistory()
    assert encode_request(QueryHistory()) == request("<queryHistory/>")


def test_given_an_empty_directory_then_it_is_an_empty_directory() -> None:
    read = decode_request(request("<updateUserDirectory><directoryName>x</directoryName><parties/></updateUserDirectory>"))
    assert read == UpdateUserDirectory(directory_name="x", parties=())


def test_given_odd_numbers_in_a_long_poll_then_they_are_read() -> None:
    """A timeout that is not positive means "at once"; any sequence number that is not ours is just unknown."""
    read = decode_request(
        request(
            "<snapshot><deviceNumber>1</deviceNumber><resultOnEvent><timeout>-1</timeout><snapshotSeq>-5</snapshotSeq></resultOnEvent></snapshot>"
        )
    )
    assert read == Snapshot("1", ResultOnEvent(-1, -5))
    first = decode_request(
        request("<snapshot><deviceNumber>1</deviceNumber><resultOnEvent><timeout>+30</timeout></resultOnEvent></snapshot>")
    )
    assert first == Snapshot("1", ResultOnEvent(30))


@pytest.mark.parametrize(
    ("prolog", "encoding"),
    [
        ("<?xml version='1.0' encoding='UTF-8'?>\n", "utf-8"),
        ("<?xml version='1.0' encoding='utf-8' standalone='yes'?>", "utf-8-sig"),
        ("<?xml version='1.0'?>", "utf-8"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?>", "latin-1"),
        ("<?xml version='1.0' encoding='windows-1252'?>", "cp1252"),
        ("", "utf-8-sig"),
        ("<!-- a comment -->", "utf-8"),
    ],
)
def test_given_a_prolog_then_the_text_is_read_in_its_encoding(prolog: str, encoding: str) -> None:
    document = f"{prolog}<TelServiceRequest><searchName><name>Zoë</name></searchName></TelServiceRequest>".encode(encoding)
    assert decode_request(document).name == "Zoë"  # type: ignore[union-attr]


def test_given_references_and_cdata_then_they_are_text() -> None:
    read = decode_request(request("<searchName><name>A&amp;B &#233;<!-- x --><![CDATA[<C>]]></name></searchName>"))
    assert read.name == "A&B é<C>"  # type: ignore[union-attr]


# the stream


def test_given_a_request_in_pieces_then_it_comes_with_its_last_byte() -> None:
    reader = RequestReader()
    assert [reader.receive_data(FORWARD[index : index + 1]) for index in range(len(FORWARD))][:-1] == [None] * (len(FORWARD) - 1)
    reader = RequestReader()
    assert reader.receive_data(FORWARD[:-1]) is None
    assert reader.receive_data(FORWARD[-1:] + b"rubbish") == QueryForward("1101")
    assert reader.ignored == ()


def test_given_a_request_then_everything_after_it_is_dropped() -> None:
    """A connection carries one request."""
    reader = RequestReader()
    assert reader.receive_data(FORWARD + FORWARD) == QueryForward("1101")
    assert reader.receive_data(FORWARD) is None
    reader.receive_end()


@pytest.mark.parametrize(("sent", "reason"), [(b"", "there is no request"), (FORWARD[:-1], "the request is incomplete")])
def test_given_the_end_of_the_stream_before_that_of_the_request_then_it_is_an_error(sent: bytes, reason: str) -> None:
    reader = RequestReader()
    if sent:
        assert reader.receive_data(sent) is None
    with pytest.raises(RemoteProtocolError, match=reason):
        reader.receive_end()
    assert reader.receive_data(b">") is None


def test_given_an_error_then_the_reader_reads_no_more() -> None:
    reader = RequestReader()
    with pytest.raises(RemoteProtocolError):
        reader.receive_data(b"<!DOCTYPE")
    assert reader.receive_data(FORWARD) is None
    reader.receive_end()


MARKS = [b"\r\n", b"\0", b"##END##", b"<end/>", b" | ", b"]]>]]>"]


@pytest.mark.parametrize("mark", MARKS)
def test_given_a_mark_after_each_message_then_it_may_be_there_or_not(mark: bytes) -> None:
    """The setting telserver.TelServices.endOfPDU.sequence."""
    for data in (FORWARD, FORWARD + mark, mark + FORWARD, b"\n" + mark + b" " + mark + b"\n" + FORWARD + b"\n" + mark + b"\n"):
        assert decode_request(data, end_of_pdu=mark) == QueryForward("1101"), data
        assert RequestReader(end_of_pdu=mark).receive_data(data) == QueryForward("1101"), data
        reader = RequestReader(end_of_pdu=mark)
        results = [reader.receive_data(data[index : index + 1]) for index in range(len(data))]
        assert [result for result in results if result is not None] == [QueryForward("1101")], data


@pytest.mark.parametrize("mark", MARKS)
def test_given_a_mark_after_answers_and_events_then_they_are_read_without_it(mark: bytes) -> None:
    assert decode_return(b"<TelServiceReturn><result><standard/></result></TelServiceReturn>" + mark, end_of_pdu=mark) == Standard()
    event = b"<TelServiceEvent><event><msgWaiting><on/></msgWaiting></event></TelServiceEvent>"
    assert decode_event(event + mark, end_of_pdu=mark) == decode_event(event)


def test_given_another_mark_then_it_is_rubbish() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_request(FORWARD + b"##END##", end_of_pdu=b"##")
    with pytest.raises(RemoteProtocolError):
        RequestReader(end_of_pdu=b"##").receive_data(b"#" + FORWARD)


def test_given_endless_marks_then_they_count_as_bytes_of_the_request() -> None:
    reader = RequestReader(end_of_pdu=b"#")
    assert [reader.receive_data(b"#" * 65536) for _ in range(16)] == [None] * 16
    with pytest.raises(RemoteProtocolError, match="more than 1048576 bytes before the request"):
        reader.receive_data(b"#")
