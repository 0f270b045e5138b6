"""Asking the machine again and again how far its wall clock can be trusted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from config.kernel_clock import Trust, clock_trust
from hub.inputs import ClockTrust

EVERY_S: Final = 30.0
"""Seconds between two questions."""


class ClockWatch:
    """A thread that asks, so that no question holds a press up."""

    def __init__(self, put: Callable[[ClockTrust], None], ask: Callable[[], Trust] = clock_trust) -> None:
        self._put = put
        self._ask = ask
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=0.5)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            self._put(trust(self._ask))


def trust(ask: Callable[[], Trust] = clock_trust) -> ClockTrust:
    """Ask once; what can't be asked isn't known."""
    try:
        said = ask()
    except Exception:  # noqa: BLE001 - a fault in this question must not end the questions
        return ClockTrust(None)
    return ClockTrust(said.synced, said.error_ms)
