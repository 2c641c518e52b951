"""What is refused, and where the reason says the fault is."""

from __future__ import annotations

import pytest
from telservices_rig import request

from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import RequestReader, decode_event, decode_request, decode_return

LONG = "x" * 4097

#: name: (content of TelServiceRequest, reason)
REQUESTS = {
    "no service": ("", "TelServiceRequest: must hold exactly one service, not 0"),
    "two services": (
        "<queryForward><deviceNumber>1</deviceNumber></queryForward><queryForward><deviceNumber>1</deviceNumber></queryForward>",
        "TelServiceRequest: must hold exactly one service, not 2",
    ),
    "a service and something": (
        "<queryForward><deviceNumber>1</deviceNumber></queryForward><vendor/>",
        "TelServiceRequest: must hold exactly one service, not 2",
    ),
    "unknown service": ("<flyCall><deviceNumber>1</deviceNumber></flyCall>", "TelServiceRequest: 'flyCall' is no service that we know"),
    "service in capitals": ("<QueryForward/>", "TelServiceRequest: 'QueryForward' is no service that we know"),
    "element without service": ("<deviceNumber>1</deviceNumber>", "TelServiceRequest: 'deviceNumber' is no service that we know"),
    "text for service": ("queryForward", "TelServiceRequest: must hold exactly one service, not 0"),
    "missing element": ("<openSession/>", "openSession: deviceNumber is missing"),
    "missing second element": ("<makeCall><deviceNumber>1</deviceNumber></makeCall>", "makeCall: calledDeviceNumber is missing"),
    "missing state": ("<agentState><deviceNumber>1</deviceNumber></agentState>", "agentState: state is missing"),
    "empty element": ("<openSession><deviceNumber/></openSession>", "openSession/deviceNumber: is empty"),
    "blank element": ("<openSession><deviceNumber> \t </deviceNumber></openSession>", "openSession/deviceNumber: is empty"),
    "empty name": ("<searchName><name/></searchName>", "searchName/name: is empty"),
    "empty service": ("<stopRoutingPoint><service/></stopRoutingPoint>", "stopRoutingPoint/service: is empty"),
    "element twice": (
        "<openSession><deviceNumber>1</deviceNumber><deviceNumber>1</deviceNumber></openSession>",
        "openSession/deviceNumber: is given twice",
    ),
    "empty optional element twice": (
        "<dropCall><deviceNumber>1</deviceNumber><otherNumber/><otherNumber>2</otherNumber></dropCall>",
        "dropCall/otherNumber: is given twice",
    ),
    "port too large": (
        "<openSession><deviceNumber>1</deviceNumber><eventUDPPort>70000</eventUDPPort></openSession>",
        "openSession/eventUDPPort: '70000' is not a number from 1 to 65535",
    ),
    "port zero": (
        "<openSession><deviceNumber>1</deviceNumber><eventUDPPort>0</eventUDPPort></openSession>",
        "openSession/eventUDPPort: '0' is not a number from 1 to 65535",
    ),
    "port empty": (
        "<openSession><deviceNumber>1</deviceNumber><eventUDPPort/></openSession>",
        "openSession/eventUDPPort: '' is not a number from 1 to 65535",
    ),
    "port in hexadecimal": (
        "<openSession><deviceNumber>1</deviceNumber><eventUDPPort>0x10</eventUDPPort></openSession>",
        "openSession/eventUDPPort: '0x10' is not a number from 1 to 65535",
    ),
    "port with underscore": (
        "<openSession><deviceNumber>1</deviceNumber><eventUDPPort>1_0</eventUDPPort></openSession>",
        "openSession/eventUDPPort: '1_0' is not a number from 1 to 65535",
    ),
    "port in Arabic digits": (
        "<openSession><deviceNumber>1</deviceNumber><eventUDPPort>\u0661</eventUDPPort></openSession>",
        "openSession/eventUDPPort: '\u0661' is not a number from 1 to 65535",
    ),
    "port with a fraction": (
        "<openSession><deviceNumber>1</deviceNumber><eventUDPPort>1.0</eventUDPPort></openSession>",
        "openSession/eventUDPPort: '1.0' is not a number from 1 to 65535",
    ),
    "endless number": (
        f"<openSession><deviceNumber>1</deviceNumber><eventUDPPort>{'9' * 4000}</eventUDPPort></openSession>",
        f"openSession/eventUDPPort: '{'9' * 40}...' is not a number from 1 to 65535",
    ),
    "timeout that is no number": (
        "<openSession><deviceNumber>1</deviceNumber><sessionTimeout>soon</sessionTimeout></openSession>",
        "openSession/sessionTimeout: 'soon' is not a number from 1 to 2147483647",
    ),
    "negative delay": (
        "<closeSession><deviceNumber>1</deviceNumber><actualCloseSessionTimeout>-1</actualCloseSessionTimeout></closeSession>",
        "closeSession/actualCloseSessionTimeout: '-1' is not a number from 0 to 2147483647",
    ),
    "unknown level": (
        "<openSession><deviceNumber>1</deviceNumber><eventUpdate><some/></eventUpdate></openSession>",
        "openSession/eventUpdate: 'some' is not one of full, restricted",
    ),
    "level as text": (
        "<openSession><deviceNumber>1</deviceNumber><eventUpdate>full</eventUpdate></openSession>",
        "openSession/eventUpdate: must hold exactly one of full, restricted",
    ),
    "two levels": (
        "<openSession><deviceNumber>1</deviceNumber><eventUpdate><full/><restricted/></eventUpdate></openSession>",
        "openSession/eventUpdate: must hold exactly one of full, restricted",
    ),
    "level with content": (
        "<openSession><deviceNumber>1</deviceNumber><eventUpdate><full>x</full></eventUpdate></openSession>",
        "openSession/eventUpdate: full is not empty",
    ),
    "level with elements": (
        "<openSession><deviceNumber>1</deviceNumber><eventUpdate><full><x/></full></eventUpdate></openSession>",
        "openSession/eventUpdate: full is not empty",
    ),
    "boolean as text": (
        "<qualifyCall><deviceNumber>1</deviceNumber><needName>true</needName></qualifyCall>",
        "qualifyCall/needName: must hold exactly one of true, false",
    ),
    "boolean in capitals": (
        "<qualifyCall><deviceNumber>1</deviceNumber><needName><TRUE/></needName></qualifyCall>",
        "qualifyCall/needName: 'TRUE' is not one of true, false",
    ),
    "device with elements": (
        "<queryForward><deviceNumber><number>1</number></deviceNumber></queryForward>",
        "queryForward/deviceNumber: has elements inside, not a text",
    ),
    "service with a text": ("<queryForward>1101</queryForward>", "queryForward: must hold elements, not a text"),
    "query with a text": ("<queryHistory>1101</queryHistory>", "queryHistory: must hold elements, not a text"),
    "forward by its other name": (
        "<forward><deviceNumber>1</deviceNumber><forward><number>2</number></forward></forward>",
        "forward: info is missing",
    ),
    "unknown forward": (
        "<forward><deviceNumber>1</deviceNumber><info><number>2</number><type><never/></type><state><on/></state></info></forward>",
        "forward/info/type: 'never' is not one of immediate, busy, noAnswer, immInt, immExt, busyInt, busyExt, noAnswerInt, noAnswerExt",
    ),
    "forward to nowhere": (
        "<forward><deviceNumber>1</deviceNumber><info><number/><type><busy/></type><state><on/></state></info></forward>",
        "forward/info/number: is empty",
    ),
    "date that does not exist": (
        "<queryHistory><startDate>2009-02-30</startDate></queryHistory>",
        "queryHistory/startDate: '2009-02-30' is not a date like 2009-12-02",
    ),
    "date in another form": (
        "<queryHistory><endDate>20091202</endDate></queryHistory>",
        "queryHistory/endDate: '20091202' is not a date like 2009-12-02",
    ),
    "date by week": (
        "<queryHistory><endDate>2009-W49-3</endDate></queryHistory>",
        "queryHistory/endDate: '2009-W49-3' is not a date like 2009-12-02",
    ),
    "hour 24": (
        "<queryHistory><startHour>24</startHour></queryHistory>",
        "queryHistory/startHour: '24' is not a number from 0 to 23",
    ),
    "long poll without timeout": (
        "<snapshot><deviceNumber>1</deviceNumber><resultOnEvent><snapshotSeq>1</snapshotSeq></resultOnEvent></snapshot>",
        "snapshot/resultOnEvent: timeout is missing",
    ),
    "directory without parties": (
        "<updateUserDirectory><directoryName>x</directoryName></updateUserDirectory>",
        "updateUserDirectory: parties is missing",
    ),
    "directory as text": (
        "<updateUserDirectory><directoryName>x</directoryName><parties>x</parties></updateUserDirectory>",
        "updateUserDirectory/parties: must hold elements named party",
    ),
    "party without number": (
        "<updateUserDirectory><directoryName>x</directoryName><parties><party><number>1</number></party><party><name>x</name></party>"
        "</parties></updateUserDirectory>",
        "updateUserDirectory/parties/party: number is missing",
    ),
    "party with an empty number": (
        "<updateUserDirectory><directoryName>x</directoryName><parties><party><number/></party></parties></updateUserDirectory>",
        "updateUserDirectory/parties/party/number: is empty",
    ),
    "long text": (
        f"<queryForward><deviceNumber>{LONG}</deviceNumber></queryForward>",
        "queryForward/deviceNumber: is longer than 4096 characters",
    ),
    "unknown distribution": (
        "<startRoutingPoint><service>x</service><config><agentsDistribution><random/></agentsDistribution></config></startRoutingPoint>",
        "startRoutingPoint/config/agentsDistribution: 'random' is not one of cyclic, sequential, most-idle",
    ),
}


