"""The 36 services, each with every element it may have, as the value that the rest of the gateway sees."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest
from telservices_rig import request, vector

from telgw.model.states import ForwardType
from telgw.wire.telservices import requests as service
from telgw.wire.telservices.codec import decode_request, encode_request
from telgw.wire.telservices.records import Forward, Party, RoutingPointConfig
from telgw.wire.telservices.vocabulary import AgentState, Distribution, EventUpdate, NumberType, OnOff, RecordType, StatisticsType

#: Each service with all its elements in printed order, and the value.
FULL: dict[str, tuple[str, Any]] = {
    "openSession": (
        "<deviceNumber>1101</deviceNumber><eventUDPPort>20001</eventUDPPort><eventUpdate><restricted/></eventUpdate>"
        "<userID>ann</userID><userPassword>pa&lt;ss</userPassword><sessionTimeout>3600</sessionTimeout>"
        "<startPbxMonitor><false/></startPbxMonitor>",
        service.OpenSession("1101", 20001, EventUpdate.RESTRICTED, "ann", "pa<ss", 3600, False),
    ),
    "closeSession": (
        "<deviceNumber>1101</deviceNumber><actualCloseSessionTimeout>3</actualCloseSessionTimeout><clientOnly><false/></clientOnly>",
        service.CloseSession("1101", 3, False),
    ),
    "addPartyToCall": (
        "<deviceNumber>1102</deviceNumber><otherNumber>1101</otherNumber><addedDeviceNumber>1103</addedDeviceNumber>"
        "<extraData>x</extraData>",
        service.AddPartyToCall("1102", other_number="1101", added_device_number="1103", extra_data="x"),
    ),
    "agentState": (
        "<deviceNumber>1101</deviceNumber><state><workingAfterCall/></state>",
        service.SetAgentState("1101", AgentState.WORKING_AFTER_CALL),
    ),
    "alternateCall": (
        "<deviceNumber>1102</deviceNumber><primOtherNumber>1101</primOtherNumber><secOtherNumber>1103</secOtherNumber>",
        service.AlternateCall("1102", "1101", "1103"),
    ),
    "answerCall": ("<deviceNumber>1102</deviceNumber><callingNumber>1101</callingNumber>", service.AnswerCall("1102", "1101")),
    "conferenceCall": (
        "<deviceNumber>1102</deviceNumber><primOtherNumber>1101</primOtherNumber><secOtherNumber>1103</secOtherNumber>",
        service.ConferenceCall("1102", "1101", "1103"),
    ),
    "consultationCall": (
        "<deviceNumber>1102</deviceNumber><otherNumber>1101</otherNumber><consultedDeviceNumber>1103</consultedDeviceNumber>"
        "<extraData>x</extraData>",
        service.ConsultationCall("1102", other_number="1101", consulted_device_number="1103", extra_data="x"),
    ),
    "divertCall": (
        "<deviceNumber>1102</deviceNumber><otherNumber>1101</otherNumber><divertedDeviceNumber>1103</divertedDeviceNumber>"
        "<extraData>x</extraData>",
        service.DivertCall("1102", other_number="1101", diverted_device_number="1103", extra_data="x"),
    ),
    "doNotDisturb": ("<deviceNumber>1101</deviceNumber><state><off/></state>", service.SetDoNotDisturb("1101", OnOff.OFF)),
    "dropCall": ("<deviceNumber>1101</deviceNumber><otherNumber>1102</otherNumber>", service.DropCall("1101", "1102")),
    "forward": (
        "<deviceNumber>1101</deviceNumber><info><number>1102</number><type><noAnswerExt/></type><state><off/></state></info>",
        service.SetForward("1101", Forward("1102", ForwardType.NO_ANSWER_EXT, OnOff.OFF)),
    ),
    "holdCall": ("<deviceNumber>1101</deviceNumber><otherNumber>1102</otherNumber>", service.HoldCall("1101", "1102")),
    "makeCall": (
        "<deviceNumber>1101</deviceNumber><calledDeviceNumber>00145678</calledDeviceNumber><extraData>{&quot;}</extraData>".replace(
            "&quot;", '"'
        ),
        service.MakeCall("1101", "00145678", '{"}'),
    ),
    "qualifyCall": (
        "<deviceNumber>1102</deviceNumber><answerCall><false/></answerCall><needName><true/></needName>",
        service.QualifyCall("1102", False, True),
    ),
    "queryAgentState": ("<deviceNumber>1101</deviceNumber>", service.QueryAgentState("1101")),
    "queryDoNotDisturb": ("<deviceNumber>1101</deviceNumber>", service.QueryDoNotDisturb("1101")),
    "queryForward": ("<deviceNumber>1101</deviceNumber>", service.QueryForward("1101")),
    "queryHistory": (
        "<recordType><all/></recordType><deviceNumber>8001</deviceNumber><userID>ann</userID><startDate>2009-12-02</startDate>"
        "<startHour>23</startHour><endDate>2009-12-31</endDate><search>Mar</search><limit>50</limit>",
        service.QueryHistory(
            record_type=RecordType.ALL,
            device_number="8001",
            user_id="ann",
            start_date=date(2009, 12, 2),
            start_hour=23,
            end_date=date(2009, 12, 31),
            search="Mar",
            limit=50,
        ),
    ),
    "queryMsgWaiting": ("<deviceNumber>1101</deviceNumber>", service.QueryMsgWaiting("1101")),
    "queryUserStatistics": (
        "<deviceNumber>1101</deviceNumber><userID>ann</userID><type><total/></type>",
        service.QueryUserStatistics("1101", user_id="ann", type=StatisticsType.TOTAL),
    ),
    "reconnectCall": (
        "<deviceNumber>1102</deviceNumber><primOtherNumber>1101</primOtherNumber><secOtherNumber>1103</secOtherNumber>",
        service.ReconnectCall("1102", "1101", "1103"),
    ),
    "retrieveCall": ("<deviceNumber>1101</deviceNumber><otherNumber>1102</otherNumber>", service.RetrieveCall("1101", "1102")),
    "searchName": (
        "<userID>ann</userID><deviceNumber>1101</deviceNumber><name>Mar</name><limit>10</limit>",
        service.SearchName(user_id="ann", device_number="1101", name="Mar", limit=10),
    ),
    "searchNumber": (
        "<userID>ann</userID><deviceNumber>1101</deviceNumber><number>+33160127764</number>",
        service.SearchNumber(user_id="ann", device_number="1101", number="+33160127764"),
    ),
    "snapshot": (
        "<deviceNumber>1102</deviceNumber><resultOnEvent><timeout>30</timeout><snapshotSeq>7</snapshotSeq></resultOnEvent>",
        service.Snapshot("1102", service.ResultOnEvent(30, 7)),
    ),
    "transferCall": (
        "<deviceNumber>1102</deviceNumber><primOtherNumber>1101</primOtherNumber><secOtherNumber>1103</secOtherNumber>",
        service.TransferCall("1102", "1101", "1103"),
    ),
    "updateUserDirectory": (
        "<userID>ann</userID><deviceNumber>1101</deviceNumber><directoryName>outlook</directoryName><parties>"
        "<party><number>0160121314</number><name>Zoë</name><numberType><mobile/></numberType><company>A &amp; B</company></party>"
        "<party><number>2</number></party></parties>",
        service.UpdateUserDirectory(
            user_id="ann",
            device_number="1101",
            directory_name="outlook",
            parties=(Party("0160121314", "Zoë", NumberType.MOBILE, "A & B"), Party("2")),
        ),
    ),
    "queryRoutingPointState": ("<service>camp1</service>", service.QueryRoutingPointState("camp1")),
    "queryRoutingPointStatistics": (
        "<service>camp1</service><type><snapshot/></type>",
        service.QueryRoutingPointStatistics("camp1", StatisticsType.SNAPSHOT),
    ),
    "resumeRoutingPoint": ("<service>camp1</service>", service.ResumeRoutingPoint("camp1")),
    "startRoutingPoint": (
        "<service>camp1</service><template>outbound</template><config><serviceTimeout>1</serviceTimeout>"
        "<workingHours>8:30/12:00,12/17</workingHours><nonWorkingDaysOfWeek>1,7</nonWorkingDaysOfWeek>"
        "<nonWorkingDays>25-12</nonWorkingDays><noAnswerTimeout>2</noAnswerTimeout><failedCallRetryTimeout>3</failedCallRetryTimeout>"
        "<failedCallRetryLimit>4</failedCallRetryLimit><agentWorkingAfterCallTimeout>5</agentWorkingAfterCallTimeout>"
        "<agentsDistribution><most-idle/></agentsDistribution><queueLimit>100</queueLimit>"
        "<agentLoggedOnOnOpenSession><true/></agentLoggedOnOnOpenSession><agentReadyOnLoggedOn><false/></agentReadyOnLoggedOn>"
        "<statisticsIncomingCallImmediateAbandonTimeout>6</statisticsIncomingCallImmediateAbandonTimeout></config>",
        service.StartRoutingPoint(
            "camp1",
            "outbound",
            RoutingPointConfig(
                service_timeout=1,
                working_hours="8:30/12:00,12/17",
                non_working_days_of_week="1,7",
                non_working_days="25-12",
                no_answer_timeout=2,
                failed_call_retry_timeout=3,
                failed_call_retry_limit=4,
                agent_working_after_call_timeout=5,
                agents_distribution=Distribution.MOST_IDLE,
                queue_limit=100,
                agent_logged_on_on_open_session=True,
                agent_ready_on_logged_on=False,
                statistics_incoming_call_immediate_abandon_timeout=6,
            ),
        ),
    ),
    "stopRoutingPoint": ("<service>camp1</service>", service.StopRoutingPoint("camp1")),
    "suspendRoutingPoint": ("<service>camp1</service>", service.SuspendRoutingPoint("camp1")),
    "updateRoutingPoint": (
        "<service>camp1</service><config><queueLimit>50</queueLimit></config>",
        service.UpdateRoutingPoint("camp1", RoutingPointConfig(queue_limit=50)),
    ),
    "updateDirectory": ("<directoryName>ldap</directoryName>", service.UpdateDirectory("ldap")),
}


def test_given_the_table_of_this_test_then_no_service_is_forgotten() -> None:
    assert list(FULL) == list(service.SERVICES)


@pytest.mark.parametrize("name", FULL)
def test_given_a_service_with_all_its_elements_then_its_value_has_them_all(name: str) -> None:
    content, value = FULL[name]
    message = request(f"<{name}>{content}</{name}>")
    assert decode_request(message) == value
    assert type(decode_request(message)) is service.SERVICES[name]
    assert encode_request(value) == message
    assert all(getattr(value, field.name) is not None for field in dataclasses.fields(value))


#: The examples of the document.
EXAMPLES = {
    "session.openSession.ex1.request": service.OpenSession("1101", 20001, EventUpdate.FULL),
    "session.openSession.ex2.request": service.OpenSession("1101", 20001, EventUpdate.FULL, "1101"),
    "session.closeSession.request": service.CloseSession("1101"),
    "user.addPartyToCall.request": service.AddPartyToCall("1102", added_device_number="1103"),
    "user.agentState.request": service.SetAgentState("1101", AgentState.NOT_READY),
    "user.alternateCall.request": service.AlternateCall("1102"),
    "user.answerCall.request": service.AnswerCall("1102", "1101"),
    "user.conferenceCall.request": service.ConferenceCall("1102"),
    "user.consultationCall.request": service.ConsultationCall("1102", consulted_device_number="1103"),
    "user.divertCall.request": service.DivertCall("1102", diverted_device_number="1103"),
    "user.doNotDisturb.request": service.SetDoNotDisturb("1101", OnOff.ON),
    "user.dropCall.request": service.DropCall("1101"),
    "user.forward.request": service.SetForward("1101", Forward("1102", ForwardType.IMMEDIATE, OnOff.ON)),
    "user.holdCall.request": service.HoldCall("1101"),
    "user.makeCall.request": service.MakeCall("1101", "1102"),
    "user.qualifyCall.request": service.QualifyCall("1102"),
    "user.queryHistory.request": service.QueryHistory(device_number="8001", start_date=date(2009, 12, 2)),
    "user.queryUserStatistics.ex1.request": service.QueryUserStatistics("1101", type=StatisticsType.SNAPSHOT),
    "user.reconnectCall.request": service.ReconnectCall("1102"),
    "user.retrieveCall.request": service.RetrieveCall("1101"),
    "user.searchName.request": service.SearchName(name="Mar"),
    "user.searchNumber.request": service.SearchNumber(number="+33130127764"),
    "user.snapshot.ex1.request": service.Snapshot("1102"),
    "user.transferCall.request": service.TransferCall("1102"),
    "user.updateUserDirectory.request": service.UpdateUserDirectory(
        user_id="user",
        directory_name="outlook",
        parties=(
            Party("0160121314", "Bob Blake", NumberType.WORK, "TheCompany"),
            Party("0160121315", "Bob Blake", NumberType.IP, "TheCompany"),
        ),
    ),
    "supervisor.startRoutingPoint.request": service.StartRoutingPoint("camp1"),
    "supervisor.updateRoutingPoint.request": service.UpdateRoutingPoint("camp1"),
    "supervisor.updateDirectory.request": service.UpdateDirectory("ldap"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_given_an_example_of_the_document_then_what_it_leaves_out_is_none(name: str) -> None:
    assert decode_request(vector(name)) == EXAMPLES[name]


def test_given_absent_elements_then_the_defaults_of_the_document_hold() -> None:
    opened = service.OpenSession("1")
    assert opened.level is EventUpdate.FULL
    assert opened.monitors_at_once
    closed = service.CloseSession("1")
    assert closed.delay == 0
    assert closed.leaves_others
    qualified = service.QualifyCall("1")
    assert qualified.answers
    assert qualified.wants_name
    assert service.QueryHistory().records is RecordType.CALL


def test_given_elements_that_differ_from_the_defaults_then_they_hold() -> None:
    opened = service.OpenSession("1", event_update=EventUpdate.RESTRICTED, start_pbx_monitor=False)
    assert opened.level is EventUpdate.RESTRICTED
    assert not opened.monitors_at_once
    closed = service.CloseSession("1", 3, client_only=False)
    assert closed.delay == 3
    assert not closed.leaves_others
    qualified = service.QualifyCall("1", answer_call=False, need_name=False)
    assert not qualified.answers
    assert not qualified.wants_name
    assert service.QueryHistory(record_type=RecordType.AGENT).records is RecordType.AGENT


@pytest.mark.parametrize(
    "kind",
    [
        lambda **user: service.SearchName(name="x", **user),
        lambda **user: service.SearchNumber(number="1", **user),
        lambda **user: service.UpdateUserDirectory(directory_name="x", parties=(), **user),
    ],
)
def test_given_a_user_and_a_device_then_the_user_counts(kind: Any) -> None:
    """ "the deviceNumber as a userID will be used if no userID is provided in the request" """
    assert kind(user_id="ann", device_number="1").user == "ann"
    assert kind(device_number="1").user == "1"
    assert kind().user is None


def test_given_a_password_then_the_printed_value_hides_it() -> None:
    assert "secret" not in repr(service.OpenSession("1101", user_password="secret"))
