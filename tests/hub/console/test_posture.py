"""The posture on every page and over the API: raised with one word, lowered with two."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from msgspec.structs import replace

from config.contract import POSTURES
from hub.console.posture_words import said_of, still_holds
from hub.console.words import Words
from hub.posture import Question, SitePosture
from tests.hub.console.caller import Caller, Reply
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served

A = "/api/v1"
T0 = 1_790_000_000_000
LOCKDOWN = SitePosture(7, "lockdown", False, "2026-09-21T14:13:20.000Z", by="Reyes", via="console")


def text(page: Reply) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def sets(lee: Caller, posture: str, **more: str) -> Reply:
    """What a person's touch on the page comes to, without scripts."""
    csrf = lee.get("/posture").field("csrf")
    return lee.form("/posture", {"csrf": csrf, "posture": posture, "note": "", **more})


# --- the pages ---


def test_every_page_shows_what_holds_and_who_set_it(desk: FrontDesk, lee: Caller) -> None:
    one = desk.press()
    pages = ("/", "/doors", "/devices", "/incidents", f"/incidents/{one.id}", "/troubles", "/posture")
    assert all("Posture: NORMAL" in text(lee.get(page)) for page in pages)
    sets(lee, "lockdown")
    for page in pages:
        assert re.search(r"Posture: LOCKDOWN set by lee, [\d:]+", text(lee.get(page))), page


def test_a_lockdown_is_one_touch_and_its_end_is_two(desk: FrontDesk, lee: Caller) -> None:
    """The second question names what is given up; without scripts as with them."""
    assert "LOCKDOWN holds." in text(sets(lee, "lockdown"))
    asked = sets(lee, "normal")
    assert asked.status == 303
    question = lee.get(asked.headers["Location"])
    assert "LOCKDOWN holds. End it for NORMAL?" in text(question)
    assert desk.view.posture.posture == "lockdown"
    done = sets(lee, "normal", confirm=question.field("confirm"))
    assert "NORMAL holds." in text(done)
    assert desk.view.posture.posture == "normal"


def test_a_posture_that_changed_between_is_not_ended_by_the_second_word(desk: FrontDesk, lee: Caller) -> None:
    """The page says that it changed; the word itself is asked again, with what holds now."""
    sets(lee, "secure")
    question = lee.get(sets(lee, "hold").headers["Location"])
    desk.view.posture = replace(LOCKDOWN, n=desk.view.posture.n + 1)
    refused = sets(lee, "hold", confirm=question.field("confirm"))
    assert (refused.status, desk.view.posture.posture) == (303, "lockdown")
    assert refused.headers["Location"].endswith(str(desk.view.posture.n))
    old = lee.get(f"/posture?to=hold&of={question.field('confirm')}")
    assert "Nothing was changed: the posture has changed" in text(old)
    assert "End it for" not in text(old)


def test_a_script_is_sent_to_the_second_question(lee: Caller) -> None:
    sets(lee, "lockdown")
    csrf = lee.get("/posture").field("csrf")
    fields = {"csrf": csrf, "posture": "normal"}
    reply = lee.form("/posture", fields, Accept="application/json")
    assert (reply.status, reply.json["ok"]) == (409, False)
    assert reply.json["ask"].startswith("/posture?to=normal&of=")


def test_what_is_asked_of_a_person_stands_on_every_page_until_it_is_said(
    desk: FrontDesk, lee: Caller
) -> None:
    question = Question("a panic in Room 101: the lockdown of a drill is real from now on", desk.wall())
    desk.view.posture = replace(LOCKDOWN, by=None, automatic=True, why="a panic in Room 101", asked=question)
    for page in ("/", "/troubles", "/posture"):
        assert "Which posture is to hold? Say it now. a panic in Room 101: the lockdown" in text(
            lee.get(page)
        )
    assert "touch to say that it is to hold" in text(lee.get("/posture"))
    assert "LOCKDOWN holds." in text(sets(lee, "lockdown"))
    assert "Which posture" not in text(lee.get("/"))


def test_a_drill_s_posture_bears_its_word(desk: FrontDesk, lee: Caller) -> None:
    desk.view.posture = replace(LOCKDOWN, by=None, drill=True, drill_id="7")
    assert "DRILL Posture: LOCKDOWN of a drill, since" in text(lee.get("/"))
    assert "holds as a drill: touch to make it real" in text(lee.get("/posture"))


def test_whoever_ends_an_incident_is_told_that_the_posture_did_not_end(desk: FrontDesk, lee: Caller) -> None:
    one = desk.press()
    sets(lee, "lockdown")
    csrf = lee.get("/").field("csrf")
    fields = {"csrf": csrf, "revision": "1", "disposition": "real"}
    said = text(lee.form(f"/incidents/{one.id}/resolve", fields))
    assert "LOCKDOWN still holds: only a person ends it, at Posture." in said
    assert "LOCKDOWN still holds. No incident's end lowers it: whoever is signed in can" in text(lee.get("/"))


