"""Signing in with a second factor; sessions and accounts, one's own and everybody's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pyotp
import pytest
from msgspec.structs import replace

from config.clock import Now, SystemClock
from tests.hub.console.caller import Caller, Reply
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served

A = "/api/v1"
PASSWORD = "correct horse"
FROM_HOME = {"X_Forwarded_For": "203.0.113.9"}
FROM_SCHOOL = {"X_Forwarded_For": "10.20.3.4"}


class Ahead(SystemClock):
    """The machine's clocks, moved on by hand: a code is good for 30 s."""

    ahead_s = 0

    def now(self) -> Now:
        now = super().now()
        return Now(now.mono + self.ahead_s, now.wall + self.ahead_s * 1000)


@pytest.fixture
def clock() -> Ahead:
    return Ahead()


@pytest.fixture
def desk(tmp_path: Path, clock: Ahead) -> Iterator[FrontDesk]:
    made = FrontDesk(tmp_path, clock=clock)
    made.office.add("lee", PASSWORD)
    yield made
    made.close()


def console(desk: FrontDesk, **more: Any) -> None:
    """Set something of ``[console]``."""
    desk.settings = replace(desk.settings, console=replace(desk.settings.console, **more))


def text(reply: Reply) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", reply.text)).split())


def set_up(caller: Caller, clock: Ahead, **more: str) -> tuple[pyotp.TOTP, list[str]]:
    """Set up a second factor as the page asks; returns what the phone then has, and the paper."""
    page = caller.get("/account/second-factor", **more)
    found = re.search(r'class="letters">([A-Z2-7 ]+)<', page.text)
    assert found, page.text
    phone = pyotp.TOTP(found[1].replace(" ", ""))
    fields = {"csrf": page.field("csrf"), "secret": page.field("secret"), "password": PASSWORD}
    done = caller.form("/account/second-factor", {**fields, "code": code_of(phone, clock)}, **more)
    assert done.status == 200, text(done)
    codes = re.findall(r"<li><code>([^<]+)</code>", done.text)
    assert len(codes) == 8
    clock.ahead_s += 30  # the code that set it up is taken
    return phone, codes


