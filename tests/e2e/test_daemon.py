"""The daemon under signals, service managers and bad luck."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telgw.app.daemon import EXIT_CONFIGURATION
from telgw.app.sections import TelServices
from tests.e2e.clients import IDLE_TIMERS, metric
from tests.e2e.gateway import STANDARD, Gateway, error, fields, free_ports, request_xml

CONF = Path(__file__).parents[2] / "conf"
SECONDS = 10.0
STOP_SECONDS = 5.0
#: an address of this machine at which only those answer who listen on every network
OUTSIDE = "127.0.0.2"

DEMO = """
telservices: {listen: "127.0.0.1:@PORT@"}
web: {listen: "127.0.0.1:@WEB@"}
links: {pbx: {driver: simulated, devices: ["1101-1130"]}}
"""


def until(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of the condition; fails when it takes too long."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"it took too long until {what}")


class Poll(threading.Thread):
    """A long poll that waits, and its answer."""

    def __init__(self, gateway: Gateway, device: str) -> None:
        super().__init__(daemon=True)
        self._gateway = gateway
        self._device = device
        self.answer = ""
        self.start()

    def run(self) -> None:
        """See Thread."""
        poll = fields(timeout=60, snapshotSeq=1)
        self.answer = self._gateway.post("snapshot", timeout=60, deviceNumber=self._device, resultOnEvent=poll)


def run_daemon(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`telgw run` that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "telgw", "run", *arguments], capture_output=True, text=True, timeout=20, check=False, cwd=cwd
    )


# -- stopping


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_given_calls_and_waiting_polls_when_it_is_stopped_then_polls_are_answered_and_it_ends_in_time(
    gateway: Gateway, how: int
) -> None:
    for device in ("1103", "1104", "1105"):
        assert gateway.ask("openSession", deviceNumber=device) == STANDARD
    polls = [Poll(gateway, device) for device in ("1103", "1103", "1104", "1105")]
    until(lambda: gateway.status()["waiting_polls"] == 4, "the polls wait")
    caller, called = gateway.listen("1101"), gateway.listen("1102")
    assert gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == STANDARD
    assert gateway.ask("answerCall", deviceNumber="1102") == STANDARD
    idle = socket.create_connection(("127.0.0.1", gateway.port))
    half = socket.create_connection(("127.0.0.1", gateway.port))
    half.sendall(b"<TelServiceRequest><holdCall>")
    began = time.monotonic()
    assert gateway.stop(how) == 0
    assert time.monotonic() - began < STOP_SECONDS
    for poll in polls:
        poll.join(SECONDS)
        assert "<session><sessionClosedByAdmin/></session>" in poll.answer
    for events in (caller, called):
        while "<sessionClosedByAdmin/>" not in events.next():
            pass
    for one in (idle, half):
        one.settimeout(SECONDS)
        with contextlib.suppress(ConnectionResetError):
            assert one.recv(100) in (b"", error("reject").encode())
        one.close()
    assert '"stopped"' in gateway.log.read_text()


def test_given_a_pbx_that_does_not_answer_when_it_is_stopped_then_it_ends_in_time(gateway: Gateway) -> None:
    gateway.listen("1101")
    gateway.control("faults", {"silent": ["makeCall", "closeSession"]})
    answers: list[str] = []
    asking = threading.Thread(
        target=lambda: answers.append(gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102")), daemon=True
    )
    asking.start()
    until(lambda: gateway.status()["connections"] == 1, "the request is under way")
    began = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - began < STOP_SECONDS
    asking.join(SECONDS)
    assert answers in ([error("pbxlinkOutOfService")], [error("pbxTimeout")])


def test_given_a_second_signal_while_it_stops_then_it_still_ends_cleanly(gateway: Gateway) -> None:
    process = gateway.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)
    assert gateway.stop() == 0


# -- starting


def test_given_the_demo_then_the_addresses_to_open_are_printed(gateway: Gateway) -> None:
    text = gateway.log.read_text()
    assert f"telgw is ready ({gateway.config})" in text
    for line in (
        f"telservices:          127.0.0.1:{gateway.port}",
        f"status:               http://127.0.0.1:{gateway.web}/status",
        f"web phone:            http://127.0.0.1:{gateway.web}/phone?device=1101",
    ):
        assert line in text


@pytest.mark.parametrize("section", ["telservices", "web"])
def test_given_a_port_that_is_taken_then_the_setting_and_the_address_are_named_and_the_code_is_1(tmp_path: Path, section: str) -> None:
    file = tmp_path / "telgw.yaml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        ports = {"telservices": free_ports(1)[0], "web": free_ports(1)[0], section: number}
        lines = [f'{name}: {{listen: "127.0.0.1:{port}"}}' for name, port in ports.items()]
        file.write_text("\n".join([*lines, 'links: {pbx: {driver: simulated, devices: ["1101"]}}']))
        ended = run_daemon("-c", str(file))
    assert ended.returncode == 1
    (told,) = [line for line in ended.stderr.splitlines() if line.startswith("telgw:")]
    assert told.startswith(f"telgw: cannot run: {section}")
    assert f"127.0.0.1:{number}" in told
    assert "Address already in use" in told
    assert "Traceback" not in ended.stderr


def test_given_a_wrong_file_then_nothing_is_started_and_the_code_is_2(tmp_path: Path) -> None:
    file = tmp_path / "telgw.yaml"
    file.write_text("links:\n  pbx:\n    driver: simulated\n    devices: [1101-1130]\n    trunks: many\n")
    ended = run_daemon("-c", str(file))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"{file}:5: links.pbx.trunks: expected a whole number, got 'many'\n"


def test_given_a_state_that_cannot_be_read_then_the_file_is_named_and_the_code_is_1(tmp_path: Path) -> None:
    with Gateway(tmp_path) as running:
        running.stop()
        (tmp_path / "var").mkdir()
        state = tmp_path / "var" / "authorised-devices.json"
        state.write_text("[1101")
        ended = run_daemon("-c", str(running.config))
    assert ended.returncode == 1
    assert f"telgw: cannot run: {state}: " in ended.stderr


@pytest.fixture
def broken_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package whose plugin cannot be imported."""
    package = tmp_path / "packages" / "broken_links-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-links\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[telgw.links]\nbroken = broken_links:PLUGIN\n")
    (package.parent / "broken_links.py").write_text("raise RuntimeError('made on a Monday')\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


@pytest.mark.usefixtures("broken_plugin")
def test_given_a_broken_plugin_then_other_links_run_and_who_uses_it_is_told_why(tmp_path: Path) -> None:
    with Gateway(tmp_path) as running:
        assert running.status()["links"][0]["state"] == "up"
        file = tmp_path / "other.yaml"
        file.write_text('links:\n  pbx: {driver: broken, devices: ["1101"]}\n')
        ended = run_daemon("-c", str(file))
        assert ended.returncode == 2
        assert f"{file}:2: links.pbx.driver: the driver 'broken' cannot be imported: RuntimeError: made on a Monday" in ended.stderr
        # the same at a reload: the old configuration stays
        assert "made on a Monday" in kept(running, running.text.replace("driver: simulated", "driver: broken"))
        assert running.status()["links"][0]["driver"] == "simulated"


# -- the service manager


def test_given_the_unit_then_a_wrong_configuration_ends_it_for_good() -> None:
    lines = (CONF / "telgw.service").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert settings["Restart"] == "on-failure"
    assert settings["RestartPreventExitStatus"] == str(EXIT_CONFIGURATION)
    # which is the exit code of the main process only: nothing else may look at the configuration
    assert {name for name in settings if name.startswith("Exec")} == {"ExecStart", "ExecReload"}
    assert " run " in settings["ExecStart"]


@pytest.fixture(params=["a path", "an abstract name"])
def notified(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        name = str(tmp_path / "notify") if request.param == "a path" else f"@telgw-test-{os.getpid()}"
        manager.bind(name.replace("@", "\0"))
        manager.settimeout(SECONDS)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield manager


def test_given_a_service_manager_then_it_is_told_of_start_reload_and_stop(notified: socket.socket, tmp_path: Path) -> None:
    with Gateway(tmp_path) as running:
        assert notified.recv(1000) == b"READY=1"
        reload(running)
        assert notified.recv(1000).startswith(b"RELOADING=1")
        assert notified.recv(1000) == b"READY=1"
    assert notified.recv(1000) == b"STOPPING=1"


# -- SIGHUP


def reload(running: Gateway, text: str | None = None, event: str = '"reloaded"') -> str:
    """Change the file, send SIGHUP, and wait until the log tells what became of it; what the log says since."""
    before = len(running.log.read_text())

    def said() -> str:
        text = running.log.read_text()[before:]
        return text if event in text and text.endswith("\n") else ""

    if text is not None:
        running.config.write_text(text)
    assert running.process is not None
    running.process.send_signal(signal.SIGHUP)
    return str(until(said, event))


def kept(running: Gateway, text: str | None = None) -> str:
    """The same for a configuration that cannot be taken."""
    return reload(running, text, '"configuration_kept"')


def listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def test_given_a_changed_file_when_reloaded_then_sessions_calls_and_polls_stay(gateway: Gateway) -> None:
    caller, called = gateway.listen("1101"), gateway.listen("1102")
    assert gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == STANDARD
    for state in ("initiated", "originated", "delivered"):
        assert f"<{state}/>" in caller.next()
    assert "<alerting/>" in called.next()
    assert gateway.ask("openSession", deviceNumber="1103") == STANDARD
    poll = Poll(gateway, "1103")
    until(lambda: gateway.status()["waiting_polls"] == 1, "the poll waits")
    keep_alive = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    keep_alive.request("POST", "/", request_xml("queryMsgWaiting", fields(deviceNumber="1101")))
    assert keep_alive.getresponse().read()
    new = free_ports(1)[0]
    old = gateway.port
    text = gateway.text.replace(str(old), str(new)).replace('["1101-1130"]', '["1101-1105", "1201-1230"]')
    text = text.replace("links: {", 'links: {second: {driver: simulated, devices: ["2*"]}, ')
    assert gateway.ask("openSession", deviceNumber="1130") == STANDARD
    reload(gateway, text)
    gateway.port = new
    # the listener has moved, what was connected stays connected
    until(lambda: not listening(old), "the old port is closed")
    keep_alive.request("POST", "/", request_xml("queryMsgWaiting", fields(deviceNumber="1101")))
    assert "<msgWaiting>" in keep_alive.getresponse().read().decode()
    keep_alive.close()
    # sessions, the call and the poll are where they were
    assert gateway.ask("answerCall", deviceNumber="1102") == STANDARD
    assert "<connected/>" in caller.next()
    assert "<connected/>" in called.next()
    gateway.act("1103", "lift")
    poll.join(SECONDS)
    assert "<initiated/>" in poll.answer
    # devices came and went
    assert gateway.ask("openSession", deviceNumber="1230") == STANDARD
    assert gateway.ask("openSession", deviceNumber="1110") == error("pbxReject")
    assert gateway.ask("holdCall", deviceNumber="1130") == error("noOpenSession")
    # the new link is there
    assert gateway.ask("openSession", deviceNumber="2001") == STANDARD
    links = {link["name"]: link["state"] for link in gateway.status()["links"]}
    assert links == {"pbx": "up", "second": "up"}
    # and goes again, with its sessions
    reload(gateway, gateway.text.replace(str(old), str(new)))
    assert gateway.ask("holdCall", deviceNumber="2001") == error("noOpenSession")
    assert gateway.ask("dropCall", deviceNumber="1101") == STANDARD


def test_given_the_commented_configuration_then_it_says_of_the_call_reference_what_the_setting_says() -> None:
    (told,) = [field.metadata["doc"] for field in dataclasses.fields(TelServices) if field.name == "call_reference"]
    lines = (CONF / "telgw.yaml").read_text().splitlines()
    comment = lines[lines.index("  #call_reference: false") - 1]
    assert comment.strip("# .").lower() == told.lower()
    assert "PBX's reference" in told


def test_given_new_settings_when_reloaded_then_they_hold_at_once(tmp_path: Path) -> None:
    with Gateway(tmp_path, DEMO) as running:
        events = running.listen("1101")
        running.act("1101", "lift")
        assert "callReference" not in events.next()
        text = running.text.replace("telservices: {", 'telservices: {call_reference: true, end_of_pdu: "\\n", make_call_url: false, ')
        text += "sessions: {limit: 1}\nlogs: {level: debug}\n"
        reload(running, text)
        running.act("1101", "dial", number="1102")
        event = events.next()
        assert "<callReference>" in event
        assert event.endswith("\n")
        assert running.ask("openSession", deviceNumber="1102") == error("sessionLimitExceeded") + "\n"
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
        connection.request("GET", "/makeCall?deviceNumber=1103&calledDeviceNumber=1104")
        assert connection.getresponse().status == 404
        connection.close()


def test_given_another_resync_interval_when_reloaded_then_the_next_comparison_is_set_anew(tmp_path: Path) -> None:
    with Gateway(tmp_path, DEMO) as running:
        assert metric(running, "telgw_timers") == IDLE_TIMERS
        reload(running, running.text.replace("driver: simulated", "driver: simulated, resync_interval: 0"))
        assert metric(running, "telgw_timers") == IDLE_TIMERS - 1
        reload(running, running.text)
        assert metric(running, "telgw_timers") == IDLE_TIMERS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("driver", "trunk: 3, driver"), "links.pbx.trunk: unknown key; did you mean 'trunks'?"),
        (lambda text: text + "sessions: {limit: -1}\n", "sessions.limit: expected at least 0, got '-1'"),
        (lambda text: text + "}{\n", "not YAML"),
        (lambda text: "links: {}\n", "links: no link"),
    ],
)
def test_given_a_wrong_file_when_reloaded_then_everything_stays_and_the_log_says_why(
    tmp_path: Path, change: Callable[[str], str], told: str
) -> None:
    with Gateway(tmp_path, DEMO) as running:
        events = running.listen("1101")
        said = kept(running, change(running.text))
        faults = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        fault = next(line for line in faults if line["event"] == "configuration_kept")
        assert told in fault["fault"]
        assert re.match(re.escape(str(running.config)) + r":\d+: ", fault["fault"])
        running.act("1101", "lift")
        assert "<initiated/>" in events.next()
        assert running.ask("dropCall", deviceNumber="1101") == STANDARD
        # the next right file is taken
        reload(running, running.text.replace("1130", "1140"))
        assert running.ask("openSession", deviceNumber="1140") == STANDARD


