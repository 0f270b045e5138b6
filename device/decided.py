"""What was decided of a zone, and the word of it that is kept over a restart. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from config.contract import Kind, What

IN_DOUBT: Final = "doubt"
"""In the word of a press into which a fault came: only ``normal`` ends it."""
ONLY_TESTED: Final = "test"
"""Added to the word of a press that was told as a test alone: after a restart it is told as real."""


class Decided(NamedTuple):
    """Something happened at a zone."""

    what: What
    at: float
    """When, by the monotonic clock: as the contact moved, not as it had settled."""
    kind: Kind
    held: bool = False
    cause: str | None = None
    """Of a tamper or trouble; of an alarm: the fault that may be a press instead."""
    word: str = "normal"
    """What to remember of the zone once this is told; see :meth:`device.zone.Zone.remember`."""
    began: float | None = None
    """Of an alarm: when the circuit left its rest, if that was before ``at``."""
