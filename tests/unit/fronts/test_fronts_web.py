"""The web listener without sockets: limits, deadlines, names, administration, and TelServices as on its own port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from front_rig import ANSWER, DROP, POLL, REJECT, Rig, Wire, http
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from telgw.fronts.telservices.conversation import PortSettings
from telgw.fronts.web.answers import json_answer
from telgw.fronts.web.connection import WebConnection, WebListener
from telgw.fronts.web.guard import Guard
from telgw.fronts.web.site import Router, WebSite
from telgw.fronts.web.telservices import TelServicesPage

ADDRESS = "192.0.2.1"


class WebPeer:
    """One connection to the web listener."""

    def __init__(self, listener: WebListener, address: str) -> None:
        self.wire = Wire()
        self.wire.peerAddr = IPv4Address("TCP", address, 40000)
        self.connection: WebConnection = listener.buildProtocol(self.wire.peerAddr)
        self.gone = False
        self.wire.lost = self.vanish
        self.connection.makeConnection(self.wire)

    def send(self, data: bytes) -> WebPeer:
        self.connection.dataReceived(data)
        return self

    def vanish(self) -> None:
        if not self.gone:
            self.gone = True
            self.connection.connectionLost(Failure(ConnectionDone()))

    @property
    def got(self) -> bytes:
        value: bytes = self.wire.value()
        return value

    @property
    def status(self) -> int:
        return int(self.got.split(b" ", 2)[1])


class WebRig(Rig):
    """The web listener beside the port, behind the same limits."""

    def __init__(self, **limits: Any) -> None:
        super().__init__(**limits)
        self.guard = Guard(self.measures, self.log)
        self.router = Router(self.guard)
        self.router.add("GET", "/status", lambda request: json_answer(200, {}))
        self.router.add("GET", "/sessions", self.guard.administration(lambda request: json_answer(200, [])))
        self.router.add("POST", "/telservices", TelServicesPage(self.port).post)
        self.listener = WebListener(WebSite(self.router), self.connections, self.clock)
        self.visitors: list[WebPeer] = []

    def visit(self, address: str = ADDRESS) -> WebPeer:
        self.visitors.append(WebPeer(self.listener, address))
        return self.visitors[-1]


@contextmanager
def web(**limits: Any) -> Iterator[WebRig]:
    made = WebRig(**limits)
    yield made
    for visitor in made.visitors:
        visitor.vanish()
    made.end()


# -- limits and deadlines


def test_given_as_many_connections_as_there_may_be_when_a_visitor_comes_then_it_is_refused() -> None:
    with web(limit=2) as it:
        it.connect()
        first = it.visit().send(http("GET", "/status"))
        assert first.status == 200
        assert it.visit().wire.aborted
        assert it.measures.refused["tcp", "connection limit"] == 1
        first.vanish()
        assert not it.visit().wire.aborted


def test_given_as_many_visits_as_an_address_may_make_when_one_more_comes_then_only_it_is_refused_and_the_port_is_another_count() -> None:
    with web(per_address=1) as it:
        it.connect(ADDRESS)
        it.visit()
        assert it.visit().wire.aborted
        assert not it.visit("192.0.2.2").wire.aborted
        assert (it.connections.of("telservices"), it.connections.of("web")) == (1, 2)


def test_given_a_request_that_drips_when_its_time_is_over_then_it_gets_408_and_the_connection_ends() -> None:
    with web() as it:
        peer = it.visit()
        for byte in b"GET /status HTTP/1.1\r\nX: " + b"x" * 40:
            peer.send(bytes([byte]))
            it.pass_time(1)
        assert peer.status == 408
        assert peer.wire.disconnecting
        it.pass_time(12)
        assert peer.wire.aborted


def test_given_a_visitor_that_says_nothing_or_nothing_more_when_its_time_is_over_then_it_is_closed_without_a_word() -> None:
    with web() as it:
        silent, resting = it.visit(), it.visit().send(http("GET", "/status"))
        said = resting.got
        it.pass_time(32)
        assert (silent.wire.disconnecting, resting.wire.disconnecting) == (True, False)
        it.pass_time(30)
        assert resting.wire.disconnecting
        assert (silent.got, resting.got) == (b"", said)


def test_given_a_poll_that_waits_when_the_time_of_requests_is_over_then_it_still_waits() -> None:
    with web() as it:
        it.responder.patient = True
        peer = it.visit().send(http(target="/telservices", body=POLL))
        assert it.connections.busy
        it.pass_time(300)
        assert not peer.wire.disconnecting
        it.responder.open[0].callback(ANSWER)
        assert peer.got.endswith(ANSWER)
        assert not it.connections.busy


def test_given_a_visitor_that_leaves_when_its_request_is_answered_then_nothing_is_wrong() -> None:
    with web() as it:
        it.responder.patient = True
        it.visit().send(http(target="/telservices", body=DROP)).vanish()
        it.responder.open[0].callback(ANSWER)
        assert it.responder.cancelled == 0


def test_given_a_long_body_when_it_comes_then_it_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> BytesIO:
        raise AssertionError("a file")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with web() as it:
        assert it.visit().send(http(target="/telservices", body=DROP + b" " * 500_000)).got.endswith(ANSWER)
        assert it.visit().send(b"POST /telservices HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n").status == 413


# -- names and administration


def test_given_a_name_that_is_not_ours_when_it_is_asked_for_then_the_option_is_named_even_for_reading() -> None:
    with web() as it:
        request = b"GET /status HTTP/1.1\r\nHost: evil.example.org\r\n\r\n"
        peer = it.visit().send(request)
        assert peer.status == 403
        assert b"web.host_names" in peer.got
        assert it.log.events() == ["host_refused"]
        it.guard.host_names = ("evil.example.org",)
        assert it.visit().send(request).status == 200
        assert it.visit().send(b"GET /status HTTP/1.1\r\n\r\n").status == 200


def test_given_another_machine_when_it_administers_then_only_if_it_is_allowed() -> None:
    with web() as it:
        assert it.visit("127.0.0.1").send(http("GET", "/sessions")).status == 200
        peer = it.visit().send(http("GET", "/sessions"))
        assert peer.status == 403
        assert b"web.remote_administration" in peer.got
        it.guard.remote_administration = True
        assert it.visit().send(http("GET", "/sessions")).status == 200


# -- TelServices


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_given_any_content_type_when_a_request_is_posted_then_it_is_answered(kind: str) -> None:
    with web() as it:
        assert it.visit().send(http(target="/telservices", body=DROP, Content_Type=kind)).got.endswith(ANSWER)


def test_given_the_settings_of_the_port_when_a_request_is_posted_then_they_hold() -> None:
    with web(settings=PortSettings(max_request_size=1024)) as it:
        assert it.visit().send(http(target="/telservices", body=DROP + b" " * 1024)).status == 413
        assert it.visit().send(http(target="/telservices", body=b"<oops/>")).got.endswith(REJECT)
        odd = DROP.replace(b"</dropCall>", b"<odd/></dropCall>")
        assert it.visit().send(http(target="/telservices", body=odd)).got.endswith(ANSWER)
        assert it.log.events() == ["elements_ignored"]
