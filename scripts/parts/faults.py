"""Tries to lose a press, or to break what decides: becomes one of ``tests.faults``, with all it needs."""

from __future__ import annotations

from .bench import become, set_up
from .progress import SetupError
from .streams import open_closed, remark

CAMPAIGNS: dict[str | None, tuple[str, tuple[str, ...]]] = {
    None: ("tests.faults.run", ("device", "hub")),
    "fuzz": ("tests.faults.fuzz", ("hub",)),
    "bytes": ("tests.faults.fuzz_bytes", ("hub", "fuzz")),
}
"""What each word runs, and what that needs; without one it is faults under presses all the time."""


def main(words: list[str]) -> int:
    """Set up, then go on as the campaign; returns only where the setting up failed."""
    open_closed()
    asked = words[0] if words and words[0] in CAMPAIGNS else None
    module, extras = CAMPAIGNS[asked]
    try:
        python, broker = set_up(*extras)
    except SetupError as error:
        remark(f"scripts/faults: {error}")
        return 1
    return become(module, python, broker, words[1:] if asked else words)
