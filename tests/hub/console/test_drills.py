"""Drills on the pages and over the API: planned, watched, answered, made real, reported."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from config.clock import Clock, Now, stamp
from config.drill_settings import DrillsSettings, DueSettings
from hub.console.posture_words import still_holds
from hub.drills_due import Due
from tests.hub.console.caller import Caller, Reply
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served
from tests.hub.making import T0

A = "/api/v1"


class SetClock(Clock):
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.second = 0.0

    def now(self) -> Now:
        return Now(1000 + self.second, T0 + round(self.second * 1000))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def desk(tmp_path: Path, clock: SetClock) -> Any:
    made = FrontDesk(tmp_path, clock=clock)
    yield made
    made.close()


def text(page: Reply) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def starts(api: Caller, **more: Any) -> Any:
    reply = api.post(f"{A}/drills", {"name": "lockdown", "leader": "Ortiz", "for_s": 600, **more})
    assert reply.status == 200, reply.json
    return reply.json["drill"]


def form(lee: Caller, path: str, **fields: str) -> Reply:
    return lee.form(path, {"csrf": lee.get("/drills").field("csrf"), **fields})


# --- over the API ---


def test_a_drill_is_started_pressed_ended_and_reported(desk: FrontDesk, clock: SetClock, api: Caller) -> None:
    """Each room's press or none, each answer, each delivery, with times."""
    drill = starts(api, rooms=["room-101", "room-102"])
    assert (drill["id"], drill["number"], drill["state"]) == ("1", 1, "running")
    clock.second = 10
    event = desk.drill_press("room-101")
    clock.second = 40
    again = desk.drill_press("room-101")
    (shown,) = api.get(f"{A}/drills").json["drills"]
    assert [(p["event"], p["standing"]) for p in shown["presses"]] == [
        (event, "expected"),
        (again, "not-expected"),
    ]
    assert shown["presses"][1]["due"] == stamp(T0 + 70_000)
    answered = api.post(f"{A}/drills/1/part-of-drill", {"device": "room-101", "event": again})
    assert answered.json["drill"]["presses"][1]["standing"] == "part-of-drill"
    clock.second = 60
    assert api.post(f"{A}/drills/1/end", {}).json["drill"]["state"] == "ended"
    whole = api.get(f"{A}/drills/1").json
    report = whole["report"]
    assert [(room["device"], len(room["presses"])) for room in report["rooms"]] == [
        ("room-101", 2),
        ("room-102", 0),
    ]
    assert report["not_pressed"] == ["room-102"]
    (not_expected,) = report["not_expected"]
    assert (not_expected["answer"], not_expected["by"], not_expected["answered_at"]) == (
        "part-of-drill",
        "radio",
        stamp(T0 + 40_000),
    )
    assert report["rooms"][0]["presses"][0]["at"] == stamp(T0 + 10_000)
    assert [row["by"] for row in report["acknowledgements"]] == ["radio"]
    assert [row["what"] for row in report["rows"]] == [
        "drill",
        "drill-press",
        "drill-press",
        "drill-answer",
        "drill-ended",
    ]


def test_a_press_is_made_real_over_the_api(desk: FrontDesk, clock: SetClock, api: Caller) -> None:
    starts(api, posture="lockdown")
    clock.second = 10
    event = desk.drill_press("room-101")
    reply = api.post(f"{A}/drills/1/real", {"device": "room-101", "event": event})
    (incident,) = reply.json["incidents"]
    assert (incident["drill"], incident["kind"], incident["state"]) == (False, "panic", "open")
    assert reply.json["drill"]["real_from"] is not None
    assert desk.view.posture.message() is not None
    report = api.get(f"{A}/drills/1").json["report"]
    assert [row["detail"]["to"] for row in report["postures"] if row["what"] == "posture"] == [
        "lockdown",
        "lockdown",
    ]


