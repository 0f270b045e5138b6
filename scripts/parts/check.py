"""Checks what needs no running: format, lint, types, import rules."""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import places, tools
from .progress import SetupError
from .streams import open_closed, remark


def main(words: list[str]) -> int:
    """Run every check, whatever the others said; returns 0 only if all are content."""
    open_closed()
    if words:
        remark("usage: scripts/check")
        return 0 if words[0] in ("-h", "--help") else 2
    try:
        programs = tools.set_up(programs=False).parent
    except SetupError as error:
        remark(f"scripts/check: {error}")
        return 1
    commands = _commands([str(file.relative_to(places.ROOT)) for file in unnamed_python()])
    unhappy = []
    for name, command in commands.items():
        print(f"== {name}", flush=True)
        done = subprocess.run(
            [str(programs / command[0]), *command[1:]], cwd=places.ROOT, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            unhappy.append(name)
    print(f"== not in order: {', '.join(unhappy)}" if unhappy else "== all in order", flush=True)
    return 1 if unhappy else 0


def unnamed_python() -> list[Path]:
    """Return the commands in scripts/ that are Python without saying so in their names."""
    found = []
    for file in sorted((places.ROOT / "scripts").iterdir()):
        if file.is_file() and not file.suffix:
            with file.open("rb") as content:
                if b"python" in content.readline():
                    found.append(file)
    return found


def _commands(also: list[str]) -> dict[str, list[str]]:
    return {
        "format": ["ruff", "format", "--check", ".", *also],
        "lint": ["ruff", "check", ".", *also],
        "types": ["mypy"],
        "types of the scripts": ["mypy", "scripts/parts"],
        "import rules": ["lint-imports"],
    }