def test_given_a_file_that_is_gone_or_a_port_that_is_taken_when_reloaded_then_everything_stays(tmp_path: Path) -> None:
    with Gateway(tmp_path, DEMO) as running, socket.create_server(("127.0.0.1", 0)) as taken:
        assert running.ask("openSession", deviceNumber="1101") == STANDARD
        running.config.unlink()
        assert "cannot be read" in kept(running)
        number = taken.getsockname()[1]
        text = running.text.replace("1130", "1140").replace(str(running.web), str(number))
        assert f"127.0.0.1:{number}" in kept(running, text)
        assert running.ask("openSession", deviceNumber="1140") == error("pbxReject")
        assert running.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == STANDARD
        assert running.get("/status")[0] == 200


@pytest.mark.parametrize("reactor", ["epoll", "asyncio"])
def test_given_a_listener_that_moves_to_every_network_and_back_when_reloaded_then_it_listens_there(
    tmp_path: Path, reactor: str
) -> None:
    with Gateway(tmp_path, DEMO, reactor=reactor) as running:
        keep_alive = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
        keep_alive.request("POST", "/", request_xml("openSession", fields(deviceNumber="1101")))
        assert STANDARD in keep_alive.getresponse().read().decode()
        narrow, wide = f"127.0.0.1:{running.port}", f"0.0.0.0:{running.port}"
        assert not listening(running.port, OUTSIDE)
        for _ in range(2):
            reload(running, running.text.replace(narrow, wide))
            assert listening(running.port, OUTSIDE)
            assert running.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == STANDARD
            reload(running, running.text)
            assert not listening(running.port, OUTSIDE)
            assert running.ask("dropCall", deviceNumber="1101") == STANDARD
        # what was connected all the time still is
        keep_alive.request("POST", "/", request_xml("closeSession", fields(deviceNumber="1101")))
        assert STANDARD in keep_alive.getresponse().read().decode()
        keep_alive.close()


