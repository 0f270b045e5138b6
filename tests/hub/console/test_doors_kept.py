"""Nobody sees or does anything without signing in, and only from our own pages."""

from __future__ import annotations

import pytest

from hub.console.session import FORM_MS, HALF_MS, Half, Sealer, from_our_own_pages, local_path
from hub.console.sign_in.attempts import FORGET_S, Attempts
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served
from tests.site import until

PAGES = ("/", "/doors", "/devices", "/incidents", "/incidents/i-1", "/troubles")


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_sign_in_and_back(served: Served, path: str) -> None:
    """And sees nothing of the site on the way."""
    reply = Caller(served.port).get(path)
    assert reply.status == 303
    assert reply.headers["location"].startswith("/sign-in")
    assert reply.body == b""


def test_a_stranger_gets_no_stream_no_fragment_and_does_nothing(desk: FrontDesk, served: Served) -> None:
    one = desk.press()
    stranger = Caller(served.port)
    assert stranger.get("/board/stream").status == 401
    assert stranger.get("/", Fragment="live").status == 401
    for deed in ("acknowledge", "resolve"):
        reply = stranger.form(f"/incidents/{one.id}/{deed}", {"revision": "1", "disposition": "test"})
        assert reply.status == 303
    assert desk.view.incidents[one.id] == one
    assert "Room" not in stranger.get("/sign-in").text


def test_signing_in_opens_the_pages_and_signing_out_closes_them(lee: Caller) -> None:
    for path in PAGES[:4]:
        assert lee.get(path).status == 200
    token = lee.get("/").field("csrf")
    assert lee.form("/sign-out", {"csrf": token}).status == 303
    assert lee.get("/").status == 303


