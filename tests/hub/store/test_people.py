"""People and tokens: who may sign in, and what a bearer may do."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hub.store import people as module
from hub.store.people import SCOPES, People, Token
from tests.hub.store.conftest import Store


@pytest.fixture
def people(store: Store) -> People:
    return People(store.engine, "lincoln")


def test_a_person_signs_in_with_their_password_alone(people: People) -> None:
    """Not with another's, an empty one, or one that only begins like it."""
    assert people.add("reyes", "correct horse") is True
    people.add("ortiz", "battery staple")
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
    token = people.add_token("pager", frozenset({"read"}))
    with store.reader().connect() as connection:
        kept = [
            *connection.execute(text("SELECT * FROM people")),
            *connection.execute(text("SELECT * FROM tokens")),
        ]
    assert "correct horse" not in str(kept)
    assert token not in str(kept)
    assert token.removeprefix("tocsin_") not in str(kept)
    assert "$argon2id$" in str(kept)


def test_a_token_is_its_bearer(people: People) -> None:
    """Its name is who did it; another token is nobody."""
    token = people.add_token("pager", frozenset({"read", "acknowledge"}))
    found = people.token(token)
    assert found == Token("pager", frozenset({"read", "acknowledge"}))
    for wrong in ("", "tocsin_", token[:-1], token + "x", token.upper(), "\ud800"):
        assert people.token(wrong) is None


def test_a_token_made_again_replaces_the_old(people: People) -> None:
    """The one that was lost is no longer good."""
    old = people.add_token("pager", frozenset({"read"}))
    new = people.add_token("pager", frozenset({"all"}))
    assert people.token(old) is None
    assert people.token(new) is not None


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_is_had_or_not(scope: str) -> None:
    """Each by itself; ``all`` is every one of them, also those to come."""
    assert Token("t", frozenset({scope})).may(scope)
    assert not any(Token("t", frozenset({scope})).may(other) for other in SCOPES if other != scope)
    assert Token("t", frozenset({"all"})).may(scope)
    assert Token("t", frozenset({"all"})).may("what-is-to-come")
    assert not Token("t", frozenset()).may(scope)


def test_another_sites_people_and_tokens_are_strangers(people: People, store: Store) -> None:
    """Two sites in one database."""
    people.add("reyes", "correct horse")
    token = people.add_token("pager", frozenset({"all"}))
    other = People(store.engine, "jackson")
    assert other.check("reyes", "correct horse") is None
    assert other.person("reyes") is None
    assert other.token(token) is None
    assert other.add("reyes", "battery staple") is True
    assert people.check("reyes", "correct horse") is not None
