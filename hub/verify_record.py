#!/usr/bin/env python3
"""Finds whether a record of Tocsin was altered. This one file needs Python 3 alone.

    python3 verify_record.py record.jsonl [--head SEQ:HASH ...]

Every row's hash covers the row and the hash before it, from row 0 on. A head is the number and hash of
a row, noted earlier and kept elsewhere (``tocsin-hub record-head``): with it, a cut end and a chain
written anew are found as well. Exit codes: 0 it is whole, 1 it is not, 2 it can't be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

VERSION = "tocsin-record-1"
"""Of what is hashed and how."""
NOTHING = "0" * 64
"""Stands for the hash before row 0."""
BEGAN = "chain-began"
"""What row 0 says."""
REMOVED = "removed"
"""What a row says that names removed values."""
RESTORED = "restored"
"""What the first row says after a backup was put in the place of the record; its ``head`` is the backup's."""
COLUMNS = ("seq", "at", "what", "reason", "incident", "stream", "detail")
"""Of a row of the record; ``detail`` is JSON text as it is stored."""
EVENT_COLUMNS = (
    "digest", "device", "key", "content", "received_at", "what", "kind", "zone", "flaws", "incident",
    "size", "payload_hash",
)  # fmt: skip
"""Of an event's row: all but its time, of which an earlier reckoning may come, and its payload."""
EARLIER = "reckoned-earlier"
"""What a row says that moves an event's time: ``digest`` and ``at_ms`` are of the event."""
TOLD = 50
"""Faults told one by one; all are counted."""

# --- what is hashed ---

_STRING = json.encoder.encode_basestring
"""Writes a string as :data:`_JSON` does."""
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(values: Iterable[Any]) -> bytes:
    """Return values as the one JSON list that stands for them: no spaces, UTF-8, no escape but the needed."""
    return ("[" + ",".join([_plain(value) for value in values]) + "]").encode()


def _plain(value: Any) -> str:
    """Return a value as :data:`_JSON` writes it; what rows mostly hold in a fraction of its time."""
    kind = type(value)
    if kind is str:
        return _STRING(value)
    if kind is int:
        return repr(value)
    return "null" if value is None else _JSON(value)


def link(site: str, before: str, row: Mapping[str, Any]) -> str:
    """Return the hash of a row that follows a row of the hash ``before``."""
    start = b"\0".join((VERSION.encode(), site.encode(), before.encode()))
    return hashlib.sha256(start + b"\0" + canonical([row[name] for name in COLUMNS])).hexdigest()


def value_hash(salt: str, value: str) -> str:
    """Return the hash that stands in the chain for a value beside it; ``value`` is JSON text."""
    return hashlib.sha256(salt.encode() + b"\0" + value.encode()).hexdigest()


def event_hash(event: Mapping[str, Any]) -> str:
    """Return the hash of an event's row, but for its time and payload."""
    return hashlib.sha256(canonical([event[name] for name in EVENT_COLUMNS])).hexdigest()


def payload_hash(payload: bytes) -> str:
    """Return the hash of an event's payload as it is kept."""
    return hashlib.sha256(payload).hexdigest()


# --- the verifier ---