@pytest.mark.parametrize(("content", "reason"), REQUESTS.values(), ids=REQUESTS.keys())
def test_given_a_wrong_request_then_the_reason_says_where(content: str, reason: str) -> None:
    with pytest.raises(RemoteProtocolError) as error:
        decode_request(request(content))
    assert error.value.reason == reason


DOCUMENTS = {
    "nothing": (b"", "there is no message"),
    "blanks": (b" \n", "the message is incomplete"),
    "half": (b"<TelServiceRequest><queryForward>", "the message is incomplete"),
    "wrong root": (b"<TelServiceReturn/>", "the root is 'TelServiceReturn', not TelServiceRequest"),
    "unknown root": (b"<soap/>", "the root is 'soap', not TelServiceRequest"),
    "wrong nesting": (
        b"<TelServiceRequest><a></b></TelServiceRequest>",
        "not well-formed XML: ERR_TAG_NAME_MISMATCH at line 1, column 27",
    ),
    "unknown entity": (
        b"<TelServiceRequest>&x;</TelServiceRequest>",
        "not well-formed XML: ERR_UNDECLARED_ENTITY at line 1, column 23",
    ),
    "document type": (b"<!DOCTYPE x><TelServiceRequest/>", "a document type or another declaration"),
    "attribute": (b"<TelServiceRequest version='1'/>", "an attribute after 0 elements"),
    "namespace": (b"<t:TelServiceRequest/>", "a name with a namespace after 0 elements"),
    "something after": (
        b"<TelServiceRequest><queryForward><deviceNumber>1</deviceNumber></queryForward></TelServiceRequest>x",
        "there is something after the message",
    ),
    "two messages": (
        b"<TelServiceRequest><queryHistory/></TelServiceRequest><TelServiceRequest><queryHistory/></TelServiceRequest>",
        "there is something after the message",
    ),
    "HTTP": (b"GET / HTTP/1.1\r\n\r\n", "text outside the root element"),
}


