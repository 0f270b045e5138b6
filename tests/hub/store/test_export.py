"""An export is read back as it was; its record is verified by the one file, without the hub."""

from __future__ import annotations

import csv
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hub.verify_record
from hub.asking import Resolve, SetPosture
from hub.decision import Decision, RecordRow
from hub.inputs import Asked
from hub.store import chain
from hub.store.export import cell, export
from hub.store.journal import Journal
from hub.verify_record import read
from tests.hub.making import T0, at, event_bytes, new_site, take
from tests.hub.store.conftest import Store
from tests.hub.store.test_chain import morning

DAY = 86_400_000


@pytest.fixture
def written(store: Store) -> Store:
    """An eventful morning, a door that opened, a zone that was proved."""
    journal = Journal(store.engine, "lincoln")
    site = new_site()
    done = [
        take(site, event_bytes(id="d1", kind="door", zone="door", what="open"), 2),
        take(site, event_bytes(id="d2", kind="door", zone="door", what="closed"), 90_000),
        take(site, event_bytes(id="p1"), 3),
    ]
    incident = next(iter(done[2].incidents))
    resolve = Resolve(incident, "=HYPERLINK(1)", "board", "real", "all\nwell")
    done.append(site.decide(Asked(resolve, lambda _: None), at(5)))
    lockdown = SetPosture("lockdown", "Reyes", "board")
    done.append(site.decide(Asked(lockdown, lambda _: None), at(6)))
    proved = {"device": "room-101", "zone": "wall", "by": "Okafor"}
    seq = max(row.seq for decision in done for row in decision.record) + 1
    done.append(Decision(0.0, record=[RecordRow(seq, T0, "proved", "walk test", detail=proved)]))
    journal.commit(done)
    journal.close()
    return store


def exported(store: Store, to: Path, since: int = 0, until: int = 2**53) -> list[Path]:
    return export(store.reader(), "lincoln", to, since, until, lambda *_: None)


def both(to: Path, name: str) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    with (to / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), json.loads((to / f"{name}.json").read_text(encoding="utf-8"))


def test_weeks_of_doors_are_written_door_by_door_with_their_signatures(store: Store, tmp_path: Path) -> None:
    """A correction stands beside what it corrects, and who signed beside what they said."""
    door = dict.fromkeys(("opened", "longest_ms", "held_open", "after_hours", "secure", "faults"), 0)
    door |= {"unknown_ms": 0, "device": "room-101", "zone": "door", "name": "Door 3", "room": "Gym"}
    door["building"] = "Main"
    rows = [
        RecordRow(seq, T0, "door-week", "over", detail={"week": "2026-W39", "version": seq, "doors": [door]})
        for seq in (1, 2)
    ]
    said = {"week": "2026-W39", "version": 2, "by": "Ortiz", "via": "board", "note": "a delivery"}
    rows.append(RecordRow(3, T0, "door-week-signed", "signed", detail=said))
    journal = Journal(store.engine, "lincoln")
    journal.commit([Decision(0.0, record=rows)])
    journal.close()
    exported(store, tmp_path / "out")
    table, whole = both(tmp_path / "out", "door-weeks")
    assert [(row["week"], row["version"], row["name"]) for row in whole] == [
        ("2026-W39", 1, "Door 3"),
        ("2026-W39", 2, "Door 3"),
    ]
    assert table[0]["building"] == "Main"
    (signed,) = both(tmp_path / "out", "door-weeks-signed")[1]
    assert (signed["by"], signed["note"], signed["version"]) == ("Ortiz", "a delivery", 2)


def test_lists_are_read_back_as_they_were(written: Store, tmp_path: Path) -> None:
    """CSV and JSON hold the same; no cell is a formula; nobody else may read them."""
    to = tmp_path / "out"
    made = exported(written, to)
    names = (
        *("incidents", "doors", "doors-now", "door-weeks", "door-weeks-signed"),
        *("tests", "drills", "drill-presses", "drill-acknowledgements", "drill-deliveries", "postures"),
    )
    assert sorted(path.name for path in made) == sorted(
        [f"{name}.{kind}" for name in names for kind in ("csv", "json")] + ["record.jsonl"]
    )
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    table, whole = both(to, "incidents")
    assert (whole[0]["resolved_by"], table[0]["resolved_by"]) == ("=HYPERLINK(1)", "'=HYPERLINK(1)")
    assert (table[0]["rooms"], table[0]["disposition"]) == ("Room 101", "real")
    table, whole = both(to, "doors")
    assert [row["what"] for row in table] == [row["what"] for row in whole] == ["open", "closed"]
    table, whole = both(to, "tests")
    assert [(row["zone"], row["detail"]["by"]) for row in whole] == [("wall", "Okafor")]
    assert json.loads(table[0]["detail"]) == whole[0]["detail"]
    assert both(to, "drills") == ([], [])
    table, whole = both(to, "postures")
    assert [(row["reason"], row["detail"]["by"]) for row in whole] == [("normal → lockdown", "Reyes")]
    assert both(to, "doors-now")[1][0]["state"] == "closed"


def test_lists_are_of_the_days_that_were_asked_for(written: Store, tmp_path: Path) -> None:
    """The record is whole all the same."""
    exported(written, tmp_path, T0 + DAY, T0 + 2 * DAY)
    assert [row["what"] for row in both(tmp_path, "doors")[1]] == ["closed"]
    assert both(tmp_path, "incidents") == ([], [])
    assert read(str(tmp_path / "record.jsonl"), []).faults == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_a_formula(start: str) -> None:
    """An apostrophe stands before what would; other values are as they are."""
    assert cell(f"{start}1+1") == f"'{start}1+1"
    assert cell("1+1") == "1+1"
    assert cell(-3) == -3
    assert cell(None) == ""


def by_itself(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the one file where nothing of Tocsin can be imported."""
    program = folder / "verify_record.py"
    shutil.copy(hub.verify_record.__file__, program)
    command = [sys.executable, "-I", str(program), *words]
    return subprocess.run(
        command, cwd=folder, env={"PATH": os.defpath}, capture_output=True, text=True, check=False
    )


def test_the_one_file_verifies_an_export_by_itself(store: Store, tmp_path: Path) -> None:
    """Exit codes 0, 1 and 2; the head that was noted holds, and a cut end shows by it."""
    journal = Journal(store.engine, "lincoln")
    journal.commit(morning())
    journal.close()
    seq, value = chain.head(store.engine, "lincoln") or (0, "")
    exported(store, tmp_path)
    whole = by_itself(tmp_path, "record.jsonl", "--head", f"{seq}:{value}")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout == f"whole: {store.count('record')} rows, head {seq}:{value}\n"
    lines = (tmp_path / "record.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_text("".join(lines[:-2]), encoding="utf-8")
    cut = by_itself(tmp_path, "cut.jsonl", "--head", f"{seq}:{value}")
    assert cut.returncode == 1
    assert "its end was cut off" in cut.stdout
    (tmp_path / "turned.jsonl").write_text("".join([*lines[:5], lines[6], lines[5], *lines[7:]]))
    turned = by_itself(tmp_path, "turned.jsonl")
    assert turned.returncode == 1
    assert "row 4 stands after row 5" in turned.stdout
    for words in (["none.jsonl"], ["verify_record.py"], [], ["record.jsonl", "--head", "7"]):
        assert by_itself(tmp_path, *words).returncode == 2
