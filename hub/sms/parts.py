"""A text in as many messages as it needs, and put together again. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.sms import alphabet

SEPTETS: Final = 160
"""Of a message that is alone (TS 23.040 clause 9.2.3.16: 140 octets)."""
SEPTETS_OF_PART: Final = 153
"""Of one of several: the header takes 6 octets, 7 septets."""
UNITS: Final = 70
"""UCS-2 units of a message that is alone."""
UNITS_OF_PART: Final = 67
MOST_PARTS: Final = 8
"""What we send of one text; what is longer is cut, with dots."""
PATIENCE_S: Final = 600.0
"""Seconds that a part waits for its others; then what came is read as it is."""
MOST_WAITING: Final = 50
"""Messages that wait for parts at once; beyond it the oldest is given up."""


class Concat(NamedTuple):
    """Which part of which message: TS 23.040 clauses 9.2.3.24.1 and 9.2.3.24.8."""

    reference: int
    total: int
    number: int
    """From 1."""


class Part(NamedTuple):
    """One message's worth of text."""

    text: str
    concat: Concat | None = None


def split(text: str, reference: int) -> list[Part]:
    """Split a text into messages; ``reference``, 0 to 255, is the same in all of them.

    No character is cut in two. More than :data:`MOST_PARTS` end in three dots.
    """
    text = alphabet.plainer(text)
    narrow = alphabet.fits(text)
    if _size(text, narrow=narrow) <= (SEPTETS if narrow else UNITS):
        return [Part(text)]
    room = SEPTETS_OF_PART if narrow else UNITS_OF_PART
    chunks = _chunks(text, room, narrow=narrow)
    if len(chunks) > MOST_PARTS:
        last = _chunks("".join(chunks[MOST_PARTS - 1 :]), room - 3, narrow=narrow)[0] + "..."
        chunks = [*chunks[: MOST_PARTS - 1], last]
    return [
        Part(chunk, Concat(reference, len(chunks), number)) for number, chunk in enumerate(chunks, start=1)
    ]


def with_tail(text: str, tail: str) -> str:
    """Return a text and its tail as one message; where both are too long, two dots stand between."""
    text, tail = alphabet.plainer(text), alphabet.plainer(tail)
    narrow = alphabet.fits(text + tail)
    room = SEPTETS if narrow else UNITS
    if _size(text + tail, narrow=narrow) <= room:
        return text + tail
    return _chunks(text, room - len("..") - _size(tail, narrow=narrow), narrow=narrow)[0] + ".." + tail


def _size(text: str, *, narrow: bool) -> int:
    return sum(_width(letter, narrow=narrow) for letter in text)


def _width(letter: str, *, narrow: bool) -> int:
    """Return a character's septets, or its UCS-2 units: two for one beyond the first plane."""
    return len(alphabet.septets(letter)) if narrow else 1 + (ord(letter) > 0xFFFF)


def _chunks(text: str, room: int, *, narrow: bool) -> list[str]:
    chunks, held = [""], 0
    for letter in text:
        width = _width(letter, narrow=narrow)
        if held + width > room:
            chunks.append("")
            held = 0
        chunks[-1] += letter
        held += width
    return chunks


class _Waiting(NamedTuple):
    since: float
    total: int
    texts: dict[int, str]


class Joiner:
    """Parts that came, until their message is whole; of each sender by itself."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int, int], _Waiting] = {}

    def take(self, sender: str, part: Part, mono: float) -> str | None:
        """Return the whole text once its last part is here; None until then. ``mono`` in seconds."""
        concat = part.concat
        if concat is None or concat.total <= 1:
            return part.text
        key = (sender, concat.reference, concat.total)
        entry = self._waiting.setdefault(key, _Waiting(mono, concat.total, {}))
        entry.texts[concat.number] = part.text
        if len(entry.texts) < concat.total:
            return None
        return _text(self._waiting.pop(key))

    def given_up(self, mono: float) -> list[tuple[str, str]]:
        """Return the senders and texts, as far as they came, whose other parts are waited for no longer."""
        keys = list(self._waiting)
        over = [key for key in keys if self._waiting[key].since + PATIENCE_S <= mono]
        over += [key for key in keys[: max(0, len(keys) - MOST_WAITING)] if key not in over]
        return [(key[0], _text(self._waiting.pop(key))) for key in over]


def _text(entry: _Waiting) -> str:
    return "".join(entry.texts[number] for number in sorted(entry.texts))
