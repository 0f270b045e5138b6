"""JSON that is flawed, read as far as can be: a panic with a flaw is still a panic."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

_ANY: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_object(payload: bytes) -> dict[str, Any] | None:
    """Read a payload as a JSON object, as leniently as can be: there may be a press in it; else None."""
    try:
        found = _ANY.decode(payload)
    except Exception:  # noqa: BLE001 - a lone surrogate, a number out of range, a broken character, …
        text = payload.decode("utf-8", "replace")
        try:
            found = json.loads(text, parse_int=_any_size)
        except RecursionError:
            found = _flat(text)
        except Exception:  # noqa: BLE001 - whatever it is, it is no JSON object
            return None
    return found if isinstance(found, dict) else None


def _flat(text: str) -> object:
    """Read an object that is nested too deep to be read whole: what lies inside it is taken as null."""
    kept: list[str] = []
    depth = done = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == 2:
                kept.append(text[done : token.start()])
        elif token[0] in "]}":
            depth -= 1
            if depth == 1:
                kept.append("null")
                done = token.end()
    kept.append(text[done:])
    try:
        return json.loads("".join(kept), parse_int=_any_size)
    except Exception:  # noqa: BLE001 - whatever it is, it is no JSON object
        return None


def _any_size(digits: str) -> int | float:
    return int(digits) if len(digits) <= 20 else float("inf")
