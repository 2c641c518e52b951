"""The listening sockets, kept in agreement with the configuration."""

from __future__ import annotations

import re
from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.ssl import CertificateOptions, TLSVersion

from telgw.app.sections import Config, Tls
from telgw.base.address import Address

#: connections that may wait to be accepted: the kernel caps it (net.core.somaxconn)
_BACKLOG = 4096
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

Wanted = tuple[str, Address, Tls | None]


class ListenError(Exception):
    """An address cannot be listened on; the text names the setting, the address and the reason."""


class Listeners:
    """What is listened on now. `ready` are (what, address) as bound, ports filled in."""

    def __init__(self, reactor: Any, log: Any) -> None:
        self._reactor = reactor
        self._log = log
        self._open: dict[Wanted, Any] = {}

    def apply(self, config: Config, telservices: Any, site: Any) -> None:
        """Listen on what the configuration names and on nothing else. Raises ListenError with nothing changed."""
        wanted: dict[Wanted, Any] = {("telservices", address, None): telservices for address in config.telservices.listen}
        tls = config.telservices.tls
        if tls is not None:
            wanted["telservices over TLS", tls.listen, tls] = telservices
        if config.web.listen is not None:
            wanted["web", config.web.listen, None] = site
        opened: dict[Wanted, Any] = {}
        # the same certificate files may hold a new certificate: TLS is always listened on anew
        kept = {one: port for one, port in self._open.items() if one in wanted and one[2] is None}
        for one, port in self._open.items():
            if one not in kept and one[2] is not None:
                port.stopListening()
        try:
            for one, factory in wanted.items():
                if one not in kept:
                    opened[one] = self._listen(one, factory)
        except ListenError:
            for port in opened.values():
                port.stopListening()
            raise
        for one, port in self._open.items():
            if one not in kept and one[2] is None:
                port.stopListening()
        self._open = kept | opened
        for (what, _, _), port in opened.items():
            bound = port.getHost()
            self._log.info("listening", what=what, address=bound.host, port=bound.port)

    def _listen(self, wanted: Wanted, factory: Any) -> Any:
        what, address, tls = wanted
        try:
            if tls is not None:
                context = _tls_context(tls)
                return self._reactor.listenSSL(address.port, factory, context, backlog=_BACKLOG, interface=address.host)
            return self._reactor.listenTCP(address.port, factory, backlog=_BACKLOG, interface=address.host)
        except CannotListenError as error:
            raise ListenError(f"{what}: cannot listen on {address}: {error.socketError}") from error
        except (OSError, SSL.Error, crypto.Error, ValueError) as error:
            raise ListenError(f"{what}: cannot listen on {address}: {error}") from error

    def addresses(self) -> list[tuple[str, str, int]]:
        """(what, host, port) of every open listener."""
        return [(what, port.getHost().host, port.getHost().port) for (what, _, _), port in self._open.items()]

    def close(self) -> Deferred[Any]:
        """Stop listening."""
        ports, self._open = self._open, {}
        return DeferredList([maybeDeferred(port.stopListening) for port in ports.values()], consumeErrors=True)


def _tls_context(tls: Tls) -> CertificateOptions:
    """TLS 1.2 and later with the certificate and its chain. Raises OSError, SSL.Error, crypto.Error or ValueError."""
    chain = [crypto.load_certificate(crypto.FILETYPE_PEM, pem) for pem in _PEM.findall(tls.certificate.read_bytes())]
    if not chain:
        raise ValueError(f"{tls.certificate}: no certificate in it")
    key = crypto.load_privatekey(crypto.FILETYPE_PEM, tls.key.read_bytes())
    return CertificateOptions(
        privateKey=key, certificate=chain[0], extraCertChain=chain[1:], raiseMinimumTo=TLSVersion.TLSv1_2
    )
