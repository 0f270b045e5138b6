"""What grows with the record, and with the rooms: start, decision, commit and memory.

    python -m bench.growth [--rows 1000,10000,100000,1000000] [--devices 10,100,1000] [--postgres]
        [--json FILE]

The record is filled by the hub's own decisions and journal: presses that are told, acknowledged and
resolved, as years would. At each mark presses are decided and committed in this process, one at a time;
then the hub is started as it is installed, and hears as many from a real broker. Start and decision must not
grow with the record.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select

from bench.measure import summary, table
from bench.site import BenchSite
from bench.storm import record, remark
from bench.wire import BenchWire
from config.clock import Now
from config.hub_settings import HubSettings, check_hub
from config.settings import load
from config.topics import device_topic
from hub.asking import Acknowledge, Resolve
from hub.decision import Decision
from hub.delivery import Outcome
from hub.incident import Incident
from hub.inputs import Asked, Attempted, EventCame
from hub.presses import digests
from hub.shape import Shape
from hub.site import Site
from hub.store.engine import open_engine
from hub.store.journal import Journal
from hub.store.known import Known
from hub.store.migrate import bring_up
from hub.store.tables import record as rows_of
from hub.view import View
from tests.hub.making import T0, came, event_bytes, shown

BATCH = 100
"""Incidents in a transaction while the record is filled."""
ROWS_EACH = 10
"""Rows of the record that one of them makes, or some more."""
PRESSES = 60
"""Presses that are measured at each mark, of each kind; no more than there are rooms."""
HOUR_S = 3600.0
"""Between two incidents of the filled record: a million rows are some ten years."""


def main() -> int:
    """Measure, print a table, and write JSON if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", default="1000,10000,100000,1000000", help="marks, rising, with commas")
    parser.add_argument("--devices", default="10,100,1000", help="rooms; the last for all marks of rows")
    parser.add_argument("--postgres", action="store_true", help="keep the record in PostgreSQL")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    marks = [int(mark) for mark in options.rows.split(",")]
    *fewer, most = [int(count) for count in options.devices.split(",")]
    rows: dict[str, dict[str, float]] = {}
    for devices, at_rows in [*((count, marks[:1]) for count in fewer), (most, marks)]:
        for row in grown(devices, at_rows, postgres=options.postgres):
            rows[f"{row.pop('rows'):.0f} rows, {devices} rooms"] = row
    print(table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def grown(devices: int, marks: list[int], *, postgres: bool) -> Iterator[dict[str, float]]:
    """Yield the figures at each mark of one record as it grows."""
    with ExitStack() as stack:
        place = Path.cwd() if os.access(".", os.W_OK) else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
        url = stack.enter_context(record(folder, postgres=postgres))
        site = BenchSite(folder, rooms=devices, store=url if postgres else None)
        filler = Filler(load(site.config, HubSettings, check_hub), url, folder)
        for mark in marks:
            filler.fill(mark)
            yield {"rows": filler.rows} | filler.measured() | as_installed(site, filler)


class Filler:
    """Decides and commits presses and what people do of them, without a broker and a channel."""

    def __init__(self, settings: HubSettings, url: str, data: Path) -> None:
        self._settings = settings
        self._url = url
        self._engine = open_engine(url)
        bring_up(self._engine, url, data)
        self._pressed = 0
        self.presses = min(PRESSES, len(settings.rooms))

    @property
    def rows(self) -> int:
        """How many rows the record has."""
        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(rows_of)).scalar() or 0)

    def fill(self, mark: int) -> None:
        """Go on until the record has so many rows."""
        self._open()
        first = time.perf_counter()
        while (have := self.rows) < mark:
            incidents = min(BATCH, (mark - have) // ROWS_EACH + 1)
            self._journal.commit([done for _ in range(incidents) for done in self._incident()])
            if have // 100_000 != self.rows // 100_000:
                remark(f"{self.rows} rows after {time.perf_counter() - first:.0f} s")
        self.close()

    def measured(self) -> dict[str, float]:
        """Return what a start reads, and what a decision and its commit take, in this process."""
        started = time.perf_counter()
        self._open()
        start = time.perf_counter() - started
        known, decided, committed = Known(self._engine), [], []
        for _ in range(self.presses):
            fact = self.press()
            before = time.perf_counter()
            decision = self._site.decide(fact, fact.arrived, known.seen(digests(fact, "bench")))
            between = time.perf_counter()
            self._journal.commit([shown(decision)])
            decided.append((between - before) * 1000)
            committed.append((time.perf_counter() - between) * 1000)
            self._journal.commit([done for one in self._unresolved() for done in self._resolved(one)])
        self.close()
        return {
            "read at a start (ms)": round(start * 1000, 1),
            "decision, p50 (ms)": summary(decided)["p50"],
            "decision, p95 (ms)": summary(decided)["p95"],
            "commit, p50 (ms)": summary(committed)["p50"],
            "commit, p95 (ms)": summary(committed)["p95"],
        }

    def press(self) -> EventCame:
        """Return the next press: of the next room."""
        self._pressed += 1
        nth, room = divmod(self._pressed, len(self._settings.rooms))
        payload = event_bytes(id=f"grown-{self._pressed}", seq=nth + 1, zone="desk")
        return came(payload, device=f"room-{room}", second=self._pressed * HOUR_S)

    def close(self) -> None:
        """Let go of the record."""
        self._journal.close()
        self._engine.dispose()

    def _open(self) -> None:
        """Read what a start reads, and make the site of it."""
        self._journal = Journal(self._engine, "bench")
        view = View("bench", "Bench", "UTC", T0)
        self._site = Site(
            self._settings, {"hook": Shape("webhook", ("-",))}, self._journal.load(), view, self._now()
        )

    def _now(self) -> Now:
        return Now(1000.0 + self._pressed * HOUR_S, T0 + round(self._pressed * HOUR_S * 1000))

    def _incident(self) -> Iterator[Decision]:
        """Yield all that is decided of one press, until somebody has resolved it."""
        fact = self.press()
        yield shown(self._site.decide(fact, fact.arrived, {}))
        for incident in self._unresolved():
            yield from self._resolved(incident)

    def _unresolved(self) -> list[Incident]:
        return list(self._site.incidents._by_id.values())

    def _resolved(self, incident: Incident) -> Iterator[Decision]:
        yield from self._delivered()
        for action in (
            Acknowledge(incident.id, "Reyes", "board"),
            Resolve(incident.id, "Reyes", "board", "false-alarm"),
        ):
            yield shown(self._site.decide(Asked(action, lambda _: None), self._now()))
            yield from self._delivered()

    def _delivered(self) -> Iterator[Decision]:
        for delivery in list(self._site.outbound._owed):
            yield shown(self._site.decide(Attempted(delivery, Outcome("delivered", "200")), self._now()))


def as_installed(site: BenchSite, filler: Filler) -> dict[str, float]:
    """Return what the hub's own process takes: until it is ready, its memory, and press to webhook."""
    site.sink.notices.clear()
    with site, BenchWire(site.broker.port) as wire:
        waits = []
        for n in range(filler.presses):
            fact = filler.press()
            before = time.perf_counter()
            wire.publish(device_topic(site.site, fact.device, "event"), fact.payload)
            site.sink.wait(n + 1, 30)
            waits.append((site.sink.notices[n][0] - before) * 1000)
        memory = resident_mb(site.hub_pid)
    return {
        "start to ready (s)": round(site.ready_s, 2),
        "press to webhook, p50 (ms)": summary(waits)["p50"],
        "press to webhook, p95 (ms)": summary(waits)["p95"],
        "resident (MB)": memory,
    }


def resident_mb(pid: int) -> float:
    """Return a process's resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise LookupError(f"no VmRSS of {pid}")


if __name__ == "__main__":
    raise SystemExit(main())
