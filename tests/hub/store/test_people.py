"""People and tokens: who may sign in, and what a bearer may do."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from hub.rights import RIGHTS
from hub.store import people as module
from hub.store.people import AccountError, People, Person
from hub.store.sessions import MOST, Sessions, SignedIn
from hub.store.tokens import Token, Tokens
from tests.hub.store.conftest import Store

NOW = 1_790_000_000_000


@pytest.fixture
def people(store: Store) -> People:
    return People(store.engine, "lincoln")


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return Sessions(store.engine, "lincoln")


@pytest.fixture
def tokens(store: Store) -> Tokens:
    return Tokens(store.engine, "lincoln")


def test_a_person_signs_in_with_their_password_alone(people: People) -> None:
    """Not with another's, an empty one, or one that only begins like it."""
    assert people.add("reyes", "correct horse") is True
    people.add("ortiz", "battery staple", "sro")
    found = people.check("reyes", "correct horse")
    assert found is not None
    assert (found.name, found.epoch) == ("reyes", 1)
    for wrong in ("battery staple", "", "correct hors", "correct horse ", "Correct horse"):
        assert people.check("reyes", wrong) is None
    assert people.check("nobody", "correct horse") is None


def test_a_name_nobody_has_costs_a_check_as_well(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the time of an answer would tell who has an account."""
    asked: list[str] = []

    class Counting:
        def verify(self, known: str, password: str) -> bool:
            asked.append(known)
            return module.PasswordHasher().verify(known, password)

    monkeypatch.setattr(module, "_HASHER", Counting())
    people.check("nobody", "a password")
    assert len(asked) == 1
    assert asked[0].startswith("$argon2id$")


def test_a_new_password_ends_the_sessions_of_the_old(people: People) -> None:
    """The epoch rises; the old password is no good."""
    people.add("reyes", "correct horse")
    assert people.add("reyes", "battery staple") is False
    assert people.check("reyes", "correct horse") is None
    found = people.check("reyes", "battery staple")
    assert found is not None
    assert found.epoch == 2
    assert people.person("reyes") == found
    assert people.person("nobody") is None


def test_no_password_and_no_token_stands_in_the_store(people: People, store: Store) -> None:
    """Only what can't be turned back."""
    people.add("reyes", "correct horse")
    token = Tokens(store.engine, "lincoln").add("pager", frozenset({"read"}))
    with store.reader().connect() as connection:
        kept = [
            *connection.execute(text("SELECT * FROM people")),
            *connection.execute(text("SELECT * FROM tokens")),
        ]
    assert "correct horse" not in str(kept)
    assert token not in str(kept)
    assert token.removeprefix("tocsin_") not in str(kept)
    assert "$argon2id$" in str(kept)


def test_no_error_of_the_store_quotes_what_was_to_be_kept_or_looked_for(people: People, store: Store) -> None:
    """A secret is among it, or a password that was typed as the name: errors go into the log."""
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE people RENAME TO away"))
    for refused in (
        lambda: people.set_factor("reyes", "SECRET", 1, ["a"]),
        lambda: people.check("my password", "x"),
    ):
        with pytest.raises(SQLAlchemyError) as error:
            refused()
        assert "SECRET" not in str(error.value)
        assert "my password" not in str(error.value)


def test_a_token_is_its_bearer(tokens: Tokens) -> None:
    """Its name is who did it; another token is nobody."""
    token = tokens.add("pager", frozenset({"read", "acknowledge"}))
    found = tokens.token(token)
    assert found is not None
    assert (found.name, found.scopes, found.ends) == ("pager", frozenset({"read", "acknowledge"}), None)
    for wrong in ("", "tocsin_", token[:-1], token + "x", token.upper(), "\ud800"):
        assert tokens.token(wrong) is None


def test_a_token_made_again_replaces_the_old(tokens: Tokens) -> None:
    """The one that was lost is no longer good."""
    old = tokens.add("pager", frozenset({"read"}))
    new = tokens.add("pager", frozenset({"all"}))
    assert tokens.token(old) is None
    assert tokens.token(new) is not None


@pytest.mark.parametrize("scope", RIGHTS)
def test_a_scope_is_had_or_not(scope: str) -> None:
    """Each by itself; ``all`` is every one of them, also those to come."""
    assert Token("t", frozenset({scope})).may(scope)
    assert not any(Token("t", frozenset({scope})).may(other) for other in RIGHTS if other != scope)
    assert Token("t", frozenset({"all"})).may(scope)
    assert Token("t", frozenset({"all"})).may("what-is-to-come")
    assert not Token("t", frozenset()).may(scope)


def test_another_sites_people_and_tokens_are_strangers(people: People, tokens: Tokens, store: Store) -> None:
    """Two sites in one database."""
    people.add("reyes", "correct horse")
    token = tokens.add("pager", frozenset({"all"}))
    other = People(store.engine, "jackson")
    assert other.check("reyes", "correct horse") is None
    assert other.person("reyes") is None
    assert Tokens(store.engine, "jackson").token(token) is None
    assert other.add("reyes", "battery staple") is True
    assert people.check("reyes", "correct horse") is not None


def test_the_first_person_is_an_administrator_and_every_other_needs_a_role(people: People) -> None:
    """A new password leaves the role as it is."""
    people.add("reyes", "correct horse")
    with pytest.raises(AccountError, match="ortiz is new: which role"):
        people.add("ortiz", "battery staple")
    people.add("ortiz", "battery staple", "sro")
    people.add("ortiz", "another staple")
    assert [(one.name, one.role) for one in people.all()] == [("ortiz", "sro"), ("reyes", "administrator")]


def test_there_is_always_an_administrator(people: People) -> None:
    """The last one keeps the role, and can't be removed; with another one both can be done."""
    people.add("reyes", "correct horse")
    people.add("ortiz", "battery staple", "sro")
    for change in (
        lambda: people.set_role("reyes", "sro"),
        lambda: people.remove("reyes"),
        lambda: people.add("reyes", "another horse", "viewer"),
    ):
        with pytest.raises(AccountError, match="reyes is the only administrator"):
            change()
    assert people.check("reyes", "correct horse") is not None
    people.set_role("ortiz", "administrator")
    people.set_role("reyes", "viewer")
    people.remove("reyes")
    assert [one.name for one in people.all()] == ["ortiz"]
    for change in (lambda: people.set_role("reyes", "sro"), lambda: people.remove("reyes")):
        with pytest.raises(AccountError, match="nobody is called reyes"):
            change()


def signed_in(session: str, name: str, since: int = NOW) -> SignedIn:
    return SignedIn(session, name, since, since + 1000, "10.0.0.1", "a browser")


def test_a_session_stands_while_its_row_and_its_person_are_there(people: People, sessions: Sessions) -> None:
    """With the role and epoch of now; nobody else's id will do."""
    people.add("reyes", "correct horse")
    people.add("ortiz", "battery staple", "sro")
    sessions.open(signed_in("s1", "reyes"))
    sessions.open(signed_in("s1", "reyes"))  # written twice is written once
    sessions.open(signed_in("s2", "ortiz"))
    assert people.standing("s1", "reyes") == Person("reyes", 1, "administrator")
    assert people.standing("s1", "ortiz") is None
    assert people.standing("s3", "reyes") is None
    people.set_role("ortiz", "viewer")
    assert people.standing("s2", "ortiz") == Person("ortiz", 1, "viewer")
    assert sessions.end("s1", "ortiz") is None
    assert sessions.end("s1", "reyes") == signed_in("s1", "reyes")
    assert sessions.end("s1", "reyes") is None
    assert people.standing("s1", "reyes") is None
    people.remove("ortiz")
    assert (people.standing("s2", "ortiz"), sessions.all(NOW)) == (None, [])


def test_sessions_are_listed_and_ended(sessions: Sessions, store: Store) -> None:
    """The newest first; one whose time is over is in no list."""
    for number, name in enumerate(("reyes", "ortiz", "reyes"), 1):
        sessions.open(signed_in(f"s{number}", name, NOW + number))
    assert [one.id for one in sessions.all(NOW)] == ["s3", "s2", "s1"]
    assert [one.id for one in sessions.all(NOW, "reyes")] == ["s3", "s1"]
    assert sessions.all(NOW, "reyes")[0] == signed_in("s3", "reyes", NOW + 3)
    assert sessions.all(NOW + 2000) == []
    assert Sessions(store.engine, "jackson").all(NOW) == []
    assert sessions.end_others("reyes", "s3") == ["s1"]
    assert [one.id for one in sessions.all(NOW)] == ["s3", "s2"]


def test_all_sessions_of_a_person_or_of_everybody_are_ended(people: People, sessions: Sessions) -> None:
    """One that a hub could not write down yet is over as well: whose it is has another epoch."""
    for name in ("reyes", "ortiz", "lee"):
        people.add(name, "correct horse", "administrator")
        sessions.open(signed_in(f"of {name}", name))
    assert sessions.end_all("reyes") == 1
    assert [one.id for one in sessions.all(NOW)] == ["of lee", "of ortiz"]
    assert sessions.end_all() == 2
    found = {name: people.person(name) for name in ("reyes", "ortiz", "lee")}
    assert {name: one and one.epoch for name, one in found.items()} == {"reyes": 3, "ortiz": 2, "lee": 2}


def test_a_clock_that_is_wrong_for_a_moment_ends_nobodys_session(people: People, sessions: Sessions) -> None:
    """Years ahead, at somebody's sign-in; and no newer ones of that time end the one that is opened now."""
    people.add("reyes", "correct horse")
    sessions.open(signed_in("s1", "reyes"))
    sessions.open(signed_in("s2", "ortiz", NOW + 10**12))
    assert people.standing("s1", "reyes") is not None
    for number in range(MOST):
        sessions.open(signed_in(f"ahead {number}", "reyes", NOW + 10**12))
    sessions.open(signed_in("now", "reyes"))
    assert people.standing("now", "reyes") is not None


def test_a_new_password_takes_the_sessions_away(people: People, sessions: Sessions) -> None:
    people.add("reyes", "correct horse")
    sessions.open(signed_in("s1", "reyes"))
    people.add("reyes", "battery staple")
    assert sessions.all(NOW) == []


def test_a_token_ends_and_is_removed(tokens: Tokens) -> None:
    """Whoever asks for it sees until when; gone is gone."""
    token = tokens.add("pager", frozenset({"read"}), ends=NOW)
    found = tokens.token(token)
    assert found is not None
    assert (found.over(NOW - 1), found.over(NOW)) == (False, True)
    tokens.add("all", frozenset({"all"}))
    assert [(one.name, one.ends) for one in tokens.all()] == [("all", None), ("pager", NOW)]
    assert tokens.remove("pager") is True
    assert tokens.remove("pager") is False
    assert tokens.token(token) is None


def test_each_code_of_a_second_factor_is_taken_once(people: People) -> None:
    """A step that is taken, and every older one, is over; so is a recovery code."""
    people.add("reyes", "correct horse")
    assert (people.factor("reyes"), people.take_step("reyes", 7)) == (None, True)
    people.set_factor("reyes", "SECRET", 10, ["aaaa", "bbbb"])
    assert people.factor("reyes") == "SECRET"
    found = people.check("reyes", "correct horse")
    assert found is not None
    assert found.has_factor
    assert [people.take_step("reyes", step) for step in (9, 10, 11, 11, 12)] == [
        False, False, True, False, True,
    ]  # fmt: skip
    assert people.all()[0].recovery_codes == 2
    assert [people.take_recovery_code("reyes", code) for code in ("aaaa", "aaaa", "cccc", "bbbb")] == [
        True, False, False, True,
    ]  # fmt: skip
    assert people.remove_factor("reyes") is True
    assert people.remove_factor("reyes") is False
    assert people.factor("reyes") is None


def test_a_51st_session_of_a_person_ends_their_oldest(sessions: Sessions) -> None:
    """Whoever signs in again and again fills nothing; nobody else's session goes."""
    sessions.open(signed_in("other", "ortiz"))
    for number in range(MOST + 2):
        sessions.open(signed_in(f"s{number}", "reyes", NOW + number))
    kept = {one.id for one in sessions.all(NOW)}
    assert kept == {"other", *(f"s{number}" for number in range(2, MOST + 2))}
