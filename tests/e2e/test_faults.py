"""What goes wrong around the gateway: PBXs, drivers, licences, credentials, clients that come and go. Nobody else is harmed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clients import IDLE_TIMERS, Http, config, connect, http_request, log_lines, logged, metric, seq_of, service, settled, until
from tests.e2e.gateway import STANDARD, Gateway, error

OTHER_ADDRESS = "127.0.0.2"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    links = "pbx: {driver: simulated, devices: ['1101-1130'], request_timeout: 300ms}"
    with Gateway(tmp_path_factory.mktemp("faults"), config(links=links)) as running:
        yield running
        until(lambda: metric(running, "telgw_timers") == IDLE_TIMERS)


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Mend the shared gateway, and see that nothing is left of the test."""
    yield
    if "gateway" not in request.fixturenames:
        return
    gateway: Gateway = request.getfixturevalue("gateway")
    gateway.control("faults", {})
    until(lambda: gateway.status()["links"][0]["state"] == "up")
    for device in ("1101", "1102", "1103", "1104"):
        gateway.web_request("POST", f"/sim/pbx/devices/{device}/hang_up")
        gateway.ask("closeSession", deviceNumber=device, clientOnly="<false/>")
    status = settled(gateway)
    assert (status["sessions"], status["calls"]) == (0, 0)
    assert metric(gateway, "telgw_monitored_devices") == 0


