"""A flood: one agent sends 2,000 messages a second, while others press one at a time.

    python -m bench.flood [--rate 2000] [--seconds 30] [--kinds calls,doors,...] [--json FILE]

A real mosquitto and the hub as it is installed; the flooding agent is a process of its own. First the others
press in calm, then through a flood of each kind. Ends with 1 unless each press was told, each message that
was sent is accounted for in the record, and half of the presses, and 19 in 20, took no more than twice what
they took in calm.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.measure import summary, table
from bench.site import BenchSite
from bench.storm import Probes
from bench.wire import RawWire
from config.contract import Event, Kind, What, encode
from config.topics import device_topic

DEVICE = "room-0"
CALM_S = 20.0
PATIENCE_S = 60.0
AT_ONCE = 20
"""Messages that go in one write."""
AT_MOST = 2.0
"""Times what a press takes in calm."""


def event(seq: int, kind: Kind, what: What, event_id: str) -> bytes:
    """Return an event of the flood."""
    return encode(
        Event(
            v=1, id=event_id, boot="flood", seq=seq, zone="desk", kind=kind, what=what, age_ms=0, test=False
        )
    )


MAKES: dict[str, Callable[[int], bytes]] = {
    "calls": lambda n: event(n, "panic", "alarm", f"call-{n}"),
    "doors": lambda n: event(n, "door", "open" if n % 2 else "closed", f"door-{n}"),
    "copies": lambda _: event(1, "panic", "alarm", "call-1"),
    "bytes": lambda n: n.to_bytes(8, "big") + b"\xff\x00" * 100,
    "large": lambda n: b'{"id":"large-%d","what":"closed","text":"%s"}' % (n, b"x" * 20_000),
}
"""What the agent sends, by kind: new calls, new events of a door, one call again and again, anything else."""


def main() -> int:
    """Let it flood, print a table, write JSON if asked; returns 1 where it cost too much or lost anything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=2000, help="messages a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each flood")
    parser.add_argument("--kinds", default=",".join(MAKES), help=f"of {', '.join(MAKES)}")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    kinds = options.kinds.split(",")
    rooms = round((CALM_S + len(kinds) * options.seconds) * 6) + 10
    wrong: list[str] = []
    rows: dict[str, dict[str, float]] = {}
    place = Path.cwd() if os.access(".", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder, BenchSite(Path(folder), rooms=rooms) as site:
        record = Path(folder) / "hub" / "tocsin.db"
        calm, following = presses(site, 1, lambda: time.sleep(CALM_S))
        rows["in calm"] = calm
        for kind in kinds:
            rows[kind], following = flooded(site, record, kind, options, following)
            wrong += judged(kind, calm, rows[kind])
    print(table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    for words in wrong:
        print(f"WRONG: {words}", file=sys.stderr)
    return 1 if wrong else 0


def presses(site: BenchSite, first: int, meanwhile: Callable[[], object]) -> tuple[dict[str, float], int]:
    """Press five times a second, each time in another room, while something is done.

    Returns what the presses took, and the next room that has not pressed yet.
    """
    probes = Probes(site, first)
    probes.start()
    meanwhile()
    probes.stop()
    deadline = time.perf_counter() + PATIENCE_S
    while len(probes.latencies()) < probes.count and time.perf_counter() < deadline:
        time.sleep(0.2)
    took = probes.latencies()
    figures = {"presses": probes.count, "told": len(took)}
    return {
        **figures,
        **{f"{name} (ms)": value for name, value in summary(took).items()},
    }, first + probes.count


def flooded(
    site: BenchSite, record: Path, kind: str, options: argparse.Namespace, first: int
) -> tuple[dict[str, float], int]:
    """Press through a flood of one kind; returns what that took, and the next room."""
    context = get_context("spawn")
    ready, go, sent = context.Event(), context.Event(), context.Value("Q")
    count = round(options.rate * options.seconds)
    agent = context.Process(
        target=flood, args=(site.broker.port, site.site, kind, count, options.rate, ready, go, sent)
    )
    before, was = written(record), size(record)
    agent.start()
    ready.wait(60)

    def meanwhile() -> None:
        go.set()
        agent.join(options.seconds * 3 + PATIENCE_S)

    figures, following = presses(site, first, meanwhile)
    figures["sent"] = sent.value
    deadline = time.perf_counter() + PATIENCE_S
    while (found := written(record) - before) < sent.value and time.perf_counter() < deadline:
        time.sleep(0.5)
    figures["accounted for"] = found
    figures["record (MB)"] = round((size(record) - was) / 1e6, 1)
    return figures, following


def flood(port: int, site: str, kind: str, count: int, rate: int, ready: Any, go: Any, sent: Any) -> None:
    """Be the agent: send so many messages at this rate, and stay until the broker has them."""
    topic, make = device_topic(site, DEVICE, "event").encode(), MAKES[kind]
    with RawWire(port) as wire:
        ready.set()
        go.wait()
        started = time.perf_counter()
        for first in range(1, count + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, count + 1))
            wire.publish(topic, [make(n) for n in numbers])
            sent.value = numbers[-1]
            time.sleep(max(started + numbers[-1] / rate - time.perf_counter(), 0))
        wire.wait_published(PATIENCE_S)


def written(record: Path) -> int:
    """Return how many messages of the flooding agent the record accounts for, one by one or counted."""
    with closing(sqlite3.connect(f"file:{record}?mode=ro", uri=True)) as db:
        (events,) = db.execute("SELECT count(*) FROM events WHERE device = ?", (DEVICE,)).fetchone()
        rows = db.execute(
            "SELECT detail FROM record WHERE what = 'flood-counted' AND incident IS NULL"
        ).fetchall()
        kept = db.execute("SELECT value FROM facts WHERE name = ?", (f"flood {DEVICE}",)).fetchone()
    spans = [json.loads(detail) for (detail,) in rows] + ([json.loads(kept[0])] if kept else [])
    return events + sum(span["events"] for span in spans if span)


def size(record: Path) -> int:
    """Return the bytes of the record's file and its log."""
    return sum(file.stat().st_size for file in record.parent.glob(f"{record.name}*"))


def judged(kind: str, calm: dict[str, float], row: dict[str, float]) -> list[str]:
    """Say what is wrong with the figures of one flood."""
    wrong = []
    if row["told"] < row["presses"]:
        wrong.append(f"{kind}: {row['presses'] - row['told']:.0f} presses were not told")
    if kind != "copies" and row["accounted for"] < row["sent"]:
        wrong.append(f"{kind}: {row['sent'] - row['accounted for']:.0f} messages are not in the record")
    times = {name: row[name] / calm[name] for name in ("p50 (ms)", "p95 (ms)")}
    return wrong + [
        f"{kind}: {name} is {n:.1f} times that in calm" for name, n in times.items() if n > AT_MOST
    ]


if __name__ == "__main__":
    raise SystemExit(main())
