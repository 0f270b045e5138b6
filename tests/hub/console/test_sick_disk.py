"""While the disk is sick: memory answers, what needs the disk says so, and nothing hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from hub.console import aside
from hub.rights import Role
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served


class Hung:
    """Every read hangs until released, as on a disk that stopped answering."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def __getattr__(self, name: str) -> Any:
        def hang(*_: Any) -> None:
            self.released.wait(60)
            raise OSError("disk I/O error")

        return hang


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hung]:
    monkeypatch.setattr(aside, "PATIENCE_S", 0.5)
    monkeypatch.setattr(aside.Aside.call, "__kwdefaults__", {"patience_s": 0.5})
    disk = Hung()
    yield disk
    disk.released.set()


def test_the_board_and_unresolved_incidents_are_shown_by_a_hung_disk(
    desk: FrontDesk, served: Served, api: Caller, hung: Hung
) -> None:
    """To a person and a token that were known before; and a press that came meanwhile is among them."""
    desk.office.add("lee", "correct horse")
    person = Caller(served.port)
    person.sign_in("lee", "correct horse")
    assert api.get("/api/v1/incidents?state=open").status == 200
    desk.reading, desk.disk_writes = hung, False
    desk.people = desk.sessions = desk.tokens = hung
    desk.press("room-104")
    began = time.monotonic()
    assert "Room 104" in person.get("/").text
    shown = api.get("/api/v1/incidents?state=open,acknowledged").json["incidents"]
    assert [room["room"] for one in shown for room in one["rooms"]] == ["Room 104"]
    assert time.monotonic() - began < 4


def test_a_page_that_needs_the_disk_says_so_in_words(
    desk: FrontDesk, served: Served, api: Caller, hung: Hung
) -> None:
    """503 from the API; a page shows what memory has and that the rest can't be shown."""
    desk.office.add("lee", "correct horse")
    person = Caller(served.port)
    person.sign_in("lee", "correct horse")
    api.get("/api/v1/drills")
    one = desk.press()
    desk.reading = hung
    for path in ("incidents", "incidents/i-none", "troubles"):
        reply = api.get(f"/api/v1/{path}")
        assert (reply.status, reply.json["error"]) == (503, "no-answer")
    timeline = api.get(f"/api/v1/incidents/{one.id}").json
    assert timeline["incident"]["id"] == one.id
    assert "no answer" in timeline["timeline_missing"]
    assert (
        "can&#39;t be shown" in person.get("/incidents").text
        or "can't be shown" in person.get("/incidents").text
    )
    assert "Room 101" in person.get(f"/incidents/{one.id}").text
    assert person.get("/incidents/i-none").status == 503


def test_an_unknown_token_is_not_let_in_by_a_sick_disk(desk: FrontDesk, served: Served, hung: Hung) -> None:
    """503 and not 401: whether it is one of ours is not known."""
    desk.people = desk.sessions = desk.tokens = hung
    reply = Caller(served.port, "tocsin_never_seen").get("/api/v1/incidents?state=open")
    assert (reply.status, reply.json["error"]) == (503, "no-answer")


def test_a_forged_cookie_is_not_let_in_by_a_sick_disk(desk: FrontDesk, served: Served, hung: Hung) -> None:
    desk.people = desk.sessions = desk.tokens = hung
    stranger = Caller(served.port)
    stranger.cookies["tocsin_oak-hill"] = "eyJuIjoibGVlIn0.forged"
    assert stranger.get("/").status == 303