class Verifier:
    """Takes the rows of one site's record in the order of their numbers.

    A row is a mapping of :data:`COLUMNS` and ``hash``; ``personal``, a list of ``{"field", "salt",
    "value"}``, the last two None once removed; and ``event``, None or a mapping of
    :data:`EVENT_COLUMNS` and ``payload``, bytes in base 64, None once removed.
    """

    def __init__(self, site: str, heads: Iterable[tuple[int, str]] = ()) -> None:
        self.faults: list[str] = []
        """The first :data:`TOLD`, in words."""
        self.count = 0
        """All faults."""
        self.rows = 0
        self.head: tuple[int, str] | None = None
        self.removals: list[tuple[int, int, str, int]] = []
        """Row, time (wall ms), why, how many values."""
        self.never_written = 0
        """Numbers without a row where the chain is whole."""
        self.restores: list[tuple[int, int, str]] = []
        """Where a backup was put in the record's place: its last row, the first after it, and its moment."""
        self._site = site
        self._heads: dict[int, list[str]] = {}
        for seq, value in heads:
            self._heads.setdefault(seq, []).append(value)
        self._gone: dict[str, None] = {}
        self._removed: set[str] = set()
        self._moved: dict[str, tuple[int, Any, Any]] = {}
        """Events whose time is another than their row says, by digest: row, time, last reckoning."""

    def take(self, row: Mapping[str, Any]) -> None:
        """Look at the next row, whatever it holds."""
        self.rows += 1
        try:
            self._take(row)
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            self.fault(
                f"the row after row {-1 if self.head is None else self.head[0]} can't be read: {error!r}"
            )

    def _take(self, row: Mapping[str, Any]) -> None:
        seq, found = row["seq"], row["hash"]
        before = NOTHING if self.head is None else self.head[1]
        last = -1 if self.head is None else self.head[0]
        follows = found == link(self._site, before, row)
        if self.head is None and (seq != 0 or row["what"] != BEGAN):
            self.fault("row 0, with which the chain begins, is missing")
        if seq <= last:
            self.fault(f"row {seq} stands after row {last}")
        elif not follows and seq > last + 1:
            self.fault(f"rows {last + 1} to {seq - 1} are missing, or row {seq} is altered")
        elif not follows:
            self.fault(f"row {seq} is altered, or not the one that followed row {last}")
        elif row["what"] == RESTORED:
            self.restores.append((last, seq, str(json.loads(row["detail"]).get("backup_at"))))
        else:
            self.never_written += seq - last - 1
        for head in self._heads.pop(seq, ()):
            if head != found:
                self.fault(
                    f"row {seq} is not the one of the head that was noted: the record was written anew"
                )
        self.head = (seq, found)
        self._look_beside(row)

    def end(self) -> None:
        """Say what only the end tells."""
        if self.head is None:
            self.fault("there is no row at all")
        last = -1 if self.head is None else self.head[0]
        for seq in sorted(self._heads):
            lost = [found for found in self.restores if found[0] < seq < found[1]]
            if lost:
                self.fault(
                    f"row {seq}, of the head that was noted, is lost: the backup of {lost[0][2]}, which was"
                    f" restored since, ends at row {lost[0][0]}"
                )
                continue
            where = f"the record ends at row {last}" if seq > last else "the record has no such row"
            self.fault(f"row {seq}, of the head that was noted, is missing: {where}; its end was cut off")
        for ref in self._gone:
            self.fault(f"{ref}: the value is gone, and no row says that it was removed")
        for seq, at, reckoned in self._moved.values():
            if at != reckoned:
                self.fault(f"row {seq}: its event's time is altered")

    def fault(self, words: str) -> None:
        """Count a fault."""
        self.count += 1
        if len(self.faults) < TOLD:
            self.faults.append(words)

    def _look_beside(self, row: Mapping[str, Any]) -> None:
        """Compare what lies beside the chain with what the row says of it."""
        seq = row["seq"]
        try:
            detail = json.loads(row["detail"])
        except (TypeError, ValueError):
            detail = None
        if not isinstance(detail, dict):
            self.fault(f"row {seq}: its detail can't be read")
            return
        beside = {kept["field"]: kept for kept in row.get("personal") or ()}
        for name, value in detail.items():
            if isinstance(value, dict) and value.keys() == {"ref", "hash"}:
                self._value(value, beside.pop(name, None))
        for name in beside:
            self.fault(f"{seq}.{name}: a value that no row knows")
        self._event(seq, detail.get("event"), row.get("event"))
        if row["what"] == REMOVED:
            self._removal(row, detail)
        moved = self._moved.get(str(detail.get("digest"))) if row["what"] == EARLIER else None
        if moved is not None:
            self._moved[str(detail["digest"])] = (moved[0], moved[1], detail.get("at_ms"))

    def _value(self, known: Mapping[str, Any], kept: Mapping[str, Any] | None) -> None:
        ref = str(known["ref"])
        if kept is None or kept["value"] is None or kept["salt"] is None:
            self._gone[ref] = None
        elif value_hash(kept["salt"], kept["value"]) != known["hash"]:
            self.fault(f"{ref}: the value is altered")

    def _event(self, seq: int, known: Any, event: Mapping[str, Any] | None) -> None:
        if not isinstance(known, dict) or "row" not in known:
            if event is not None:
                self.fault(f"row {seq}: an event that the row doesn't know")
            return
        if event is None:
            self.fault(f"row {seq}: its event is missing")
            return
        if event_hash(event) != known["row"]:
            self.fault(f"row {seq}: its event is altered")
        if "at" in known and event["at"] != known["at"]:  # rows of before hold no time
            self._moved[event["digest"]] = (seq, event["at"], None)
        payload = event["payload"]
        if payload is None:
            self._gone[f"{seq}.payload"] = None
        elif payload_hash(base64.b64decode(payload)) != known.get("payload"):
            self.fault(f"row {seq}: its event's payload is altered")

    def _removal(self, row: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        refs = [str(ref) for ref in detail.get("refs", ())]
        for ref in refs:
            if ref in self._gone:
                del self._gone[ref]
                self._removed.add(ref)
            elif ref not in self._removed:
                self.fault(f"row {row['seq']}: it says that {ref} was removed, and it was not")
        self.removals.append((row["seq"], row["at"], str(row["reason"]), len(refs)))


def said(verifier: Verifier) -> Iterator[str]:
    """Yield what is to be told of a record that was looked at, a line at a time."""
    for words in verifier.faults:
        yield f"  {words}"
    if verifier.count > len(verifier.faults):
        yield f"  and {verifier.count - len(verifier.faults)} faults more"
    by_day: dict[tuple[str, str], int] = {}
    for _, at, why, count in verifier.removals:
        day = datetime.fromtimestamp(at / 1000, timezone.utc).strftime("%Y-%m-%d")  # noqa: UP017
        by_day[(day, why)] = by_day.get((day, why), 0) + count
    for (day, why), count in by_day.items():
        yield f"  removed on {day}: {count} value{'s' if count != 1 else ''} ({why})"
    for last, first, moment in verifier.restores:
        yield f"  restored from the backup of {moment}: rows after row {last} were lost, row {first} goes on"
    if verifier.never_written:
        count = verifier.never_written
        yield f"  {count} number{'s were' if count != 1 else ' was'} never written; the chain is whole around"
    head = "none" if verifier.head is None else f"{verifier.head[0]}:{verifier.head[1]}"
    rows = f"{verifier.rows} row{'s' if verifier.rows != 1 else ''}"
    if verifier.count:
        yield f"NOT WHOLE: {verifier.count} fault{'s' if verifier.count != 1 else ''} in {rows}"
    else:
        yield f"whole: {rows}, head {head}"


# --- by itself, on an export ---


class Bar:
    """A bar on a terminal; nothing elsewhere."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown = -1
        self._terminal = sys.stderr is not None and sys.stderr.isatty()

    def at(self, done: int, whole: int) -> None:
        """Show how far it is."""
        percent = 100 if whole <= 0 else min(100 * done // whole, 100)
        if self._terminal and percent != self._shown:
            self._shown = percent
            full = percent // 5
            end = "\n" if percent == 100 else ""
            line = f"\r[{'#' * full}{'.' * (20 - full)}] {percent}% {self._name}{end}"
            sys.stderr.write(line)
            sys.stderr.flush()


def head_of(text: str) -> tuple[int, str]:
    """Read ``SEQ:HASH``; raises argparse's error."""
    seq, _, value = text.strip().partition(":")
    if not seq.isdecimal() or len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"found {text!r}, must be SEQ:HASH as record-head prints it")
    return int(seq), value