def ask_from(address: str, gateway: Gateway, name: str, **values: object) -> str:
    """Ask from another address of this machine."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10, source_address=(address, 0)) as sock:
        sock.sendall(service(name, **values))
        return sock.makefile("rb").read().decode()


# -- the PBX


def test_given_a_pbx_that_rejects_when_asked_then_it_is_pbxreject(gateway: Gateway) -> None:
    gateway.listen("1101")
    gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102")
    gateway.act("1102", "answer")
    gateway.control("faults", {"reject": ["holdCall", "makeCall", "forward"]})
    until(lambda: "<connected/>" in gateway.ask("snapshot", deviceNumber="1101"))
    assert gateway.ask("holdCall", deviceNumber="1101") == error("pbxReject")
    assert gateway.ask("makeCall", deviceNumber="1103", calledDeviceNumber="1104") == error("pbxReject")
    assert gateway.ask("dropCall", deviceNumber="1101") == STANDARD
    logged(gateway, "request_refused", service="holdCall", device="1101", error="pbxReject")


def test_given_a_pbx_that_is_silent_when_asked_then_it_is_pbxtimeout_and_others_are_served_meanwhile(gateway: Gateway) -> None:
    gateway.control("faults", {"silent": ["makeCall"]})
    started = time.monotonic()
    with connect(gateway.port) as sock:
        sock.sendall(service("makeCall", deviceNumber="1101", calledDeviceNumber="1102"))
        assert "forwards" in gateway.ask("queryForward", deviceNumber="1101")
        assert time.monotonic() - started < 0.25
        assert sock.makefile("rb").read().decode() == error("pbxTimeout")
    assert 0.25 < time.monotonic() - started < 2
    assert metric(gateway, "telgw_requests_total", service="makeCall", outcome="pbxTimeout") >= 1
    logged(gateway, "request_refused", service="makeCall", error="pbxTimeout")


def test_given_a_pbx_that_answers_too_late_when_asked_then_it_is_pbxtimeout_and_the_late_answer_is_counted(gateway: Gateway) -> None:
    before = metric(gateway, "telgw_link_late_answers_total")
    gateway.control("faults", {"delay": "450ms"})
    assert gateway.ask("queryForward", deviceNumber="1101") == error("pbxTimeout")
    until(lambda: metric(gateway, "telgw_link_late_answers_total") == before + 1)


def test_given_a_monitor_that_is_not_answered_when_a_session_is_opened_then_there_is_none(gateway: Gateway) -> None:
    gateway.control("faults", {"silent": ["openSession"]})
    assert gateway.ask("openSession", deviceNumber="1101") == error("pbxTimeout")
    assert gateway.status()["sessions"] == 0
    gateway.control("faults", {})
    assert gateway.ask("openSession", deviceNumber="1101") == STANDARD


def test_given_clients_that_vanish_while_their_session_opens_when_the_pbx_answers_then_nothing_hangs(gateway: Gateway) -> None:
    gateway.control("faults", {"delay": "100ms"})
    for port in (gateway.port, gateway.web):
        client = Http(port)
        client.send(http_request(service("openSession", deviceNumber="1101"), target="/telservices"))
        client.close()
    until(lambda: gateway.status()["sessions"] == 1)
    assert gateway.ask("closeSession", deviceNumber="1101") == STANDARD
    until(lambda: metric(gateway, "telgw_monitored_devices") == 0)


def test_given_a_monitor_that_is_refused_when_a_session_is_opened_then_it_is_pbxreject_and_later_the_session_ends(gateway: Gateway) -> None:
    events = gateway.listen("1102")
    gateway.control("faults", {"refuse_monitor": ["1101", "1102"]})
    assert gateway.ask("openSession", deviceNumber="1101") == error("pbxReject")
    assert "<sessionClosedByMonitoringReject/>" in events.next()
    assert gateway.ask("dropCall", deviceNumber="1102") == error("noOpenSession")
    logged(gateway, "monitor_refused", device="1102")


def test_given_the_link_is_lost_when_it_returns_then_sessions_are_there_and_calls_are_told_anew(gateway: Gateway) -> None:
    events = gateway.listen("1101")
    gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102")
    for state in ("initiated", "originated", "delivered"):
        assert f"<{state}/>" in events.next()
    gateway.control("faults", {"link": "down"})
    assert "<pbxlinkOutOfService/>" in events.next()
    status = gateway.status()
    assert status["links"][0]["state"] == "waiting"
    assert status["sessions"] == 1
    assert metric(gateway, "telgw_link_up") == 0
    assert gateway.ask("dropCall", deviceNumber="1101") == error("pbxlinkOutOfService")
    assert gateway.ask("openSession", deviceNumber="1103") == error("pbxlinkOutOfService")
    assert gateway.ask("openSession", deviceNumber="1103", startPbxMonitor="<false/>") == STANDARD
    assert "<calls/>" in gateway.ask("snapshot", deviceNumber="1101")
    gateway.act("1102", "answer")
    gateway.control("faults", {})
    assert "<pbxlinkInService/>" in events.next()
    assert "<connected/>" in events.next()
    assert gateway.ask("dropCall", deviceNumber="1101") == STANDARD
    assert "<calls/>" in gateway.ask("snapshot", deviceNumber="1103")


def test_given_a_request_under_way_when_the_link_is_lost_then_it_ends_at_once(gateway: Gateway) -> None:
    gateway.control("faults", {"silent": ["makeCall"]})
    with connect(gateway.port) as sock:
        sock.sendall(service("makeCall", deviceNumber="1101", calledDeviceNumber="1102"))
        until(lambda: gateway.status()["connections"] == 1)
        gateway.control("faults", {"link": "down"})
        assert sock.makefile("rb").read().decode() == error("pbxlinkOutOfService")


def test_given_the_pbx_restarts_when_it_is_back_then_its_calls_are_gone_and_sessions_go_on(gateway: Gateway) -> None:
    events = gateway.listen("1101")
    gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102")
    for _ in range(3):
        events.next()
    gateway.control("faults", {"restart": True})
    assert "<pbxlinkOutOfService/>" in events.next()
    assert "<pbxlinkInService/>" in events.next()
    assert "<calls/>" in gateway.ask("snapshot", deviceNumber="1101")
    assert gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == STANDARD
    told = events.next()
    while "<delivered/>" not in told:
        told = events.next()
    gateway.ask("dropCall", deviceNumber="1101")


# -- sessions


def test_given_clients_at_two_addresses_when_one_closes_then_the_other_stays_unless_it_closes_for_all(gateway: Gateway) -> None:
    events = gateway.listen("1101")
    assert ask_from(OTHER_ADDRESS, gateway, "openSession", deviceNumber="1101") == STANDARD
    assert ask_from(OTHER_ADDRESS, gateway, "closeSession", deviceNumber="1101") == STANDARD
    events.quiet(0.05)
    assert gateway.status()["sessions"] == 1
    assert ask_from(OTHER_ADDRESS, gateway, "openSession", deviceNumber="1101") == STANDARD
    assert ask_from(OTHER_ADDRESS, gateway, "closeSession", deviceNumber="1101", clientOnly="<false/>") == STANDARD
    assert "<sessionClosedByClient/>" in events.next()
    assert gateway.ask("closeSession", deviceNumber="1101") == error("noOpenSession")


def test_given_a_delayed_close_when_the_client_comes_back_then_the_session_stays(gateway: Gateway) -> None:
    client = Http(gateway.port)
    assert client.ask("openSession", deviceNumber="1101").answer() == STANDARD
    gateway.ask("doNotDisturb", deviceNumber="1101", state="<on/>")
    gateway.ask("doNotDisturb", deviceNumber="1101", state="<off/>")
    seq = seq_of(client.poll("1101", None).answer())
    assert client.ask("closeSession", deviceNumber="1101", actualCloseSessionTimeout=1).answer() == STANDARD
    assert client.ask("openSession", deviceNumber="1101").answer() == STANDARD
    assert seq_of(client.poll("1101", seq, timeout=2).answer()) == seq
    assert client.ask("closeSession", deviceNumber="1101", actualCloseSessionTimeout=1).answer() == STANDARD
    assert gateway.status()["sessions"] == 1
    until(lambda: gateway.status()["sessions"] == 0)
    client.close()


def test_given_a_session_timeout_when_nobody_acts_then_the_session_ends_and_says_so(gateway: Gateway) -> None:
    events = gateway.listen("1101", sessionTimeout=1)
    for _ in range(4):
        events.quiet(0.4)
        assert "<forwards/>" in gateway.ask("queryForward", deviceNumber="1101")
    assert "<sessionClosedByTimeout/>" in events.next(3)
    assert gateway.ask("snapshot", deviceNumber="1101") == error("noOpenSession")


def test_given_the_administrator_when_he_closes_a_session_then_its_clients_are_told(gateway: Gateway) -> None:
    events = gateway.listen("1101")
    assert json.loads(gateway.get("/sessions")[1])[0]["device"] == "1101"
    assert gateway.web_request("DELETE", "/sessions/1101")[0] == 200
    assert "<sessionClosedByAdmin/>" in events.next()
    assert gateway.web_request("DELETE", "/sessions/1101")[0] == 404
    assert gateway.status()["sessions"] == 0


def test_given_a_licence_limit_when_it_is_reached_then_only_new_devices_are_refused(tmp_path: Path) -> None:
    with Gateway(tmp_path, config(sessions="{limit: 2}")) as gateway:
        for device in ("1101", "1102"):
            assert gateway.ask("openSession", deviceNumber=device) == STANDARD
        assert gateway.ask("openSession", deviceNumber="1103") == error("sessionLimitExceeded")
        assert gateway.ask("openSession", deviceNumber="1101", eventUDPPort=20001) == STANDARD
        assert gateway.ask("closeSession", deviceNumber="1102") == STANDARD
        assert gateway.ask("openSession", deviceNumber="1103") == STANDARD
        logged(gateway, "request_refused", error="sessionLimitExceeded", device="1103")


def test_given_an_administrator_when_sessions_are_opened_then_the_first_needs_him_even_after_a_restart(tmp_path: Path) -> None:
    text = config(sessions="{authentication: {administrator: {user_id: admin, password: s3cret-word}}}")
    with Gateway(tmp_path, text) as gateway:
        wrong = {"userID": "admin", "userPassword": "wrong-word"}
        right = {"userID": "admin", "userPassword": "s3cret-word"}
        assert gateway.ask("openSession", deviceNumber="1101") == error("invalidCredentials")
        assert gateway.ask("openSession", deviceNumber="1101", **wrong) == error("invalidCredentials")
        assert gateway.ask("openSession", deviceNumber="1101", **right) == STANDARD
        assert gateway.ask("closeSession", deviceNumber="1101") == STANDARD
        assert gateway.ask("openSession", deviceNumber="1101", **wrong) == STANDARD
        assert gateway.ask("openSession", deviceNumber="1102") == error("invalidCredentials")
        assert gateway.stop() == 0
        gateway.start()
        assert gateway.ask("openSession", deviceNumber="1101") == STANDARD
        assert gateway.ask("openSession", deviceNumber="1102") == error("invalidCredentials")
        assert gateway.ask("closeSession", deviceNumber="1101") == STANDARD
        assert json.loads(gateway.get("/authorised-devices")[1]) == ["1101"]
        assert gateway.web_request("DELETE", "/authorised-devices/1101")[0] == 200
        assert gateway.web_request("DELETE", "/authorised-devices/1101")[0] == 404
        assert gateway.ask("openSession", deviceNumber="1101") == error("invalidCredentials")
        logged(gateway, "device_revoked", device="1101")
        for word in ("s3cret-word", "wrong-word"):
            assert word not in gateway.log.read_text()


def test_given_a_state_file_that_is_none_when_the_daemon_starts_then_it_says_so_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "authorised-devices.json").write_text("{")
    with pytest.raises(AssertionError, match=r"ended with 1:(.|\n)*authorised-devices.json"):
        Gateway(tmp_path, config()).start()


# -- several links


def test_given_two_pbxs_when_one_fails_then_the_devices_of_the_other_are_served(tmp_path: Path) -> None:
    links = "pbx: {driver: simulated, devices: ['1101-1130']}, two: {driver: simulated, devices: ['2101-2130']}"
    with Gateway(tmp_path, config(links=links)) as gateway:
        first, second = gateway.listen("1101"), gateway.listen("2101")
        assert gateway.ask("openSession", deviceNumber="3101") == error("pbxReject")
        assert gateway.ask("makeCall", deviceNumber="3101", calledDeviceNumber="1101") == error("pbxReject")
        assert gateway.ask("makeCall", deviceNumber="2101", calledDeviceNumber="2102") == STANDARD
        assert "<initiated/>" in second.next()
        gateway.control("faults", {"link": "down"})
        assert "<pbxlinkOutOfService/>" in first.next()
        assert gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == error("pbxlinkOutOfService")
        assert gateway.ask("dropCall", deviceNumber="2101") == STANDARD
        assert [link["state"] for link in gateway.status()["links"]] == ["waiting", "up"]
        assert metric(gateway, "telgw_link_up", link="pbx") == 0
        assert metric(gateway, "telgw_link_up", link="two") == 1


# -- drivers of strangers

PLUGIN = '''
from dataclasses import dataclass, field
from twisted.internet.defer import Deferred, succeed
from telgw.core.ports import LinkPlugin, LinkState


@dataclass(frozen=True)
class Options:
    fails: str = field(default="", metadata={"doc": "what goes wrong"})


class Link:
    def __init__(self, context, options):
        self.fails = options.fails
        if self.fails == "build":
            raise RuntimeError("no luck in build")

    def start(self, sink):
        if self.fails == "start":
            raise RuntimeError("no luck in start")
        sink.status(LinkState.READY, 1)

    def stop(self):
        if self.fails == "stop":
            raise RuntimeError("no luck in stop")
        return Deferred() if self.fails == "never stops" else succeed(None)

    def devices_changed(self, devices):
        pass

    def monitor(self, device):
        if self.fails == "monitor":
            raise RuntimeError("no luck in monitor")
        return None if self.fails == "nothing" else succeed(None)

    unmonitor = monitor

    def snapshot(self, device):
        raise RuntimeError("no luck in snapshot")

    def execute(self, command):
        if self.fails == "execute":
            raise RuntimeError("no luck in execute")
        return None if self.fails == "nothing" else succeed(None)


PLUGIN = LinkPlugin("stranger", Options, Link)
'''


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver `stranger`, installed for the daemons of this test."""
    packages = tmp_path / "packages"
    metadata = packages / "stranger-1.0.dist-info"
    metadata.mkdir(parents=True)
    (packages / "stranger.py").write_text(PLUGIN)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[telgw.links]\nstranger = stranger:PLUGIN\nunimportable = stranger:NOTHING\n")
    monkeypatch.setenv("PYTHONPATH", str(packages))


