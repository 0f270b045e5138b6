"""Sessions and accounts: one's own on one's own page, everybody's for an administrator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hub.inputs import AccountChanged
from hub.rights import WORDS
from hub.store.sessions import Sessions
from tests.hub.console.busy import at_home, forms, make_busy, session
from tests.hub.console.caller import Caller, Reply
from tests.hub.console.front_desk import SITE, FrontDesk
from tests.hub.console.phone import PASSWORD, Ahead, set_up, text
from tests.hub.console.served import Served

A = "/api/v1"


@pytest.fixture
def clock() -> Ahead:
    return Ahead()


@pytest.fixture
def desk(tmp_path: Path, clock: Ahead) -> Iterator[FrontDesk]:
    made = FrontDesk(tmp_path, clock=clock)
    made.office.add("lee", PASSWORD)
    yield made
    made.close()


# --- sessions ---


def test_ones_own_sessions_are_listed_and_ended(desk: FrontDesk, served: Served, lee: Caller) -> None:
    """By their person alone; the browser that is signed out is at once."""
    phone = Caller(served.port)
    phone.headers["User-Agent"] = "Mozilla/5.0 (iPhone) Safari/604"
    phone.sign_in("lee", PASSWORD)
    desk.office.add("reyes", PASSWORD, "sro")
    reyes = Caller(served.port)
    reyes.sign_in("reyes", PASSWORD)
    page = lee.get("/account")
    assert "Safari, iPhone" in text(page)
    assert "this one" in text(page)
    ids = {one.name: one.id for one in reversed(desk.sessions.all(desk.wall()))}
    (of_phone,) = re.findall(r'name="id" value="(\w+)"', page.text)
    csrf = page.field("csrf")
    other = lee.form("/account/sessions/end", {"csrf": csrf, "id": ids["reyes"]})
    assert (other.status, reyes.get("/").status) == (404, 200)
    assert lee.form("/account/sessions/end", {"csrf": csrf, "id": of_phone}).status == 200
    assert phone.get("/").status == 303
    assert lee.get("/").status == 200
    phone.sign_in("lee", PASSWORD)
    said = text(lee.form("/account/sessions/end-others", {"csrf": csrf}))
    assert "1 sign-in ended" in said
    assert (phone.get("/").status, lee.get("/").status, reyes.get("/").status) == (303, 200, 200)


def sick(desk: FrontDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk refuse whatever the console asks of people and sessions."""

    class Refusing:
        def __getattr__(self, _: str) -> Any:
            def refuse(*_: Any) -> None:
                raise OSError("disk I/O error")

            return refuse

    for part in ("people", "sessions", "tokens"):
        monkeypatch.setattr(desk, part, Refusing())


