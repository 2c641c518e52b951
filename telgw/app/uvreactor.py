"""Twisted's asyncio reactor on uvloop, told of every reset.

When a socket is reset while there is still something to read, uvloop has it read once and then stops watching it without a word: the
connection would stay for ever, and the next write would raise. So after each read the socket is asked whether it has an error.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.main import CONNECTION_LOST
from twisted.internet.tcp import Connection


class UvloopReactor(AsyncioSelectorReactor):
    """See above; what is overridden is what the reactor registers with its loop."""

    def _readOrWrite(self, selectable: Any, read: bool) -> None:
        super()._readOrWrite(selectable, read)
        if read and isinstance(selectable, Connection) and selectable.connected:
            try:
                reset = selectable.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            except OSError:
                reset = True
            if reset:
                self._disconnectSelectable(selectable, CONNECTION_LOST, False)


def install(loop: Any) -> None:
    """Make it the reactor of the process."""
    from twisted.internet.main import installReactor

    installReactor(UvloopReactor(loop))
