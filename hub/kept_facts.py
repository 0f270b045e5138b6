"""What the parts of a site keep from one start to the next, read back: what can't be read stops nobody. Pure.

A newer release may have kept it, or its row be damaged. The site goes on without: then everything is real.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

import msgspec

ASIDE: Final = "unread "
"""How the facts begin under which the text is kept aside of those that could not be read."""
LET_GO: Final = "null"
"""The text of a fact that is over: none goes from the store."""
_T = TypeVar("_T")


class KeptFacts:
    """The facts of a site at its start."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """``texts`` are the facts as they are stored, by their names."""
        self._texts = texts
        self.unread: dict[str, str] = {}
        """The texts of those that could not be read so far, by their names."""

    def read(self, name: str, kind: type[_T]) -> _T | None:
        """Return a fact; None where there is none, or it can't be read."""
        text = self._texts.get(name)
        if text is None or text == LET_GO:
            return None
        try:
            return msgspec.json.decode(text, type=kind)
        except (msgspec.MsgspecError, RecursionError):
            self.unread[name] = text
            return None

    def each(self, prefix: str, kind: type[_T]) -> Iterator[tuple[str, _T]]:
        """Yield the facts whose names begin so, each with the rest of its name."""
        for name in self._texts:
            if name.startswith(prefix) and (found := self.read(name, kind)) is not None:
                yield name.removeprefix(prefix), found

    def newly_unread(self) -> dict[str, str]:
        """Return the texts of those that could not be read, and are not kept aside yet."""
        return {name: text for name, text in self.unread.items() if not self.is_aside(name, text)}

    def is_aside(self, name: str, text: str) -> bool:
        """Tell whether the text of what could not be read is kept aside already."""
        return self._texts.get(ASIDE + name) == text
