"""Doors on the board, on their page, week by week, and over the API."""

from __future__ import annotations

from msgspec.structs import replace

from hub.door_week import DoorCount, DoorWeek
from hub.incident import Place
from hub.view import DoorView
from tests.hub.console.caller import Caller, Reply
from tests.hub.console.front_desk import FrontDesk

A = "/api/v1"
HOUR = 3_600_000


def door(desk: FrontDesk, room: int, state: str, building: str = "Main", **more: object) -> None:
    place = Place(f"room-{room}", f"Room {room}", building)
    view = DoorView(place, "door", f"Door {room}", state, desk.wall() - HOUR)
    desk.view.doors[place.device, "door"] = replace(view, **more)
    desk.view.tell(None)


def over(desk: FrontDesk, **more: int) -> DoorWeek:
    count = DoorCount("room-101", "door", "Door 3", "Gym", "Main", opened=7, longest_ms=400_000)
    week = DoorWeek("2026-W39", desk.wall() - 300 * HOUR, desk.wall() - 132 * HOUR, desk.wall(), (count,))
    week = replace(week, doors=(replace(count, **more),))
    desk.view.door_weeks[week.week] = week
    return week


def posture(desk: FrontDesk, name: str, *, drill: bool = False) -> None:
    desk.view.posture = replace(desk.view.posture, posture=name, drill=drill)
    desk.view.tell(None)


def sign(lee: Caller, exceptions: str) -> Reply:
    page = lee.get("/doors/weeks/2026-W39")
    fields = {"csrf": page.field("csrf"), "version": page.field("version"), "exceptions": exceptions}
    return lee.form("/doors/weeks/2026-W39/sign", fields)


def test_in_a_lockdown_the_board_shows_first_which_doors_are_not_closed(desk: FrontDesk, lee: Caller) -> None:
    """By building; one that isn't known is said as that, and why."""
    desk.hear_all()
    door(desk, 101, "open")
    door(desk, 102, "closed")
    door(desk, 103, "closed", "North", unknown="cut wire")
    desk.press()
    posture(desk, "lockdown")
    page = lee.get("/").text
    assert page.index('id="doors-now"') < page.index('class="cards"')
    shown = page[page.index('id="doors-now"') : page.index('class="cards"')]
    assert shown.index("Main") < shown.index("Door 101") < shown.index("North") < shown.index("Door 103")
    assert "Door 102" not in shown
    assert "<b>not known</b>: cut wire; closed as last known" in shown


def test_the_board_names_six_doors_a_building_and_how_many_more(desk: FrontDesk, lee: Caller) -> None:
    """The button of a call must not sink below a long list; the page of doors has them all."""
    for n in range(101, 107):
        door(desk, n, "open")
    for n in range(107, 110):
        place = Place(f"room-{n}", f"Room {n}", "Main")
        desk.view.doors[place.device, "door"] = DoorView(place, "door", f"Door {n}", "open", desk.wall())
    posture(desk, "lockdown")
    page = lee.get("/").text
    shown = page[page.index('id="doors-now"') : page.index('id="calm"')]
    assert shown.count("Door 1") == 6
    assert "and 3 more" in shown
    everything = lee.get("/doors").text
    first = everything[everything.index('id="not-closed"') : everything.index("Every door")]
    assert first.count("<b>Door 1") == 9


def test_in_a_drill_or_in_quiet_the_board_shows_no_list_of_doors(desk: FrontDesk, lee: Caller) -> None:
    door(desk, 101, "open")
    posture(desk, "lockdown", drill=True)
    assert 'id="doors-now"' not in lee.get("/").text


def test_during_a_call_the_doors_stand_below_it(desk: FrontDesk, lee: Caller) -> None:
    door(desk, 101, "open")
    desk.press()
    page = lee.get("/").text
    assert page.index('class="cards"') < page.index('id="doors-now"')