def read(path: str, heads: Iterable[tuple[int, str]]) -> Verifier:
    """Look at an export; raises ``OSError``, and ``ValueError`` where it isn't one."""
    bar, done = Bar("rows"), 0
    with open(path, "rb") as file:  # noqa: PTH123 - an older Python's, too
        whole = file.seek(0, 2)
        file.seek(0)
        first = file.readline()
        header = json.loads(first)
        if not isinstance(header, dict) or header.get("record") != VERSION:
            raise ValueError(f"its first line is not that of an export of {VERSION}")
        verifier = Verifier(header["site"], heads)
        done += len(first)
        for number, line in enumerate(file, 2):
            done += len(line)
            try:
                row = json.loads(line)
            except ValueError as error:
                verifier.fault(f"line {number} can't be read: {error}"[:200])
            else:
                verifier.take(row)
            bar.at(done, whole)
    verifier.end()
    return verifier


def main(argv: list[str] | None = None) -> int:
    """Look at an export; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", help="record.jsonl, as tocsin-hub export writes it")
    parser.add_argument("--head", action="append", default=[], type=head_of, metavar="SEQ:HASH")
    options = parser.parse_args(argv)
    try:
        verifier = read(options.export, options.head)
    except (OSError, ValueError, KeyError) as error:
        print(f"{options.export}: {error}", file=sys.stderr)
        return 2
    print("\n".join(said(verifier)))
    return 1 if verifier.count else 0


if __name__ == "__main__":
    sys.exit(main())
