"""The two errors of the codecs."""

from __future__ import annotations

import pytest

from telgw.wire.errors import LocalProtocolError, ProtocolError, RemoteProtocolError


@pytest.mark.parametrize("error", [RemoteProtocolError, LocalProtocolError])
def test_given_either_error_then_it_carries_its_reason_for_the_log(error: type[ProtocolError]) -> None:
    fault = error("here is why")
    assert isinstance(fault, ProtocolError)
    assert fault.reason == str(fault) == "here is why"
