"""What a backup says of itself: the first thing in it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
STORE: Final = "store.db"
FILES: Final = "files"
"""The folder in a backup of what came from a path: ``files/etc/tocsin/hub.toml``."""


class Part(Struct, frozen=True):
    """One file in a backup."""

    name: str
    size: int
    sha256: str
    path: str | None = None
    """Where it came from, absolute; None for the store."""
    mode: int = 0o600
    owner: str | None = None
    group: str | None = None


class Manifest(Struct, frozen=True):
    """A backup's contents, and of what moment they are."""

    format: int
    version: str
    """Of the program that took it."""
    site: str
    name: str
    """The school's."""
    taken_at: int
    """Wall ms: what was committed until then is in it."""
    schema: str
    rows: dict[str, int]
    """By table."""
    head: tuple[int, str] | None
    """Number and hash of the record's newest row."""
    settings: str
    """The path of the settings file."""
    parts: tuple[Part, ...]
    environment: dict[str, str] = {}
    """Secrets that the settings take from the environment."""