def test_given_two_listeners_that_swap_their_ports_when_reloaded_then_each_has_the_port_of_the_other(tmp_path: Path) -> None:
    with Gateway(tmp_path, DEMO) as running:
        assert running.ask("openSession", deviceNumber="1101") == STANDARD
        swapped = DEMO.replace("@PORT@", str(running.web)).replace("@WEB@", str(running.port))
        reload(running, swapped)
        running.port, running.web = running.web, running.port
        assert running.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == STANDARD
        assert running.status()["sessions"] == 1


def test_given_a_swap_of_ports_that_fails_when_reloaded_then_the_old_listeners_are_back(tmp_path: Path) -> None:
    with Gateway(tmp_path, DEMO) as running, socket.create_server((OUTSIDE, 0)) as taken:
        number = taken.getsockname()[1]
        text = running.text.replace(f"127.0.0.1:{running.port}", f"0.0.0.0:{running.port}")
        text = text.replace(f"127.0.0.1:{running.web}", f"{OUTSIDE}:{number}")
        assert f"web: cannot listen on {OUTSIDE}:{number}: " in kept(running, text)
        assert running.ask("openSession", deviceNumber="1101") == STANDARD
        assert running.status()["sessions"] == 1
        assert not listening(running.port, OUTSIDE)


def test_given_many_reloads_at_once_then_the_last_file_is_in_force(tmp_path: Path) -> None:
    with Gateway(tmp_path, DEMO) as running:
        process = running.process
        assert process is not None
        wide = running.text.replace(f"127.0.0.1:{running.port}", f"0.0.0.0:{running.port}")
        for _ in range(10):
            for text in (running.text, wide):
                running.config.write_text(text)
                process.send_signal(signal.SIGHUP)
        reload(running)
        until(lambda: listening(running.port, OUTSIDE), "it listens everywhere")
        assert running.ask("openSession", deviceNumber="1101") == STANDARD
        process.send_signal(signal.SIGHUP)
        assert running.stop() == 0


