"""Log lines: structlog on standard error, as JSON or for a terminal; secrets masked; what Twisted reports goes the same way.

Everybody takes `structlog.get_logger()`, binds what the lines are about (link, device, call, session) and names events with verbs in
snake_case. A level that is not logged costs one call of an empty function, and the level can change while the gateway runs.

Lines are written by a thread: a terminal that was stopped, or a pipe that nobody empties, must not stop the telephones.
"""

from __future__ import annotations

import atexit
import json
import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import structlog
from structlog.typing import Processor

from telgw.app.sections import LogFormat, LogLevel
from telgw.base.secrets import Secret

if TYPE_CHECKING:
    from twisted.logger import ILogObserver, LogEvent

#: Lines that may wait for the writer: a second of debug lines at full load. Beyond it lines are dropped, and counted.
MAX_WAITING_LINES = 10_000
#: Seconds that the end of the process waits for the last lines to be written.
FLUSH_SECONDS = 1.0
#: How deep values of log lines are searched for secrets.
_MASK_DEPTH = 4

_SECRET_KEY = re.compile("password|secret|token", re.IGNORECASE)
_MASK = "***"

_LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}

_Line = MutableMapping[str, Any]


class Sink:
    """Takes lines at once and writes them from a thread of its own, which starts with the first line."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        #: lines that were dropped because nobody took the earlier ones
        self.dropped = 0
        self._reported = 0
        self._lines: SimpleQueue[str | Event] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = Lock()

    def write(self, line: str) -> None:
        """Have `line` written, unless too many are waiting already."""
        if self._lines.qsize() >= MAX_WAITING_LINES:
            self.dropped += 1
            return
        self._lines.put(line)
        if self._thread is None:
            self._start()

    # what structlog calls on a logger
    debug = info = warning = error = critical = write

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until the lines so far are written, but not for ever; whether they are."""
        if self._thread is None:
            return True
        done = Event()
        self._lines.put(done)
        return done.wait(seconds)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="logs", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._lines.get()]
            try:
                while len(batch) < 1000:
                    batch.append(self._lines.get_nowait())
            except Empty:
                pass
            self._write([item for item in batch if isinstance(item, str)])
            for item in batch:
                if isinstance(item, Event):
                    item.set()
            if self.dropped > self._reported:
                lost, self._reported = self.dropped - self._reported, self.dropped
                structlog.get_logger().warning("log_lines_dropped", count=lost)

    def _write(self, lines: list[str]) -> None:
        try:
            self.stream.write("".join(line + "\n" for line in lines))
            self.stream.flush()
        except (OSError, ValueError):
            pass  # the terminal is gone, the stream is closed: there is nobody left to tell


_sink = Sink(sys.stderr)
#: one list for ever: loggers that are bound already hold it, and follow when it changes
_processors: list[Processor] = []
#: one class for ever, for the same reason; its base says what is logged
_Logger: Any = type("Logger", (structlog.make_filtering_bound_logger(logging.INFO),), {})


def configure(level: LogLevel, format: LogFormat, stream: TextIO | None = None) -> None:
    """Set up the log lines of the process, on standard error unless told otherwise. Call it again to change anything."""
    first = not _processors
    _sink.stream = stream or sys.stderr
    if format is LogFormat.AUTO:
        format = LogFormat.CONSOLE if _sink.stream.isatty() else LogFormat.JSON
    _processors[:] = [
        structlog.processors.add_log_level,
        _mask_secrets,
        _unwrap_failure,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *(_json_format() if format is LogFormat.JSON else _console_format(_sink.stream)),
    ]
    set_level(level)
    structlog.configure(
        processors=_processors,
        wrapper_class=_Logger,
        context_class=dict,
        logger_factory=lambda *args: _sink,
        cache_logger_on_first_use=True,
    )
    if first:
        atexit.register(_sink.flush)


def set_level(level: LogLevel) -> None:
    """Change the least important level that is logged, for every logger of the process."""
    _Logger.__bases__ = (structlog.make_filtering_bound_logger(_LEVELS[level]),)


def flush() -> bool:
    """Wait a moment for the lines so far to be written; whether they are."""
    return _sink.flush()


def _json_format() -> list[Processor]:
    return [structlog.processors.format_exc_info, _json_line]


def _console_format(stream: TextIO) -> list[Processor]:
    return [
        _escape_control_characters,
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback),
    ]


def _json_line(_logger: Any, _method: str, line: _Line) -> str:
    first = {key: line.pop(key) for key in ("timestamp", "level", "event") if key in line}
    return json.dumps(first | dict(line), default=_safe_repr, ensure_ascii=False)


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def _escape_control_characters(_logger: Any, _method: str, line: _Line) -> _Line:
    # what a stranger sent must not move the cursor of the operator's terminal, nor look like a line of its own
    for key, value in line.items():
        if isinstance(value, str) and not value.isprintable():
            line[key] = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in value)
    return line


def _unwrap_failure(_logger: Any, _method: str, line: _Line) -> _Line:
    """`failure=` takes a Twisted Failure, as `exc_info=` takes an exception."""
    if (failure := line.get("failure")) is not None and hasattr(failure, "getTracebackObject"):
        del line["failure"]
        line["exc_info"] = (failure.type, failure.value, failure.getTracebackObject())
    return line


@lru_cache(maxsize=1024)
def _is_secret_key(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _mask_secrets(_logger: Any, _method: str, line: _Line) -> _Line:
    for key, value in line.items():
        if _is_secret_key(key):
            line[key] = value if value is None else _MASK
        elif key != "exc_info" and value is not None and not isinstance(value, (str, int, float)):
            line[key] = _masked(value, _MASK_DEPTH)
    return line


def _masked(value: Any, depth: int) -> Any:
    if isinstance(value, Secret) or not depth:
        return _MASK
    if isinstance(value, dict):
        return {key: _MASK if isinstance(key, str) and _is_secret_key(key) else _masked(item, depth - 1) for key, item in value.items()}
    if type(value) in (list, tuple):  # a named tuple or a subclass prints itself
        return [_masked(item, depth - 1) for item in value]
    return value


class _Beginner(Protocol):
    def beginLoggingTo(self, observers: Iterable[ILogObserver], *, redirectStandardIO: bool) -> None: ...  # pragma: no cover


def bridge_twisted(beginner: _Beginner | None = None) -> None:
    """Have Twisted's own events (unhandled failures, warnings of Python, ...) logged here. To be called once in a process."""
    if beginner is None:
        from twisted.logger import globalLogBeginner

        beginner = globalLogBeginner
    beginner.beginLoggingTo([_observe], redirectStandardIO=False)  # type: ignore[list-item]


def _observe(event: LogEvent) -> None:
    from twisted.logger import LogLevel as TwistedLevel
    from twisted.logger import formatEvent

    level = event.get("log_level") or TwistedLevel.info
    log = structlog.get_logger(source=event.get("log_namespace") or "twisted")
    failure = event.get("log_failure")
    if failure is not None or level in (TwistedLevel.error, TwistedLevel.critical):
        log.error("twisted_failed", text=formatEvent(event), **({"failure": failure} if failure else {}))
    elif level is TwistedLevel.warn:
        log.warning("twisted_warned", text=formatEvent(event))
    else:
        # "Starting factory ...", which no operator asked for
        log.debug("twisted_told", text=formatEvent(event))
