"""The second factor: set up, asked for at signing in and from outside, taken away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from hub.console.admission import FromOutsideError, admit
from hub.console.needs import API
from hub.console.visit import Visit
from tests.hub.console.busy import CHANGING
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.phone import PASSWORD, Ahead, code_of, offered, set_up, show_code, text
from tests.hub.console.served import Served
from tests.hub.console.test_needs import filled

A = "/api/v1"
ANSWERING = ("POST incidents/", "POST account/")
LEFT = {
    *("POST devices/{device}/walk-test/end", "DELETE devices/{device}/walk-test"),
    *("POST devices/{device}/bypass/end", "DELETE devices/{device}/zones/{zone}/bypass"),
    *(f"POST drills/{{id}}/{what}" for what in ("end", "cancel", "real", "part-of-drill")),
    *("POST doors/weeks/{week}/sign", "POST channels/{name}/test", "POST troubles/clear"),
    *("DELETE upgrade", "POST record/forget"),
}
"""What may be done from outside by whoever has the right, besides answering alarms and one's own account."""
FROM_HOME = {"X_Forwarded_For": "203.0.113.9"}
FROM_SCHOOL = {"X_Forwarded_For": "10.20.3.4"}


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


def test_a_code_is_taken_from_the_page_that_asked_for_it_alone(
    served: Served, lee: Caller, clock: Ahead
) -> None:
    """Nobody elsewhere ends a sign-in that was begun here, and no code is lost by it."""
    phone, _ = set_up(lee, clock)
    caller = Caller(served.port)
    page = caller.sign_in("lee", PASSWORD)
    fields = {"csrf": page.field("csrf"), "code": code_of(phone, clock), "next": "/"}
    for sent, headers in (
        ({"csrf": "x"}, {}),
        ({"csrf": ""}, {}),
        ({}, {"Origin": "http://elsewhere.example"}),
        ({}, {"Sec_Fetch_Site": "cross-site"}),
    ):
        assert caller.form("/sign-in/code", fields | sent, **headers).status == 403, (sent, headers)
    assert caller.get("/").status == 303
    assert caller.form("/sign-in/code", fields).status == 303
    assert caller.get("/").status == 200


def test_a_second_factor_takes_the_password_and_the_one_there_was(lee: Caller, clock: Ahead) -> None:
    """Whoever finds an open board can't put a phone of their own in the officer's place."""
    page = lee.get("/account/second-factor")
    right = {"csrf": page.field("csrf"), "secret": page.field("secret"), "password": PASSWORD}
    right["code"] = code_of(offered(page), clock)
    for wrong, status, said in (
        ({"csrf": "x"}, 403, "open for too long"),
        ({"secret": "x"}, 403, "open for too long"),
        ({"password": "guessed"}, 401, "not your password"),
        ({"code": "000000"}, 401, "not the code of this picture"),
    ):
        reply = lee.form("/account/second-factor", right | wrong)
        assert (reply.status, said in text(reply)) == (status, True), wrong
    assert "None." in text(lee.get("/account"))
    _, codes = set_up(lee, clock)
    page = lee.get("/account/second-factor")
    fields = right | {"secret": page.field("secret"), "code": code_of(offered(page), clock)}
    assert "code is not right" in text(lee.form("/account/second-factor", fields | {"old": "000000"}))
    mistyped = lee.form("/account/second-factor", fields | {"code": "000000", "old": codes[0]})
    assert "not the code of this picture" in text(mistyped)
    for wrong in ({"csrf": "x", "old": codes[0]}, {"old": "000000"}, {"password": "x", "old": codes[0]}):
        kept = lee.form("/account/second-factor/remove", right | wrong)
        assert (kept.status in (401, 403), "Not done" in text(kept)) == (True, True), wrong
    gone = lee.form("/account/second-factor/remove", right | {"old": codes[0]})
    assert (gone.status, "by your password alone" in text(gone)) == (200, True)


