"""The commands against a real daemon."""

from __future__ import annotations

import datetime
import io
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from telgw.app.cli.main import main
from tests.e2e.gateway import Gateway, free_ports

Captured = pytest.CaptureFixture[str]
SECONDS = 10.0


@pytest.fixture(scope="module")
def telgw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all tests here: each test has devices of its own."""
    with Gateway(tmp_path_factory.mktemp("cli")) as running:
        yield running


@pytest.fixture
def cli(telgw: Gateway, capsys: Captured) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line in this process: exit code, output, errors."""

    def run(*words: str) -> tuple[int, str, str]:
        name, *rest = words
        where = ["--address", f"127.0.0.1:{telgw.port}"] if name == "send" else ["--url", f"http://127.0.0.1:{telgw.web}"]
        code = main([name, *where, *rest])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def until(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of the condition; fails when it takes too long."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"it took too long until {what}")


STANDARD = "<TelServiceReturn>\n  <result>\n    <standard/>\n  </result>\n</TelServiceReturn>\n"


# -- send


def test_given_typed_requests_when_sent_then_a_call_lives_its_life(cli: Any) -> None:
    for device in ("1101", "1102", "1103"):
        assert cli("send", "--open-session", device) == (0, STANDARD, "")
    for line in (
        "--make-call 1101 1102 extraData=order-4711",
        "--answer-call 1102 callingNumber=1101",
        "--hold-call 1101",
        "--retrieve-call 1101",
        "--consultation-call 1101 1103",
        "--reconnect-call 1101",
        "--consultation-call 1101 1103",
        "--answer-call 1103",
        "--alternate-call 1101",
        "--conference-call 1101",
        "--drop-call 1101",
        "--drop-call 1102",
        "--forward 1101 1103 busy on",
        "--do-not-disturb 1101 on",
        "--close-session 1101",
        "--close-session 1102 clientOnly=false",
        "--close-session 1103",
    ):
        assert cli("send", *line.split()) == (0, STANDARD, ""), line
    code, out, _ = cli("send", "--query-do-not-disturb", "1101")
    assert (code, "<doNotDisturb>\n      <on/>" in out) == (0, True)
    code, out, _ = cli("send", "--query-forward", "1101")
    assert (code, "<number>1103</number>" in out) == (0, True)


def test_given_a_request_that_is_refused_then_the_answer_the_reason_and_the_code_tell(cli: Any) -> None:
    code, out, err = cli("send", "--drop-call", "1110")
    assert code == 1
    assert "<noOpenSession/>" in out
    assert err == "telgw send: noOpenSession: the device has no open session: open one first\n"


def test_given_xml_on_standard_input_then_it_is_sent_as_it_is(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def pipe(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False))

    pipe(b"<TelServiceRequest><queryMsgWaiting><deviceNumber>1104</deviceNumber></queryMsgWaiting></TelServiceRequest>\n")
    code, out, err = cli("send", "--raw")
    answer = "<TelServiceReturn><result><msgWaiting><off/></msgWaiting></result></TelServiceReturn>\n"
    assert (code, out, err) == (0, answer, "")
    pipe(b"<TelServiceRequest><inventMe/></TelServiceRequest>")
    code, out, err = cli("send")
    assert (code, "<reject/>" in out) == (1, True)
    pipe(b" \n")
    code, out, err = cli("send")
    assert (code, out) == (2, "")
    assert "standard input is empty" in err


def test_given_http_then_the_same_is_answered_and_a_long_poll_waits(cli: Any, telgw: Gateway) -> None:
    assert cli("send", "--http", "--open-session", "1105") == (0, STANDARD, "")
    code, out, _ = cli("send", "--http", "--snapshot", "1105", "timeout=0")
    assert (code, "<snapshotSeq>1</snapshotSeq>" in out) == (0, True)
    poll = subprocess.Popen(
        [sys.executable, "-m", "telgw", "send", "--address", f"127.0.0.1:{telgw.port}", "--http", "--wait", "1s",
         "--snapshot", "1105", "timeout=60", "snapshotSeq=1"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: telgw.status()["waiting_polls"] == 1, "the poll waits")
    telgw.act("1105", "lift")
    out, _ = poll.communicate(timeout=SECONDS)
    assert poll.returncode == 0
    assert "<initiated/>" in out
    telgw.act("1105", "hang_up")
    assert cli("send", "--http", "--close-session", "1105") == (0, STANDARD, "")


def test_given_nobody_or_somebody_else_at_the_address_then_that_is_said(cli: Any, telgw: Gateway) -> None:
    (port,) = free_ports(1)
    code, out, err = cli("send", "--address", f"127.0.0.1:{port}", "--hold-call", "1101")
    assert (code, out) == (1, "")
    assert err == f"telgw send: no answer from 127.0.0.1:{port}: Connection refused (is the gateway running there?)\n"
    code, _, err = cli("send", "--address", f"127.0.0.1:{telgw.web}", "--http", "--hold-call", "1101")
    assert (code, err) == (1, f"telgw send: 127.0.0.1:{telgw.web} answered HTTP 404: no such page\n")
    code, _, err = cli("send", "--tls", "--hold-call", "1101")
    assert code == 1
    assert err.startswith("telgw send: no TLS with")
    code, _, err = cli("send", "--address", "no-such-host.invalid:1", "--hold-call", "1101")
    assert code == 1
    assert err.startswith("telgw send: no answer from no-such-host.invalid:1: ")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "closed the connection without an answer"),
        (b"hello\r\n", "is no TelServices answer: there is no message"),
        (b"<html>", "is no TelServices answer: "),
        (b"<a/>", "is no TelServices answer: the root is 'a'"),
    ],
)
def test_given_a_stranger_at_the_address_then_its_answer_is_not_believed(capsys: Captured, answer: bytes, told: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        code = main(["send", "--address", f"127.0.0.1:{server.getsockname()[1]}", "--hold-call", "1101"])
        thread.join()
    captured = capsys.readouterr()
    assert (code, captured.out) == (1, "")
    assert told in captured.err
    assert captured.err.count("\n") == 1


def test_given_a_gateway_that_does_not_answer_then_the_patience_ends(capsys: Captured) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert main(["send", "--address", address, "--wait", "100ms", "--hold-call", "1101"]) == 1
    assert capsys.readouterr().err == f"telgw send: no answer from {address} within 0.1 s\n"


def certificate(folder: Path) -> Path:
    """cert.pem and key.pem for 127.0.0.1, signed by themselves."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "telgw test")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(__import__("ipaddress").ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem"


def test_given_tls_and_an_end_of_messages_then_answers_are_understood(tmp_path: Path, capsys: Captured) -> None:
    trusted = certificate(tmp_path)
    config = """
telservices:
  listen: 127.0.0.1:@PORT@
  tls: {listen: "127.0.0.1:@SPARE@", certificate: cert.pem, key: key.pem}
  end_of_pdu: "\\0END"
web: {listen: "127.0.0.1:@WEB@"}
links: {pbx: {driver: simulated, devices: ["1101-1130"]}}
"""
    with Gateway(tmp_path, config) as running:
        address = f"127.0.0.1:{running.spare}"
        for more in ([], ["--http"]):
            assert main(["send", "--address", address, "--ca", str(trusted), *more, "--open-session", "1101"]) == 0
            assert capsys.readouterr().out == STANDARD
        assert main(["send", "--address", address, "--tls", "--open-session", "1101"]) == 1
        assert capsys.readouterr().err.startswith(f"telgw send: the certificate of {address} is not trusted: ")
        watch = Watch(running, "1102", address=f"127.0.0.1:{running.port}")
        running.act("1102", "lift")
        watch.expect("1102  call 1: initiated  [dropCall]")
        watch.stop()


# -- status, sessions, authorised


def test_given_a_running_gateway_then_its_status_is_shown(cli: Any) -> None:
    code, out, err = cli("status")
    assert (code, err) == (0, "")
    assert out.startswith("telgw 0.")
    assert out.splitlines()[-1].split()[:3] == ["pbx", "simulated", "up"]
    code, out, _ = cli("status", "--json")
    assert (code, json.loads(out)["links"][0]["state"]) == (0, "up")


def test_given_no_gateway_or_another_listener_then_the_status_says_so(cli: Any, telgw: Gateway) -> None:
    (port,) = free_ports(1)
    code, out, err = cli("status", "--url", f"127.0.0.1:{port}")
    assert (code, out) == (1, "")
    assert err.startswith(f"telgw status: no answer from http://127.0.0.1:{port}: Connection refused")
    code, _, err = cli("status", "--url", f"127.0.0.1:{telgw.port}")
    assert (code, "answered 404, and no JSON: POST a TelServices request" in err) == (1, True)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, b'{"status": "starting", "version": "9", "uptime": 0, "links": []}', "telgw 9  starting  up 0s"),
        (200, b'{"a": 1}', "answered something else than the status"),
        (200, b"[]", "answered something else than the status"),
        (200, b"\xff", "and no JSON"),
    ],
)
def test_given_a_gateway_that_is_not_ready_or_no_gateway_then_the_code_is_1(
    capsys: Captured, status: int, body: bytes, told: str
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        code = main(["status", "--url", f"http://127.0.0.1:{server.server_port}/"])
        thread.join()
    captured = capsys.readouterr()
    assert code == 1
    assert told in captured.out + captured.err


def test_given_an_open_session_then_it_is_listed_and_can_be_closed(cli: Any, telgw: Gateway) -> None:
    events = telgw.listen("1106")
    code, out, _ = cli("sessions")
    assert (code, f"127.0.0.1 UDP {events.port}" in out) == (0, True)
    code, out, _ = cli("sessions", "list", "--json")
    assert "1106" in [session["device"] for session in json.loads(out)]
    assert cli("sessions", "close", "1106") == (0, "the session of 1106 is closed\n", "")
    assert "<sessionClosedByAdmin/>" in events.next()
    assert cli("sessions", "close", "1106") == (1, "", "telgw sessions: no open session of device 1106\n")
    assert cli("sessions", "close", "a/b c") == (1, "", "telgw sessions: no open session of device a/b c\n")


def test_given_devices_that_authenticated_then_they_are_listed_and_can_be_revoked(tmp_path: Path, capsys: Captured) -> None:
    config = """
telservices: {listen: "127.0.0.1:@PORT@"}
web: {listen: "127.0.0.1:@WEB@"}
sessions: {authentication: {administrator: {user_id: admin, password: swordfish}}}
links: {pbx: {driver: simulated, devices: ["1101-1130"]}}
"""
    with Gateway(tmp_path, config) as running:
        url, port = ["--url", f"http://127.0.0.1:{running.web}"], ["--address", f"127.0.0.1:{running.port}"]
        assert main(["authorised", *url]) == 0
        assert capsys.readouterr().out == "no device is authorised\n"
        assert main(["watch", *port, "1101"]) == 1
        assert "invalidCredentials: the first session of a device needs userID" in capsys.readouterr().err
        assert main(["send", *port, "--open-session", "1101", "userID=admin", "userPassword=swordfish"]) == 0
        capsys.readouterr()
        assert main(["authorised", "list", *url]) == 0
        assert capsys.readouterr().out == "1101\n"
        assert main(["authorised", "list", "--json", *url]) == 0
        assert json.loads(capsys.readouterr().out) == ["1101"]
        assert main(["authorised", "revoke", "1101", *url]) == 0
        assert capsys.readouterr().out == "1101 is revoked\n"
        assert main(["authorised", "revoke", "1101", *url]) == 1
        assert capsys.readouterr().err == "telgw authorised: device 1101 is not authorised\n"
        watch = Watch(running, "1102", "--user-id", "admin", "--user-password", "swordfish")
        watch.stop()
        assert "swordfish" not in running.log.read_text()


# -- sim


def test_given_the_simulator_then_everything_can_be_done_from_the_command_line(cli: Any) -> None:
    for line, told in (
        ("1120 lift", "1120: off hook\n"),
        ("1120 dial 1121", ", to 1121"),
        ("1121 answer", ", from 1120"),
        ("1120 hold", " hold, to 1121"),
        ("1120 retrieve", " connected, to 1121"),
        ("1120 flash", " hold, to 1121"),
        ("1120 dial number=1122", "connected, to 1122"),
        ("devices 1122", "1122: on hook"),
        ("1122 answer", "1122: off hook"),
        ("1120 conference", "conference of 1121, 1122"),
        ("1120 hang-up", "1120: on hook"),
        ("1121 hang_up", "1121: on hook"),
        ("1120 do-not-disturb on", "do not disturb"),
        ("1120 forward no-such", ""),
        ("1120 forward immediate 1123", "forward immediate to 1123"),
        ("1120 forward immediate state=off", "1120: on hook"),
        ("1120 behaviour auto 2s", "answers: auto after 2s"),
        ("message-waiting 1120 on", "message waiting"),
        ("external-call --from 0160127764 --to 1121", "0160127764 calls 1121 on T1: alerting at 1121"),
        ("1122 pickup 1121", "1122: off hook"),
        ("external-hang-up T1", "T1: outside party 0160127764"),
        ("external-call --to 1121", "a withheld number calls 1121 on T1: alerting at 1121"),
        ("external-hang-up number=T1", "T1: outside party withheld"),
        ("1121 dial 0160127764", "to 0160127764"),
        ("external-answer 0160127764", "outside party 0160127764"),
        ("1121 hang-up", "1121: on hook"),
        ("devices", "30 devices (1101-1130)"),
        ("--link pbx 1121", "1121: on hook"),
    ):
        code, out, err = cli("sim", *line.split())
        if not told:
            assert (code, "none of immediate" in err) == (1, True)
            continue
        assert (code, err) == (0, ""), line
        assert told in out, line
    code, out, _ = cli("sim", "1120", "--json")
    assert json.loads(out)["lamp"] is True


def test_given_faults_then_they_are_set_shown_and_cleared(cli: Any) -> None:
    assert cli("sim", "faults", '{"reject": ["holdCall"]}') == (0, '{\n  "reject": [\n    "holdCall"\n  ]\n}\n', "")
    assert json.loads(cli("sim", "faults")[1]) == {"reject": ["holdCall"]}
    assert cli("sim", "faults", "{}") == (0, "{}\n", "")


def test_given_what_the_simulator_refuses_then_its_reason_is_told(cli: Any) -> None:
    for line, told in (
        ("1125 answr", 'unknown action "answr": did you mean "answer"?'),
        ("1125 answer", "1125 does not ring"),
        ("1125 dial", "parameter number is missing"),
        ("9999 lift", "9999 is no device of this PBX"),
        ("1125 behaviour perhaps", 'answer: "perhaps" is none of manual, auto, never, busy'),
        ("external-hang-up 0000", "no outside party 0000 is in a call"),
        ("faults {", "the body is not JSON"),
        ('faults {"lnik":1}', 'unknown fault "lnik": did you mean "link"?'),
        ("--link other 1125", "no link 'other' that can be controlled; there is pbx"),
    ):
        code, out, err = cli("sim", *line.split())
        assert (code, out) == (1, ""), line
        assert err.startswith("telgw sim: " + told), line


def test_given_two_simulated_links_then_one_must_be_named(tmp_path: Path, capsys: Captured) -> None:
    config = """
telservices: {listen: "127.0.0.1:@PORT@"}
web: {listen: "127.0.0.1:@WEB@"}
links:
  one: {driver: simulated, devices: ["1101"]}
  two: {driver: simulated, devices: ["1201"], control: false}
"""
    with Gateway(tmp_path, config) as running:
        url = ["--url", f"http://127.0.0.1:{running.web}"]
        assert main(["sim", "devices", *url]) == 2
        assert capsys.readouterr().err == "telgw sim: several links are simulated: --link one or --link two\n"
        assert main(["sim", "1101", "--link", "one", *url]) == 0
        assert main(["sim", "1201", "--link", "two", *url]) == 1


# -- watch

WATCHES: list[subprocess.Popen[str]] = []


class Watch:
    """`telgw watch` in a process of its own, and what it has printed."""

    def __init__(self, running: Gateway, *words: str, address: str = "") -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "telgw", "watch", "--address", address or f"127.0.0.1:{running.port}", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        WATCHES.append(self.process)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.expect("session open")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
        self.process.stdout.close()

    def expect(self, text: str) -> str:
        """The first line with the text, waited for."""
        line: str = until(lambda: next((line for line in self.lines if text in line), ""), f"{text!r} is in {self.lines}")
        return line

    def stop(self, how: int = signal.SIGINT) -> int:
        """End it; its exit code."""
        self.process.send_signal(how)
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        return code


@pytest.fixture(autouse=True)
def no_watch_is_left() -> Iterator[None]:
    """A test that fails half-way leaves no process behind."""
    yield
    while WATCHES:
        process = WATCHES.pop()
        if process.poll() is None:
            process.kill()
            process.wait(SECONDS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_given_a_watch_then_events_are_printed_and_its_sessions_closed_at_the_end(telgw: Gateway, how: int) -> None:
    watch = Watch(telgw, "1111", "1112")
    watch.expect("1112  session open")
    telgw.act("1111", "dial", number="1112")
    for text in (
        "1111  call 1: originated to 1112  [dropCall]",
        "1112  call 1: alerting from 1111  [answerCall divertCall]",
    ):
        line = watch.expect(text)
        time.strptime(line.partition(".")[0], "%H:%M:%S")
    telgw.act("1111", "hang_up")
    watch.expect("1112  call 1: cleared from 1111")
    assert watch.stop(how) == 0
    assert not {"1111", "1112"} & {session["device"] for session in json.loads(telgw.get("/sessions")[1])}


def test_given_a_call_that_is_up_then_a_watch_begins_with_it(telgw: Gateway) -> None:
    telgw.act("1113", "dial", number="1114")
    watch = Watch(telgw, "1113", "--xml")
    watch.expect("1113  call 1: delivered to 1114")
    telgw.act("1113", "hang_up")
    watch.expect("<TelServiceEvent>")
    watch.expect("        <cleared/>")
    assert watch.stop() == 0


def test_given_a_restricted_watch_then_only_alerting_calls_are_printed(telgw: Gateway) -> None:
    watch = Watch(telgw, "1115", "--restricted", "--udp-port", str(free_ports(1)[0]))
    telgw.act("1115", "lift")
    telgw.act("1115", "hang_up")
    telgw.act("1116", "dial", number="1115")
    assert "call 1: alerting from 1116" in watch.expect("call")
    telgw.act("1116", "hang_up")
    assert watch.stop() == 0


def test_given_a_session_that_was_closed_by_the_administrator_then_the_watch_opens_it_again(telgw: Gateway) -> None:
    watch = Watch(telgw, "1117")
    telgw.web_request("DELETE", "/sessions/1117")
    watch.expect("session: sessionClosedByAdmin")
    until(lambda: sum("session open" in line for line in watch.lines) == 2, "the session is open again")
    assert watch.stop() == 0


def test_given_a_gateway_that_restarts_then_the_watch_goes_on(tmp_path: Path) -> None:
    with Gateway(tmp_path) as running:
        watch = Watch(running, "1101")
        running.stop()
        watch.expect("session: sessionClosedByAdmin")
        running.start()
        until(lambda: sum("session open" in line for line in watch.lines) == 2, "the session is open again")
        running.act("1101", "lift")
        watch.expect("call 1: initiated")
        assert watch.stop() == 0


def test_given_nothing_to_watch_then_the_code_is_1(telgw: Gateway, capsys: Captured) -> None:
    assert main(["watch", "--address", f"127.0.0.1:{telgw.port}", "9999"]) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        "telgw watch: 9999: pbxReject: the PBX refuses, or no link owns the device; trying again",
        "telgw watch: no session could be opened",
    ]
    (port,) = free_ports(1)
    assert main(["watch", "--address", f"127.0.0.1:{port}", "1101"]) == 1
    assert "Connection refused" in capsys.readouterr().err
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        number = taken.getsockname()[1]
        assert main(["watch", "--address", f"127.0.0.1:{telgw.port}", "1101", "--udp-port", str(number)]) == 1
    assert f"cannot listen on UDP port {number}: Address already in use" in capsys.readouterr().err
