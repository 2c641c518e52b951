"""The daemon: `telgw run`. Chooses the reactor, runs the gateway, listens to signals, tells the service manager."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import structlog
from twisted.internet.defer import Deferred, DeferredLock, inlineCallbacks

from telgw.app.config import ConfigError, load
from telgw.app.sections import Config

EXIT_OK = 0
EXIT_CANNOT_RUN = 1
EXIT_CONFIGURATION = 2


def install_reactor(name: str) -> Any:
    """Install and return the reactor: `epoll` (the default where there is one) or `asyncio` (on uvloop when it is installed)."""
    if name == "asyncio":
        import asyncio

        try:
            import uvloop

            from telgw.app.uvreactor import install
        except ImportError:
            from twisted.internet.asyncioreactor import install

            loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        else:
            loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        install(loop)
    elif sys.platform == "linux":
        from twisted.internet import epollreactor

        epollreactor.install()
    from twisted.internet import reactor

    return reactor


def raise_file_limit() -> None:
    """Every client is an open file: take as many as the system gives us (systemd's soft limit is 1,024, its hard one 512 Ki)."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def settle_garbage_collector() -> None:
    """What is built at the start stays for ever: do not look through it again and again, nor look too often."""
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)


def notify_service_manager(message: str) -> None:
    """Tell systemd (sd_notify); does nothing when it does not run us."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    if path.startswith("@"):
        path = "\0" + path[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.setblocking(False)
            sock.connect(path)
            sock.send(message.encode())
    except OSError:
        pass  # it runs without knowing


class Daemon:
    """A gateway under signals. `exit_code` is what the process ends with."""

    def __init__(self, path: Path | None, config: Config, reactor: Any) -> None:
        from telgw.app import logs
        from telgw.app.gateway import Gateway

        self.exit_code = EXIT_OK
        self._path = path
        self._reactor = reactor
        logs.configure(config.logs.level, config.logs.format)
        logs.bridge_twisted()
        self._log = structlog.get_logger()
        self._gateway = Gateway(config, reactor, self._log)
        self._reloads = DeferredLock()

    def run(self) -> int:
        """Run until told to stop."""
        raise_file_limit()
        self._reactor.callWhenRunning(self._start)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        self._reactor.run()
        # it is stopped: somebody who says so again must not turn that into a death by signal while the interpreter cleans up
        for again in (signal.SIGTERM, signal.SIGINT):
            signal.signal(again, signal.SIG_IGN)
        return self.exit_code

    def _start(self) -> None:
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._reload))
        try:
            started = self._gateway.start()
        except Exception as error:
            self._cannot_run(error)
            return
        started.addCallbacks(lambda _: self._ready(), lambda failure: self._cannot_run(failure.value))

    def _cannot_run(self, error: BaseException) -> None:
        print(f"telgw: cannot run: {error}", file=sys.stderr, flush=True)
        self.exit_code = EXIT_CANNOT_RUN
        self._reactor.stop()

    def _ready(self) -> None:
        if self._gateway.phase != "running":
            return
        settle_garbage_collector()
        lines = [f"telgw is ready ({self._path or 'built-in demo'})"]
        for what, host, port in self._gateway.listeners.addresses():
            shown = f"[{host}]" if ":" in host else host
            lines.append(f"  {what + ':':22}{shown}:{port}")
            if what == "web":
                lines.append(f"  {'status:':22}http://{shown}:{port}/status")
                device = self._some_device()
                if device:
                    lines.append(f"  {'web phone:':22}http://{shown}:{port}/phone?device={device}")
        print("\n".join(lines), flush=True)
        notify_service_manager("READY=1")

    def _some_device(self) -> str | None:
        for domain in self._gateway.switchboard.domains.values():
            for number in domain.devices.listed():
                return number
        return None

    def _stop(self) -> Any:
        notify_service_manager("STOPPING=1")
        return self._gateway.stop()

    def _reload(self) -> None:
        """SIGHUP: take the new configuration, or keep the old one and say why. One after the other: a reload may take a moment."""
        self._reloads.run(self._take)

    @inlineCallbacks
    def _take(self) -> Generator[Deferred[Any], Any, None]:
        from telgw.app import logs

        if self._gateway.phase == "stopping":
            return
        notify_service_manager("RELOADING=1")
        try:
            config = load(self._path)
            yield self._gateway.reload(config)
            logs.configure(config.logs.level, config.logs.format)
        except ConfigError as error:
            for fault in error.faults:
                self._log.error("configuration_kept", fault=str(fault))
        except Exception as error:
            self._log.error("configuration_kept", fault=str(error))
        if self._gateway.phase != "stopping":
            notify_service_manager("READY=1")


def run(path: Path | None, reactor_name: str = "epoll") -> int:
    """`telgw run`: returns the exit code."""
    try:
        config = load(path)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION
    return Daemon(path, config, install_reactor(reactor_name)).run()