@pytest.mark.parametrize(("data", "reason"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_given_bytes_that_are_no_request_then_the_reason_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(RemoteProtocolError) as error:
        decode_request(data)
    assert error.value.reason == reason


LIMITED = {
    "size": (b"<TelServiceRequest>" + b"<!-- -->" * 131_073, "the document is larger than 1048576 bytes"),
    "depth": (b"<TelServiceRequest>" + b"<a>" * 16, "elements nested deeper than 16"),
    "elements": (b"<TelServiceRequest>" + b"<a/>" * 60_000, "more than 60000 elements"),
    "text": (b"<TelServiceRequest><a>" + b"x" * 20_481, "a text of more than 20480 bytes"),
}


@pytest.mark.parametrize(("data", "reason"), LIMITED.values(), ids=LIMITED.keys())
def test_given_a_request_beyond_a_limit_then_it_is_refused_before_its_end(data: bytes, reason: str) -> None:
    reader = RequestReader()

    def feed() -> None:
        for start in range(0, len(data), 4096):
            assert reader.receive_data(data[start : start + 4096]) is None

    with pytest.raises(RemoteProtocolError) as error:
        feed()
    assert error.value.reason == reason
    assert reader.receive_data(b"more") is None


ANSWERS = {
    "nothing inside": (b"<TelServiceReturn/>", "TelServiceReturn: must hold exactly one result or error, not 0"),
    "both": (
        b"<TelServiceReturn><result><standard/></result><error><noCall/></error></TelServiceReturn>",
        "TelServiceReturn: must hold exactly one result or error, not 2",
    ),
    "empty result": (b"<TelServiceReturn><result/></TelServiceReturn>", "result: must hold exactly one result, not 0"),
    "unknown error": (
        b"<TelServiceReturn><error><oops/></error></TelServiceReturn>",
        "error: 'oops' is not one of pbxlinkOutOfService, pbxReject, pbxTimeout, noCall, noOpenSession, sessionLimitExceeded, reject, "
        "invalidCredentials, resourceError",
    ),
    "length of time": (
        b"<TelServiceReturn><result><userStatistics><total><agentBusyDuration>1:00:00</agentBusyDuration></total></userStatistics>"
        b"</result></TelServiceReturn>",
        "result/userStatistics/total/agentBusyDuration: '1:00:00' is not a length of time like 04:10:23",
    ),
    "real": (
        b"<TelServiceReturn><result><userStatistics><total><agentBusyPercentage>1E999</agentBusyPercentage></total></userStatistics>"
        b"</result></TelServiceReturn>",
        "result/userStatistics/total/agentBusyPercentage: '1E999' is not a number like 1.0E2",
    ),
    "time of day": (
        b"<TelServiceReturn><result><history><record><creationDate>2009-12-02</creationDate><creationTime>25:00:00</creationTime>"
        b"</record></history></result></TelServiceReturn>",
        "result/history/record/creationTime: '25:00:00' is not a time like 15:32:43",
    ),
    "unknown permitted state": (
        b"<TelServiceReturn><result><agent><state><ready/></state><permittedStates><ready/><lazy/></permittedStates></agent></result>"
        b"</TelServiceReturn>",
        "result/agent/permittedStates: 'lazy' is not one of null, loggedOff, loggedOn, busy, notReady, ready, workingAfterCall",
    ),
    "permitted states as text": (
        b"<TelServiceReturn><result><agent><state><ready/></state><permittedStates>ready</permittedStates></agent></result>"
        b"</TelServiceReturn>",
        "result/agent/permittedStates: must hold elements out of null, loggedOff, loggedOn, busy, notReady, ready, workingAfterCall",
    ),
}


@pytest.mark.parametrize(("data", "reason"), ANSWERS.values(), ids=ANSWERS.keys())
def test_given_a_wrong_answer_then_the_reason_says_where(data: bytes, reason: str) -> None:
    with pytest.raises(RemoteProtocolError) as error:
        decode_return(data)
    assert error.value.reason == reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<TelServiceEvent><deviceNumber>1</deviceNumber></TelServiceEvent>", "TelServiceEvent: event is missing"),
        (b"<TelServiceEvent><event><party/></event></TelServiceEvent>", "event: 'party' is no event that we know"),
        (b"<TelServiceEvent><event><call><primCall/></call></event></TelServiceEvent>", "event/call/primCall: state is missing"),
    ],
)
def test_given_a_wrong_event_then_the_reason_says_where(data: bytes, reason: str) -> None:
    with pytest.raises(RemoteProtocolError) as error:
        decode_event(data)
    assert error.value.reason == reason


@pytest.mark.parametrize("password", ["s3cret<ssw0rd", "s3cret&ssw0rd;", 's3cret<ssw0rd a="1">', "s3cret</ssw0rd>"])
def test_given_a_password_that_breaks_the_document_then_the_reason_does_not_repeat_it(password: str) -> None:
    """Reasons are logged."""
    request = f"<TelServiceRequest><openSession><userPassword>{password}</userPassword></openSession></TelServiceRequest>"
    with pytest.raises(RemoteProtocolError) as error:
        decode_request(request.encode())
    assert "s3cret" not in error.value.reason
    assert "ssw0rd" not in error.value.reason
