"""The real daemon on real sockets, for tests from outside."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.gateway import Gateway, free_ports


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e" in Path(str(item.fspath)).parts:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session", autouse=True)
def heed_interrupts() -> None:
    """Tests that run in the background of a script ignore SIGINT, and what they start would do the same."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=["epoll", "asyncio"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    """A demo gateway on free ports, once on each reactor; it must stop cleanly."""
    with Gateway(tmp_path, reactor=request.param) as running:
        yield running


@pytest.fixture
def make_gateway() -> type[Gateway]:
    """For tests that need a gateway with settings of their own: `make_gateway(tmp_path, ...)`."""
    return Gateway


__all__ = ["free_ports"]