def test_all_of_a_drill_is_made_real_without_a_device(desk: FrontDesk, api: Caller) -> None:
    starts(api)
    reply = api.post(f"{A}/drills/1/real", {})
    assert reply.status == 200
    assert reply.json["drill"]["state"] == "ended"


def test_a_drill_is_planned_started_and_cancelled(clock: SetClock, api: Caller) -> None:
    for n in (1, 2):
        drill = starts(api, start=stamp(T0 + 3_600_000 * n))
        assert drill["state"] == "planned"
    assert api.post(f"{A}/drills/1/start", {}).json["drill"]["state"] == "running"
    assert api.post(f"{A}/drills/2/cancel", {}).json["drill"]["state"] == "cancelled"
    refused = api.post(f"{A}/drills/2/start", {})
    assert (refused.status, refused.json["state"], refused.json["allowed"]) == (409, "cancelled", ["planned"])


def test_the_leader_is_whoever_asks_unless_another_is_named(api: Caller) -> None:
    reply = api.post(f"{A}/drills", {"name": "lockdown"})
    assert reply.json["drill"]["leader"] == "radio"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"for_s": 1801}, "for_s"),
        ({"start": "soon"}, "start"),
        ({"rooms": "room-101"}, "rooms"),
        ({"rooms": ["room-999"]}, "rooms"),
        ({"kinds": ["duress"]}, "kinds"),
        ({"posture": "normal"}, "posture"),
        ({"posture": "panic"}, "posture"),
        ({"leader": "x" * 129}, "leader"),
    ],
)
def test_what_no_drill_can_be_is_422_with_its_name(api: Caller, more: dict[str, Any], word: str) -> None:
    reply = api.post(f"{A}/drills", {"name": "lockdown", **more})
    assert reply.status == 422
    assert word in reply.json["detail"]
    assert api.get(f"{A}/drills").json["drills"] == []


def test_a_token_needs_the_scope(desk: FrontDesk, served: Served, api: Caller) -> None:
    """To start a drill its own; to say what a press is, that of an answer. Reading is neither."""
    starts(api)
    reader = Caller(served.port, desk.office.add_token("wall", frozenset({"read"})))
    answers = Caller(served.port, desk.office.add_token("pager", frozenset({"read", "acknowledge"})))
    assert reader.post(f"{A}/drills", {"name": "x"}).status == 403
    assert answers.post(f"{A}/drills", {"name": "x"}).status == 403
    assert answers.post(f"{A}/drills/1/end", {}).status == 403
    assert reader.post(f"{A}/drills/1/real", {}).status == 403
    assert answers.post(f"{A}/drills/1/real", {}).status == 200


def test_an_unknown_drill_or_press_is_404(api: Caller) -> None:
    starts(api)
    assert api.get(f"{A}/drills/77").status == 404
    assert api.post(f"{A}/drills/77/end", {}).status == 404
    assert api.post(f"{A}/drills/1/real", {"device": "room-101", "event": "none"}).status == 404
    assert api.post(f"{A}/drills/1/part-of-drill", {"event": "alone"}).status == 422


def test_an_old_drill_is_read_from_the_record(desk: FrontDesk, clock: SetClock, api: Caller) -> None:
    """What memory has let go is listed and reported all the same."""
    for _ in range(10):
        starts(api)
        api.post(f"{A}/drills/{len(api.get(f'{A}/drills').json['drills'])}/end", {})
    assert "1" not in desk.view.drills
    rows = api.get(f"{A}/drills").json["drills"]
    assert [row["number"] for row in rows] == list(range(10, 0, -1))
    old = api.get(f"{A}/drills/1").json
    assert (old["drill"]["state"], old["drill"]["leader"]) == ("ended", "Ortiz")
    assert set(old["drill"]) == set(rows[0])


# --- the pages ---


