"""What a drill leaves behind: its report, and no name in the chain."""

from __future__ import annotations

from hub.asking import EndDrill, PartOfDrill
from hub.drill_record import name_of
from hub.drill_report import incidents_of, report
from hub.store.reading import Reading
from tests.scenarios.drills.drilling import at, start, unexpected
from tests.scenarios.rig import Rig


def test_the_report_has_each_press_each_answer_and_each_delivery_with_times(rig: Rig) -> None:
    """From the record alone: who was told when, whom the drill spared, who answered, which posture held."""
    start(rig, 101, 102, posture="lockdown")
    rig.wait(10)
    first = rig.press(101)
    rig.wait(5)
    rig.acknowledge(by="Reyes")
    rig.wait(45)
    second = rig.press(101)
    rig.wait(31)
    rig.wait(600)
    reading = Reading(rig._reader, rig.settings.site)
    rows = reading.rows_of(name_of("1"))
    names = incidents_of(rows)
    begun, ended = (next(r["seq"] for r in rows if r["what"] == what) for what in ("drill", "drill-ended"))
    told = report(rows, {name: reading.timeline(name) for name in names}, reading.postures(begun, ended))
    assert [room["device"] for room in told["rooms"]] == ["room-101", "room-102"]
    pressed = told["rooms"][0]["presses"]
    assert [(p["event"], p["at"], p["standing"], p["answer"], p["answered_at"]) for p in pressed] == [
        (first, at(10), "expected", None, None),
        (second, at(60), "not-expected", "real", at(90)),
    ]
    assert told["not_pressed"] == ["room-102"]
    assert told["not_expected"] == [pressed[1]]
    assert (at(15), "acknowledged", "Reyes") in [
        (row["at"], row["what"], row["by"]) for row in told["acknowledgements"]
    ]
    _, theirs = names
    delivered = [(row["owed_at"], row["channel"], row["state"], row["at"]) for row in told["deliveries"]]
    assert (at(10), "reyes", "delivered", at(10)) in delivered
    assert (at(90), "dispatch", "delivered", at(90)) in delivered
    assert {row["incident"] for row in told["deliveries"] if row["channel"] == "dispatch"} == {theirs}
    assert [(row["channel"], row["at"]) for row in told["not_sent"]] == [
        ("dispatch", at(10)),
        ("dispatch", at(60)),
    ]
    assert [(row["at"], row["detail"]["to"], row["detail"]["drill"]) for row in told["postures"]][:2] == [
        (at(0), "lockdown", "1"),
        (at(90), "lockdown", None),
    ]


def test_a_drills_rows_name_nobody_in_the_chain(rig: Rig) -> None:
    """Its leader and whoever answered lie beside it."""
    start(rig, leader="ortiz")
    event = unexpected(rig)
    rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event))
    rig.ask(EndDrill("1", "Quentin", "board"))
    with rig._reader.connect() as connection:
        rows = connection.exec_driver_sql("SELECT reason, detail FROM record").all()
    said = " ".join(f"{reason} {detail}" for reason, detail in rows)
    for name in ("Ortiz", "Quentin", "Lee"):
        assert name not in said
