"""A cellular modem on a pseudo-terminal, which misbehaves as a test says.

What it says is :mod:`hub.modem.simulated`'s, its line :mod:`hub.phones.line`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hub.modem.simulated import SimulatedModem
from hub.phones.line import ModemLine

Script = Callable[[bytes, bytes], bytes]
"""Is given what was written to the modem and what it would say, and returns what it says."""


class PtyModem(ModemLine):
    """A modem under a path: plugged in, until it is unplugged."""

    def __init__(self, path: Path, pin: str | None = None) -> None:
        super().__init__(path, SimulatedModem(pin))
        self.script: Script = lambda _, says: says

    def answer(self, written: bytes) -> bytes:
        return self.script(written, super().answer(written))

    def restart(self, pin: str | None = None) -> None:
        """Have it forget all that it was told, as after a loss of power; its line stays."""
        old, self.modem = self.modem, SimulatedModem(pin)
        self.modem.seen = old.seen

    def receive(self, sender: str, text: str) -> None:
        """Have a text come from a phone."""
        self.do(lambda modem: modem.receive(sender, text))
