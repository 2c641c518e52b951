"""What a device shows of its calls, as values (telgw.model.views makes them)."""

from __future__ import annotations

from typing import Final, NamedTuple

from telgw.model.states import LineCause, LineService, LineState

#: stands for a number that is not shown. No number looks like it, so views need no second field to say so.
WITHHELD: Final = "*****"


class PartView(NamedTuple):
    """One call of a device (TelServices primCall or secCall).

    Parties are numbers; "" is nobody yet, `WITHHELD` a number that is not shown. Times are seconds of the gateway's clock.
    """

    state: LineState
    other: str
    added: tuple[str, ...]
    first_other: str | None
    first_called: str | None
    last_redirection: str | None
    outgoing: bool
    conference: bool
    cause: LineCause | None
    #: the PBX's reference of the call
    ref: str
    # the rest may differ between two views that say the same: see `same_part`
    connected_at: float | None
    ended_at: float | None

    def duration(self, now: float) -> int:
        """Whole seconds since the call was connected; stops when it ends."""
        if self.connected_at is None:
            return 0
        return max(0, int((self.ended_at if self.ended_at is not None else now) - self.connected_at))


_TIMELESS = PartView._fields.index("connected_at")


class CallView(NamedTuple):
    """One call element of a device."""

    id: int
    prim: PartView
    sec: PartView | None
    permitted: tuple[LineService, ...]
    extra_data: str | None


def same_part(one: PartView | None, other: PartView | None) -> bool:
    """Whether the views differ at most in their times."""
    if one is None or other is None:
        return one is other
    return one[:_TIMELESS] == other[:_TIMELESS]


def same_view(one: CallView, other: CallView) -> bool:
    """Whether nothing that a client could print has changed, durations aside."""
    return (
        one.permitted == other.permitted
        and one.extra_data == other.extra_data
        and same_part(one.prim, other.prim)
        and same_part(one.sec, other.sec)
    )


def has_ended_part(view: CallView) -> bool:
    """Whether one of its two calls has ended, and the other has not."""
    return view.sec is not None and (view.prim.ended_at is None) is not (view.sec.ended_at is None)
