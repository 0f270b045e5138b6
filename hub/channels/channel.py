"""The one shape of all channels."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Final, Protocol, runtime_checkable

from hub.asking import Action, Answer
from hub.delivery import Delivery, Outcome
from hub.inputs import TextReported


class Channel(Protocol):
    """A means to reach an audience's targets. Lives on the dispatcher's event loop."""

    name: str
    kind: str
    targets: tuple[str, ...]
    """Names of its targets, each told by a delivery of its own; ``("-",)`` where there is one."""
    at_once: int
    """How many attempts may be under way at the same time."""
    unasked: tuple[str, ...]
    """Targets whose far side can't be asked for: see :class:`Probes`."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Make one attempt, within the channel's own time-out.

        Never raises for what the far side does: that is an Outcome. ``delivery.id`` is the same at
        every try, so that the receiver can drop repeats.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


USUAL_PROBE_S: Final = 120.0
"""Within 5 min."""
PATH_PROBE_S: Final = 30.0
"""Of a modem or an alarm receiver: within 90 s."""


class Desk(Protocol):
    """Where a channel's people are heard."""

    def ask(self, action: Action) -> Future[Answer]:
        """Hand on a person's word; the future holds the answer, once it is written down."""
        ...

    def reported(self, fact: TextReported) -> None:
        """Hand on what a network reports of a text."""
        ...

    def channel(self, name: str) -> Channel | None:
        """Return the channel at work under a name."""
        ...


@runtime_checkable
class Warms(Protocol):
    """A channel with something slow to load, which the dispatcher has it do before the first press."""

    async def warm_up(self) -> None:
        """Load it, beside the loop. What goes wrong shows in the outcome of the next attempt."""
        ...


@runtime_checkable
class Hears(Protocol):
    """A channel by which people's words come, or that has a far side to hold on to."""

    def begin(self, desk: Desk) -> None:
        """Begin to hear, and go on until it is closed. Called once, on the dispatcher's loop."""
        ...


@runtime_checkable
class BreaksOff(Protocol):
    """A channel whose attempts last, and are ended once they are no longer wanted."""

    def break_off(self, delivery: str) -> None:
        """End the attempt at a delivery, if it is under way."""
        ...


@runtime_checkable
class Probes(Protocol):
    """A channel whose far side, but for its ``unasked`` targets, can be asked for and is told nothing."""

    name: str
    probe_every_s: float
    """Two probes in a row that fail are a trouble: with their time-outs of 10 s within the design's times."""

    async def probe(self) -> Outcome:
        """Connect, say nothing, and let go; within a few seconds. Never raises for what the far side does.

        ``delivered`` means that it could be reached: whether it takes a notice, only a notice shows.
        """
        ...