def test_given_another_state_directory_when_reloaded_then_its_file_is_in_force(tmp_path: Path) -> None:
    config = DEMO + "sessions: {authentication: {administrator: {user_id: admin, password: swordfish}}}\n"
    with Gateway(tmp_path, config) as running:
        admin = {"userID": "admin", "userPassword": "swordfish"}
        assert running.ask("openSession", deviceNumber="1101", **admin) == STANDARD
        assert running.ask("closeSession", deviceNumber="1101") == STANDARD
        # a file that cannot be read: the old folder stays
        other = tmp_path / "other"
        other.mkdir()
        file = other / "authorised-devices.json"
        file.write_text("[1102")
        text = running.text.replace("telservices: {", "telservices: {call_reference: true, ") + "state: {state_directory: other}\n"
        assert str(file) in kept(running, text)
        assert json.loads(running.get("/authorised-devices")[1]) == ["1101"]
        # one that can
        file.write_text('["1102"]')
        reload(running)
        assert json.loads(running.get("/authorised-devices")[1]) == ["1102"]
        assert running.ask("openSession", deviceNumber="1101") == error("invalidCredentials")
        assert running.ask("openSession", deviceNumber="1102") == STANDARD
        assert running.ask("openSession", deviceNumber="1103", **admin) == STANDARD
        until(lambda: json.loads(file.read_text()) == ["1102", "1103"], "the new file is written")
        assert json.loads((tmp_path / "var" / file.name).read_text()) == ["1101"]


