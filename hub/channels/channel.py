"""The one shape of all channels."""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

from hub.delivery import Delivery, Outcome


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


@runtime_checkable
class Warms(Protocol):
    """A channel with something slow to load, which the dispatcher has it do before the first press."""

    async def warm_up(self) -> None:
        """Load it, beside the loop. What goes wrong shows in the outcome of the next attempt."""
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
