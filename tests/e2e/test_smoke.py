"""The shortest way through the whole gateway."""

from __future__ import annotations

from tests.e2e.gateway import STANDARD, Gateway


def test_given_two_listeners_when_a_call_is_made_answered_and_dropped_then_both_hear_of_it(gateway: Gateway) -> None:
    """The document's call event examples 1 and 2, over real sockets."""
    caller, called = gateway.listen("1101"), gateway.listen("1102")
    assert gateway.ask("makeCall", deviceNumber="1101", calledDeviceNumber="1102") == STANDARD
    for state in ("initiated", "originated", "delivered"):
        assert f"<{state}/>" in caller.next()
    assert "<alerting/>" in called.next()
    assert gateway.ask("answerCall", deviceNumber="1102") == STANDARD
    assert "<connected/>" in caller.next()
    assert "<connected/>" in called.next()
    assert gateway.ask("dropCall", deviceNumber="1101") == STANDARD
    assert "<cleared/>" in caller.next()
    assert "<droppedByOtherParty/>" in called.next()