def code_of(phone: pyotp.TOTP, clock: Ahead) -> str:
    return phone.at(clock.now().wall // 1000)


def show_code(caller: Caller, page: Reply, code: str) -> Reply:
    """Answer the page that asks for a code."""
    return caller.form("/sign-in/code", {"csrf": page.field("csrf"), "code": code, "next": "/troubles"})


# --- the second factor ---


def test_who_has_a_second_factor_signs_in_by_password_and_code(
    served: Served, lee: Caller, clock: Ahead
) -> None:
    """The password alone opens nothing; a code is good once; where to is kept."""
    phone, _ = set_up(lee, clock)
    other = Caller(served.port)
    page = other.sign_in("lee", PASSWORD, "/troubles")
    assert page.status == 200
    assert "Your code" in text(page)
    assert other.get("/").status == 303
    wrong = show_code(other, page, "000000")
    assert wrong.status == 401
    assert "not right, or was used already" in text(wrong)
    code = code_of(phone, clock)
    done = show_code(other, page, code)
    assert (done.status, done.headers["location"]) == (303, "/troubles")
    assert other.get("/").status == 200
    third = Caller(served.port)
    again = show_code(third, third.sign_in("lee", PASSWORD), code)
    assert (again.status, third.get("/").status) == (401, 303)


def test_a_code_is_good_once_even_where_nothing_can_be_written(
    desk: FrontDesk, served: Served, lee: Caller, clock: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer is let in by memory alone; the same code again is nobody's."""
    phone, _ = set_up(lee, clock)

    def refuse(*_: Any) -> bool:
        raise OSError("no space left on device")

    monkeypatch.setattr(desk.people, "take_step", refuse)
    monkeypatch.setattr(desk.sessions, "open", refuse)
    code = code_of(phone, clock)
    first, second = Caller(served.port), Caller(served.port)
    assert show_code(first, first.sign_in("lee", PASSWORD), code).status == 303
    assert first.get("/").status == 200
    assert show_code(second, second.sign_in("lee", PASSWORD), code).status == 401
    monkeypatch.undo()
    clock.ahead_s += 11
    assert first.get("/").status == 200
    assert len(desk.sessions.all(desk.wall())) == 2  # written down by now


def test_a_recovery_code_stands_in_for_the_phone_once(served: Served, lee: Caller, clock: Ahead) -> None:
    """However it is typed; the page says how many are left."""
    _, codes = set_up(lee, clock)
    for typed, good in ((codes[3].upper().replace("-", " "), True), (codes[3], False), (codes[4], True)):
        caller = Caller(served.port)
        reply = show_code(caller, caller.sign_in("lee", PASSWORD), typed)
        assert (reply.status == 303) == good
    assert "6 of your recovery codes are left" in text(lee.get("/account"))


def test_guessing_codes_is_slowed_down(served: Served, lee: Caller, clock: Ahead) -> None:
    """As passwords are: 30 s at most; the right code counts again after that."""
    phone, _ = set_up(lee, clock)
    caller = Caller(served.port)
    page = caller.sign_in("lee", PASSWORD)
    for _ in range(3):
        assert show_code(caller, page, "000000").status == 401
    slowed = show_code(caller, page, code_of(phone, clock))
    assert (slowed.status, slowed.headers["retry-after"]) == (429, "1")
    clock.ahead_s += 30
    assert show_code(caller, page, code_of(phone, clock)).status == 303


def test_half_a_sign_in_is_nobodys_after_a_new_password_or_ten_minutes(
    desk: FrontDesk, served: Served, lee: Caller, clock: Ahead
) -> None:
    phone, _ = set_up(lee, clock)
    caller = Caller(served.port)
    page = caller.sign_in("lee", PASSWORD)
    clock.ahead_s += 600
    late = show_code(caller, page, code_of(phone, clock))
    assert (late.status, "begin again" in text(late)) == (403, True)
    page = caller.sign_in("lee", PASSWORD)
    desk.office.add("lee", "battery staple")
    assert show_code(caller, page, code_of(phone, clock)).status == 403
    assert show_code(Caller(served.port), page, code_of(phone, clock)).status == 403  # without its cookie


def test_a_second_factor_takes_the_password_and_the_one_there_was(lee: Caller, clock: Ahead) -> None:
    """Whoever finds an open board can't put a phone of their own in the officer's place."""
    page = lee.get("/account/second-factor")
    right = {"csrf": page.field("csrf"), "secret": page.field("secret"), "password": PASSWORD, "code": "0"}
    for wrong, status, said in (
        ({"csrf": "x"}, 403, "open for too long"),
        ({"secret": "x"}, 403, "open for too long"),
        ({"password": "guessed"}, 401, "not your password"),
        ({"code": "000000"}, 401, "not the code of this picture"),
    ):
        reply = lee.form("/account/second-factor", right | wrong)
        assert (reply.status, said in text(reply)) == (status, True), wrong
    assert "None." in text(lee.get("/account"))
    phone, codes = set_up(lee, clock)
    page = lee.get("/account/second-factor")
    fields = right | {"secret": page.field("secret"), "code": code_of(phone, clock)}
    assert "code is not right" in text(lee.form("/account/second-factor", fields | {"old": "000000"}))
    gone = lee.form("/account/second-factor/remove", right | {"old": "000000"})
    assert (gone.status, "not right" in text(gone)) == (401, True)
    gone = lee.form("/account/second-factor/remove", right | {"old": codes[0]})
    assert (gone.status, "by your password alone" in text(gone)) == (200, True)


def test_a_role_may_ask_for_a_second_factor(desk: FrontDesk, served: Served, clock: Ahead) -> None:
    """Without one its people see and acknowledge, and nothing else, until they have set it up."""
    console(desk, second_factor=("sro",))
    desk.office.add("reyes", PASSWORD, "sro")
    one = desk.press()
    reyes = Caller(served.port)
    assert reyes.sign_in("reyes", PASSWORD).status == 303
    csrf = reyes.get("/").field("csrf")
    refused = reyes.form("/posture", {"csrf": csrf, "posture": "hold"}, Accept="application/json")
    assert (refused.status, refused.json["ask"]) == (403, "/account/second-factor")
    assert "needs a second factor first" in text(reyes.form("/posture", {"csrf": csrf, "posture": "hold"}))
    taken = reyes.form(f"/incidents/{one.id}/acknowledge", {"csrf": csrf, "revision": "1"})
    assert (taken.status, desk.view.incidents[one.id].state) == (200, "acknowledged")
    set_up(reyes, clock)
    assert reyes.form("/posture", {"csrf": csrf, "posture": "hold"}).status == 200
    removed = reyes.form("/account/second-factor/remove", {"csrf": csrf})
    assert (removed.status, "asks for a second factor" in text(removed)) == (409, True)


# --- from outside the school's network ---


def test_from_outside_a_posture_needs_a_fresh_second_factor(
    desk: FrontDesk, lee: Caller, clock: Ahead
) -> None:
    """And a drill; what answers an alarm needs none."""
    console(desk, school_networks=("10.20.0.0/16",), fresh_factor_m=15)
    one = desk.press()
    csrf = lee.get("/").field("csrf")
    hold = ("/posture", {"csrf": csrf, "posture": "hold"})
    for path, fields in (hold, ("/drills", {"csrf": csrf}), ("/drills/1/start", {"csrf": csrf})):
        reply = lee.form(path, fields, **FROM_HOME)
        assert (reply.status, "needs a second factor" in text(reply)) == (403, True), path
    assert desk.view.posture.posture == "normal"
    taken = lee.form(f"/incidents/{one.id}/acknowledge", {"csrf": csrf, "revision": "1"}, **FROM_HOME)
    assert taken.status == 200
    # Whoever has the password alone can't set one up out there either.
    assert lee.get("/account/second-factor", **FROM_HOME).status == 403
    phone, _ = set_up(lee, clock, **FROM_SCHOOL)
    assert lee.form(*hold, **FROM_HOME).status == 200
    clock.ahead_s += 16 * 60
    stale = lee.form(
        "/posture", {"csrf": csrf, "posture": "lockdown"}, Accept="application/json", **FROM_HOME
    )
    assert (stale.status, stale.json["ask"]) == (403, "/account/code?next=/")
    assert lee.form("/posture", {"csrf": csrf, "posture": "secure"}, **FROM_SCHOOL).status == 200
    shown = lee.form("/account/code", {"csrf": csrf, "code": "000000", "next": "/posture"}, **FROM_HOME)
    assert shown.status == 401
    fields = {"csrf": csrf, "code": code_of(phone, clock), "next": "/posture"}
    assert lee.form("/account/code", fields, **FROM_HOME).headers["location"] == "/posture"
    assert lee.form("/posture", {"csrf": csrf, "posture": "lockdown"}, **FROM_HOME).status == 200


def test_from_outside_a_token_sets_no_posture(desk: FrontDesk, api: Caller) -> None:
    """It can't show a second factor; acknowledging goes on."""
    console(desk, school_networks=("10.20.0.0/16",))
    one = desk.press()
    refused = api.post(f"{A}/posture", {"posture": "hold"}, **FROM_HOME)
    assert (refused.status, refused.json["error"]) == (403, "from-outside")
    assert api.post(f"{A}/incidents/{one.id}/acknowledge", **FROM_HOME).status == 200
    assert api.post(f"{A}/posture", {"posture": "hold"}, **FROM_SCHOOL).status == 200
    assert api.post(f"{A}/posture", {"posture": "secure"}).status == 200  # the hub's own machine


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
