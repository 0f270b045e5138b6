"""What the deciding modules know of a channel. Frozen words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Shape(NamedTuple):
    """A channel's kind, and its targets' names."""

    kind: str
    targets: tuple[str, ...]
    unasked: tuple[str, ...] = ()
    """Those of its targets whose far side can't be asked: only what was delivered shows they can be told."""


Shapes = Mapping[str, Shape]
"""By each channel's name."""