def test_every_page_says_that_a_drill_runs(desk: FrontDesk, clock: SetClock, lee: Caller) -> None:
    said = text(form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15"))
    assert "Drill 1 runs." in said
    for page in ("/", "/doors", "/devices", "/incidents", "/troubles", "/posture", "/drills", "/drills/1"):
        assert "DRILL 1 lockdown, until 09:28:20; a press that is expected calls no dispatch" in text(
            lee.get(page)
        ), page
    assert "Drill 1 is over: every press is real." in text(form(lee, "/drills/1/end"))
    assert "DRILL 1" not in text(lee.get("/"))


def test_a_real_panic_shows_on_every_page_as_what_it_is(
    desk: FrontDesk, clock: SetClock, lee: Caller
) -> None:
    """Before everything of the drill, and without its word; and the drill says that every press is real."""
    form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15", **{"room-room-101": "yes"})
    clock.second = 10
    desk.drill_press("room-101")
    clock.second = 12
    desk.drill_press("room-102")
    page = lee.get("/troubles")
    banners = re.findall(r'<a class="alarm[^>]*data-headline="([^"]*)"', page.text)
    assert banners[0].startswith("PANIC Room 102")
    assert banners[1].startswith("DRILL 1, EXPECTED: PANIC Room 101")
    assert "EVERY PRESS IS REAL NOW" in text(page)
    assert re.search(r'<a class="alarm" id', page.text)
    assert re.search(r'<a class="alarm of-drill" id', page.text)


def test_what_was_not_expected_is_asked_on_every_page_with_two_answers(
    desk: FrontDesk, clock: SetClock, lee: Caller
) -> None:
    form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15")
    clock.second = 10
    desk.drill_press("room-101")
    clock.second = 30
    event = desk.drill_press("room-101")
    clock.second = 37
    page = lee.get("/doors")
    assert "NOT EXPECTED in drill 1: Room 101 (wall) pressed again" in text(page)
    assert "REAL in 0:23 unless you answer" in text(page)
    for word in ("real", "part-of-drill"):
        assert f'action="/drills/1/{word}"' in page.text
    said = form(lee, "/drills/1/part-of-drill", device="room-101", event=event)
    assert "Part of drill 1." in text(said)
    assert "unless you answer" not in text(lee.get("/doors"))
    assert "Not done" in text(form(lee, "/drills/1/part-of-drill", device="room-101", event=event))


def test_one_touch_makes_a_press_real(desk: FrontDesk, clock: SetClock, lee: Caller) -> None:
    form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15")
    clock.second = 10
    event = desk.drill_press("room-101")
    assert "Room 101 is real" in text(lee.get("/drills/1"))
    assert "REAL: incident 2." in text(form(lee, "/drills/1/real", device="room-101", event=event))
    assert "EVERY PRESS IS REAL NOW" in text(lee.get("/"))


def test_a_drill_is_planned_by_the_schools_own_clock(desk: FrontDesk, lee: Caller) -> None:
    said = form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="5", start="2026-09-22T10:00")
    assert "Drill 1 is planned." in text(said)
    assert desk.view.drills["1"][0].start == T0 + 89_200_000  # 10:00 in Chicago
    assert "Drill 1 lockdown" in text(lee.get("/drills"))
    assert "Drill 1 is cancelled." in text(form(lee, "/drills/1/cancel"))


def test_the_report_is_on_the_drills_page(desk: FrontDesk, clock: SetClock, lee: Caller) -> None:
    form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15", **{"room-room-101": "yes"})
    clock.second = 10
    desk.drill_press("room-101")
    form(lee, "/drills/1/end")
    said = text(lee.get("/drills/1"))
    assert "1 of 1 rooms pressed." in said
    assert "Room 101 09:13:30 09:13:30 EXPECTED" in said
    assert "drill ended lee ended it" in said


def test_what_is_due_is_on_the_drills_page(desk: FrontDesk, lee: Caller) -> None:
    desk.view.drills_due = (Due("lockdown", 1, 0, T0 + 86_400_000, T0 - 86_400_000),)
    said = text(lee.get("/drills"))
    assert "lockdown overdue since 20 Sep" in said
    assert "next by 22 Sep" in said


