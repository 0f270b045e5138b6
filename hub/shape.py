"""What the deciding modules know of a channel. Frozen words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

ONE_END: Final = "-"
"""The target of a channel that has one end; also what stands for the far side of one that is asked for it."""


class Shape(NamedTuple):
    """A channel's kind, and its targets' names."""

    kind: str
    targets: tuple[str, ...]
    unasked: tuple[str, ...] = ()
    """Those of its targets whose far side can't be asked: only what was delivered shows they can be told."""


Shapes = Mapping[str, Shape]
"""By each channel's name."""
