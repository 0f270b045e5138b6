"""Words that may be shown: nothing that opens a door, and no more than a line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

HIDDEN: Final = "***"
_SHORTEST: Final = 4
"""Parts of a path or query below this length are words (``v1``, ``in``) rather than keys."""
_LONGEST: Final = 200


def mask(url: str, *, host: bool, secrets: Iterable[str] = ()) -> Callable[[str], str]:
    """Return a function that hides in a text whatever of ``url`` may be a credential.

    That is the user, the password, each longer part of the path and the query's values, as written
    and unquoted; the host too where ``host`` is true (many services have a token in its place); and
    ``secrets`` besides. The function's answer is one printable line of 200 characters at most.
    """
    parts = urlsplit(url)
    found = {url, *secrets}
    found.update(part for part in parts.netloc.rpartition("@")[0].split(":"))
    found.update(part for part in parts.path.split("/") if len(part) >= _SHORTEST)
    found.update(value for _, value in parse_qsl(parts.query) if len(value) >= _SHORTEST)
    if host:
        found.add(parts.netloc.rpartition("@")[2])
        found.update(parts.netloc.rpartition("@")[2].split(":"))
    found |= {unquote(part) for part in found}
    longest_first = sorted(filter(None, found), key=len, reverse=True)

    def shown(text: str) -> str:
        for part in longest_first:
            text = text.replace(part, HIDDEN)
        return line(text, _LONGEST)

    return shown


def line(text: str, longest: int) -> str:
    """Return a text on one line, without control characters, cut to ``longest``."""
    words = " ".join(text.split())
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