def test_guessing_at_an_open_board_is_slowed_down(
    desk: FrontDesk, served: Served, lee: Caller, clock: Ahead
) -> None:
    """At the password as at the code: after three wrong ones the right one waits, and nobody else does."""
    phone, codes = set_up(lee, clock)
    csrf = lee.get("/account").field("csrf")
    remove = ("/account/second-factor/remove", {"csrf": csrf, "password": PASSWORD, "old": codes[0]})
    ask = ("/account/code", {"csrf": csrf, "code": codes[1], "next": "/"})
    for (path, right), wrong, what in (
        (remove, {"password": "x"}, "passwords"),
        (ask, {"code": "0"}, "codes"),
    ):
        assert [lee.form(path, right | wrong).status for _ in range(3)] == [401, 401, 401]
        slowed = lee.form(path, right)
        assert (slowed.status, f"Too many wrong {what}. Try again in 1 s." in text(slowed)) == (429, True)
        assert "8 of your recovery codes are left" in text(lee.get("/account"))
    other = Caller(served.port)
    page = other.sign_in("lee", PASSWORD)
    assert show_code(other, page, code_of(phone, clock)).status == 303
    clock.ahead_s += 1
    assert lee.form(*ask).status == 303
    assert lee.form(*remove).status == 200


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
    page = lee.get("/account/second-factor", **FROM_SCHOOL)
    new = {"csrf": csrf, "secret": page.field("secret"), "password": PASSWORD}
    new["code"] = code_of(offered(page), clock)
    assert lee.form("/account/second-factor", new, **FROM_HOME).status == 403
    assert "None." in text(lee.get("/account"))
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


def test_from_outside_no_room_and_no_account_goes_by_a_password_alone(
    desk: FrontDesk, lee: Caller, api: Caller
) -> None:
    """Of all routes those that answer an alarm, and a few that take nobody's protection away, are left."""
    console(desk, school_networks=("10.20.0.0/16",))
    left = set()
    for method, path in CHANGING:
        if path.startswith(API):
            reply = api.call(method, filled(path), b"[]", Content_Type="application/json", **FROM_HOME)
            is_refused = reply.status == 403 and reply.json["error"] == "from-outside"
        else:
            reply = lee.form(filled(path), {"csrf": "of no page"}, **FROM_HOME)
            is_refused = "needs a second factor" in text(reply)
        if not is_refused:
            left.add(f"{method} {path.removeprefix(API).removeprefix('/')}")
    assert {row for row in left if not row.startswith(ANSWERING)} == LEFT


def test_the_code_of_signing_in_is_a_fresh_second_factor(
    desk: FrontDesk, served: Served, lee: Caller, clock: Ahead
) -> None:
    """Outside it is asked for again once it is old, and not before."""
    phone, _ = set_up(lee, clock)
    console(desk, school_networks=("10.20.0.0/16",), fresh_factor_m=15)
    at_home = Caller(served.port)
    at_home.headers = {"X-Forwarded-For": "203.0.113.9"}
    page = at_home.sign_in("lee", PASSWORD)
    assert show_code(at_home, page, code_of(phone, clock)).status == 303
    hold = {"csrf": at_home.get("/").field("csrf"), "posture": "hold"}
    assert at_home.form("/posture", hold).status == 200
    clock.ahead_s += 16 * 60
    assert at_home.form("/posture", hold | {"posture": "secure"}).status == 403


class Shown(NamedTuple):
    """Somebody who has every right, and has shown a second factor at this time."""

    factor_at: int

    def may(self, _: str) -> bool:
        return True


@pytest.mark.parametrize(
    ("ago_ms", "is_fresh"), [(0, True), (900_000, True), (900_001, False), (-1, False), (10_000_000, False)]
)
def test_a_second_factor_is_fresh_for_so_long_and_not_before_it_was_shown(
    ago_ms: int, is_fresh: bool
) -> None:
    """The hub's clock may have been put back since; what was never shown is never fresh."""
    outside = Visit(is_outside=True, wall=10_000_000, fresh_ms=900_000)
    with contextlib.nullcontext() if is_fresh else pytest.raises(FromOutsideError):
        admit("POST", "/posture", Shown(outside.wall - ago_ms), outside)
    admit("POST", "/posture", Shown(0), replace(outside, is_outside=False))


def test_from_outside_a_token_sets_no_posture(desk: FrontDesk, api: Caller) -> None:
    """It can't show a second factor; acknowledging goes on."""
    console(desk, school_networks=("10.20.0.0/16",))
    one = desk.press()
    refused = api.post(f"{A}/posture", {"posture": "hold"}, **FROM_HOME)
    assert (refused.status, refused.json["error"]) == (403, "from-outside")
    assert api.post(f"{A}/incidents/{one.id}/acknowledge", **FROM_HOME).status == 200
    assert api.post(f"{A}/posture", {"posture": "hold"}, **FROM_SCHOOL).status == 200
    assert api.post(f"{A}/posture", {"posture": "secure"}).status == 200  # the hub's own machine