@pytest.mark.parametrize(
    ("role", "owed", "acknowledges", "sets"),
    [("viewer", False, 403, 403), ("sro", False, 200, 200), ("sro", True, 200, 403)],
)
def test_who_is_known_by_their_cookie_alone_may_what_its_role_may(
    desk: FrontDesk, hung: Hung, role: Role, owed: bool, acknowledges: int, sets: int
) -> None:
    """A hub that was started while the disk is sick lets them in, and to nothing more than that."""
    desk.office.add("first", "correct horse")
    desk.office.add("lee", "correct horse", role)
    one, person = desk.press(), Caller(0)
    with Served(desk) as before:
        person.port = before.port
        assert person.sign_in("lee", "correct horse").status == 303
        csrf = person.get("/").field("csrf")
    if owed:
        desk.settings = replace(desk.settings, console=replace(desk.settings.console, second_factor=("sro",)))
    desk.people = desk.sessions = desk.tokens = hung
    with Served(desk) as after:
        person.port = after.port
        assert person.get("/").status == 200
        deed = f"/incidents/{one.id}/acknowledge"
        assert person.form(deed, {"csrf": csrf, "revision": "1"}).status == acknowledges
        assert person.form("/posture", {"csrf": csrf, "posture": "hold"}).status == sets


def test_sign_ins_that_hang_in_the_disk_take_no_page_its_thread(
    desk: FrontDesk, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than there are threads for pages: each is let in, and what is read goes on."""
    monkeypatch.setattr("hub.console.doorkeeper.GLANCE_S", 0.05)
    monkeypatch.setattr("hub.console.doorkeeper.AGAIN_S", 0.0)
    desk.office.add("lee", "correct horse")
    released = threading.Event()
    monkeypatch.setattr(desk.sessions, "open", lambda _: released.wait(60))
    try:
        people = [Caller(served.port) for _ in range(aside.THREADS + 1)]
        for person in people:
            assert person.sign_in("lee", "correct horse").status == 303
        assert {person.get("/account").status for person in people} == {200}
    finally:
        released.set()


def test_a_word_that_is_taken_but_not_written_down_says_so(
    desk: FrontDesk, served: Served, api: Caller
) -> None:
    """On the page in words, over the API as `recorded`."""
    desk.office.add("lee", "correct horse")
    person = Caller(served.port)
    person.sign_in("lee", "correct horse")
    desk.disk_writes = False
    one = desk.press()
    page = person.get("/")
    fields = {"csrf": page.field("csrf"), "revision": str(one.revision)}
    said = person.form(f"/incidents/{one.id}/acknowledge", fields, Accept="application/json").json["said"]
    assert "NOT YET WRITTEN DOWN" in said
    assert api.post(f"/api/v1/incidents/{one.id}/acknowledge").json["recorded"] is False


def test_a_word_for_an_unknown_incident_is_no_404_while_the_disk_is_sick(
    desk: FrontDesk, served: Served, api: Caller, hung: Hung, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 in words: it may have been resolved before the hub started. That nothing was done is known."""
    monkeypatch.setattr("hub.console.console.LOOK_S", 0.3)
    desk.office.add("lee", "correct horse")
    person = Caller(served.port)
    person.sign_in("lee", "correct horse")
    fields = {"csrf": person.get("/").field("csrf"), "revision": "1", "disposition": "test"}
    api.get("/api/v1/drills")
    desk.started_anew, desk.reading = True, hung
    reply = api.post("/api/v1/incidents/i-before/resolve", {"disposition": "test"})
    assert (reply.status, reply.json["error"]) == (503, "no-answer")
    page = person.form("/incidents/i-before/resolve", fields, Accept="application/json")
    assert page.status == 503
    assert page.json["said"].startswith("Not done: ")
    assert "no answer from the record" in page.json["said"]


def test_only_what_the_record_does_not_have_is_404(desk: FrontDesk, api: Caller) -> None:
    """What it still has as open while the recorder has let it go is there: 503, try again."""
    one = desk.press()
    desk.started_anew = True
    desk.view.incidents.pop(one.id)
    reply = api.post(f"/api/v1/incidents/{one.id}/acknowledge")
    assert (reply.status, reply.json["error"]) == (503, "no-answer")
    assert api.post("/api/v1/incidents/i-never/acknowledge").status == 404


def test_a_recorder_that_does_not_answer_is_503(
    desk: FrontDesk, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.console.console.ANSWER_S", 0.2)
    one = desk.press()
    desk.silent = True
    reply = api.post(f"/api/v1/incidents/{one.id}/acknowledge")
    assert (reply.status, reply.json["error"]) == (503, "no-answer")
