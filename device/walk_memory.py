"""Which walk tests were begun, as it is remembered over a restart: that ends each of them for good. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from device.actions import Remember

KEPT: Final = 16
"""Ids of commands, the latest; a command is no longer delivered after 10 s."""
KEY: Final = "walk tests"
"""The key under which they are remembered."""


def remember(boot: str, commands: Iterable[str]) -> Remember:
    """Return the word to keep about the commands of walk tests that this start of the agent obeyed."""
    return Remember(KEY, json.dumps({"boot": boot, "ids": list(commands)}))


def before(memory: Mapping[str, str], boot: str) -> frozenset[str]:
    """Return those of the start before this one; none where the word can't be read or is this one's own."""
    try:
        word = json.loads(memory.get(KEY, "{}"))
        return frozenset(str(each) for each in word["ids"]) if word["boot"] != boot else frozenset()
    except (ValueError, KeyError, TypeError):
        return frozenset()
