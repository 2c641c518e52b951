"""Deferreds that have fired already, without the detour.

Most answers are there at once (a query to a fast link, an error found here). Chaining callbacks on a fired Deferred costs several times
what the callbacks do; these two functions do the same with a look first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure


def is_there(answer: Deferred[Any]) -> bool:
    """Whether the Deferred has fired with a result (not a failure), and no callback of it waits for another Deferred."""
    return bool(answer.called) and not answer.paused and not isinstance(answer.result, Failure)


def then(answer: Deferred[Any], function: Callable[[Any], Any]) -> Deferred[Any]:
    """As `answer.addCallback(function)`, for a function that does not return a Deferred. Use only what is returned."""
    if is_there(answer):
        try:
            return succeed(function(answer.result))
        except Exception:
            return fail()
    return answer.addCallback(function)
