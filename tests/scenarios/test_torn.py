"""A start on a record of which rows are damaged: they are set aside by name, and nobody is left untold."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from hub.asking import PlanDrill
from hub.store.reading import Reading
from tests.scenarios.doors.house import GYM, KITCHEN, begun, door, doors_settings
from tests.scenarios.rig import Rig

DAMAGES = ("", "{", "[[1]]", "null", '{"id":7,"rooms":"none","target":1,"place":0,"kind":"x"}', "[" * 5000)
COLUMNS = {
    "incidents": ("body", "course"),
    "deliveries": ("row",),
    "troubles": ("row",),
    "devices": ("row",),
    "doors": ("row",),
}


def columns() -> list[tuple[str, str]]:
    return [(table, column) for table, names in COLUMNS.items() for column in names]


def damage(rig: Rig, table: str, column: str, value: str | bytes) -> int:
    """Write something else in place of a column's JSON in every row; returns how many rows."""
    engine = create_engine(rig._url)
    with engine.begin() as connection:
        value = value.encode() if table == "deliveries" and isinstance(value, str) else value
        shape = f"CAST(:value AS {'BLOB' if table == 'deliveries' else 'TEXT'})"
        done = connection.execute(text(f"UPDATE {table} SET {column} = {shape}"), {"value": value})
    engine.dispose()
    return int(done.rowcount)


def change(rig: Rig, table: str, column: str, **fields: Any) -> None:
    """Change some fields of the one row whose JSON holds them."""
    engine = create_engine(rig._url)
    with engine.begin() as connection:
        (kept,) = connection.execute(text(f"SELECT {column} FROM {table}")).scalars().all()
        damaged = msgspec.json.encode(msgspec.json.decode(kept) | fields).decode()
        connection.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": damaged})
    engine.dispose()


def restart(rig: Rig) -> None:
    rig.restart(1)
    rig.settle()
    rig.wait(1)


@pytest.fixture
def eventful(make_rig: Callable[..., Rig]) -> Rig:
    """A school with a call in two rooms, something owed, a trouble, devices and a door that is open."""
    rig = begun(make_rig(doors_settings()))
    door(rig, GYM, "open")
    rig.zone_says(KITCHEN, "tamper", "quiet", "cut")
    rig.far["dispatch"] = "down"
    rig.press(GYM)
    rig.wait(1)
    rig.press(KITCHEN)
    rig.wait(1)
    return rig


@pytest.mark.parametrize("value", [*DAMAGES, b"\xff\xfe{"])
def test_a_hub_starts_whatever_a_row_says(eventful: Rig, value: str | bytes) -> None:
    """Every row of every table, one table after the other; and a press is told at once."""
    for table, column in columns():
        eventful.crash()
        assert damage(eventful, table, column, value), table
        restart(eventful)
        eventful.notices.clear()
        pressed = eventful.press(KITCHEN, "quiet", "duress")
        eventful.wait(1)
        told = {n.channel for n in eventful.notices if any(e["id"] == pressed for e in n.incident["events"])}
        assert "sro" in told, table


@pytest.mark.parametrize(("table", "column"), columns())
def test_a_damaged_row_is_set_aside_once_by_name(eventful: Rig, table: str, column: str) -> None:
    """As a trouble that is read as one; its text is kept, and a further start says nothing new."""
    eventful.crash()
    damage(eventful, table, column, "oops")
    restart(eventful)
    named = [key for key in eventful.troubles("kept") if key.startswith(f"kept {table} ")]
    assert named
    kept = eventful.journal.load().facts
    assert all("oops" in kept[f"unread {key.removeprefix('kept ')}"] for key in named)
    restart(eventful)
    rows = [detail["key"] for what, _, detail in eventful.record() if what == "trouble"]
    assert [rows.count(key) for key in named] == [1] * len(named)


@pytest.mark.parametrize("value", DAMAGES)
def test_an_unresolved_incident_is_there_with_its_rooms_and_is_told_anew(rig: Rig, value: str) -> None:
    """In doubt nobody has it in hand, whatever was said before; its plan goes on to its end."""
    rig.press(101)
    rig.wait(1)
    rig.press(102)
    rig.wait(3)
    rig.acknowledge()
    rig.wait(1)
    (was,) = rig.view.incidents.values()
    was_told_at = rig.t
    rig.crash()
    damage(rig, "incidents", "body", value)
    restart(rig)
    (now,) = rig.view.incidents.values()
    assert (now.id, now.number, now.group, now.kind, now.state) == (
        was.id,
        was.number,
        was.group,
        "panic",
        "open",
    )
    assert [room.place for room in now.rooms] == [room.place for room in was.rooms]
    assert [press.id for press in now.events] == [press.id for press in was.events]
    assert now.revision > was.revision
    rig.wait(91)
    told = [(notice.audience, notice.type) for notice in rig.notices if notice.at > was_told_at]
    assert told[0] == ("sro", "incident.updated")
    assert {("principal", "incident.opened"), ("dispatch", "incident.opened")} <= set(told)
    rig.press(103)
    assert [len(one.rooms) for one in rig.view.incidents.values()] == [3]


def test_whoever_was_told_hears_of_it_again_and_can_answer(rig: Rig) -> None:
    rig.press(101)
    rig.wait(1)
    rig.acknowledge()
    rig.wait(1)
    rig.crash()
    damage(rig, "incidents", "body", "oops")
    rig.said()
    restart(rig)
    assert [line.split(" s ")[1].split(" r")[0] for line in rig.said()] == ["sro updated"]
    rig.acknowledge()
    rig.wait(1)
    assert [one.state for one in rig.view.incidents.values()] == ["acknowledged"]
    rig.resolve()
    assert not rig.view.incidents


