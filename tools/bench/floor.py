"""The floor: the smallest Twisted server that accepts, parses the request with lxml, answers a constant and closes."""

from __future__ import annotations

import sys

from lxml import etree
from twisted.internet import epollreactor, protocol

ANSWER = b"<TelServiceReturn><result><forwards/></result></TelServiceReturn>"


class Floor(protocol.Protocol):
    """One connection."""

    def dataReceived(self, data: bytes) -> None:
        """Parse, answer, close."""
        etree.fromstring(data)
        self.transport.write(ANSWER)
        self.transport.loseConnection()


def main(port: int) -> None:
    """Serve until killed."""
    epollreactor.install()
    from twisted.internet import reactor

    factory = protocol.Factory.forProtocol(Floor)
    factory.noisy = False
    reactor.listenTCP(port, factory, backlog=4096, interface="127.0.0.1")  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(int(sys.argv[1]))
