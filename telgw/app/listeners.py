"""The listening sockets, kept in agreement with the configuration."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import CertificateOptions, TLSVersion
from zope.interface import implementer

from telgw.app.sections import Config, Tls
from telgw.base.address import Address

#: connections that may wait to be accepted: the kernel caps it (net.core.somaxconn)
_BACKLOG = 4096
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

_WEB = "web"

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
        self._closed = False

    @inlineCallbacks
    def apply(self, config: Config, telservices: Any, site: Any) -> Generator[Deferred[Any], Any, None]:
        """Listen on what the configuration names and on nothing else. Fails with ListenError, and with nothing changed.

        What stands in the way of a new listener is closed before; everything else that is not wanted any more, when all new ones are
        open. One call must be over before the next.
        """
        wanted: dict[Wanted, Any] = {("telservices", address): telservices for address in config.telservices.listen}
        secured: dict[Wanted, ServerTls] = {}
        tls = config.telservices.tls
        if tls is not None:
            over_tls = ("telservices over TLS", tls.listen)
            wanted[over_tls] = telservices
            # the same files may hold a new certificate
            secured[over_tls] = ServerTls(_certificate(over_tls, tls))
        if config.web.listen is not None:
            wanted[_WEB, config.web.listen] = site
        new = {one: factory for one, factory in wanted.items() if one not in self._open}
        in_the_way = [one for one in self._open if one not in wanted and any(self._collide(one, other) for other in new)]
        closed = {one: self._open[one].getHost().port for one in in_the_way}
        yield _stop(self._open.pop(one) for one in in_the_way)
        opened: dict[Wanted, Any] = {}
        try:
            for one, factory in new.items():
                if self._closed:
                    raise ListenError(f"{one[0]}: cannot listen on {one[1]}: the gateway stops")
                opened[one] = self._listen(one, factory, secured.get(one))
        except ListenError:
            yield _stop(opened.values())
            self._reopen(closed, telservices, site)
            raise
        for one in [one for one in self._open if one not in wanted]:
            self._open.pop(one).stopListening()
        for one, renewed in secured.items():
            if one in self._open:
                self._tls[one].options = renewed.options
                secured[one] = self._tls[one]
        self._open |= opened
        self._tls = secured
        for (what, _), port in opened.items():
            bound = port.getHost()
            self._log.info("listening", what=what, address=bound.host, port=bound.port)

    def _collide(self, one: Wanted, new: Wanted) -> bool:
        """Whether an open listener keeps a new one from its address: the one that was asked for, or the one that the system gave."""
        bound = self._open[one].getHost()
        return any(new[1].collides(Address(host, bound.port)) for host in (one[1].host, bound.host))

    def _reopen(self, closed: dict[Wanted, int], telservices: Any, site: Any) -> None:
        """Listen again on what was closed for nothing, on the ports that it had."""
        for (what, address), port in closed.items():
            if self._closed:
                return
            factory = site if what == _WEB else telservices
            try:
                self._open[what, address] = self._listen((what, Address(address.host, port)), factory, self._tls.get((what, address)))
            except ListenError as error:
                self._log.error("listener_lost", reason=str(error))  # the next reload tries again

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
        """Stop listening, for good."""
        self._closed = True
        ports, self._open = self._open, {}
        return _stop(ports.values())


def _stop(ports: Iterable[Any]) -> Deferred[Any]:
    """Fires when they are closed."""
    return DeferredList([maybeDeferred(port.stopListening) for port in ports], consumeErrors=True)


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
