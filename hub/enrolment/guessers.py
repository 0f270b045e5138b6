"""Those who come to the door with what opens nothing: slowed down, and told of once a minute."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal

from hub.console.sign_in.attempts import Attempts
from hub.inputs import DoorTried

SAY_EVERY_S: Final = 60.0
What = Literal["code", "certificate"]


class Guessers:
    """Wrong codes and strange certificates of late."""

    def __init__(self, tried: Callable[[DoorTried], None]) -> None:
        self._tried = tried
        self._attempts = Attempts()
        self._unsaid: dict[What, DoorTried] = {}
        self._said: dict[What, float] = {}

    def wait_s(self, address: str, mono: float) -> int:
        """Return the whole seconds until this address may try again; 0 is now."""
        return math.ceil(self._attempts.wait_s("", address, mono))

    def wrong(self, what: What, address: str, mono: float, detail: str = "") -> None:
        """Take that somebody was wrong."""
        if what == "code":
            self._attempts.failed("", address, mono)
        before = self._unsaid.get(what)
        self._unsaid[what] = DoorTried(what, 1 if before is None else before.times + 1, address, detail)
        self.say(mono)

    def right(self, address: str) -> None:
        """Take that somebody who was wrong was right then."""
        self._attempts.passed("", address)

    def say(self, mono: float) -> None:
        """Tell of them, of each kind once a minute."""
        for what, fact in list(self._unsaid.items()):
            if mono - self._said.get(what, -math.inf) >= SAY_EVERY_S:
                del self._unsaid[what]
                self._said[what] = mono
                self._tried(fact)
