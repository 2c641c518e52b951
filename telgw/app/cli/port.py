"""The TelServices port of a running gateway, as a client sees it: one request, one answer, over raw TCP or HTTP, with TLS or without."""

from __future__ import annotations

import http.client
import socket
import ssl
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from telgw.app.cli.command import CommandError, Parser, UsageError, seconds
from telgw.base.address import Address

PLAIN_PORT, TLS_PORT = 20000, 20443
#: the longest answer that is read: a history of some hundred thousand records
_MOST = 64 * 1024 * 1024


def add_port(parser: Parser) -> None:
    """The options of every command that talks to the TelServices port."""
    default = f"127.0.0.1:{PLAIN_PORT}, with --tls 127.0.0.1:{TLS_PORT}"
    parser.add_argument("--address", metavar="HOST:PORT", help=f"the TelServices port; default {default}")
    parser.add_argument("--http", action="store_true", help="HTTP instead of raw TCP")
    parser.add_argument("--tls", action="store_true", help="over TLS; the certificate must be valid for the host")
    parser.add_argument("--ca", metavar="FILE", type=Path, help="trust this certificate, PEM; implies --tls")
    parser.add_argument("--wait", metavar="TIME", type=seconds, default=30.0, help="how long an answer may take; default 30s")


@dataclass(frozen=True)
class Port:
    """Where and how requests are sent; `patience` in seconds."""

    address: Address
    http: bool
    tls: ssl.SSLContext | None
    patience: float

    @classmethod
    def of(cls, options: Namespace) -> Port:
        """The port that the options of `add_port` name."""
        tls = options.tls or options.ca is not None
        text = options.address or f"127.0.0.1:{TLS_PORT if tls else PLAIN_PORT}"
        try:
            address = Address.parse(text)
        except ValueError as error:
            raise UsageError(f"--address {text}: {error}") from None
        return cls(address, options.http, _context(options.ca) if tls else None, options.wait)

    def exchange(self, request: bytes, patience: float | None = None) -> bytes:
        """Send the request; the answer. Raises CommandError when there is none."""
        try:
            return (self._post if self.http else self._send)(request, patience or self.patience)
        except TimeoutError:
            raise CommandError(f"no answer from {self.address} within {patience or self.patience:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise CommandError(f"the certificate of {self.address} is not trusted: {error.verify_message} (see --ca)") from None
        except ssl.SSLError as error:
            raise CommandError(f"no TLS with {self.address}: {error.reason or error}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise CommandError(f"no answer from {self.address}: {reason} (is the gateway running there?)") from None

    def connect(self, patience: float) -> socket.socket:
        """A connection to the port, without TLS."""
        return socket.create_connection((self.address.host, self.address.port), timeout=patience)

    def _send(self, request: bytes, patience: float) -> bytes:
        with self.connect(patience) as plain:
            connection = plain if self.tls is None else self.tls.wrap_socket(plain, server_hostname=self.address.host)
            with connection:
                connection.sendall(request)
                answer = b""
                while len(answer) < _MOST:
                    try:
                        more = connection.recv(65536)
                    except ConnectionResetError:
                        break  # the gateway has no use for what we sent after the request, and its answer is here
                    if not more:
                        break
                    answer += more
        if not answer:
            raise CommandError(f"{self.address} closed the connection without an answer")
        return answer

    def _post(self, request: bytes, patience: float) -> bytes:
        host, port = self.address.host, self.address.port
        connection = (
            http.client.HTTPConnection(host, port, timeout=patience)
            if self.tls is None
            else http.client.HTTPSConnection(host, port, timeout=patience, context=self.tls)
        )
        try:
            connection.request("POST", "/", request, {"Content-Type": "text/xml; charset=UTF-8"})
            answer = connection.getresponse()
            body = answer.read(_MOST)
        finally:
            connection.close()
        if answer.status != 200:
            text = body.decode("utf-8", "replace").strip().partition("\n")[0][:200]
            raise CommandError(f"{self.address} answered HTTP {answer.status}: {text or answer.reason}")
        return body


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f"--ca {ca}: {error.strerror or error}") from None


def document_of(data: bytes) -> bytes:
    """The XML in an answer or an event, without the sequence that the gateway may be configured to end each with."""
    return data[max(data.find(b"<"), 0) : data.rfind(b">") + 1]
