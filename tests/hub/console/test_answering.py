"""What a message's link opens: one person's answer to one incident."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from msgspec.structs import replace

from config.people_settings import PersonSettings
from hub.asking import Acknowledge, Action, Answer
from hub.links import GOOD_MS, Link, Links
from tests.hub.console.caller import Caller, Reply
from tests.hub.console.front_desk import SITE, FrontDesk
from tests.hub.console.phone import Ahead, text
from tests.hub.console.served import KEY, Served


@pytest.fixture
def desk(tmp_path: object, desk: FrontDesk) -> FrontDesk:
    desk.clock = Ahead()
    reyes = PersonSettings(name="Officer Reyes", reach=("webhook",))
    desk.settings = replace(desk.settings, people={"reyes": reyes})
    return desk


@pytest.fixture
def asked(desk: FrontDesk, monkeypatch: pytest.MonkeyPatch) -> list[Action]:
    """Every word that reached the recorder."""
    words: list[Action] = []
    ask = desk.ask

    def listen(action: Action) -> Future[Answer]:
        words.append(action)
        return ask(action)

    monkeypatch.setattr(desk, "ask", listen)
    return words


def path_of(desk: FrontDesk, incident: str, person: str = "reyes", site: str = SITE) -> str:
    return "/go/" + Links(KEY, site).seal(Link(person, incident, desk.wall() + GOOD_MS))


def ask_again(caller: Caller, path: str, page: Reply) -> Reply:
    return caller.form(path, {"shown": page.field("shown")})


def test_looking_shows_the_rooms_and_changes_nothing(
    desk: FrontDesk, served: Served, asked: list[Action]
) -> None:
    """However often a preview of the message, or a scanner of mail, does it: by GET or by HEAD."""
    one = desk.press()
    path, anybody = path_of(desk, one.id), Caller(served.port)
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        anybody.call(method, path)
    page = anybody.get(path)
    assert page.status == 200
    assert "PANIC Room 101 (desk)" in text(page)
    assert "Acknowledge incident 1 as Officer Reyes" in text(page)
    assert (asked, desk.view.incidents[one.id]) == ([], one)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in page.headers


def test_the_button_acknowledges_what_its_page_showed(
    desk: FrontDesk, served: Served, asked: list[Action]
) -> None:
    """As the link's person; a room that pressed meanwhile goes on asking."""
    one = desk.press()
    path, reyes = path_of(desk, one.id), Caller(served.port)
    page = reyes.get(path)
    desk.press("room-102", id="e2")
    done = ask_again(reyes, path, page)
    assert asked == [Acknowledge(one.id, "Officer Reyes", "link", 1)]
    assert done.status == 200
    assert "Pressed since your screen showed it: Room 102" in text(done)
    assert "Acknowledge incident 1" in text(done)
    last = ask_again(reyes, path, done)
    assert "Incident 1 is in hand." in text(last)
    assert "Acknowledge incident" not in text(last)
    found = desk.view.incidents[one.id].acknowledged
    assert found is not None
    assert (found.by, found.via) == ("Officer Reyes", "link")


def test_a_post_without_the_pages_form_does_nothing(
    desk: FrontDesk, served: Served, asked: list[Action]
) -> None:
    """Nor one from another site's page, of another link's page, or of a page of this morning."""
    one = desk.press()
    path, reyes = path_of(desk, one.id), Caller(served.port)
    shown = reyes.get(path).field("shown")
    other = reyes.get(path_of(desk, desk.door_told("room-103", "Door", "held open").id)).field("shown")
    replies = [
        reyes.call("POST", path),
        reyes.form(path, {"shown": other}),
        reyes.form(path, {"shown": shown}, Origin="https://elsewhere.example"),
        reyes.form(path, {"shown": shown}, Sec_Fetch_Site="cross-site"),
    ]
    desk.clock.ahead_s = 12 * 3600
    replies.append(reyes.form(path, {"shown": shown}))
    assert [reply.status for reply in replies] == [403] * 5
    assert all("Not done" in text(reply) for reply in replies)
    assert asked == []


def test_a_link_that_opens_nothing_says_why(desk: FrontDesk, served: Served, asked: list[Action]) -> None:
    """Forged, of another site, of somebody who is gone, of nothing, or of yesterday."""
    one = desk.press()
    path, reyes = path_of(desk, one.id), Caller(served.port)
    shown = {"shown": reyes.get(path).field("shown")}
    wrong = {
        path[:-1]: (404, "not whole"),
        path_of(desk, one.id, site="lincoln"): (404, "not whole"),
        path_of(desk, one.id, person="okafor"): (410, "somebody who is no longer told"),
        path_of(desk, "i-none"): (404, "no such incident"),
    }
    for at, (status, said) in wrong.items():
        for reply in (reyes.get(at), reyes.form(at, shown)):
            assert reply.status in ((status,) if "incident" not in said else (status, 403)), at
            assert said in text(reply), at
            assert "Room 101" not in reply.text
    desk.clock.ahead_s = GOOD_MS // 1000
    for reply in (reyes.get(path), reyes.form(path, shown)):
        assert (reply.status, "good for a day" in text(reply)) == (410, True)
    assert asked == []


def test_what_is_over_is_shown_and_refused(desk: FrontDesk, served: Served, api: Caller) -> None:
    one = desk.press()
    path, reyes = path_of(desk, one.id), Caller(served.port)
    page = reyes.get(path)
    api.post(f"/api/v1/incidents/{one.id}/resolve", {"disposition": "false-alarm"})
    late = ask_again(reyes, path, page)
    assert late.status == 409
    assert "Not done" in text(late)
    again = reyes.get(path)
    assert again.status == 200
    assert "Resolved: False alarm" in text(again)
    assert 'name="shown"' not in again.text


def test_a_hub_that_does_not_answer_is_said(desk: FrontDesk, served: Served) -> None:
    """And the page asks again."""
    one = desk.press()
    path, reyes = path_of(desk, one.id), Caller(served.port)
    page = reyes.get(path)
    desk.silent = True
    late = ask_again(reyes, path, page)
    assert late.status == 503
    assert "No answer" in text(late)
    assert 'name="shown"' in late.text