@pytest.mark.parametrize(
    "way", ["by themselves", "all but this", "by an administrator", "over the API", "here"]
)
def test_a_session_that_was_ended_is_over_whatever_happens_to_the_disk(
    desk: FrontDesk, served: Served, api: Caller, lee: Caller, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """What is in memory of it lets nobody in; others stay signed in by theirs."""
    phone = Caller(served.port)
    phone.sign_in("lee", PASSWORD)
    cookies = dict(phone.cookies)
    ended = desk.sessions.all(desk.wall())[0].id
    fields = {"csrf": lee.get("/").field("csrf"), "id": ended}
    assert phone.get("/").status == 200
    if way == "by themselves":
        reply = lee.form("/account/sessions/end", fields)
    elif way == "all but this":
        reply = lee.form("/account/sessions/end-others", fields)
    elif way == "by an administrator":
        reply = lee.form("/accounts/sessions/end", fields)
    elif way == "over the API":
        reply = api.call("DELETE", f"{A}/sessions/{ended}")
    else:
        reply = phone.form("/sign-out", {"csrf": phone.get("/").field("csrf")})
        phone.cookies = cookies
    assert reply.status in (200, 303), text(reply)
    sick(desk, monkeypatch)
    assert (phone.get("/").status, lee.get("/").status) == (303, 200)


def test_signing_out_everywhere_else_ends_what_no_disk_has_yet(
    desk: FrontDesk, served: Served, lee: Caller, clock: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted, and not written down later; somebody else's waits on."""
    desk.office.add("reyes", PASSWORD, "sro")

    def refuse(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(desk.sessions, "open", refuse)
    phone, reyes = Caller(served.port), Caller(served.port)
    phone.sign_in("lee", PASSWORD)
    reyes.sign_in("reyes", PASSWORD)
    monkeypatch.undo()
    assert (phone.get("/").status, len(desk.sessions.all(desk.wall()))) == (200, 1)
    said = text(lee.form("/account/sessions/end-others", {"csrf": lee.get("/").field("csrf")}))
    assert "1 sign-in ended" in said
    clock.ahead_s += 11
    assert (phone.get("/").status, lee.get("/").status, reyes.get("/").status) == (303, 200, 200)
    assert {one.name for one in desk.sessions.all(desk.wall())} == {"lee", "reyes"}


def test_ending_all_on_the_box_ends_what_no_disk_has_yet(
    desk: FrontDesk, served: Served, lee: Caller, clock: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub writes it down later, finds it over, and keeps no row of it."""
    desk.office.add("reyes", PASSWORD, "sro")

    def refuse(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(desk.sessions, "open", refuse)
    reyes = Caller(served.port)
    reyes.sign_in("reyes", PASSWORD)
    monkeypatch.undo()
    assert reyes.get("/").status == 200
    Sessions(desk.engine, SITE).end_all("reyes")
    clock.ahead_s += 11
    assert (reyes.get("/").status, lee.get("/").status) == (303, 200)
    assert [one.name for one in desk.sessions.all(desk.wall())] == ["lee"]


def test_what_is_changed_is_told_to_the_record_with_by_whom_and_of_whom(
    desk: FrontDesk, served: Served, lee: Caller, api: Caller, clock: Ahead
) -> None:
    """Each change once; what was refused is no change."""
    busy = make_busy(desk, clock)
    at_home(desk, "lee")
    desk.sessions.open(replace(session(desk, "reyes"), id="second"))
    found = forms(desk, busy, lee, clock)
    csrf = lee.get("/").field("csrf")

    def told(change: Callable[[], Reply]) -> list[tuple[str, ...]]:
        desk.told.clear()
        assert change().status in (200, 303, 404, 409)
        return [
            (one.what, one.by, one.via, one.person, one.words)
            for one in desk.told
            if isinstance(one, AccountChanged)
        ]

    def form(row: str) -> list[tuple[str, ...]]:
        path, fields = found[row]
        return told(lambda: lee.form(path, {**fields, "csrf": csrf}))

    by_lee = ("account-changed", "lee", "console")
    out = "was signed out on another browser"
    assert form("/accounts/role") == [(*by_lee, "reyes", f"reyes: viewer, {WORDS['viewer']}.")]
    assert form("/accounts/second-factor/remove") == [
        (*by_lee, "reyes", "reyes signs in by the password alone now.")
    ]
    assert form("/accounts/second-factor/remove") == []
    assert form("/accounts/sessions/end") == [("signed-out", "lee", "console", "reyes", f"reyes {out}")]
    assert form("/accounts/sessions/end") == []
    assert told(lambda: api.call("DELETE", f"{A}/sessions/second")) == [
        ("signed-out", "radio", "api", "reyes", f"reyes {out}")
    ]
    assert form("/accounts/remove") == [
        (*by_lee, "reyes", "reyes can't sign in any more, and is signed out everywhere.")
    ]
    assert form("/accounts/tokens/remove") == [(*by_lee, "pager", "The token pager is nobody's any more.")]
    assert form("/account/sessions/end") == [("signed-out", "lee", "console", "lee", f"lee {out}")]
    assert form("/account/sessions/end") == []
    assert form("/account/sessions/end-others") == [
        ("signed-out", "lee", "console", "lee", "signed out 0 other browsers")
    ]
    assert form("/account/second-factor") == [(*by_lee, "lee", "second factor set up")]
    desk.office.set_factor("lee", "SECRET", 1, ["0000-0000-0000-0000"])
    assert form("/account/second-factor/remove") == [(*by_lee, "lee", "second factor removed")]


def test_an_open_board_is_told_when_its_time_is_over(lee: Caller, clock: Ahead) -> None:
    stream = lee.stream("/board/stream")
    try:
        told = iter(stream)
        assert [next(told).name for _ in range(2)] == ["hello", "beat"]
        clock.ahead_s += 24 * 3600
        assert next(told).name == "over"
    finally:
        stream.close()


def test_signing_out_ends_the_session_and_not_only_the_cookie(desk: FrontDesk, lee: Caller) -> None:
    """Whoever copied the cookie has nothing."""
    copied = dict(lee.cookies)
    lee.form("/sign-out", {"csrf": lee.get("/").field("csrf")})
    assert desk.sessions.all(desk.wall()) == []
    lee.cookies = copied
    assert lee.get("/").status == 303


def test_signing_in_anew_replaces_the_session_of_that_browser(desk: FrontDesk, lee: Caller) -> None:
    """The list of sessions names each browser once."""
    (before,) = desk.sessions.all(desk.wall())
    form = Caller(lee.port)
    token = form.get("/sign-in").field("csrf")
    lee.cookies |= form.cookies
    fields = {"name": "lee", "password": PASSWORD, "csrf": token, "next": "/"}
    assert lee.form("/sign-in", fields).status == 303
    (after,) = desk.sessions.all(desk.wall())
    assert after.id != before.id
    assert lee.get("/").status == 200


def test_an_administrator_ends_sessions_and_changes_accounts(
    desk: FrontDesk, served: Served, lee: Caller, clock: Ahead
) -> None:
    """Role, second factor, the account itself, tokens: each on one page, with what comes of it in words."""
    desk.office.add("reyes", PASSWORD, "sro")
    desk.office.add_token("radio", frozenset({"read"}), ends=desk.wall() + 3_600_000)
    reyes = Caller(served.port)
    reyes.sign_in("reyes", PASSWORD)
    set_up(reyes, clock)
    page = lee.get("/accounts")
    for words in ("reyes", "second factor since", "8 recovery codes left", "radio read", "holds until"):
        assert words in text(page)
    csrf = page.field("csrf")

    def change(path: str, status: int = 200, **fields: str) -> str:
        reply = lee.form(f"/accounts/{path}", {"csrf": csrf, **fields})
        assert reply.status == status, text(reply)
        return text(reply)

    assert "reyes: maintenance" in change("role", name="reyes", role="maintenance")
    assert "maintenance" in text(reyes.get("/account"))
    change("role", 422, name="reyes", role="king")
    assert "nobody is called ortiz" in change("role", 409, name="ortiz", role="sro")
    assert "lee is the only administrator" in change("role", 409, name="lee", role="viewer")
    assert "lee is the only administrator" in change("remove", 409, name="lee")
    change("second-factor/remove", name="reyes")
    change("second-factor/remove", 409, name="reyes")
    (of_reyes,) = [one.id for one in desk.sessions.all(desk.wall(), "reyes")]
    change("sessions/end", id=of_reyes)
    change("sessions/end", 404, id=of_reyes)
    assert reyes.get("/").status == 303
    change("tokens/remove", name="radio")
    change("tokens/remove", 404, name="radio")
    change("remove", name="reyes")
    assert reyes.sign_in("reyes", PASSWORD).status == 401


def test_sessions_and_accounts_over_the_api(desk: FrontDesk, lee: Caller, api: Caller) -> None:
    """No password and no secret; a session that is ended is over."""
    (account,) = api.get(f"{A}/accounts").json["accounts"]
    assert account["name"] == "lee"
    assert set(account) == {"name", "role", "created_at", "second_factor_since", "recovery_codes"}
    (session,) = api.get(f"{A}/sessions").json["sessions"]
    assert (session["name"], session["address"]) == ("lee", "127.0.0.1")
    assert lee.get("/").status == 200
    assert api.call("DELETE", f"{A}/sessions/{session['id']}").json == {"ended": session["id"]}
    assert api.call("DELETE", f"{A}/sessions/{session['id']}").status == 404
    assert lee.get("/").status == 303


def test_a_token_whose_time_is_over_is_no_token(desk: FrontDesk, served: Served, clock: Ahead) -> None:
    """Also by what is remembered of it."""
    caller = Caller(served.port, desk.office.add_token("radio", frozenset({"read"}), desk.wall() + 60_000))
    assert caller.get(f"{A}/posture").status == 200
    clock.ahead_s += 61
    assert caller.get(f"{A}/posture").status == 401
