"""What no line of a log may hold: the secrets that this process has read.

Each text that goes out is made without secrets where it is made (:mod:`hub.channels.masking`). This is
the net beneath: for what a library says of a fault of its own, and for the trace of a thread that dies.
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import unquote, urlsplit

SHORTEST: Final = 8
"""Shorter parts are words (``api``, ``hook``), without which a log can't be read."""
_MASK: Final = b"***"
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
_hidden: tuple[bytes, ...] = ()
"""Longest first, so that a whole goes before its parts. Replaced and never changed: a writer may read it."""


def learn(text: str) -> None:
    """Have what a file of secrets holds left out of every line from now on: keys, and URLs, one a line."""
    for line in filter(None, map(str.strip, text.splitlines())):
        url = _URL.search(line)
        if url is not None:
            _hide_url(url[0])
        else:
            _hide(line)
            _hide(line.removeprefix("whsec_"))


def without(line: bytes) -> bytes:
    """Return a line without any of them."""
    for secret in _hidden:
        if secret in line:
            line = line.replace(secret, _MASK)
    return line


def _hide_url(url: str) -> None:
    """Hide a URL, and whatever in it may open a door: its password, user, and keys in its path and query."""
    try:
        parts = urlsplit(url)
        server = parts.netloc.rpartition("@")[2]
        pieces = [*parts.path.split("/"), *(pair.partition("=")[2] for pair in parts.query.split("&"))]
        pieces += [parts.username or "", *(part for part in server.split(":") if "." not in part)]
        keys = [parts.password or "", *filter(_may_be_key, pieces)]
    except ValueError:  # a URL that is none
        keys = []
    for text in (url, *keys):
        _hide(text)
        _hide(unquote(text))


def _may_be_key(piece: str) -> bool:
    """Tell a key from a word of a path, such as ``webhooks``."""
    return any(map(str.isdigit, piece)) or not (piece.islower() or piece.istitle())


def _hide(secret: str) -> None:
    global _hidden
    texts = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    fresh = {text.encode("utf-8", "replace") for text in texts if len(text) >= SHORTEST}
    _hidden = tuple(sorted({*_hidden, *fresh}, key=len, reverse=True))
