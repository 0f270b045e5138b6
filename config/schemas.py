"""JSON Schemas of the wire's messages, for those who read it in another language.

``python -m config.schemas`` writes them into ``docs/schemas``; with ``--check`` it only says whether
the files are those of this code. They say less than :func:`config.contract.decode` checks: a number
such as ``1.0`` is an integer to JSON Schema and a flaw to us, and no schema forbids a lone surrogate.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from config.contract import VERSION, Command, Event, Health, HubState, Posture, Receipt, State

FOLDER: Final = Path(__file__).parent.parent / "docs" / "schemas"
MESSAGES: Final[dict[str, type[Any]]] = {
    "event": Event,
    "state": State,
    "health": Health,
    "receipt": Receipt,
    "command": Command,
    "posture": Posture,
    "hub-state": HubState,
}
"""Each message by the name of its file."""


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of one message."""
    kind = MESSAGES[name]
    (reference,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    whole = parts.pop(kind.__name__)
    assert reference == {"$ref": f"#/$defs/{kind.__name__}"}  # noqa: S101 - a struct is always a component
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tocsin:v{VERSION}:{name}",
        **whole,
        **({"$defs": parts} if parts else {}),
    }


def files() -> dict[Path, str]:
    """Return every file of ``docs/schemas`` with what belongs in it."""
    return {
        FOLDER / f"{name}.json": json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
        for name in MESSAGES
    }


def unlike() -> list[Path]:
    """Return the files that are not those of this code: changed, missing, or left over."""
    wanted = files()
    present = set(FOLDER.glob("*.json"))
    changed = [path for path in present & set(wanted) if path.read_text(encoding="utf-8") != wanted[path]]
    return sorted([*changed, *(present ^ set(wanted))])


def main(words: Sequence[str]) -> int:
    """Write the files, or with ``--check`` name those that differ; returns 1 when any does."""
    if list(words) == ["--check"]:
        wrong = unlike()
        for path in wrong:
            sys.stderr.write(f"{path}: not of this code; run python -m config.schemas\n")
        return 1 if wrong else 0
    if words:
        sys.stderr.write("usage: python -m config.schemas [--check]\n")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for path in FOLDER.glob("*.json"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
