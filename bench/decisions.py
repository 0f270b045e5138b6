"""Decisions a second: the hub's core alone, on a clock of its own, and then with the commit.

    python -m bench.decisions [--devices 10,100,1000] [--events 10000] [--json FILE]

One thread, no broker, no channel and, but for the last rows, no disk: what :meth:`hub.site.Site.decide` takes
for a storm of presses (joined in one incident, or an incident for each room), for healths, for doors, for
the step that 1,000 incidents have due at one moment, and for settings that change meanwhile. With the
commit: what the recorder and its committer do one after the other here, and side by side in the hub. On a
machine that does other things at the same time the rate by CPU time is the one to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from bench.measure import percentile, table
from config.clock import Now
from config.hub_settings import HubSettings, RoomSettings, ZoneSettings
from hub.decision import Decision
from hub.directory import Directory
from hub.inputs import DeviceMessage, Reload
from hub.presses import digests
from hub.shape import Shape
from hub.site import Site
from hub.store.engine import open_engine, sqlite_url
from hub.store.journal import Journal
from hub.store.known import Known
from hub.store.migrate import bring_up
from tests.hub.making import at, came, event_bytes, new_site, shown
from tests.hub.store.postgres import Postgres
from tests.scenarios.rig import site_settings

BATCH = 200
"""Decisions in a transaction, as the committer takes them where many wait."""
Group = Literal["site", "device"]


def main() -> int:
    """Measure, print a table, and write JSON if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devices", default="10,100,1000", help="how many rooms, with commas")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    for devices in (int(count) for count in options.devices.split(",")):
        rows |= decided(devices, options.events)
    rows |= committed(devices, options.events)
    print(table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def decided(devices: int, events: int) -> dict[str, dict[str, float]]:
    """Return the figures of decisions alone, for a site of so many rooms."""
    rows = {}
    for group, words in (("site", "one incident"), ("device", "an incident each")):
        site = new_site(settings(devices, group))  # type: ignore[arg-type]
        name = f"presses, {devices} rooms, {words}"
        rows[name] = timed(name, storm(devices, events), lambda fact, site=site: press(site, fact))  # type: ignore[misc]
    name = f"steps due at one moment of {min(devices, events)} incidents, a part at a time"
    rows[name] = timed(name, while_due(site, at(events / 1000 + 3600)), site.tick)
    name = f"reloads, {devices} rooms with other names and {min(devices, events)} incidents with other steps"
    rows[name] = timed(name, reloads(site), lambda fact: site.decide(fact, at(events / 1000 + 3601)))
    for what, facts in (("healths", healths(devices, events)), ("doors", doors(devices, events))):
        site = new_site(settings(devices, "site"))
        rows[f"{what}, {devices} rooms"] = timed(
            f"{what}, {devices} rooms",
            facts,
            lambda fact, site=site: site.decide(fact, fact.arrived, {}),  # type: ignore[misc]
        )
    return rows


def committed(devices: int, events: int) -> dict[str, dict[str, float]]:
    """Return the figures of decisions and their commits, a batch at a time."""
    rows = {}
    with tempfile.TemporaryDirectory(dir=Path.cwd() if os.access(".", os.W_OK) else None) as folder:
        place = Path(folder)
        rows |= _committed("SQLite", sqlite_url(place), place, devices, events)
    try:
        with Postgres(durable=True) as server:
            rows |= _committed("PostgreSQL", server.url("postgres"), Path.cwd(), devices, events)
    except FileNotFoundError as error:
        print(f"PostgreSQL is not measured: {error}", file=sys.stderr)
    return rows


def _committed(kind: str, url: str, data: Path, devices: int, events: int) -> dict[str, dict[str, float]]:
    engine = open_engine(url)
    bring_up(engine, url, data)
    site, journal, known = new_site(settings(devices, "device")), Journal(engine, "lincoln"), Known(engine)

    def take(batch: Sequence[Any]) -> None:
        journal.commit([press(site, fact, known.seen(digests(fact, "lincoln"))) for fact in batch])

    facts = storm(devices, events)
    name = f"presses decided and committed, {devices} rooms, {kind}"
    batches = [facts[start : start + BATCH] for start in range(0, events, BATCH)]
    row = timed(name, batches, take)
    journal.close()
    engine.dispose()
    return {
        name: {rate: round(row[rate] * events / len(batches)) for rate in ("a second", "a second of CPU")}
    }


def while_due(site: Site, now: Now) -> Iterator[Now]:
    """Yield this moment for as long as anything is due at it."""
    while (due := site.next_deadline()) is not None and due <= now.mono:
        yield now


def settings(devices: int, group: Group) -> HubSettings:
    """Return a school of so many rooms, each with a button and a door."""
    zones = (ZoneSettings(zone="wall", kind="panic"), ZoneSettings(zone="door", kind="door"))
    rooms = (
        RoomSettings(device=f"room-{n}", room=f"Room {n}", building="Main", zones=zones)
        for n in range(devices)
    )
    return site_settings(group, rooms=tuple(rooms))


def storm(devices: int, events: int) -> list[Any]:
    """Return presses of every room in turn, 1,000 a second."""
    return [
        came(event_bytes(id=f"e{n}", seq=n // devices + 1), device=f"room-{n % devices}", second=n / 1000)
        for n in range(events)
    ]


def doors(devices: int, events: int) -> list[Any]:
    """Return doors that open and close in every room in turn."""
    whats = ("open", "closed")
    return [
        came(
            event_bytes(
                id=f"d{n}", seq=n // devices + 1, zone="door", kind="door", what=whats[n // devices % 2]
            ),
            device=f"room-{n % devices}",
            second=n / 100,
        )
        for n in range(events)
    ]


def healths(devices: int, events: int) -> list[Any]:
    """Return healths of every room in turn, each with all that an agent may know of itself."""
    # fmt: off
    whole = {
        "v": 1, "boot": "b", "outbox": 0, "oldest_ms": 0, "clock_synced": True, "version": "0.1.0",
        "cpu_c": 51.2, "under_voltage": False, "throttled": False, "disk_free_mb": 9000.0, "load_1m": 0.2,
        "memory_free_mb": 300.0, "wifi_dbm": -61.0, "on_battery": False, "battery_low": False,
    }
    # fmt: on
    return [
        DeviceMessage(
            f"room-{n % devices}",
            "health",
            msgspec.json.encode(whole | {"n": n // devices + 1, "uptime_s": 15.0 * (n // devices)}),
            False,
            at(15 * n / devices),
        )
        for n in range(events)
    ]


def reloads(site: Site, times: int = 20) -> Iterator[Reload]:
    """Yield settings that are read anew: every room has another name, and every step another time."""
    old = site.settings
    plans = {
        name: replace(plan, steps=tuple(replace(step, after_s=step.after_s + 5) for step in plan.steps))
        for name, plan in old.plans.items()
    }
    rooms = tuple(replace(room, room=f"{room.room} (new)") for room in old.rooms)
    shapes = dict.fromkeys(old.channels, Shape("webhook", ("-",)))
    for number in range(times):
        new = old if number % 2 else replace(old, rooms=rooms, plans=plans)
        yield Reload(new, Directory(new, shapes), shapes, (), "", lambda: None, lambda _: None)


def press(site: Site, fact: Any, known: Any = None) -> Decision:
    """Decide a press, and let out what is shown of it."""
    return shown(site.decide(fact, fact.arrived, known or {}))


def timed(name: str, facts: Iterable[Any], take: Callable[[Any], object]) -> dict[str, float]:
    """Take one after the other; return how many a second, and what one took in microseconds."""
    taken = []
    started, cpu = time.perf_counter(), time.process_time()
    for fact in facts:
        before = time.perf_counter()
        take(fact)
        taken.append((time.perf_counter() - before) * 1e6)
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    taken.sort()
    row = {
        "a second": round(len(taken) / took),
        "a second of CPU": round(len(taken) / max(cpu, 1e-6)),
        "p50 (µs)": round(percentile(taken, 0.5), 1),
        "p99 (µs)": round(percentile(taken, 0.99), 1),
        "max (µs)": round(taken[-1], 1),
    }
    print(f"{name}: {row['a second of CPU']} a second of CPU", file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    raise SystemExit(main())
