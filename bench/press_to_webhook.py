"""Press to webhook: one at a time, and events per second with durable commits; beside the floors.

    python -m bench.press_to_webhook [--presses 500] [--storm 5000] [--json FILE]

The clock runs from just before the publish of a panic to the arrival of the whole notice at the
webhook, both in this process. Floors of the same run: an MQTT message from this process to itself
through the same broker, and one fdatasync of 4 kB on the hub's disk.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path

from bench.measure import summary, table
from bench.site import BenchSite
from bench.wire import BenchWire
from config.contract import Event, encode
from config.topics import device_topic


def main() -> int:
    """Measure, print a table, and write JSON if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presses", type=int, default=500)
    parser.add_argument("--rate", type=float, default=20.0, help="presses a second")
    parser.add_argument("--storm", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(dir=Path.cwd() if os.access(".", os.W_OK) else None) as folder:
        place = Path(folder)
        rows["floor: one fdatasync of 4 kB (ms)"] = fsync_floor(place)
        with BenchSite(place, rooms=options.presses) as site, BenchWire(site.broker.port) as wire:
            rows["floor: MQTT there and back (ms)"] = mqtt_floor(site.broker.port, options.presses)
            latencies = presses(site, wire, options.presses, options.rate)
            rows[f"press to webhook, {options.rate:g} a second (ms)"] = latencies
            rows[f"storm of {options.storm} (events a second)"] = storm(site, wire, options.storm)
    print(table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def panic(seq: int) -> bytes:
    """Return a panic event."""
    return encode(
        Event(
            v=1,
            id=f"bench-{seq}",
            boot="bench",
            seq=seq + 1,
            zone="desk",
            kind="panic",
            what="alarm",
            age_ms=0,
            test=False,
        )
    )


def presses(site: BenchSite, wire: BenchWire, count: int, rate: float) -> dict[str, float]:
    """Press one at a time, each its own device (and so its own incident); return latencies."""
    sent: dict[str, float] = {}
    started = time.perf_counter()
    for i in range(count):
        while time.perf_counter() < started + i / rate:
            time.sleep(0.0005)
        device = f"room-{i}"
        sent[device] = time.perf_counter()
        wire.publish(device_topic(site.site, device, "event"), panic(i))
    site.sink.wait(count, 30)
    came: dict[str, float] = {}
    for at, notice in site.sink.notices:
        came.setdefault(notice["incident"]["rooms"][0]["device"], at)
    return summary([(came[device] - at) * 1000 for device, at in sent.items()])


def storm(site: BenchSite, wire: BenchWire, count: int) -> dict[str, float]:
    """Press everywhere at once; return how fast all were receipted, and told."""
    before = len(site.sink.notices)
    receipts = Receipts(site, count)
    started = time.perf_counter()
    for i in range(count):
        topic = device_topic(site.site, f"storm-{i}", "event")
        wire.publish(topic, panic(1_000_000 + i))
    receipts.done.wait(120)
    receipted = time.perf_counter() - started
    site.sink.wait(before + count, 120)
    told = time.perf_counter() - started
    receipts.close()
    return {"receipted": round(count / receipted), "told": round(count / told)}


class Receipts:
    """Counts receipted events."""

    def __init__(self, site: BenchSite, count: int) -> None:
        self.done = threading.Event()
        self._left = count
        topic = device_topic(site.site, "+", "receipt")
        self._wire = BenchWire(site.broker.port, topic, heard=self._heard)
        self._wire.__enter__()

    def _heard(self, payload: bytes) -> None:
        self._left -= len(json.loads(payload)["ids"])
        if self._left <= 0:
            self.done.set()

    def close(self) -> None:
        self._wire.__exit__(None, None, None)


def mqtt_floor(port: int, count: int) -> dict[str, float]:
    """Send QoS 1 messages to ourselves, one at a time."""
    came = threading.Event()
    with BenchWire(port, "bench/echo", heard=lambda _: came.set()) as wire:
        taken = []
        for _ in range(count):
            came.clear()
            at = time.perf_counter()
            wire.publish("bench/echo", panic(0))
            came.wait(5)
            taken.append((time.perf_counter() - at) * 1000)
    return summary(taken)


def fsync_floor(folder: Path, count: int = 200) -> dict[str, float]:
    """Write 4 kB and wait until the disk has it."""
    taken = []
    with (folder / "floor").open("wb") as file:
        for _ in range(count):
            at = time.perf_counter()
            file.write(b"\0" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - at) * 1000)
    return summary(taken)


if __name__ == "__main__":
    raise SystemExit(main())
