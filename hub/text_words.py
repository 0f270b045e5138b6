"""What comes by a text, and what its sender is answered. Frozen words."""

from __future__ import annotations

from msgspec import Struct


class TextCame(Struct, frozen=True):
    """A text came by a modem: perhaps somebody's answer."""

    channel: str
    target: str
    """Whose number it is there; empty: nobody's."""
    number: str
    text: str
    by: str = ""
    """The person of that number, or its name there."""
    via: str = "text"


class TextTaken(Struct, frozen=True):
    """The answer to a text that came."""

    reply: str = ""
    """What its sender is to be told by a text; empty: nothing."""
    recorded: bool = True
    """As in :class:`hub.asking.Done`."""
