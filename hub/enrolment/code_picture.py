"""A code as a QR picture: on a terminal, or as a file for a sheet of paper."""

from __future__ import annotations

import io
from pathlib import Path

import segno

from hub.atomic import write_whole

MODULE: int = 8
"""Pixels, or points, of one square."""


def terminal_picture(text: str) -> str:
    """Return the picture in half blocks, dark on light whatever the terminal's colours are."""
    out = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out, compact=True, border=2)
    return out.getvalue()


def kind_of(file: Path) -> str:
    """Return what kind of picture a file is to be, by its name; raises ``LookupError``."""
    kind = file.suffix.lower().removeprefix(".")
    if kind not in ("svg", "png"):
        raise LookupError(f"{file}: a picture is .svg or .png")
    return kind


def write_picture(text: str, file: Path) -> None:
    """Write it for this user's eyes alone; raises ``LookupError`` and ``OSError``."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind=kind_of(file), scale=MODULE)
    write_whole(file, out.getvalue())
