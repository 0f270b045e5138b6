"""A signal as SIA-DCS says it: a data block of SIA DC-03 in DC-09, with the room as text. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from hub.dc09.signal import CODES, Signal

LONGEST_TEXT: Final = 120
"""Characters: with them a frame stays far below the 1,024 bytes that some receivers read at once."""
_NO_TEXT: Final = frozenset('[]|^"')
"""What ends a field, a block or a text."""


def sia(signal: Signal, partition: int) -> str:
    """Return a new event of an area, its code and zone, and a text: ``Nri1/PA17^Room 101^``."""
    code = CODES[signal.event]
    letters = code.sia_restoral if signal.restoral else code.sia
    text = ascii_text(signal.text)
    return f"Nri{partition}/{letters}{signal.zone}" + (f"^{text}^" if text else "")


def ascii_text(text: str) -> str:
    """Return a text in printable ASCII without what DC-09 or DC-03 give a meaning: ``Café`` as ``Cafe``."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    letters = (
        " " if letter in _NO_TEXT or letter.isspace() else letter if " " <= letter <= "~" else "?"
        for letter in plain
        if not unicodedata.combining(letter)
    )
    return " ".join("".join(letters).split())[:LONGEST_TEXT].rstrip()
