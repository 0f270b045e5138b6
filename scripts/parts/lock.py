"""Pins every package that is installed, by version and hash, in scripts/locks/."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import places, release_tools
from .progress import SetupError
from .run import follow
from .streams import open_closed, remark, say

USAGE = """usage: scripts/lock [--upgrade]

Writes scripts/locks/*.txt anew from pyproject.toml: what stands there stays unless pyproject.toml no
longer allows it, with --upgrade each package goes to its newest release. Then asks whether all of it can
be installed, without building anything, on each machine that Tocsin runs on."""

FOLDER = places.ROOT / "scripts" / "locks"
LOCKS: dict[str, tuple[str, ...]] = {
    "hub": ("--extra", "hub", "pyproject.toml"),
    "agent": ("--extra", "device", "--extra", "enrol", "pyproject.toml"),
    "build": ("--group", "pyproject.toml:build"),
    "lgpio": ("--group", "pyproject.toml:lgpio"),
    "release": ("--group", "pyproject.toml:release"),
}
"""What each is made from."""
OLDEST = "3.11"
MACHINES = tuple(
    (python, f"{machine}-manylinux_2_36") for python in ("3.11", "3.13") for machine in ("aarch64", "x86_64")
)
"""Debian 12 and 13, and Raspberry Pi OS of their kind; glibc 2.36 is the older one's."""


def main(words: list[str]) -> int:
    """Write every lock; returns 0 once each can be installed everywhere."""
    open_closed()
    if words not in ([], ["--upgrade"]):
        remark(USAGE)
        return 0 if words[0] in ("-h", "--help") else 2
    try:
        uv = str(release_tools.ready() / "uv")
        for name, source in LOCKS.items():
            _compile(uv, FOLDER / f"{name}.txt", source, words)
        for name in ("hub", "agent"):
            for python, machine in MACHINES:
                _try(uv, FOLDER / f"{name}.txt", python, machine)
    except SetupError as error:
        remark(f"scripts/lock: {error}")
        return 1
    say(f"pinned in {FOLDER.relative_to(places.ROOT)}: {', '.join(LOCKS)}")
    return 0


def _compile(uv: str, lock: Path, source: Sequence[str], words: Sequence[str]) -> None:
    command = [uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"]
    # By itself uv would write an index's address into the file, if this machine's settings name one.
    command += ["--no-emit-index-url", "--no-emit-find-links", "--python-version", OLDEST]
    follow([*command, *words, *source, "--output-file", str(lock)], cwd=str(places.ROOT))


def _try(uv: str, lock: Path, python: str, machine: str) -> None:
    """Ask whether there is a wheel of each package for a machine; nothing is downloaded or installed."""
    command = [uv, "pip", "install", "--dry-run", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["--python-version", python, "--python-platform", machine, "--target", "/nonexistent"]
    try:
        follow([*command, "--requirement", str(lock)], cwd=str(places.ROOT))
    except SetupError as error:
        raise SetupError(f"{lock.name} can't be installed on Python {python}, {machine}; {error}") from None
