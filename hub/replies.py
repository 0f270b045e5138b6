"""What a person means who answers a text. Pure.

Forgiving of how it is written: capitals, dots, dashes and spaces don't matter, nor what stands behind it.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

Word = Literal["received", "sent", "on scene", "closed", "going", "need help"]
"""How far somebody has come: a dispatcher's first four, an officer's all but the second."""
_WORDS: Final[dict[str, Word]] = {
    "received": "received",
    "sent": "sent",
    "on scene": "on scene",
    "onscene": "on scene",
    "closed": "closed",
    "going": "going",
    "on my way": "going",
    "need help": "need help",
}
_LONGEST: Final = 300
"""Characters of a text that are looked at and kept."""
_NUMBERS: Final = re.compile(r"(?P<number>[0-9]{1,7})\W{1,3}(?P<code>[0-9]{2})\b|(?P<both>[0-9]{3,9})\b")


class Code(NamedTuple):
    """Which text is answered: the number of its incident, and the two digits of person and incident."""

    number: int
    code: str


class Acknowledges(NamedTuple):
    """The person has it in hand; without a code, of what isn't said."""

    code: Code | None


class AsksStatus(NamedTuple):
    """The person wants to know how things stand."""


class Progress(NamedTuple):
    """The person says how far they have come."""

    word: Word
    code: Code | None


class Other(NamedTuple):
    """Something else: perhaps a machine's answer."""


Meaning = Acknowledges | AsksStatus | Progress | Other


def understood(text: str) -> Meaning:
    """Return what a text means."""
    words = re.sub(r"[\W_]+", " ", kept(text).casefold()).strip()
    first, _, rest = words.partition(" ")
    if first in ("ack", "acknowledge", "acknowledged") or re.fullmatch(r"ack[0-9]+", first):
        return Acknowledges(_code(f"{re.sub('[a-z]+', '', first)} {rest}"))
    if first == "status":
        return AsksStatus()
    for said, word in _WORDS.items():
        if words == said or words.startswith(f"{said} "):
            return Progress(word, _code(words.removeprefix(said)))
    return Other()


def kept(text: str) -> str:
    """Return a text on one line, as much of it as is kept."""
    line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)[
        :_LONGEST
    ]


def _code(text: str) -> Code | None:
    """Find the code at the beginning of what follows a word; ``4173`` is ``41 73``."""
    found = _NUMBERS.match(text.strip())
    if found is None:
        return None
    if found["both"]:
        return Code(int(found["both"][:-2]), found["both"][-2:])
    return Code(int(found["number"]), found["code"])