def test_where_dispatch_gets_its_test_code_pages_say_so(desk: FrontDesk, lee: Caller) -> None:
    desk.settings = replace(desk.settings, drills=DrillsSettings(dispatch="test"))
    assert "the first short press of each of its rooms is told to dispatch as a TEST" in text(
        lee.get("/drills")
    )
    form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15")
    for page in ("/", "/drills/1"):
        said = text(lee.get(page))
        assert "a press that is expected is told to dispatch as a TEST" in said
        assert "calls no dispatch" not in said


def test_the_form_offers_the_names_by_which_a_drill_counts(desk: FrontDesk, lee: Caller) -> None:
    """And the page says of each drill which rule it counts for."""
    rules = (
        DueSettings(name="Each month", every="month", covers=("lockdown", "Hold")),
        DueSettings(name="evacuate", every="quarter"),
    )
    desk.settings = replace(desk.settings, drills=DrillsSettings(due=rules))
    for name in ("LOCKDOWN", "Lockdown drill"):
        form(lee, "/drills", name=name, leader="Ortiz", minutes="5", start="2026-09-22T10:00")
    page = lee.get("/drills")
    assert re.findall(
        r'<option value="([^"]*)">', page.text.split('id="drill-names"')[1].split("</datalist>")[0]
    ) == [
        "lockdown",
        "Hold",
        "evacuate",
    ]
    said = text(page)
    assert "it counts for what is due: lockdown, Hold for Each month; evacuate for evacuate" in said
    assert "LOCKDOWN 22 Sep 10:00:00 · counts for Each month" in said
    assert "Lockdown drill 22 Sep 10:00:00 · counts for no rule" in said


def test_a_posture_of_a_drill_is_said_to_end_with_it(desk: FrontDesk, lee: Caller) -> None:
    form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15", posture="lockdown")
    assert "No incident's end lowers it: the end of its drill does, or whoever is signed in" in text(
        lee.get("/")
    )
    said = text(lee.get("/posture"))
    assert "the end of its drill does, or a person, here" in said
    assert "nothing else does by itself" not in said
    assert still_holds(desk.view.posture) == (
        " DRILL LOCKDOWN still holds: its drill's end ends it, or a person, at Posture."
    )


def test_what_ends_a_drills_incident_answers_no_press_and_says_so(
    desk: FrontDesk, clock: SetClock, lee: Caller
) -> None:
    form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15")
    clock.second = 10
    desk.drill_press("room-101")
    assert "It does not answer" not in text(lee.get("/"))
    clock.second = 30
    desk.drill_press("room-101")
    assert "It does not answer the press that was not expected" in text(lee.get("/"))


def test_a_leader_who_is_told_of_nothing_is_named(desk: FrontDesk, lee: Caller, api: Caller) -> None:
    """The settings of this desk give nobody a channel."""
    said = text(form(lee, "/drills", name="lockdown", leader="zzz", minutes="15"))
    assert "Drill 1 runs. zzz is told of NOTHING: the settings give that name no channel." in said
    form(lee, "/drills/1/end")
    reply = api.post(f"{A}/drills", {"name": "lockdown", "leader": "zzz", "for_s": 600})
    assert reply.json["leader_told"] is False


def test_a_page_without_the_record_still_shows_the_drill_that_runs(
    desk: FrontDesk, clock: SetClock, lee: Caller
) -> None:
    """And its two answers: nothing of them waits for the disk."""
    form(lee, "/drills", name="lockdown", leader="Ortiz", minutes="15")

    def broken(*_: Any, **__: Any) -> Any:
        raise OSError("the disk is gone")

    desk.reading.rows_of = desk.reading.drills = broken
    assert "Drill 1: lockdown running" in text(lee.get("/drills/1"))
    assert "Older ones can't be shown" in text(lee.get("/drills"))


def test_nobody_who_is_not_signed_in_starts_one(desk: FrontDesk, served: Served) -> None:
    assert Caller(served.port).form("/drills", {"name": "x", "minutes": "5"}).status == 303
    assert desk.view.drills == {}
