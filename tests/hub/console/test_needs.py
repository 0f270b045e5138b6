"""Who may do what: one table, walked. A route without a row can't be made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from hub.asking import Action, Answer
from hub.console.api.openapi import answer
from hub.console.api.table import operations
from hub.console.app import _open, _page, build_app
from hub.console.needs import API, NEEDS, Need
from hub.console.posture import page
from hub.console.session import MS_AN_HOUR
from hub.rights import OF_ROLE, RIGHTS, ROLES, Role
from tests.hub.console.busy import CHANGING, PAGES
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import KEY, Served

CALLS = [row for row in CHANGING if row[1].startswith(API)]


def routes(of: list[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield method and path of everything that is served, the files of the pages apart."""
    for route in of:
        if isinstance(route, Mount) and not isinstance(route.app, StaticFiles):
            yield from routes(list(route.routes), before + route.path)
        elif isinstance(route, Route) and before != "/api":
            yield from ((method, before + route.path) for method in route.methods or () if method != "HEAD")


def test_every_route_has_a_row_and_every_row_a_route(desk: FrontDesk) -> None:
    """Pages by their routes, the API by its table, from which its routes are made."""
    served = set(routes(list(build_app(desk, KEY, clock=desk.clock).routes)))
    calls = {(one.method, API + one.path) for one in operations(answer)}
    assert served | calls == set(NEEDS)


def test_a_route_without_a_row_cannot_be_made() -> None:
    """Nor one that lets anybody in where the table does not say so."""
    for make in (_page, _open):
        with pytest.raises(LookupError, match="POST /new has no row"):
            make("POST", "/new", page)  # type: ignore[arg-type]
    with pytest.raises(LookupError, match="answers anybody"):
        _open("POST", "/posture", page)  # type: ignore[arg-type]


def test_what_anybody_may_change_is_to_sign_in_and_out() -> None:
    """Or to answer the one incident of a link."""
    assert {row[1] for row, need in NEEDS.items() if row[0] != "GET" and need == "anyone"} == {
        "/go/{token}",
        "/push/missed",
        "/sign-in",
        "/sign-in/code",
        "/sign-out",
    }


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


def signed_in(desk: FrontDesk, served: Served, role: Role) -> tuple[Caller, str]:
    """Return somebody of a role, and the token of their forms."""
    if not desk.people.all():
        desk.office.add("first", "correct horse")
    desk.office.add(role, "correct horse", role)
    caller = Caller(served.port)
    assert caller.sign_in(role, "correct horse").status == 303
    return caller, caller.get("/").field("csrf")


def filled(path: str) -> str:
    """Return a path of something that may be there."""
    named = {"{device}": "room-101", "{zone}": "wall", "{week}": "2026-W47", "{id}": "1", "{name}": "lee"}
    for name, value in named.items():
        path = path.replace(name, value)
    return path


def snapshot(desk: FrontDesk) -> object:
    """Return everything that a page may change without the recorder."""
    wall = desk.wall()
    sessions = sorted(one.id for one in desk.sessions.all(wall))
    phones = [desk.phones.of_account(one.name) for one in desk.people.all()]
    return desk.people.all(), sessions, phones, desk.tokens.all(), wall // (1000 * MS_AN_HOUR)


@pytest.mark.parametrize("role", ROLES)
def test_every_page_that_changes_something_is_refused_to_a_role_that_lacks_it(
    desk: FrontDesk, served: Served, asked: list[Action], role: Role
) -> None:
    """In words, with 403, and nothing reaches the recorder or the store; what it has, it is let in to."""
    caller, csrf = signed_in(desk, served, role)
    before, refused = snapshot(desk), 0
    for method, path in PAGES:
        need: Need = NEEDS[method, path]
        lacks = need in RIGHTS and need not in OF_ROLE[role]
        for script in ({}, {"Accept": "application/json"}):
            if lacks:
                reply = caller.form(filled(path), {"csrf": csrf}, **script)
                assert reply.status == 403, path
                assert f"the role {role} may not do that" in reply.text, path
                refused += 1
        if not lacks:
            # A form that is out of date is let in, and then does nothing.
            assert "may not do that" not in caller.form(filled(path), {"csrf": "x"}).text, path
    assert (asked, snapshot(desk)) == ([], before)
    assert (refused > 0) == (role != "administrator")


@pytest.mark.parametrize("scope", RIGHTS)
def test_every_call_that_changes_something_is_refused_to_a_scope_that_lacks_it(
    desk: FrontDesk, served: Served, asked: list[Action], scope: str
) -> None:
    """With the scope that it needs; and nothing reaches the recorder or the store."""
    caller = Caller(served.port, desk.office.add_token("t", frozenset({scope})))
    before = snapshot(desk)
    for method, path in CALLS:
        if NEEDS[method, path] != scope:
            reply = caller.call(method, filled(path), b"{}", Content_Type="application/json")
            assert (reply.status, reply.json["error"]) == (403, "lacks-scope"), path
            assert reply.json["allowed"] == [NEEDS[method, path]]
    assert (asked, snapshot(desk)) == ([], before)


@pytest.mark.parametrize("scope", RIGHTS)
def test_a_scope_opens_what_needs_it(desk: FrontDesk, served: Served, scope: str) -> None:
    """And so does ``all``: whatever is then wrong with the call, it is not the scope."""
    for scopes in (frozenset({scope}), frozenset({"all"})):
        caller = Caller(served.port, desk.office.add_token("t", scopes))
        for method, path in CALLS:
            if NEEDS[method, path] == scope:
                reply = caller.call(method, filled(path), b"[]", Content_Type="application/json")
                assert reply.status not in (401, 403), path


def test_reading_needs_the_right_to_read(desk: FrontDesk, served: Served) -> None:
    """A token of another scope sees nothing; every role sees every page."""
    caller = Caller(served.port, desk.office.add_token("t", frozenset(RIGHTS) - {"read"}))
    reads = [path for method, path in NEEDS if method == "GET" and NEEDS[method, path] == "read"]
    for path in reads:
        if path.startswith(API):
            assert caller.get(filled(path)).status == 403, path
    assert all("read" in rights for rights in OF_ROLE.values())


def test_another_role_holds_at_once(desk: FrontDesk, served: Served) -> None:
    """In a session that is open; the page shows what it may do from then on."""
    one = desk.press()
    caller, csrf = signed_in(desk, served, "viewer")
    assert "I have it" not in caller.get("/").text
    deed = (f"/incidents/{one.id}/acknowledge", {"csrf": csrf, "revision": "1"})
    assert caller.form(*deed).status == 403
    desk.office.set_role("viewer", "sro")
    assert "I have it" in caller.get("/").text
    assert caller.form(*deed).status == 200
    desk.office.set_role("viewer", "viewer")
    assert caller.form(*deed).status == 403
