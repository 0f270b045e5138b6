"""Every form of every page: shown to whom it would be let in from, and taken only from our own page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.asking import Action
from hub.console.needs import NEEDS
from hub.rights import OF_ROLE, ROLES, Role
from tests.hub.console.busy import PAGES, at_home, forms, make_busy, pages
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.phone import PASSWORD, Ahead, text
from tests.hub.console.served import Served
from tests.hub.console.test_needs import asked, snapshot

__all__ = ["asked"]  # a fixture


@pytest.fixture
def clock() -> Ahead:
    return Ahead()


@pytest.fixture
def desk(tmp_path: Path, clock: Ahead) -> Iterator[FrontDesk]:
    made = FrontDesk(tmp_path, clock=clock)
    made.office.add("lee", PASSWORD)
    yield made
    made.close()


def places(page: str) -> Iterator[str]:
    """Yield where the forms of a page go to that have a button which can be pressed."""
    for action, inside in re.findall(r'<form [^>]*action="([^"]*)"[^>]*>(.*?)</form>', page, re.DOTALL):
        buttons = re.findall(r"<button[^>]*>", inside)
        if any(not re.search(r"\sdisabled\b", button) for button in buttons):
            yield action


def row_of(action: str) -> str:
    """Return the row of the table that a form's place belongs to."""
    (found,) = [row for _, row in PAGES if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", row), action)]
    return found


@pytest.mark.parametrize("role", ROLES)
def test_the_pages_show_each_form_to_whom_it_is_for(
    desk: FrontDesk, served: Served, clock: Ahead, role: Role
) -> None:
    """And to nobody else: a button would be refused, and where one is missing it can't be done."""
    busy = make_busy(desk, clock)
    desk.office.add(role, PASSWORD, role)
    caller = Caller(served.port)
    assert caller.sign_in(role, PASSWORD).status == 303
    at_home(desk, role)
    shown = set()
    for path in pages(busy):
        page = caller.get(path)
        assert page.status == (
            403 if NEEDS.get(("GET", path)) == "administer" and role != "administrator" else 200
        )
        shown |= {row_of(action) for action in places(page.text) if action != "/sign-out"}
    may = {*OF_ROLE[role], "signed-in"}
    assert shown == {row for method, row in PAGES if NEEDS[method, row] in may}


@pytest.mark.parametrize("row", [row for _, row in PAGES])
def test_a_form_is_taken_from_our_own_page_alone(
    desk: FrontDesk, served: Served, lee: Caller, clock: Ahead, asked: list[Action], row: str
) -> None:
    """All else is right, and its token is another's, is missing, or a page elsewhere sent it."""
    busy = make_busy(desk, clock)
    at_home(desk, "lee")
    asked.clear()
    csrf = lee.get("/").field("csrf")
    path, fields = forms(desk, busy, lee, clock)[row]
    before, cookies = snapshot(desk), dict(lee.cookies)
    for sent, headers in (
        ({"csrf": f"{csrf[:-1]}~"}, {}),
        ({}, {}),
        ({"csrf": ""}, {}),
        ({"csrf": csrf}, {"Origin": "http://elsewhere.example"}),
        ({"csrf": csrf}, {"Sec_Fetch_Site": "cross-site"}),
    ):
        refused = lee.form(path, {**fields, **sent}, **headers)
        assert refused.status == 403, (sent, headers)
        assert (asked, snapshot(desk), lee.cookies) == ([], before, cookies)
    taken = lee.form(path, {**fields, "csrf": csrf})
    assert asked or snapshot(desk) != before, text(taken)


def test_there_is_a_form_for_every_route(desk: FrontDesk, lee: Caller, clock: Ahead) -> None:
    """A new one is tried by the test above."""
    assert set(forms(desk, make_busy(desk, clock), lee, clock)) == {row for _, row in PAGES}
