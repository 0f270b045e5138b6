"""``scripts/faults bytes``: bytes led by coverage, through all that decides (atheris: x86_64, Python 3.11).

The first byte says what the message is and whose; a find is written to a file by libFuzzer, and ends it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["config", "hub"]):
    from tests.faults.hostile import GOLDEN, ROOMS, STRANGERS, Hostile
    from tests.faults.judge import Judge

SITE_FOR = 20_000
"""Messages that one site takes before another begins: what it holds makes it slower."""
EVENTS_OF = 200
"""First bytes below this are events."""


class Target:
    """What libFuzzer calls."""

    def __init__(self) -> None:
        self._judge = Judge()
        self._count = 0

    def take(self, data: bytes) -> None:
        """Take one input; whatever is raised is a find."""
        if not data:
            return
        self._count += 1
        if self._count % SITE_FOR == 0:
            self._judge = Judge()
        first, payload = data[0], data[1:]
        what = "event" if first < EVENTS_OF else "state" if first % 2 else "health"
        devices = (*ROOMS[:8], *STRANGERS)
        device = devices[first % len(devices)]
        self._judge.take(Hostile(what, device, payload, first % 3 == 0, first % 2))
        if first % 50 == 0:
            self._judge.wait(1.0)


def main(words: list[str] | None = None) -> None:
    """Run until so many inputs were tried; libFuzzer ends the process itself."""
    parser = argparse.ArgumentParser(prog="scripts/faults bytes", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--runs", type=int, default=100_000)
    given = parser.parse_args(words)
    target = Target()
    corpus = Path(tempfile.mkdtemp(prefix="tocsin-fuzz-"))
    for number, file in enumerate(GOLDEN):  # what is well formed is where it begins
        (corpus / file.name).write_bytes(bytes([number % 256]) + file.read_bytes())
    options = [
        sys.argv[0],
        f"-atheris_runs={given.runs}",
        f"-seed={given.seed}",
        "-max_len=2048",
        str(corpus),
    ]
    atheris.Setup(options, target.take)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