@pytest.mark.usefixtures("stranger")
def test_given_drivers_that_fail_in_every_way_when_the_gateway_runs_then_each_is_reported_and_nobody_else_is_harmed(tmp_path: Path) -> None:
    ways = ["build", "start", "stop", "never stops", "monitor", "nothing", "execute"]
    links = ", ".join(f"link{n}: {{driver: stranger, devices: ['{n}001-{n}009'], fails: {way}}}" for n, way in enumerate(ways, 2))
    gateway = Gateway(tmp_path, config(links="pbx: {driver: simulated, devices: ['1101-1130']}, " + links))
    gateway.start()
    states = {link["name"]: (link["state"], link["reason"]) for link in gateway.status()["links"]}
    assert states["pbx"][0] == "up"
    assert states["link2"] == ("refused", "the driver stranger cannot build the link: RuntimeError('no luck in build')")
    assert states["link3"] == ("refused", "the driver stranger cannot start: RuntimeError('no luck in start')")
    assert {states[f"link{n}"][0] for n in range(4, 9)} == {"up"}
    for number in (2, 3):
        device = f"{number}001"
        assert gateway.ask("openSession", deviceNumber=device) == error("pbxlinkOutOfService")
        assert gateway.ask("makeCall", deviceNumber=device, calledDeviceNumber="1") == error("pbxlinkOutOfService")
    for device in ("6001", "7001"):
        for _ in range(2):
            assert gateway.ask("openSession", deviceNumber=device) == error("pbxReject")
    assert gateway.ask("openSession", deviceNumber="8001") == STANDARD
    for device in ("7001", "8001"):
        assert gateway.ask("makeCall", deviceNumber=device, calledDeviceNumber="1") == error("pbxReject")
    events = gateway.listen("1101")
    assert gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == STANDARD
    assert "<initiated/>" in events.next()
    started = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - started < 5
    for event, link in (("link_build_failed", "link2"), ("link_start_failed", "link3"), ("link_stop_failed", "link4")):
        logged(gateway, event, link=link)
    assert {line["link"] for line in log_lines(gateway, "link_driver_failed")} == {"link6", "link7", "link8"}
    assert log_lines(gateway, "twisted_failed") == []


@pytest.mark.usefixtures("stranger")
def test_given_a_driver_that_cannot_be_imported_when_it_is_configured_then_the_file_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"ended with 2:(.|\n)*links.two.driver.*unimportable"):
        Gateway(tmp_path, config(links="two: {driver: unimportable, devices: ['1']}")).start()
    with Gateway(tmp_path, config()) as gateway:
        assert gateway.status()["links"][0]["state"] == "up"
