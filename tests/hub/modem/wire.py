"""A modem's state machine wired to a simulated modem, without a serial line, by a clock of the test's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hub.modem.call import CallOver
from hub.modem.modem import Came, Effect, KeyPressed, Modem, Reopen, Reported, Sent, Write
from hub.modem.simulated import SimulatedModem
from hub.sms.parts import split

E = TypeVar("E", Came, KeyPressed, CallOver, Reported, Sent, Reopen)


class Wire:
    """Both ends. ``hold`` is asked for each thing that is said to the modem; what it returns is heard."""

    def __init__(
        self,
        modem: Modem | None = None,
        simulated: SimulatedModem | None = None,
        hold: Callable[[bytes, bytes], bytes] | None = None,
    ) -> None:
        self.modem = modem or Modem()
        self.simulated = simulated or SimulatedModem()
        self.hold = hold or (lambda _, heard: heard)
        self.now = 0.0
        self.plugged = True
        self.happened: list[Effect] = []
        self.written: list[bytes] = []

    def take(self, effects: list[Effect]) -> None:
        """Do what the machine wants, and let it hear what comes of it."""
        for effect in effects:
            if isinstance(effect, Write):
                self.written.append(effect.octets)
                if self.plugged:
                    self.say(self.hold(effect.octets, self.simulated.write(effect.octets)))
            else:
                self.happened.append(effect)

    def say(self, octets: bytes) -> None:
        """Let the machine hear octets, cut in two, as a serial line cuts them."""
        middle = len(octets) // 2
        for piece in (octets[:middle], octets[middle:]):
            if piece:
                self.take(self.modem.heard(piece, self.now))

    def run(self, seconds: float) -> None:
        """Let time pass, stopping wherever something is due."""
        until = self.now + seconds
        for _ in range(10_000):
            due = self.modem.deadline
            if due > until:
                break
            self.now = max(self.now, due)
            if self.modem.wants_open:
                opened = self.modem.opened if self.plugged else None
                self.take(opened(self.now) if opened else self.modem.closed("no such device", self.now))
            else:
                self.take(self.modem.tick(self.now))
        else:
            raise AssertionError(f"it is due for ever at {self.now}")
        self.now = until

    def text(self, job: str, to: str, text: str) -> None:
        """Send a text."""
        self.take(self.modem.text(job, to, split(text, 1), self.now))

    def call(self, job: str, to: str) -> None:
        """Call somebody."""
        self.take(self.modem.call(job, to, self.now))

    def all(self, kind: type[E]) -> list[E]:
        """Return what happened of a kind."""
        return [effect for effect in self.happened if isinstance(effect, kind)]


def ready(**more: object) -> Wire:
    """Return a wire whose modem has been set up."""
    wire = Wire(**more)  # type: ignore[arg-type]
    wire.run(5.0)
    assert wire.modem.why_not == "", wire.modem.why_not
    return wire
