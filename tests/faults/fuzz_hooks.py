"""Hooks of schemathesis for :mod:`tests.faults.test_fuzzed_api`: half of the paths name what there is.

Loaded by schemathesis in its own process (``SCHEMATHESIS_HOOKS``); ``TOCSIN_THERE`` has the ids, by the
first word of a path and the parameter's name.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import Any

import schemathesis

_THERE: dict[str, list[str]] = json.loads(os.environ.get("TOCSIN_THERE", "{}"))


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Put an id that there is in the place of every second one that was made up."""
    if not path_parameters:
        return path_parameters
    word = context.operation.path.split("/")[3]
    made = {}
    for name, value in path_parameters.items():
        there, number = _THERE.get(f"{word} {name}", []), zlib.crc32(repr(value).encode())
        made[name] = there[number // 2 % len(there)] if there and number % 2 else value
    return made
