"""``tocsin-hub verify-record``, ``record-head`` and ``export``: each returns its exit code.

What can't be read raises ``LookupError``.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.hub_settings import HubSettings
from hub.service import database_url
from hub.store import chain
from hub.store.engine import open_engine, sqlite_url
from hub.store.export import export
from hub.store.failure import StoreError, words
from hub.store.migrate import HEAD, revision
from hub.verify_record import Bar, said


def verify_record(settings: HubSettings, heads: Sequence[tuple[int, str]]) -> int:
    """Say whether the record is whole: 0 it is, 1 it is not."""
    with open_record(settings) as engine:
        found = chain.verify(engine, settings.site, heads, Bar("rows").at)
        print("\n".join(said(found)))
        return 1 if found.count else 0


def record_head(settings: HubSettings) -> int:
    """Print the head as ``verify-record --head`` takes it."""
    with open_record(settings) as engine:
        head = chain.head(engine, settings.site)
        if head is None:
            print("the record holds no row yet", file=sys.stderr)
            return 1
        print(f"{head[0]}:{head[1]}")
        return 0


def write_export(settings: HubSettings, to: Path, since: date | None, until: date | None) -> int:
    """Write the files; ``since`` and ``until`` are days of the school's, both included."""
    zone = ZoneInfo(settings.timezone)
    begin = 0 if since is None else _ms(since, zone)
    end = 2**53 if until is None else _ms(until + timedelta(days=1), zone)
    bars: dict[str, Bar] = {}

    def told(name: str, done: int, whole: int) -> None:
        what = "record" if name == "record" else "lists"
        bars.setdefault(what, Bar(what)).at(done, whole)

    with open_record(settings) as engine:
        try:
            made = export(engine, settings.site, to, begin, end, told)
        except OSError as error:
            print(f"tocsin-hub: {error}", file=sys.stderr)
            return 1
        print("\n".join(str(path) for path in made))
        return 0


def _ms(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)


@contextlib.contextmanager
def open_record(settings: HubSettings) -> Iterator[Any]:
    """Open the record to be read; raises ``LookupError`` where that can't be."""
    url = database_url(settings)
    if url == sqlite_url(settings.data) and not (settings.data / "tocsin.db").exists():
        raise LookupError(f"there is no record in {settings.data} yet")
    engine = open_engine(url, read_only=True)
    try:
        current = revision(engine)
        if current != HEAD:
            raise LookupError(f"the record is at schema {current}, not {HEAD}: start the hub once")
        yield engine
    except StoreError as error:
        raise LookupError(f"the record can't be read: {words(error)}") from None
    finally:
        engine.dispose()
