"""Tries to lose a press: sets up what that needs, then becomes ``tests.faults.run``."""

from __future__ import annotations

from .bench import become, set_up
from .progress import SetupError
from .streams import open_closed, remark


def main(words: list[str]) -> int:
    """Set up, then go on as the campaign; returns only where the setting up failed."""
    open_closed()
    try:
        python, broker = set_up("device", "hub")
    except SetupError as error:
        remark(f"scripts/faults: {error}")
        return 1
    return become("tests.faults.run", python, broker, words)
