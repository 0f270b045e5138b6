"""A drill in a spreadsheet: a row for the drill, and rows for its presses, its answers and its deliveries."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from config.clock import stamp
from hub.asking import CancelDrill, PartOfDrill, PlanDrill
from hub.store.export import cell, export
from tests.scenarios.drills.drilling import start, unexpected
from tests.scenarios.rig import WALL_0, Make, Rig
from tests.scenarios.school import school


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    return make_rig(school())


class Files:
    """What was exported."""

    def __init__(self, rig: Rig, to: Path, since: int = 0) -> None:
        self._to = to
        export(rig._reader, rig.settings.site, to, since, 2**53, lambda *_: None)

    def json(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self._to / f"{name}.json").read_text(encoding="utf-8"))
        return found

    def csv(self, name: str) -> list[dict[str, str]]:
        with (self._to / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def at(seconds: float) -> str:
    return stamp(WALL_0 + round(seconds * 1000))


@pytest.fixture
def files(rig: Rig, tmp_path: Path) -> Files:
    """A drill of two rooms, in which one presses twice, and a person answers; and one that was cancelled."""
    rig.ask(PlanDrill("evacuate", "Ortiz", "Lee", "board", 300, start=WALL_0 + 3_600_000))
    rig.ask(CancelDrill("1", "Lee", "board"))
    start(rig, 101, 102, for_s=300)
    rig.wait(10)
    rig.press(101)
    rig.wait(20)
    event = rig.press(101)
    rig.wait(5)
    rig.ask(PartOfDrill("2", "Reyes", "board", "room-101", event))
    rig.acknowledge()
    rig.wait(600)
    return Files(rig, tmp_path / "out")


def test_each_drill_is_one_row(files: Files) -> None:
    """What it was, who led it, when it began and ended, how many rooms pressed, whether it counts."""
    rows = files.json("drills")
    assert [(row["drill"], row["name"], row["state"], row["leader"]) for row in rows] == [
        ("1", "evacuate", "cancelled", "Ortiz"),
        ("2", "lockdown", "ended", "Ortiz"),
    ]
    held = rows[1]
    assert (held["start"], held["ended_at"], held["planned_by"]) == (at(0), at(300), "Lee")
    assert (held["covered"], held["pressed"], held["counts"]) == (2, 1, True)
    assert (held["kinds"], held["rooms"]) == ("panic", "room-101, room-102")
    assert (rows[0]["why"], rows[0]["by"], rows[0]["ended_at"]) == ("Lee cancelled it", "Lee", at(0))


def test_each_press_is_a_row_and_so_is_a_room_without_one(files: Files) -> None:
    """When it was pressed and heard, what it was, who said so and when."""
    rows = [
        (row["drill"], row["device"], row["pressed_at"], row["standing"], row["answer"], row["answered_at"])
        for row in files.json("drill-presses")
    ]
    assert rows == [
        ("2", "room-101", at(10), "expected", None, None),
        ("2", "room-101", at(30), "not-expected", "part-of-drill", at(35)),
        ("2", "room-102", None, None, None, None),
    ]
    assert files.json("drill-presses")[1]["by"] == "Reyes"


def test_each_acknowledgement_is_a_row(files: Files) -> None:
    rows = files.json("drill-acknowledgements")
    assert ("2", at(35), "acknowledged", "Reyes", "board") in [
        (row["drill"], row["at"], row["what"], row["by"], row["via"]) for row in rows
    ]
    assert all(row["incident"] for row in rows)


def test_each_delivery_is_a_row_and_so_is_whom_none_went_to(files: Files) -> None:
    """To the officer at once; to dispatch none, because of the drill."""
    rows = files.json("drill-deliveries")
    first = next(row for row in rows if row["type"] == "incident.opened")
    assert (first["channel"], first["owed_at"], first["at"], first["state"]) == (
        "reyes",
        at(10),
        at(10),
        "delivered",
    )
    spared = {(row["audience"], row["state"], row["why"]) for row in rows if row["state"] == "not sent"}
    assert spared == {("dispatch", "not sent", "not sent because of drill 2")}


@pytest.mark.parametrize("name", ["drills", "drill-presses", "drill-acknowledgements", "drill-deliveries"])
def test_no_cell_holds_json_and_both_files_say_the_same(files: Files, name: str) -> None:
    table, whole = files.csv(name), files.json(name)
    assert len(table) == len(whole) > 0
    for row, same in zip(table, whole, strict=True):
        assert row == {key: str(cell(value)) for key, value in same.items()}
        assert not any(value.startswith(("[", "{")) for value in row.values())


def test_what_became_real_says_when_and_which_incident(rig: Rig, tmp_path: Path) -> None:
    start(rig, 101)
    event = unexpected(rig)
    rig.wait(60)
    rows = Files(rig, tmp_path / "out").json("drill-presses")
    (real,) = [row for row in rows if row["real_at"]]
    assert (real["event"], real["standing"]) == (event, "not-expected")
    assert real["real_incident"] in {one.id for one in rig.view.incidents.values() if not one.drill}
    assert "nobody" in real["real_why"]


def test_a_drill_of_other_days_is_not_in_it(rig: Rig, tmp_path: Path) -> None:
    start(rig, 101, for_s=60)
    rig.wait(61)
    assert Files(rig, tmp_path / "out", since=rig.now().wall + 1).json("drills") == []
