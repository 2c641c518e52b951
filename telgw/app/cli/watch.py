"""`telgw watch`: follow devices, and print their events as they come.

Opens a session for each device with a UDP port of this process, and asks for a snapshot of each from time to time: that keeps the session,
and finds out when it is gone, because the gateway was restarted or the session was closed; then it is opened again. Ctrl-C closes the
sessions; since closeSession names no port, that ends the part of every client of this machine in them.
"""

from __future__ import annotations

import select
import signal
import socket
import sys
import time
from argparse import Namespace
from datetime import datetime
from typing import Any, NoReturn

from telgw.app.cli.command import CommandError, Parser, printable
from telgw.app.cli.port import Port, add_port, document_of
from telgw.app.cli.words import ERRORS, call_text, event_text, indented
from telgw.base.outcome import ErrorCode
from telgw.wire.errors import RemoteProtocolError
from telgw.wire.telservices.codec import decode_event, decode_return, encode_request
from telgw.wire.telservices.requests import CloseSession, OpenSession, Snapshot
from telgw.wire.telservices.returns import DeviceState
from telgw.wire.telservices.vocabulary import EventUpdate, SessionEvent

#: seconds between two looks at a session that is open, and at one that is not
_LOOK, _RETRY = 20.0, 2.0
_BUFFER = 4 * 1024 * 1024
_CLOSED = (
    SessionEvent.CLOSED_BY_ADMIN,
    SessionEvent.CLOSED_BY_CLIENT,
    SessionEvent.CLOSED_BY_TIMEOUT,
    SessionEvent.CLOSED_BY_MONITORING_REJECT,
)


def main(arguments: list[str]) -> int:
    """Watch until Ctrl-C or SIGTERM. Exit code 1: no session could be opened at the start."""
    parser = Parser("watch", "Open sessions and print events as they come; Ctrl-C closes the sessions and ends.")
    parser.add_argument("devices", nargs="+", metavar="DEVICE")
    add_port(parser)
    parser.add_argument("--xml", action="store_true", help="print the XML of events")
    parser.add_argument("--restricted", action="store_true", help="only events of alerting calls (eventUpdate restricted)")
    parser.add_argument("--udp-port", type=int, default=0, metavar="PORT", help="where events come in; default: any free port")
    parser.add_argument("--user-id", help="the administrator, when the gateway asks for one")
    parser.add_argument("--user-password")
    options = parser.parse_args(arguments)
    if not 0 <= options.udp_port <= 65535:
        parser.error("--udp-port is a number from 0 to 65535")
    signal.signal(signal.SIGTERM, _interrupt)
    return Watch(options).run()


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


class Watch:
    """The devices that are watched, and the port where their events come in."""

    def __init__(self, options: Namespace) -> None:
        self._options = options
        self._port = Port.of(options)
        #: device -> whether its session is open, as far as we know
        self._open = dict.fromkeys(options.devices, False)
        self._events = self._listen(options.udp_port)

    def _listen(self, port: int) -> socket.socket:
        """A UDP socket of the same kind of network as the gateway."""
        try:
            with self._port.connect(self._port.patience) as connection:
                family, host = connection.family, connection.getsockname()[0]
        except OSError as error:
            raise CommandError(f"no answer from {self._port.address}: {error.strerror or error} (is the gateway running there?)") from None
        events = socket.socket(family, socket.SOCK_DGRAM)
        events.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        try:
            events.bind((host, port))
        except OSError as error:
            events.close()
            raise CommandError(f"cannot listen on UDP port {port}: {error.strerror or error}") from None
        return events

    def run(self) -> int:
        """Open, print, keep, close."""
        try:
            self._look(first=True)
            while True:
                self._print_events()
                self._look()
        except KeyboardInterrupt:
            return 0
        finally:
            self._close()

    def _say(self, device: str, text: str) -> None:
        print(f"{datetime.now().strftime('%H:%M:%S.%f')[:-3]}  {printable(device)}  {text}", flush=True)

    # -- sessions

    def _ask(self, request: Any) -> Any:
        """The answer as a value. Raises CommandError when there is none."""
        try:
            return decode_return(document_of(self._port.exchange(encode_request(request))))
        except RemoteProtocolError as error:
            raise CommandError(f"what {self._port.address} answered is no TelServices answer: {error.reason}") from None

    def _look(self, first: bool = False) -> None:
        for device, is_open in self._open.items():
            try:
                if is_open:
                    self._keep(device)
                else:
                    self._join(device, first)
            except CommandError as error:
                if first:
                    raise
                if is_open:
                    self._open[device] = False
                    self._say(device, f"{error}; trying again")
        if first and not any(self._open.values()):
            raise CommandError("no session could be opened")

    def _join(self, device: str, first: bool) -> None:
        options = self._options
        level = EventUpdate.RESTRICTED if options.restricted else None
        port = self._events.getsockname()[1]
        answer = self._ask(OpenSession(device, port, level, options.user_id, options.user_password))
        if isinstance(answer, ErrorCode):
            if first:
                print(f"telgw watch: {printable(device)}: {answer.value}: {ERRORS[answer]}; trying again", file=sys.stderr, flush=True)
            return
        self._open[device] = True
        self._say(device, "session open")
        state = self._ask(Snapshot(device))
        if isinstance(state, DeviceState):
            for call in state.calls or ():
                self._say(device, call_text(call))

    def _keep(self, device: str) -> None:
        if isinstance(answer := self._ask(Snapshot(device)), ErrorCode):
            self._open[device] = False
            self._say(device, f"{answer.value}: {ERRORS[answer]}; opening it again")
            self._join(device, False)

    def _close(self) -> None:
        self._events.close()
        for device, is_open in self._open.items():
            if is_open:
                try:
                    self._ask(CloseSession(device))
                except CommandError:
                    return  # there is no gateway any more

    # -- events

    def _print_events(self) -> None:
        """Print what comes, until it is time to look at the sessions."""
        began = time.monotonic()
        while (left := began + (_LOOK if all(self._open.values()) else _RETRY) - time.monotonic()) > 0:
            if select.select([self._events], [], [], left)[0]:
                self._print(self._events.recv(65535))

    def _print(self, datagram: bytes) -> None:
        document = document_of(datagram)
        try:
            event = decode_event(document)
            text = indented(document) if self._options.xml else event_text(event)
        except RemoteProtocolError as error:
            self._say("?", f"no event: {error.reason}")
            return
        device = event.device_number or "?"
        self._say(device, f"\n{text}" if self._options.xml else text)
        if event.content in _CLOSED and self._open.get(device):
            self._open[device] = False
