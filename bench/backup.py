"""A backup of a large record while the hub's journal commits, and its restoring.

    python -m bench.backup [--rows 1000000]

Every row is one that the record has of a delivery, with two values beside the chain. The backup is a
process of its own with the least right to the processor, as its unit gives it; the commits are one row
each, 50 a second at most.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.measure import summary, table
from hub.decision import Decision, RecordRow
from hub.store.engine import open_engine, sqlite_url
from hub.store.journal import Journal
from hub.store.migrate import bring_up

BATCH = 5000
ALONE_S = 5.0
PAUSE_S = 0.02
WALL = 1_790_000_000_000
HUB = [sys.executable, "-m", "hub.cli"]


class Commits:
    """Commits on a thread of its own, and how long each took."""

    def __init__(self, journal: Journal, after: int) -> None:
        self._journal = journal
        self._seq = after
        self.took: list[float] = []
        """Milliseconds."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_S):
            self._seq += 1
            start = time.perf_counter()
            self._journal.commit([Decision(0.0, record=[RecordRow(self._seq, WALL, "alarm", "a press")])])
            self.took.append((time.perf_counter() - start) * 1000)

    def end(self) -> int:
        """Stop; returns the last row's number."""
        self._stop.set()
        self._thread.join()
        return self._seq

    def figures(self) -> dict[str, float]:
        """Return how many there were, and milliseconds."""
        return {"commits": len(self.took), **summary(self.took)}


def main() -> int:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(dir=Path.cwd() if os.access(".", os.W_OK) else None) as folder:
        measure(Path(folder), rows)
    return 0


def measure(folder: Path, rows: int) -> None:
    """Fill a record, back it up under commits, and restore it."""
    data, to, key, config = folder / "data", folder / "to", folder / "key", folder / "hub.toml"
    data.mkdir()
    to.mkdir()
    url = sqlite_url(data)
    engine = open_engine(url)
    bring_up(engine, url, data)
    journal = Journal(engine, "lincoln")
    for first in range(1, rows + 1, BATCH):
        journal.commit([Decision(0.0, record=[row(n) for n in range(first, first + BATCH)])])
    timed("backup-key", "--to", str(key))
    public = re.findall(r"age1\w+", key.read_text())[0]
    lines = f'site = "lincoln"\nname = "Lincoln"\ndata = "{data}"\n'
    config.write_text(f'{lines}[backup]\nto = "{to}"\nrecipient = "{public}"\n')

    alone = Commits(journal, rows)
    time.sleep(ALONE_S)
    last = alone.end()
    meanwhile = Commits(journal, last)
    steps = {"backup, read back": timed("backup", "--config", str(config))}
    meanwhile.end()
    journal.close()
    (file,) = to.iterdir()
    size = {"database MB": round((data / "tocsin.db").stat().st_size / 1e6)}
    size["backup MB"] = round(file.stat().st_size / 1e6)
    data.rename(folder / "dead")
    words = ["restore", str(file), "--key-file", str(key), "--config", str(config)]
    steps["restore, looked at first"] = timed(*words)
    print(table({name: found | size for name, found in steps.items()}))
    print()
    print(table({"commits alone, ms": alone.figures(), "commits while backed up, ms": meanwhile.figures()}))


def row(number: int) -> RecordRow:
    """Return a row as a delivery leaves it."""
    detail = {"delivery": f"d-{number:024x}", "audience": "sro", "channel": "phones", "target": "Reyes"}
    detail |= {"type": "incident.opened", "revision": 1}  # type: ignore[dict-item]
    return RecordRow(number, WALL + number, "delivered", "200 (12 ms)", f"i-{number // 50}", None, detail)


def timed(*words: str) -> dict[str, float]:
    """Run a command of the hub's with the least right to the processor."""
    start = time.perf_counter()
    subprocess.run(["nice", "-n", "19", *HUB, *words], check=True, capture_output=True)
    took = round(time.perf_counter() - start, 1)
    return {"s": took, "memory MB": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)}


if __name__ == "__main__":
    raise SystemExit(main())