def test_given_another_option_of_a_driver_when_reloaded_then_only_that_link_starts_anew(tmp_path: Path) -> None:
    two = DEMO.replace("links: {", 'links: {other: {driver: simulated, devices: ["2101-2130"]}, ')
    with Gateway(tmp_path, two) as running:
        here, there = running.listen("1101"), running.listen("2101")
        reload(running, running.text.replace('devices: ["2101-2130"]', 'trunks: 3, devices: ["2101-2130"]'))
        assert "<sessionClosedByAdmin/>" in there.next()
        assert running.ask("openSession", deviceNumber="2101") == STANDARD
        running.act("1101", "lift")
        assert "<initiated/>" in here.next()
        assert running.control("devices/1101/hang_up")["hook"] == "on"


def test_given_an_authenticated_device_when_it_starts_again_then_it_still_is(tmp_path: Path) -> None:
    config = DEMO + "sessions: {authentication: {administrator: {user_id: admin, password: swordfish}}}\n"
    with Gateway(tmp_path, config) as running:
        assert running.ask("openSession", deviceNumber="1101") == error("invalidCredentials")
        assert running.ask("openSession", deviceNumber="1101", userID="admin", userPassword="swordfish") == STANDARD
        running.stop()
        running.start()
        assert running.ask("openSession", deviceNumber="1101") == STANDARD
        assert running.ask("openSession", deviceNumber="1102") == error("invalidCredentials")
        assert "swordfish" not in running.log.read_text()
