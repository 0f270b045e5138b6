"""Words that may be shown: nothing that opens a door, and no more than a line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import unquote, unquote_plus, urlsplit

HIDDEN: Final = "***"
_SHORTEST: Final = 4
"""Parts of a path or query below this length are words (``v1``, ``in``) rather than keys."""
_PLAIN: Final = frozenset({"to", "from", "cc", "bcc", "name", "mode", "format", "verify", "cto", "rto"})
"""Query keys whose values are no credentials: a refused recipient must be named."""
_LONGEST: Final = 300


def mask(url: str, *, host: bool, secrets: Iterable[str] = ()) -> Callable[[str], str]:
    """Return a function that hides in a text whatever of ``url`` may be a credential.

    That is the password, the user, each longer part of the path and of the query, as written and
    unquoted; the host too where ``host`` is true (many services have a token in its place); and
    ``secrets`` besides. The function's answer is one printable line of 300 characters at most.
    """
    parts = urlsplit(url)
    found = {url, *secrets}
    person, _, server = parts.netloc.rpartition("@")
    user, _, password = person.partition(":")
    found.add(password)
    longer = [user, *parts.path.split("/")]
    query = [part.partition("=") for part in parts.query.split("&")]
    longer += [value for key, _, value in query if key.lower() not in _PLAIN]
    longer += [server, *server.split(":")] if host else []
    found.update(part for part in longer if len(part) >= _SHORTEST)
    found |= {plain for part in found for plain in (unquote(part), unquote_plus(part))}
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
