"""The record's chain: written, verified, exported.

    python -m bench.record [--presses 5000]

Each press is a device, and so an incident, of its own. No broker and no channel: what the committer's
journal writes, 500 decisions in a transaction, each durable.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import table
from hub.store import chain
from hub.store.engine import open_engine, sqlite_url
from hub.store.export import export
from hub.store.journal import Journal
from hub.store.migrate import bring_up
from hub.verify_record import read
from tests.hub.making import event_bytes, new_site, take
from tests.scenarios.rig import site_settings

BATCH = 500


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presses", type=int, default=5000)
    presses = parser.parse_args().presses
    site = new_site(site_settings("device"))
    done = [take(site, event_bytes(id=f"e{n}"), n / 1000, device=f"room-{n}") for n in range(presses)]
    count = sum(len(decision.record) for decision in done)
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(dir=Path.cwd() if os.access(".", os.W_OK) else None) as folder:
        data = Path(folder)
        engine = open_engine(sqlite_url(data))
        bring_up(engine, sqlite_url(data), data)
        journal = Journal(engine, "lincoln")

        def write() -> None:
            for start in range(0, len(done), BATCH):
                journal.commit(done[start : start + BATCH])

        rows["written"] = timed(write, count)
        journal.close()
        reader = open_engine(sqlite_url(data), read_only=True)
        rows["verified in the database"] = timed(lambda: chain.verify(reader, "lincoln"), count)
        to = data / "export"
        rows["exported"] = timed(lambda: export(reader, "lincoln", to, 0, 2**53, lambda *_: None), count)
        rows["verified in the export"] = timed(lambda: read(str(to / "record.jsonl"), []), count)
    print(table(rows))
    return 0


def timed(do: Callable[[], object], count: int) -> dict[str, float]:
    """Return how long it took, and how many rows that is a second."""
    start, cpu = time.perf_counter(), time.process_time()
    do()
    took = time.perf_counter() - start
    return {
        "rows": count,
        "s": round(took, 2),
        "CPU s": round(time.process_time() - cpu, 2),
        "rows a second": round(count / took),
    }


if __name__ == "__main__":
    raise SystemExit(main())
