"""The two errors of every codec: the peer broke the protocol, or we did.

A parser raises RemoteProtocolError and nothing else, whatever the bytes. A writer raises LocalProtocolError when it is given a value
that the protocol cannot say. Neither text goes to the peer: both are for the log and the operator.
"""

from __future__ import annotations


class ProtocolError(Exception):
    """A message is not what the protocol says. `reason` tells where and why, in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RemoteProtocolError(ProtocolError):
    """The peer sent something that is not a message of the protocol."""


class LocalProtocolError(ProtocolError):
    """We were about to send, or do, something that the protocol does not have: a bug on our side."""
