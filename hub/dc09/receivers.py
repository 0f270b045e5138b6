"""The receivers of a channel, primary and back-up: which is tried next, whose clock says what. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.dc09.line import Told
from hub.delivery import Outcome

CORRECTIONS: Final = 1
"""Further tries of one message that a receiver is given, its NAK having told its time."""


class Receiver:
    """One receiver: whether it answers, and how its clock stands to ours."""

    def __init__(self, name: str) -> None:
        """``name`` is what it is to the school: ``primary``, ``back-up``."""
        self.name = name
        self.answers = True
        """It acknowledged what it was told last."""
        self.offset_ms = 0
        """Added to our time, it is the receiver's."""
        self.newest: int | None = None
        """The newest time that it gave (wall ms)."""

    def take(self, told: Told, wall_ms: int) -> None:
        """Take what it answered; ``wall_ms`` is our own time."""
        self.answers = told.what == "ack"
        if told.at is not None:
            self.newest = told.at if self.newest is None else max(self.newest, told.at)
        if told.what == "wrong-time" and told.at is not None:
            self.offset_ms = told.at - wall_ms
            self.newest = told.at  # it may have been set back: by its own word this is its time now

    def silent(self) -> None:
        """Take that nothing was heard of it."""
        self.answers = False


def in_order(receivers: Sequence[Receiver]) -> list[Receiver]:
    """Return them as they are to be tried: those that answer first, the primary before the back-up."""
    return sorted(receivers, key=lambda receiver: not receiver.answers)


class Tries:
    """One message's way: whom it is sent to next, and what comes of it.

    It is delivered by an acknowledgement alone. It is refused for good only where every receiver says that
    it can't process it; all else is worth another try.
    """

    def __init__(self, receivers: Sequence[Receiver], tries: int) -> None:
        self._left = {receiver.name: tries for receiver in receivers}
        self._receivers = in_order(receivers)
        self._corrected = dict.fromkeys(self._left, 0)
        self._refused: set[str] = set()
        self._words: dict[str, str] = {}
        self._acknowledged: str | None = None

    def next(self) -> Receiver | None:
        """Return the receiver of the next try; None: it is over."""
        if self._acknowledged is not None:
            return None
        return next((one for one in self._receivers if self._left[one.name] > 0), None)

    def took(self, receiver: Receiver, told: Told, wall_ms: int) -> None:
        """Take a receiver's answer to a try."""
        receiver.take(told, wall_ms)
        self._words[receiver.name] = told.words
        if told.what == "ack":
            self._acknowledged = receiver.name
            return
        self._left[receiver.name] -= 1
        if told.what == "duh":
            self._left[receiver.name] = 0
            self._refused.add(receiver.name)
        elif told.what == "wrong-time" and self._corrected[receiver.name] < CORRECTIONS:
            self._corrected[receiver.name] += 1
            self._left[receiver.name] += 1

    def failed(self, receiver: Receiver, words: str) -> None:
        """Take that a try came to nothing: no connection, no answer."""
        receiver.silent()
        self._words[receiver.name] = words
        self._left[receiver.name] -= 1

    def outcome(self) -> Outcome:
        """Say what came of it."""
        several = len(self._left) > 1
        if self._acknowledged is not None:
            name = self._acknowledged
            others = [f"{other}: {words}" for other, words in self._words.items() if other != name]
            said = f"ACK of the {name}" if several else "ACK"
            return Outcome("delivered", "; ".join([said, *others]))
        said = "; ".join(f"{name}: {words}" if several else words for name, words in self._words.items())
        return Outcome("permanent" if self._refused == set(self._left) else "temporary", said)
