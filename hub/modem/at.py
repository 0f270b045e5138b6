"""A modem's octets as lines, and which of them answer what was asked. Pure.

3GPP TS 27.007 clause 4: an answer is information lines and one final result. Lines that nobody asked for
come at any moment, in the middle of an answer too; a modem that echoes gives the command back first.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

PROMPT: Final = ">"
"""What a modem says when it waits for a text (TS 27.005 clause 3.5.1); no line is this alone."""
LONGEST: Final = 1024
"""Octets of a line that are kept: the longest unit has some 350."""
CTRL_Z: Final = b"\x1a"
ESCAPE: Final = b"\x1b"

_FINAL: Final = re.compile(r"OK|ERROR|\+CM[SE] ERROR: ?.*")
CALL_ENDS: Final = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE"})
"""How a modem says that a call is over, or came to nothing: a final result of dialling, else unasked."""
BOOTED: Final = frozenset({"RDY"})
"""What a modem says unasked once it has started (the EC25's and the SIM800's command manuals). Of one that
says nothing it is seen by the settings that it has forgotten."""
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")


class Splitter:
    """Cuts a stream of octets into lines."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, octets: bytes) -> list[str]:
        """Return the lines that are whole by now, without empty ones; a prompt needs no line's end."""
        self._held += octets
        found: list[str] = []
        while True:
            self._held = self._held.lstrip(b"\r\n\0")
            if self._held.startswith(b">"):
                found.append(PROMPT)
                self._held = self._held[1:].lstrip(b" ")
                continue
            end = re.search(rb"[\r\n]", self._held)
            if end is None:
                break
            found.append(self._text(self._held[: end.start()]))
            self._held = self._held[end.end() :]
        # What never ends is no line: its beginning is kept, so that it is not taken for one later.
        self._held = self._held[:LONGEST]
        return [line for line in found if line]

    def drop(self) -> None:
        """Forget a line that has only begun."""
        self._held = b""

    @staticmethod
    def _text(octets: bytes) -> str:
        text = octets[:LONGEST].decode("ascii", "replace").strip()
        return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


class Command(NamedTuple):
    """One thing to write to a modem, and how its answer is known."""

    line: str
    """Without its line's end; of a text's unit: its octets in hexadecimal."""
    prefix: str = ""
    """How its information lines begin, such as ``+CSQ:``; empty: it has none."""
    within_s: float = 5.0
    prompts: bool = False
    """It is answered by a prompt."""
    is_unit: bool = False
    """It is a text's unit, ended by Ctrl-Z."""
    dials: bool = False
    with_units: bool = False
    """Behind each of its information lines is one of a unit."""
    hidden: bool = False
    """It holds a PIN."""

    @property
    def octets(self) -> bytes:
        """What is written."""
        return self.line.encode("ascii", "replace") + (CTRL_Z if self.is_unit else b"\r")

    @property
    def shown(self) -> str:
        """How it is named in a log or an outcome."""
        return "the text" if self.is_unit else "AT+CPIN" if self.hidden else self.line


class Answer(NamedTuple):
    """What a command was answered."""

    final: str
    """``OK``, ``>``, an error; empty where none came in time."""
    lines: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """It was done."""
        return self.final == "OK"


class Exchange:
    """One command under way: which of the lines that come are its answer."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.lines: list[str] = []
        self._unit_next = False

    def take(self, line: str) -> Answer | bool:
        """Return the whole answer once its final result is here; else whether the line is of the answer."""
        command = self.command
        if self._unit_next and is_unit(line):
            self._unit_next = False
            self.lines.append(line)
            return True
        if line == PROMPT:
            return Answer(PROMPT, tuple(self.lines)) if command.prompts else False
        if line == command.line or (command.is_unit and line.startswith(command.line)):
            return True  # its echo
        if _FINAL.fullmatch(line) or (command.dials and line in CALL_ENDS):
            return Answer(line, tuple(self.lines))
        if command.prefix and line.startswith(command.prefix):
            self._unit_next = command.with_units
            self.lines.append(line)
            return True
        return False


def is_unit(line: str) -> bool:
    """Tell whether a line is a unit in hexadecimal."""
    return _HEX.fullmatch(line) is not None


def fields(line: str) -> list[str]:
    """Return what stands behind a line's colon, cut at its commas, without quotes."""
    _, _, rest = line.partition(":")
    found = re.findall(r'\s*("[^"]*"|[^,]*)\s*(?:,|$)', rest)[:-1] or [rest]
    return [field.strip().strip('"') for field in found]


def number(text: str) -> int | None:
    """Return a field's number; None where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def key_of(line: str) -> str | None:
    """Return the key that a far phone pressed, by a line that nobody asked for; None where it is no such.

    SIM7600 says ``+RXDTMF: 5`` and SIM800 ``+DTMF: 5`` or ``+DTMF: 5,160`` (AT+DDET in their command
    manuals); Quectel's ``+QTONEDET: 53`` is the key's ASCII code (AT+QTONEDET in the EC25's).
    """
    if not line.startswith(("+RXDTMF:", "+DTMF:", "+QTONEDET:")):
        return None
    first = fields(line)[0]
    if line.startswith("+QTONEDET:"):
        code = number(first)
        first = chr(code) if code is not None and code < 128 else ""
    return first if len(first) == 1 and first in "0123456789*#ABCD" else None