def test_whoever_sets_it_is_told_which_rooms_may_not_hear_of_it(desk: FrontDesk, lee: Caller) -> None:
    """A word that reached nobody is no calm."""
    desk.hear_all()
    assert "LOCKDOWN holds. To the board" in text(sets(lee, "lockdown"))
    desk.view.devices["room-101"] = replace(desk.view.devices["room-101"], standing="silent")
    assert "LOCKDOWN held already. 1 room is not heard from" in text(sets(lee, "lockdown"))
    desk.trouble("broker rest", "broker", "broker 127.0.0.1:1883 refused")
    assert "A BROKER IS AWAY: rooms may not hear of it" in text(sets(lee, "lockdown"))


def test_a_disk_that_does_not_answer_is_said(desk: FrontDesk, lee: Caller) -> None:
    desk.hear_all()
    desk.disk_writes = False
    assert "LOCKDOWN holds. It holds, but it is NOT YET WRITTEN DOWN" in text(sets(lee, "lockdown"))


@pytest.mark.parametrize("query", ["?to=lunch&of=1", "?to=normal", "?to=normal&of=x", "?of=1"])
def test_a_broken_link_to_the_second_question_is_the_plain_page(lee: Caller, query: str) -> None:
    assert "End it for" not in lee.get(f"/posture{query}").text


def test_a_form_that_is_not_ours_sets_nothing(desk: FrontDesk, lee: Caller) -> None:
    assert lee.form("/posture", {"csrf": "x", "posture": "lockdown"}).status == 403
    assert sets(lee, "lunch").status == 422
    assert desk.view.posture.posture == "normal"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (LOCKDOWN, "set by Reyes, 14:13:20"),
        (replace(LOCKDOWN, by=None, automatic=True, why="incident 41"), "automatic: incident 41, 14:13:20"),
        (replace(LOCKDOWN, drill=True), "of a drill, since 14:13:20"),
        (replace(LOCKDOWN, by=None), "since 14:13:20"),
        (replace(LOCKDOWN, asks=True), "the rooms are NOT told it"),
    ],
)
def test_who_set_it_or_what_it_came_of(now: SitePosture, said: str) -> None:
    assert said_of(now, Words("UTC"), T0) == said


def test_of_normal_nothing_is_said_at_an_incident_s_end() -> None:
    assert still_holds(replace(LOCKDOWN, posture="normal")) == ""


# --- the API ---


def test_the_api_tells_it_and_sets_it(desk: FrontDesk, api: Caller) -> None:
    assert api.get(f"{A}/posture").json["posture"]["posture"] == "normal"
    reply = api.post(f"{A}/posture", {"posture": "evacuate", "note": "to the church"})
    assert reply.status == 200
    now = reply.json["posture"]
    assert (reply.json["changed"], reply.json["recorded"]) == (True, True)
    assert (now["posture"], now["by"], now["via"], now["note"], now["automatic"]) == (
        *("evacuate", "radio", "api", "to the church"),
        False,
    )
    assert now["confirmed_twice"] == ["normal", "hold", "secure"]
    assert api.get(f"{A}/posture").json["posture"] == now


def test_lowering_is_409_until_it_is_confirmed(desk: FrontDesk, api: Caller) -> None:
    """With the number that was told; any other is 409 again, with the new one."""
    n = api.post(f"{A}/posture", {"posture": "lockdown"}).json["posture"]["n"]
    refused = api.post(f"{A}/posture", {"posture": "normal"})
    assert refused.status == 409
    assert (refused.json["error"], refused.json["state"], refused.json["confirm"]) == (
        *("not-in-this-state", "lockdown"),
        n,
    )
    assert api.post(f"{A}/posture", {"posture": "normal", "confirm": n - 1}).status == 409
    assert api.post(f"{A}/posture", {"posture": "lockdown"}).json["changed"] is False
    assert api.post(f"{A}/posture", {"posture": "normal", "confirm": n}).status == 200
    assert desk.view.posture.posture == "normal"


@pytest.mark.parametrize(
    "body",
    [{}, {"posture": "lunch"}, {"posture": "hold", "confirm": "1"}, {"posture": "hold", "confirm": True}],
)
def test_a_bad_body_is_422_and_sets_nothing(desk: FrontDesk, api: Caller, body: dict[str, Any]) -> None:
    assert api.post(f"{A}/posture", body).status == 422
    assert desk.view.posture.posture == "normal"


def test_only_a_token_of_that_scope_sets_it(desk: FrontDesk, served: Served) -> None:
    """To take an incident in hand is less than to put a school into lockdown."""
    some = Caller(
        served.port,
        desk.office.add_token("a", frozenset({"read", "acknowledge", "resolve", "maintain"})),
    )
    refused = some.post(f"{A}/posture", {"posture": "lockdown"})
    assert (refused.status, refused.json["allowed"]) == (403, ["posture"])
    right = Caller(served.port, desk.office.add_token("b", frozenset({"posture"})))
    for name in POSTURES[1:]:
        assert right.post(f"{A}/posture", {"posture": name, "confirm": desk.view.posture.n}).status == 200
