"""What the channels' tests are made of: deliveries with a real notice, and waiting with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from hub.delivery import Delivery, Outcome, Target
from hub.incident import Incident, Place, Press, Room
from hub.notice import NoticeType, notice_body

DEADLINE_S = 10.0
PRESSED = 1_795_485_731_000  # 2026-11-24T02:02:11Z
T = TypeVar("T")


def notice(kind: NoticeType = "incident.opened") -> bytes:
    """A panic from the desk button of Room 101, as the webhook's body."""
    place = Place("room-101", "Room 101", "Main", "1")
    press = Press("b1:1", "b1:1", place, "desk", "desk", "panic", "alarm", PRESSED, PRESSED + 9)
    incident = Incident(
        id="i-1",
        site="lincoln",
        group="lincoln",
        number=41,
        revision=1,
        kind="panic",
        state="open",
        drill=False,
        late=False,
        opened_at=PRESSED,
        rooms=(Room(place, "panic", True, 1, PRESSED),),
        events=(press,),
    )
    return notice_body(incident, kind, "sro", PRESSED + 10)


def delivery(
    number: int = 1,
    *,
    channel: str = "hook",
    target: str = "-",
    urgency: int = 0,
    owed_at: int = 0,
    kind: NoticeType = "incident.opened",
) -> Delivery:
    """A delivery ``d-{number}`` of :func:`notice`."""
    return Delivery(
        id=f"d-{number}",
        incident="i-1",
        number=41,
        target=Target("sro", channel, target),
        type=kind,
        revision=1,
        urgency=urgency,
        body=notice(kind),
        reason="step at 0 s",
        owed_at=owed_at,
    )


class Outcomes:
    """Where a dispatcher reports, in the order it did."""

    def __init__(self) -> None:
        self.all: list[tuple[str, Outcome]] = []

    def __call__(self, delivery: str, outcome: Outcome) -> None:
        self.all.append((delivery, outcome))

    def ids(self) -> list[str]:
        return [delivery for delivery, _ in self.all]

    def of(self, delivery: str) -> Outcome:
        """Wait for the first outcome of a delivery."""
        return until(lambda: next((outcome for id_, outcome in list(self.all) if id_ == delivery), None))


def until(condition: Callable[[], T | None], deadline_s: float = DEADLINE_S) -> T:
    """Return what ``condition`` gives once it is true; fails after the deadline."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.002)
    raise AssertionError(f"not within {deadline_s} s")
