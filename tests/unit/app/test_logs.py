"""Log lines: what they hold, what they hide, and that nobody waits for them."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from twisted.logger import LogBeginner, Logger, LogPublisher
from twisted.python.failure import Failure

from telgw.app import logs
from telgw.app.sections import LogFormat, LogLevel
from telgw.base.secrets import Secret


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(LogLevel.INFO, LogFormat.JSON, stream)
    yield stream
    logs.flush()
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    assert logs.flush()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_utc_time_level_event_and_bound_values(stream: io.StringIO) -> None:
    structlog.get_logger().bind(link="pbx").info("link_up", devices=30)
    (line,) = lines(stream)
    assert list(line) == ["timestamp", "level", "event", "link", "devices"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {"level": "info", "event": "link_up", "link": "pbx", "devices": 30}


def test_secrets_are_masked_wherever_they_stand(stream: io.StringIO) -> None:
    structlog.get_logger().info(
        "said",
        user_password="one",
        Token="two",
        client_secret=b"three",
        password=None,
        who=Secret("four"),
        request={"user": "anna", "userPassword": "five", "inner": [{"token": "six"}, Secret("seven")]},
        deep=[[[[["eight"]]]]],
        kept=[1, "text", {"device": "1101"}],
    )
    (line,) = lines(stream)
    text = stream.getvalue()
    assert not any(word in text for word in ["one", "two", "three", "four", "five", "six", "seven", "eight"])
    assert line["request"] == {"user": "anna", "userPassword": "***", "inner": [{"token": "***"}, "***"]}
    assert line["password"] is None
    assert line["kept"] == [1, "text", {"device": "1101"}]


def test_what_is_not_json_is_printed_and_a_broken_repr_does_no_harm(stream: io.StringIO) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    structlog.get_logger().info("said", data=b"\xff", broken=Broken(), half="\udc80", name="Zoé")
    (line,) = lines(stream)
    assert (line["data"], line["broken"], line["half"]) == ("b'\\xff'", "<Broken>", "\udc80")
    assert "Zoé" in stream.getvalue()


def test_exceptions_and_failures_carry_their_traceback(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    try:
        raise KeyError("gone")
    except KeyError:
        failure = Failure()
        log.exception("link_failed")
    log.error("call_failed", failure=failure)
    log.error("call_refused", failure="no answer")
    one, two, three = lines(stream)
    assert "KeyError: 'gone'" in one["exception"]
    assert "KeyError: 'gone'" in two["exception"]
    assert "failure" not in two
    assert three["failure"] == "no answer"


def test_level_changes_for_loggers_that_are_bound_already(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    bound = log.bind(link="pbx")
    bound.debug("hidden")
    logs.set_level(LogLevel.DEBUG)
    bound.debug("shown")
    log.debug("shown_too")
    logs.set_level(LogLevel.ERROR)
    bound.warning("hidden")
    log.warning("hidden")
    bound.error("shown")
    assert [line["event"] for line in lines(stream)] == ["shown", "shown_too", "shown"]


def test_a_level_that_is_not_logged_calls_nothing(stream: io.StringIO) -> None:
    class Untouchable:
        def __repr__(self) -> str:
            raise AssertionError

    bound = structlog.get_logger().bind(link=Untouchable())
    assert bound.debug("hidden", device=Untouchable()) is None
    assert bound.debug.__name__ == "_nop"
    assert lines(stream) == []


def test_format_changes_for_loggers_that_are_bound_already(stream: io.StringIO) -> None:
    bound = structlog.get_logger().bind(link="pbx")
    bound.info("one")
    assert logs.flush()
    console = io.StringIO()
    logs.configure(LogLevel.INFO, LogFormat.CONSOLE, console)
    bound.info("two", device="1101")
    assert logs.flush()
    assert "two" not in stream.getvalue()
    assert re.search(r"\[info +\] two +device=1101 link=pbx", console.getvalue())


def test_console_lines_hold_no_control_characters_of_strangers(stream: io.StringIO) -> None:
    logs.configure(LogLevel.INFO, LogFormat.CONSOLE, stream)
    structlog.get_logger().info("said", number="11\n01\x1b[2J", name="Zoé")
    assert logs.flush()
    (line,) = stream.getvalue().splitlines()
    assert "11\\n01\\x1b[2J" in line
    assert "Zoé" in line
    assert "\x1b" not in line


def test_console_lines_show_tracebacks(stream: io.StringIO) -> None:
    logs.configure(LogLevel.INFO, LogFormat.CONSOLE, stream)
    structlog.get_logger().error("failed", failure=Failure(KeyError("gone")))
    assert logs.flush()
    assert "KeyError: 'gone'" in stream.getvalue()


@pytest.mark.parametrize(("terminal", "first"), [(True, "\x1b"), (False, "{")])
def test_auto_is_console_on_a_terminal_only(terminal: bool, first: str, stream: io.StringIO) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    chosen = Stream()
    logs.configure(LogLevel.INFO, LogFormat.AUTO, chosen)
    structlog.get_logger().info("started")
    assert logs.flush()
    assert chosen.getvalue()[0] == first


def test_structlog_can_still_be_captured_by_tests(stream: io.StringIO) -> None:
    bound = structlog.get_logger().bind(link="pbx")
    with structlog.testing.capture_logs() as captured:
        bound.info("link_up")
    assert captured == [{"event": "link_up", "link": "pbx", "log_level": "info"}]
    bound.info("link_down")
    assert [line["event"] for line in lines(stream)] == ["link_down"]


def test_a_stream_that_blocks_holds_up_nobody_and_lost_lines_are_counted(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked, release = Event(), Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            blocked.set()
            release.wait(10)
            return super().write(text)

    stuck = Stuck()
    monkeypatch.setattr(logs, "MAX_WAITING_LINES", 5)
    logs.configure(LogLevel.INFO, LogFormat.JSON, stuck)
    log = structlog.get_logger()
    log.info("first")
    assert blocked.wait(10)
    for _ in range(8):
        log.info("more")
    release.set()
    monkeypatch.setattr(logs, "MAX_WAITING_LINES", 100)
    assert logs.flush()
    assert logs.flush()
    written = [json.loads(line) for line in stuck.getvalue().splitlines()]
    assert [line["event"] for line in written] == ["first"] + ["more"] * 5 + ["log_lines_dropped"]
    assert written[-1]["count"] == 3


def test_a_stream_that_is_closed_does_no_harm(stream: io.StringIO) -> None:
    closed = io.StringIO()
    logs.configure(LogLevel.INFO, LogFormat.JSON, closed)
    closed.close()
    structlog.get_logger().info("unheard")
    assert logs.flush()
    logs.configure(LogLevel.INFO, LogFormat.JSON, stream)
    structlog.get_logger().info("heard")
    assert [line["event"] for line in lines(stream)] == ["heard"]


@pytest.fixture
def twisted_log() -> Logger:
    publisher = LogPublisher()
    beginner = LogBeginner(publisher, io.StringIO(), SimpleNamespace(), SimpleNamespace(showwarning=warnings.showwarning))
    logger = Logger(namespace="some.protocol", observer=publisher)  # type: ignore[arg-type]
    logger.warn("before {what}", what="logging began")
    logs.bridge_twisted(beginner)
    return logger


def test_twisted_events_are_logged_here(stream: io.StringIO, twisted_log: Logger) -> None:
    twisted_log.info("Starting factory")
    twisted_log.error("port {port} {odd}", port=20000, odd="\n")
    try:
        raise ZeroDivisionError("oh")
    except ZeroDivisionError:
        twisted_log.failure("Unhandled error in Deferred:")
    before, error, failure = lines(stream)
    assert (before["level"], before["event"], before["text"]) == ("warning", "twisted_warned", "before logging began")
    assert (error["level"], error["text"], error["source"]) == ("error", "port 20000 \n", "some.protocol")
    assert not {"exception", "failure"} & set(error)
    assert failure["event"] == "twisted_failed"
    assert "ZeroDivisionError: oh" in failure["exception"]


def test_twisted_chatter_is_for_debugging(stream: io.StringIO, twisted_log: Logger) -> None:
    logs.set_level(LogLevel.DEBUG)
    twisted_log.info("Starting factory")
    assert [(line["level"], line["event"]) for line in lines(stream)][-1] == ("debug", "twisted_told")