def test_nobody_is_signed_out_from_elsewhere(lee: Caller) -> None:
    csrf = lee.get("/").field("csrf")
    for sent, headers in (({"csrf": "x"}, {}), ({}, {}), ({"csrf": csrf}, {"Origin": "http://evil.example"})):
        lee.form("/sign-out", sent, **headers)
        assert lee.get("/").status == 200, (sent, headers)
    lee.form("/sign-out", {"csrf": csrf})
    assert lee.get("/").status == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(desk: FrontDesk, served: Served) -> None:
    """HttpOnly and SameSite=Strict; Secure where the page came by https."""
    desk.office.add("lee", "correct horse")
    caller = Caller(served.port)
    token = caller.get("/sign-in").field("csrf")
    form = {"name": "lee", "password": "correct horse", "csrf": token, "next": "/"}
    plain = caller.form("/sign-in", form).headers["set-cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=strict" in plain
    assert "Secure" not in plain
    secure = Caller(served.port)
    token = secure.get("/sign-in", X_Forwarded_Proto="https").field("csrf")
    form["csrf"] = token
    assert "Secure" in secure.form("/sign-in", form, X_Forwarded_Proto="https").headers["set-cookie"]


def test_a_new_password_ends_the_sessions_there_are(desk: FrontDesk, lee: Caller) -> None:
    assert lee.get("/").status == 200
    desk.office.add("lee", "another horse")
    assert lee.get("/").status == 303


@pytest.mark.parametrize("changed", [0, 5, -1])
def test_a_changed_cookie_is_void(lee: Caller, changed: int) -> None:
    name, value = next(iter(lee.cookies.items()))
    letters = list(value)
    letters[changed] = "A" if letters[changed] != "A" else "B"
    lee.cookies[name] = "".join(letters)
    if changed == -1:  # the last letter's low bits may not count: change another, too
        lee.cookies[name] = value[:-6] + "AAAAAA"
    assert lee.get("/").status == 303


def test_a_form_without_the_sessions_token_or_from_elsewhere_does_nothing(
    desk: FrontDesk, lee: Caller
) -> None:
    one = desk.press()
    page = lee.get("/")
    good = {"csrf": page.field("csrf"), "revision": "1"}
    path = f"/incidents/{one.id}/acknowledge"
    assert lee.form(path, {**good, "csrf": ""}).status == 403
    other = "y" if good["csrf"].endswith("x") else "x"
    assert lee.form(path, {**good, "csrf": good["csrf"][:-1] + other}).status == 403
    assert lee.form(path, good, Origin="http://evil.example").status == 403
    assert lee.form(path, good, Sec_Fetch_Site="cross-site").status == 403
    assert lee.form(path, good, Origin="null").status == 403
    assert desk.view.incidents[one.id] == one
    assert lee.form(path, good).status == 200
    assert desk.view.incidents[one.id].state == "acknowledged"
    assert desk.view.incidents[one.id].acknowledged is not None


def test_the_page_acknowledges_the_revision_that_was_on_the_screen(desk: FrontDesk, lee: Caller) -> None:
    """A room that pressed after the page was loaded goes on asking, and is named."""
    one = desk.press("room-101")
    page = lee.get("/")
    desk.press("room-102")
    fields = {"csrf": page.field("csrf"), "revision": page.field("revision")}
    reply = lee.form(f"/incidents/{one.id}/acknowledge", fields, Accept="application/json")
    assert "stays open" in reply.json["said"]
    assert "Room 102" in reply.json["said"]
    assert desk.view.incidents[one.id].state == "open"


def test_the_page_resolves_no_room_that_pressed_after_it_was_loaded(desk: FrontDesk, lee: Caller) -> None:
    """The form carries the revision that was on the screen, scripts or not; the refusal names the room."""
    one = desk.press("room-101")
    page = lee.get("/")
    form = page.text.partition(f'action="/incidents/{one.id}/resolve"')[2].partition("</form>")[0]
    assert f'name="revision" value="{one.revision}"' in form
    desk.press("room-102")
    fields = {"csrf": page.field("csrf"), "revision": str(one.revision), "disposition": "false-alarm"}
    reply = lee.form(f"/incidents/{one.id}/resolve", fields, Accept="application/json")
    words = "Not done: cannot resolve incident 1: Room 102 pressed after what was on the screen"
    assert (reply.status, reply.json["said"]) == (409, words)
    assert len(desk.view.incidents[one.id].open_rooms) == 2


def test_the_page_says_that_an_incident_was_resolved_before_the_hub_started(
    desk: FrontDesk, lee: Caller
) -> None:
    """Not that there is none."""
    one = desk.press()
    fields = {"csrf": lee.get("/").field("csrf"), "revision": "1", "disposition": "real"}
    assert lee.form(f"/incidents/{one.id}/resolve", fields).status == 200
    desk.started_anew = True
    reply = lee.form(f"/incidents/{one.id}/acknowledge", fields, Accept="application/json")
    assert reply.status == 409
    assert "cannot acknowledge incident 1: resolved; allowed: open, acknowledged" in reply.json["said"]


def test_signing_in_from_elsewhere_or_with_a_stale_page_is_refused(desk: FrontDesk, served: Served) -> None:
    desk.office.add("lee", "correct horse")
    caller = Caller(served.port)
    form = {"name": "lee", "password": "correct horse", "next": "/"}
    assert caller.form("/sign-in", form).status == 403
    form["csrf"] = caller.get("/sign-in").field("csrf")
    refused = caller.form("/sign-in", form, Origin="http://evil.example")
    assert refused.status == 403
    assert caller.form("/sign-in", form | {"csrf": refused.field("csrf")}).status == 303


def test_a_sign_in_page_is_good_for_half_a_day_and_only_on_the_browser_that_loaded_it() -> None:
    sealer = Sealer(b"k" * 32, "lincoln")
    (token, cookie), (other, _) = sealer.new_form(1000), sealer.new_form(1000)
    assert sealer.form_holds(cookie, token, 1000 + FORM_MS - 1)
    assert not sealer.form_holds(cookie, token, 1000 + FORM_MS)
    assert not sealer.form_holds(cookie, other, 1000)
    assert not sealer.form_holds(None, token, 1000)
    assert not sealer.form_holds(None, "", 1000)


def test_half_a_sign_in_and_a_new_secret_are_good_for_ten_minutes_where_they_were_given_out() -> None:
    """By the hub's own clock, which may have been put back; and each for what it is alone."""
    sealer, half = Sealer(b"k" * 32, "lincoln"), Half("lee", 1, "token")
    kept, secret = sealer.seal_half(half, 1000), sealer.seal_secret("SECRET", "session", 1000)
    for wall, holds in ((1000, True), (1000 + HALF_MS - 1, True), (1000 + HALF_MS, False), (999, False)):
        assert sealer.open_half(kept, wall) == (half if holds else None)
        assert sealer.open_secret(secret, "session", wall) == ("SECRET" if holds else None)
    assert sealer.open_secret(secret, "another session", 1000) is None
    assert sealer.open_half(secret, 1000) is None
    assert sealer.open_secret(kept, "session", 1000) is None
    assert Sealer(b"k" * 32, "jackson").open_half(kept, 1000) is None


def test_wrong_passwords_are_slowed_down_and_never_for_more_than_30_s(
    desk: FrontDesk, served: Served
) -> None:
    """429 with the wait; the right password then has to wait as well."""
    desk.office.add("lee", "correct horse")
    caller = Caller(served.port)
    statuses = [caller.sign_in("lee", "wrong").status for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    reply = caller.sign_in("lee", "correct horse")
    assert reply.status == 429
    assert 1 <= int(reply.headers["retry-after"]) <= 30
    assert Caller(served.port).sign_in("somebody", "else").status == 401


def test_the_wait_doubles_up_to_30_s_and_is_forgotten() -> None:
    attempts = Attempts()
    waits = []
    for _ in range(12):
        attempts.failed("lee", "::1", 100.0)
        waits.append(attempts.wait_s("lee", "::1", 100.0))
    assert waits == [0, 0, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30]
    assert attempts.wait_s("lee", "::2", 100.0) == 0
    assert attempts.wait_s("lee", "::1", 131.0) == 0
    attempts.failed("lee", "::1", 131.0 + FORGET_S)
    assert attempts.wait_s("lee", "::1", 131.0 + FORGET_S) == 0, "the first of a new row"
    attempts.passed("lee", "::1")
    assert attempts.wait_s("lee", "::1", 100.0) == 0


def test_so_many_failures_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest: whoever makes up names fills no memory."""
    monkeypatch.setattr("hub.console.sign_in.attempts.KEPT", 3)
    attempts = Attempts()
    for name in ("lee", "a", "b", "c"):
        for _ in range(4):
            attempts.failed(name, "::1", 100.0)
    assert [attempts.wait_s(name, "::1", 100.0) for name in ("lee", "a", "b", "c")] == [0, 2, 2, 2]


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/doors", "/doors"),
        ("/incidents?before=3", "/incidents?before=3"),
        (None, "/"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nb", "/"),
        ("/sign-in", "/"),
        ("javascript:x", "/"),
    ],
)
def test_after_signing_in_one_stays_here(wanted: str | None, goes: str) -> None:
    assert local_path(wanted) == goes


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://hub:8080", "host": "hub:8080"}, True),
        ({"origin": "http://hub:8081", "host": "hub:8080"}, False),
        ({"origin": "null", "host": "hub:8080"}, False),
        ({"origin": "http://evil.example", "host": "hub:8080", "sec-fetch-site": "same-origin"}, False),
    ],
)
def test_a_form_is_ours_when_the_browser_says_so(headers: dict[str, str], ours: bool) -> None:
    assert from_our_own_pages(headers) is ours


@pytest.mark.parametrize(
    "path", ["/sign-in", "/", "/nothing", "/static/console.css", "/api/v1/incidents", "/healthz"]
)
def test_every_answer_is_guarded(served: Served, path: str) -> None:
    """No script but our own, no frame around us, nothing kept."""
    headers = Caller(served.port).get(path).headers
    csp = headers["content-security-policy"]
    assert "default-src 'none'" in csp
    assert "frame-ancestors 'none'" in csp
    assert "unsafe" not in csp
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "etag" not in headers


def test_a_board_counts_while_its_stream_is_open(desk: FrontDesk, lee: Caller) -> None:
    stream = lee.stream("/board/stream")
    blocks = stream.blocks()
    next(blocks)
    assert next(blocks)[0] == "event: hello"
    assert desk.boards_open == 1
    desk.press()
    assert next(blocks)[0] == "event: change"
    stream.close()
    until("the board is gone", lambda: desk.boards_open == 0)


def test_a_huge_form_is_refused(desk: FrontDesk, lee: Caller) -> None:
    one = desk.press()
    assert lee.form(f"/incidents/{one.id}/acknowledge", {"note": "x" * 70_000}).status == 413


def test_what_people_write_is_shown_as_text(desk: FrontDesk, lee: Caller) -> None:
    """A room or a button named like a script is only a name."""
    from hub.incident import Place

    place = Place("<i>x</i>", "<script>alert(1)</script>", "<b>", "\"'", known=False)
    one = desk.press(place=place, zone="<img src=x>")
    for path in ("/", f"/incidents/{one.id}", "/incidents"):
        text = lee.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x>" not in text
