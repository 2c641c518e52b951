"""The listening sockets, kept in agreement with the configuration."""

from __future__ import annotations

import re
from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import CertificateOptions, TLSVersion
from zope.interface import implementer

from telgw.app.sections import Config, Tls
from telgw.base.address import Address

#: connections that may wait to be accepted: the kernel caps it (net.core.somaxconn)
_BACKLOG = 4096
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

#: what is served, and where
Wanted = tuple[str, Address]


class ListenError(Exception):
    """An address cannot be listened on; the text names the setting, the address and the reason."""


@implementer(IOpenSSLServerConnectionCreator)
class ServerTls:
    """The TLS side of a listener. Its certificate may be exchanged: connections that are open keep theirs."""

    def __init__(self, options: CertificateOptions) -> None:
        self.options = options

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """See IOpenSSLServerConnectionCreator."""
        return SSL.Connection(self.options.getContext(), None)


class Listeners:
    """What is listened on now, by (what, address) as the configuration says it."""

    def __init__(self, reactor: Any, log: Any) -> None:
        self._reactor = reactor
        self._log = log
        self._open: dict[Wanted, Any] = {}
        self._tls: dict[Wanted, ServerTls] = {}

    def apply(self, config: Config, telservices: Any, site: Any) -> None:
        """Listen on what the configuration names and on nothing else. Raises ListenError with nothing changed."""
        wanted: dict[Wanted, Any] = {("telservices", address): telservices for address in config.telservices.listen}
        secured: dict[Wanted, ServerTls] = {}
        tls = config.telservices.tls
        if tls is not None:
            over_tls = ("telservices over TLS", tls.listen)
            wanted[over_tls] = telservices
            # the same files may hold a new certificate
            secured[over_tls] = ServerTls(_certificate(over_tls, tls))
        if config.web.listen is not None:
            wanted["web", config.web.listen] = site
        opened: dict[Wanted, Any] = {}
        kept = {one: port for one, port in self._open.items() if one in wanted}
        try:
            for one, factory in wanted.items():
                if one not in kept:
                    opened[one] = self._listen(one, factory, secured.get(one))
        except ListenError:
            for port in opened.values():
                port.stopListening()
            raise
        for one, port in self._open.items():
            if one not in kept:
                port.stopListening()
        for one, new in secured.items():
            if one in kept:
                self._tls[one].options = new.options
                secured[one] = self._tls[one]
        self._open, self._tls = kept | opened, secured
        for (what, _), port in opened.items():
            bound = port.getHost()
            self._log.info("listening", what=what, address=bound.host, port=bound.port)

    def _listen(self, wanted: Wanted, factory: Any, tls: ServerTls | None) -> Any:
        what, address = wanted
        try:
            if tls is not None:
                return self._reactor.listenSSL(address.port, factory, tls, backlog=_BACKLOG, interface=address.host)
            return self._reactor.listenTCP(address.port, factory, backlog=_BACKLOG, interface=address.host)
        except CannotListenError as error:
            raise ListenError(f"{what}: cannot listen on {address}: {error.socketError}") from error
        except OSError as error:
            raise ListenError(f"{what}: cannot listen on {address}: {error}") from error

    def addresses(self) -> list[tuple[str, str, int]]:
        """(what, host, port) of every open listener."""
        return [(what, port.getHost().host, port.getHost().port) for (what, _), port in self._open.items()]

    def close(self) -> Deferred[Any]:
        """Stop listening."""
        ports, self._open = self._open, {}
        return DeferredList([maybeDeferred(port.stopListening) for port in ports.values()], consumeErrors=True)


def _certificate(wanted: Wanted, tls: Tls) -> CertificateOptions:
    """TLS 1.2 and later with the certificate and its chain. Raises ListenError."""
    try:
        chain = [crypto.load_certificate(crypto.FILETYPE_PEM, pem) for pem in _PEM.findall(tls.certificate.read_bytes())]
        if not chain:
            raise ValueError(f"{tls.certificate}: no certificate in it")
        key = crypto.load_privatekey(crypto.FILETYPE_PEM, tls.key.read_bytes())
        options = CertificateOptions(
            privateKey=key, certificate=chain[0], extraCertChain=chain[1:], raiseMinimumTo=TLSVersion.TLSv1_2
        )
        options.getContext()  # now, while the old certificate is still in use: the two files may not belong together
    except (OSError, SSL.Error, crypto.Error, ValueError) as error:
        raise ListenError(f"{wanted[0]}: cannot listen on {wanted[1]}: {error or 'the key does not fit the certificate'}") from error
    return options
