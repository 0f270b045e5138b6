"""A storm: 1,000 rooms press all at once, each ten times, at a real broker and the hub as it is installed.

    python -m bench.storm [--rooms 1000] [--events 10000] [--group device|site] [--postgres] [--json FILE]

The rooms' sessions are four connections of another process, which publish as fast as the broker takes it. In
the midst of it, five times a second, a room that has no part in the storm presses: what counts is how long
its officer waits. Ends with 1 unless every event is recorded once, receipted and told at the webhook.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from bench.measure import summary, table
from bench.press_to_webhook import Receipts
from bench.site import BenchSite
from bench.wire import BenchWire
from config.contract import Event, encode
from config.topics import device_topic
from hub.store.engine import open_engine, sqlite_url
from tests.hub.store.postgres import Postgres

CONNECTIONS = 4
PROBES = 500
"""Rooms beside the storm's, for the presses in its midst."""
BETWEEN_PROBES_S = 0.2
PATIENCE_S = 120.0


def main() -> int:
    """Let it storm, print a table, and write JSON if asked; returns 1 where anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--group", choices=("device", "site"), default="device")
    parser.add_argument("--postgres", action="store_true", help="keep the record in PostgreSQL")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        place = Path.cwd() if os.access(".", os.W_OK) else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
        url = stack.enter_context(record(folder, postgres=options.postgres))
        given = url if options.postgres else None
        with BenchSite(folder, group_by=options.group, rooms=options.rooms + PROBES, store=given) as site:
            row, lost = storm(site, options.rooms, options.events, options.group)
        lost += not_recorded(url, options.rooms, options.events)
    kind = "PostgreSQL" if options.postgres else "SQLite"
    rows = {f"{options.events} presses of {options.rooms} rooms, by {options.group}, {kind}": row}
    print(table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    for words in lost:
        print(f"LOST: {words}", file=sys.stderr)
    return 1 if lost else 0


@contextmanager
def record(folder: Path, *, postgres: bool) -> Iterator[str]:
    """Provide the URL of the record."""
    if not postgres:
        (folder / "hub").mkdir()
        yield sqlite_url(folder / "hub")
        return
    with Postgres(durable=True) as server:
        yield server.url("postgres")


def press(room: int, nth: int) -> bytes:
    """Return the nth press of a room."""
    return encode(
        Event(
            v=1, id=f"{room}-{nth}", boot="bench", seq=nth, zone="desk", kind="panic", what="alarm",
            age_ms=0, test=False,
        )
    )  # fmt: skip


def storm(site: BenchSite, rooms: int, events: int, group: str) -> tuple[dict[str, float], list[str]]:
    """Return the figures, and what was not receipted or told."""
    receipts = Receipts(site, events)
    probes = Probes(site, rooms)
    context = get_context("spawn")
    go, started_at = context.Event(), context.Value("d")
    ready = context.Event()
    rest = context.Process(
        target=press_all, args=(site.broker.port, site.site, rooms, events, ready, go, started_at)
    )
    rest.start()
    ready.wait(60)
    go.set()
    try:
        probes.start()
        lost = [] if receipts.done.wait(PATIENCE_S) else ["receipts did not come for every event"]
        started = started_at.value
        receipted = time.perf_counter() - started
        remark(f"receipted after {receipted:.1f} s")
        probes.stop()
        told = wait_until_told(site, rooms, events, group)
        deadline = time.perf_counter() + PATIENCE_S
        while len(probes.latencies()) < probes.count and time.perf_counter() < deadline:
            time.sleep(0.2)
    finally:
        receipts.close()
        rest.terminate()
        rest.join()
    if told is None:
        lost.append(f"not every {'event' if group == 'device' else 'room'} was told at the webhook")
    first = min(at for at, _ in site.sink.notices) - started
    latencies = probes.latencies()
    if len(latencies) < probes.count:
        lost.append(f"{probes.count - len(latencies)} presses in its midst were not told")
    row = {
        "first notice (ms)": round(first * 1000, 1),
        "last receipt (s)": round(receipted, 2),
        "all told (s)": round((told or started) - started, 2),
        "receipted a second": round(events / receipted),
        "presses in its midst": len(latencies),
        **{f"their notice, {name} (ms)": value for name, value in summary(latencies).items()},
    }
    return row, lost


def press_all(port: int, site: str, rooms: int, events: int, ready: Any, go: Any, started_at: Any) -> None:
    """Be all the rooms: press when told to, note when that began, and stay connected."""
    sent = [
        (device_topic(site, f"room-{n % rooms}", "event"), press(n % rooms, n // rooms + 1))
        for n in range(events)
    ]
    with ExitStack() as stack:
        wires = [stack.enter_context(BenchWire(port)) for _ in range(CONNECTIONS)]
        ready.set()
        go.wait()
        started_at.value = time.perf_counter()  # CLOCK_MONOTONIC: of one machine, not of one process
        for n, (topic, payload) in enumerate(sent):
            wires[n % CONNECTIONS].publish(topic, payload)
        time.sleep(2 * PATIENCE_S)


class Probes:
    """Rooms that press one at a time while the others storm."""

    def __init__(self, site: BenchSite, first: int) -> None:
        self._site = site
        self._next = first
        self._sent: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def count(self) -> int:
        """How many have pressed."""
        return len(self._sent)

    def start(self) -> None:
        """Press from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Press no more."""
        self._stopping.set()
        self._thread.join()

    def latencies(self) -> list[float]:
        """Return the ms from each press to the first notice that shows its room."""
        came: dict[str, float] = {}
        for at, notice in sorted(self._site.sink.notices, key=lambda one: one[0]):
            for room in notice["incident"]["rooms"]:
                came.setdefault(room["device"], at)
        return [(came[device] - at) * 1000 for device, at in self._sent.items() if device in came]

    def _run(self) -> None:
        with BenchWire(self._site.broker.port) as wire:
            while True:
                device = f"room-{self._next}"
                self._sent[device] = time.perf_counter()
                wire.publish(device_topic(self._site.site, device, "event"), press(self._next, 1))
                self._next += 1
                if self._stopping.wait(BETWEEN_PROBES_S):
                    return


def wait_until_told(site: BenchSite, rooms: int, events: int, group: str) -> float | None:
    """Return when the last event of the storm (by site: its last room) was told; None where one never was.

    A notice holds an incident's newest 500 events, which is all of a room's own incident.
    """
    deadline = time.perf_counter() + PATIENCE_S
    if group == "device":
        missing = {f"{n % rooms}-{n // rooms + 1}" for n in range(events)}
    else:
        missing = {f"room-{n}" for n in range(min(rooms, events))}
    looked = 0
    while time.perf_counter() < deadline:
        notices = site.sink.notices[looked:]
        looked += len(notices)
        for at, notice in notices:
            of_incident = notice["incident"]
            told = (
                {event["id"] for event in of_incident["events"]}
                if group == "device"
                else {room["device"] for room in of_incident["rooms"]}
            )
            missing -= told
            if not missing:
                return at
        time.sleep(0.05)
    return None


def not_recorded(url: str, rooms: int, events: int) -> list[str]:
    """Return what of the storm the record doesn't hold exactly once."""
    engine = open_engine(url, read_only=True)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT incident, payload FROM events")).all()
    engine.dispose()
    ids = [msgspec.json.decode(payload)["id"] for incident, payload in rows if incident is not None]
    lost = [] if len(ids) == len(set(ids)) else ["an event is recorded twice"]
    missing = {f"{n % rooms}-{n // rooms + 1}" for n in range(events)} - set(ids)
    return [*lost, *([f"{len(missing)} events are not in the record, or in no incident"] if missing else [])]


def remark(words: str) -> None:
    """Say how far it is."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
