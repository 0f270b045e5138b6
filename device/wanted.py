"""What the outbox's file should hold, and what of it is still to be written. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

from device.actions import Forget, Keep, Remember
from device.facts import Kept
from device.outbox_file import Change, Held

Key = tuple[str, str]


class Wanted:
    """All that is to be on the disk: with it a new file can be begun at any time."""

    def __init__(self) -> None:
        self._all: dict[Key, Keep | Remember] = {}
        self._todo: dict[Key, Change] = {}
        """The latest word on each, in the order in which they came."""

    @property
    def todo(self) -> tuple[Change, ...]:
        """What is still to be written, all of it in one transaction."""
        return tuple(self._todo.values())

    @property
    def events(self) -> int:
        """How many events are owed."""
        return sum(isinstance(each, Keep) for each in self._all.values())

    def take(self, change: Change) -> None:
        """Take a change; an event's word with it, so that no commit has one without the other."""
        key = _key(change)
        if isinstance(change, Forget):
            self._all.pop(key, None)
        else:
            self._all[key] = change
        self.write(change)
        if isinstance(change, Keep) and change.word is not None:
            self.take(change.word)

    def write(self, change: Change) -> None:
        """Have a change written that isn't wanted beyond that."""
        key = _key(change)
        self._todo.pop(key, None)  # to its place at the end: changes are written in order
        self._todo[key] = change

    def written(self, left: Iterable[Change]) -> None:
        """Note that all was written but what is ``left``."""
        self._todo = {_key(change): change for change in left}

    def anew(self) -> None:
        """Have everything written, into a file that may hold nothing of it."""
        forgotten = {key: each for key, each in self._todo.items() if isinstance(each, Forget)}
        self._todo = {**self._all, **forgotten}

    def found(self, held: Held, *, write: bool = False) -> tuple[Kept, ...]:
        """Take what a file holds; returns the events that weren't known, oldest first.

        What was said since stands: a newer word, an event that was forgotten. ``write``: the file isn't
        the one that is written, so they are to be written there.
        """
        news = [event for event in held.events if not self._knows(("event", event.id))]
        old: dict[Key, Keep | Remember] = {("event", event.id): Keep(event) for event in news}
        old |= {("memory", name): Remember(name, value) for name, value in held.memory.items()}
        self._all = old | self._all
        if write:
            for event in news:
                self.write(Keep(event))
        return tuple(news)

    def words(self) -> dict[str, str]:
        """Return what is remembered."""
        return {each.key: each.value for each in self._all.values() if isinstance(each, Remember)}

    def _knows(self, key: Key) -> bool:
        return key in self._all or key in self._todo


def _key(change: Change) -> Key:
    match change:
        case Keep(event):
            return ("event", event.id)
        case Forget(id):
            return ("event", id)
        case Remember(name, _):
            return ("memory", name)