def test_the_page_of_doors_begins_with_those_that_are_not_closed(desk: FrontDesk, lee: Caller) -> None:
    desk.hear_all()
    door(desk, 101, "closed")
    door(desk, 102, "open")
    page = lee.get("/doors").text
    assert page.index('id="not-closed"') < page.index('id="door-room-101-door"')
    first = page[page.index('id="not-closed"') : page.index("Every door")]
    assert "Door 102" in first
    assert "Door 101" not in first


def test_a_week_is_shown_signed_and_signed_again(desk: FrontDesk, lee: Caller) -> None:
    """With its exceptions, and what each person said of them."""
    over(desk, held_open=2, faults=1)
    page = lee.get("/doors/weeks/2026-W39").text
    assert "held open 2 times, wire fault" in page
    assert "Nobody has signed it." in page
    said = sign(lee, "a delivery")
    assert "Week 2026-W39 is signed." in said.text
    sign(lee, "the wire is mended")
    page = lee.get("/doors/weeks/2026-W39").text
    assert "version 1: a delivery" in page
    assert "version 1: the wire is mended" in page
    assert "signed by" in lee.get("/doors").text


def test_a_week_that_was_corrected_says_so(desk: FrontDesk, lee: Caller) -> None:
    over(desk)
    sign(lee, "")
    week = desk.view.door_weeks["2026-W39"]
    desk.view.door_weeks["2026-W39"] = replace(week, version=2)
    assert "corrected since it was signed" in lee.get("/doors/weeks/2026-W39").text


def test_a_week_that_was_corrected_since_it_was_shown_is_not_signed(
    desk: FrontDesk, lee: Caller, api: Caller
) -> None:
    """The person is told what changed, and reads it anew."""
    over(desk)
    page = lee.get("/doors/weeks/2026-W39")
    fields = {"csrf": page.field("csrf"), "version": page.field("version"), "exceptions": ""}
    week = desk.view.door_weeks["2026-W39"]
    more = (replace(week.doors[0], opened=8),)
    desk.view.door_weeks["2026-W39"] = replace(week, version=2, doors=more, before=week.doors)
    refused = lee.form("/doors/weeks/2026-W39/sign", fields)
    assert refused.status == 409
    assert "week 2026-W39 is at version 2 now: Door 3: opened 7, now 8" in refused.text
    assert api.post(f"{A}/doors/weeks/2026-W39/sign", {"version": 1}).status == 409
    assert api.post(f"{A}/doors/weeks/2026-W39/sign", {"version": "2"}).status == 422
    assert api.post(f"{A}/doors/weeks/2026-W39/sign", {"version": 2}).status == 200


def test_a_week_that_nobody_knows_is_not_found(lee: Caller) -> None:
    assert lee.get("/doors/weeks/2020-W01").status == 404


def test_the_api_lists_and_signs_weeks(desk: FrontDesk, api: Caller) -> None:
    over(desk, after_hours=1)
    (week,) = api.get(f"{A}/doors/weeks").json["weeks"]
    assert (week["week"], week["version"], week["doors"][0]["after_hours"]) == ("2026-W39", 1, 1)
    signed = api.post(f"{A}/doors/weeks/2026-W39/sign", {"exceptions": "the caterer"})
    assert (signed.status, signed.json["week"]["signatures"][0]["exceptions"]) == (200, "the caterer")
    assert api.post(f"{A}/doors/weeks/2020-W01/sign", {}).status == 404
    assert api.post(f"{A}/doors/weeks/2026-W39/sign", {"exceptions": 7}).status == 422


def test_an_incident_of_a_door_sounds_no_alarm_and_stands_below_calls(desk: FrontDesk, lee: Caller) -> None:
    """One grey line above the page; its card says what is told."""
    desk.press()
    desk.door_told("room-102", "Door 102", "held open for 5 min")
    page = lee.get("/").text
    assert page.count('class="alarm"') == 1
    assert "DOOR Door 102 (Room 102): held open for 5 min" in page[: page.index("<main")]
    assert page.index("PANIC") < page.index('<span class="kind">DOOR')