def test_with_its_course_alone_damaged_its_plan_begins_anew(rig: Rig) -> None:
    rig.press(101)
    rig.wait(1)
    rig.crash()
    damage(rig, "incidents", "course", "oops")
    rig.said()
    restart(rig)
    rig.wait(61)
    assert {"sro", "principal", "dispatch"} <= {notice.audience for notice in rig.notices}


def test_what_is_readable_of_an_incident_is_used(rig: Rig) -> None:
    """One field of another release takes nothing else with it."""
    rig.press(101)
    rig.wait(1)
    (was,) = rig.view.incidents.values()
    rig.crash()
    change(rig, "incidents", "body", kind="tornado", late="perhaps")
    restart(rig)
    (now,) = rig.view.incidents.values()
    assert (now.kind, now.events, now.opened_at) == ("panic", was.events, was.opened_at)


def test_an_incident_of_which_nothing_is_left_is_a_panic_of_an_unknown_room(rig: Rig) -> None:
    rig.press(101)
    rig.wait(1)
    rig.crash()
    damage(rig, "incidents", "body", "oops")
    damage(rig, "record", "detail", "oops")
    restart(rig)
    (now,) = rig.view.incidents.values()
    assert (now.kind, now.state) == ("panic", "open")
    assert [room.place.room for room in now.rooms] == ["a room that could not be read"]


def test_a_drill_that_the_record_knows_is_one_still(eventful: Rig) -> None:
    """Its incident calls no dispatch: the record says whose presses they were."""
    eventful.resolve()
    eventful.ask(PlanDrill("lockdown", "ortiz", "Lee", "board", 900, rooms=(f"room-{GYM}",)))
    eventful.press(GYM)
    eventful.wait(1)
    was = next(one for one in eventful.view.incidents.values() if one.drill)
    eventful.crash()
    damage(eventful, "incidents", "body", "oops")
    restart(eventful)
    now = eventful.view.incidents[was.id]
    assert (now.drill_id, now.group) == (was.drill_id, was.group)


def test_what_was_owed_and_cannot_be_read_is_told_again(rig: Rig) -> None:
    """To all who were told of that incident: nobody knows whom it was for."""
    rig.far["sro"] = "hangs"
    rig.press(101)
    rig.wait(1)
    rig.crash()
    damage(rig, "deliveries", "row", "oops")
    rig.far.clear()
    restart(rig)
    assert [notice.audience for notice in rig.notices] == ["sro"]
    restart(rig)
    assert [notice.audience for notice in rig.notices] == ["sro"]


def test_a_damaged_trouble_is_open_under_its_key_and_ends_as_any(eventful: Rig) -> None:
    eventful.crash()
    damage(eventful, "troubles", "row", "oops")
    restart(eventful)
    (trouble,) = [one for one in eventful.view.troubles.values() if one.key.startswith("tamper ")]
    assert (trouble.what, trouble.device) == ("tamper", f"room-{KITCHEN}")
    eventful.zone_says(KITCHEN, "tamper-restoral", "quiet", "cut")
    assert trouble.key not in eventful.troubles()


def test_pages_show_what_is_left_of_damaged_rows(eventful: Rig) -> None:
    """A resolved one among them: no page, list or stream fails for it."""
    eventful.resolve()
    eventful.wait(1)
    (before,) = [one for one in Reading(eventful._reader, "lincoln").incidents() if one.kind == "panic"]
    eventful.crash()
    damage(eventful, "incidents", "body", "oops")
    damage(eventful, "troubles", "row", "oops")
    reading = Reading(eventful._reader, "lincoln")
    (shown,) = [one for one in reading.incidents() if one.kind == "panic"]
    assert (shown.number, shown.state) == (before.number, "resolved")
    assert [room.place.device for room in shown.rooms] == [room.place.device for room in before.rooms]
    assert reading.incident(shown.id) == shown
    assert reading.stream_since(0)[-1].incident.state == "resolved"
    assert {one.key for one in reading.troubles()} >= {f"tamper room-{KITCHEN} quiet cut"}
    restart(eventful)
    assert eventful.troubles("kept")


@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_damaged_the_incident_is_open_still(
    empty_record: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any bytes of any row are other ones: no call is closed, and the next press is told."""
    folder = tmp_path_factory.mktemp("torn")
    shutil.copy(empty_record, folder / "tocsin.db")
    rig = Rig(folder)
    rig.press(101)
    rig.wait(1)
    rig.press(140, "quiet", "duress")
    rig.wait(1)
    (was,) = rig.view.incidents.values()
    rig.crash()
    engine = create_engine(rig._url)
    with engine.begin() as connection:
        for table, column in columns():
            found = connection.execute(text(f"SELECT rowid, CAST({column} AS BLOB) FROM {table}")).all()
            for row, kept in found:
                at = data.draw(st.integers(0, len(kept) - 1))
                other = data.draw(st.binary(max_size=4))
                damaged = kept[:at] + other + kept[at + data.draw(st.integers(0, 40)) :]
                shape = "BLOB" if table == "deliveries" else "TEXT"
                statement = f"UPDATE {table} SET {column} = CAST(:value AS {shape}) WHERE rowid = :row"
                connection.execute(text(statement), {"value": damaged, "row": row})
    engine.dispose()
    restart(rig)
    (now,) = rig.view.incidents.values()
    assert (now.id, now.number, now.state) == (was.id, was.number, "open")
    assert now.rooms
    pressed = rig.press(102)
    rig.wait(3)
    assert any(event["id"] == pressed for notice in rig.notices for event in notice.incident["events"])
    restart(rig)
    assert was.id in rig.view.incidents
