"""The command line without any network: what is said to who mistypes, and with which exit code."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

from telgw import __version__
from telgw.app.cli import main as cli
from telgw.app.cli.command import CommandError, UsageError, printable, table
from telgw.app.cli.main import COMMANDS, main

Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    try:
        code = main(list(arguments))
    except SystemExit as end:  # argparse, after --help
        code = int(str(end.code or 0))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("option", ["--version", "-V", "version"])
def test_given_the_question_for_the_version_then_it_is_printed(capsys: Captured, option: str) -> None:
    assert run(capsys, option) == (0, f"telgw {__version__}\n", "")


def test_given_the_question_for_help_then_every_command_is_listed(capsys: Captured) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in COMMANDS:
        assert f"  {name} " in out


@pytest.mark.parametrize("name", COMMANDS)
def test_given_a_command_then_its_help_is_printed_and_it_has_a_main(capsys: Captured, name: str) -> None:
    assert callable(importlib.import_module(f"telgw.app.cli.{name}").main)
    code, out, err = run(capsys, name, "--help")
    assert (code, err) == (0, "")
    assert out.startswith("usage: telgw " + name)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "telgw: a command is missing (telgw --help lists them)"),
        (["rnu"], "telgw: there is no command 'rnu': did you mean \"run\"? (telgw --help lists them)"),
        (["run", "--reactor", "select"], "telgw run: argument --reactor: invalid choice"),
        (["run", "--conf", "x"], "telgw run: unrecognized arguments: --conf x"),
        (["check", "file.yaml"], "telgw check: unrecognized arguments: file.yaml"),
        (["config", "-c"], "telgw config: argument -c/--config: expected one argument"),
        (["status", "--url", "ftp://x"], "telgw status: 'ftp://x' is not the address of a web listener"),
        (["status", "--url", "x:port"], "telgw status: 'x:port' is not the address of a web listener"),
        (["sessions", "close"], "telgw sessions: close needs a device"),
        (["sessions", "list", "1101"], "telgw sessions: list takes no device"),
        (["sessions", "open"], "telgw sessions: argument action: invalid choice"),
        (["authorised", "revoke"], "telgw authorised: revoke needs a device"),
        (["watch"], "telgw watch: the following arguments are required: DEVICE"),
        (["watch", "1101", "--udp-port", "70000"], "telgw watch: --udp-port is a number from 0 to 65535"),
        (["watch", "1101", "--udp-port", "x"], "telgw watch: argument --udp-port: invalid int value: 'x'"),
        (["watch", "1101", "--address", "localhost"], "telgw watch: --address localhost: no port"),
        (["send", "--address", "x:70000", "--hold-call", "1"], "telgw send: --address x:70000: the port is a number from 0 to 65535"),
        (["send", "--wait", "soon", "--hold-call", "1"], "telgw send: argument --wait: 'soon' is not a length of time"),
        (["send", "--wait"], "telgw send: argument --wait: expected one argument"),
        (["send", "--ca", "/no/such/file", "--hold-call", "1"], "telgw send: --ca /no/such/file: No such file"),
        (["send", "--ca", str(Path(__file__)), "--hold-call", "1"], "telgw send: --ca "),
        (["send", "1101"], "telgw send: '1101' is no service (telgw send --help lists them)"),
        (["send", "--makecal", "1101"], "telgw send: '--makecal' is no service: did you mean \"--make-call\"?"),
        (["send", "--make-call"], "telgw send: --make-call: DEVICE (deviceNumber), CALLED (calledDeviceNumber) are missing"),
        (["send", "--hold-call", "1101", "\x01"], "telgw send: --hold-call: there is no place for '\\x01'"),
        (["sim"], "telgw sim: the following arguments are required: WHAT"),
        (["sim", "fautls"], "telgw sim: 'fautls' is neither a number nor something that can be done"),
        (["sim", "behaviour", "auto"], "telgw sim: behaviour is done at a phone: telgw sim 1101 behaviour ..."),
        (["sim", "lift"], "telgw sim: lift is done at a phone"),
        (["sim", "1101", "dial", "1", "2"], "telgw sim: dial takes NUMBER; there is no place for '2'"),
        (["sim", "1101", "lift", "2"], "telgw sim: lift takes nothing; there is no place for '2'"),
        (["sim", "faults", "{}", "{}"], "telgw sim: faults takes one JSON object"),
        (["sim", "1101", "lift", "--to", "1102"], "telgw sim: --from and --to belong to external-call"),
    ],
)
def test_given_a_mistake_then_one_line_says_what_is_wrong_and_the_code_is_2(capsys: Captured, arguments: list[str], told: str) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(told)
    assert err.count("\n") == 1


def test_given_a_right_file_when_checked_then_the_code_is_0(capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "telgw.yaml"
    file.write_text('links: {here: {driver: simulated, devices: ["1101"]}}\n')
    assert run(capsys, "check", "-c", str(file)) == (0, f"{file}: nothing is wrong; links: here (simulated)\n", "")
    assert run(capsys, "check")[0] == 0


def test_given_a_wrong_file_when_checked_then_every_fault_has_its_line_and_the_code_is_2(capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "telgw.yaml"
    file.write_text('links: {here: {driver: simulatd, devices: ["1101"]}}\nsessions: {limit: many}\nwebb: {}\n')
    for command in ("check", "config", "run"):
        code, out, err = run(capsys, command, "-c", str(file))
        assert (code, out) == (2, "")
        assert [line.partition(" ")[0] for line in err.splitlines()] == [f"{file}:{line}:" for line in (1, 2, 3)]
        for told in ("links.here.driver", "did you mean 'simulated'?", "sessions.limit", "webb", "did you mean 'web'?"):
            assert told in err


def test_given_no_such_file_then_that_is_said(capsys: Captured, tmp_path: Path) -> None:
    for command in ("check", "config", "run"):
        assert run(capsys, command, "-c", str(tmp_path / "none")) == (
            2, "", f"{tmp_path / 'none'}: cannot be read: No such file or directory\n",
        )  # fmt: skip


def test_given_a_configuration_when_printed_then_secrets_are_not_shown_and_it_reads_back(capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "telgw.yaml"
    file.write_text(
        'sessions: {authentication: {administrator: {user_id: admin, password: swordfish}}}\n'
        'links: {here: {driver: simulated, devices: ["1101"], trunks: 7}}\n'
    )
    code, out, err = run(capsys, "config", "-c", str(file))
    assert (code, err) == (0, "")
    assert "swordfish" not in out
    assert "password: '***'" in out
    assert "trunks: 7" in out
    again = tmp_path / "again.yaml"
    again.write_text(out)
    assert run(capsys, "config", "-c", str(again))[1] == out


def test_given_nobody_who_reads_when_printing_then_it_ends_without_a_traceback() -> None:
    reader = subprocess.Popen(
        [sys.executable, "-m", "telgw", "send", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert reader.stdout is not None and reader.stderr is not None  # noqa: PT018
    reader.stdout.close()
    assert reader.wait(20) in (0, 1)
    assert reader.stderr.read() == b""
    reader.stderr.close()


def test_given_an_interrupt_then_the_code_is_that_of_shells(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    def interrupted(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("telgw.app.cli.status.main", interrupted)
    assert run(capsys, "status") == (130, "", "")


def test_given_a_terminal_on_standard_input_when_nothing_is_sent_then_it_does_not_wait(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    code, _, err = run(capsys, "send")
    assert code == 2
    assert err.startswith("telgw send: no request: name a service")


def test_given_the_package_name_then_python_runs_the_same_command() -> None:
    told = subprocess.run([sys.executable, "-m", "telgw", "--version"], capture_output=True, text=True, check=True, timeout=20)
    assert told.stdout == f"telgw {__version__}\n"


def test_given_light_commands_then_neither_the_reactor_nor_the_xml_library_is_imported() -> None:
    code = "import sys; from telgw.app.cli.main import main; main(['status', '--url', '127.0.0.1:1']); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20)
    assert not {"twisted", "lxml", "yaml"} & set(told.stdout.split())


def test_given_texts_of_strangers_then_nothing_in_them_reaches_the_terminal_as_an_order() -> None:
    assert printable("Zoë 123 \u4e2d") == "Zoë 123 \u4e2d"
    assert printable("a\x1b[2J\x9b\r\nb") == "a\\x1b[2J\\x9b\\x0d\nb"
    assert table(("a", "bb"), [("1\n2", "x"), (3, "\x1b")]) == "a    bb\n1 2  x\n3    \\x1b"


def test_given_the_two_errors_then_a_wrong_command_line_is_the_special_case() -> None:
    assert issubclass(UsageError, CommandError)
    assert cli.EXIT_USAGE != cli.EXIT_FAILED
