"""The phones that signed up for Web Push."""

from __future__ import annotations

from msgspec.structs import replace

from hub.store.people import People
from hub.store.phones import MOST, Phone, Phones
from tests.hub.store.conftest import Store

PHONE = Phone("reyes", "lee", "https://push.example/one", "point", "secret", "a browser", 1)


def test_a_phone_is_known_until_it_is_removed(store: Store) -> None:
    """In memory at once, and after a restart; by its secret alone."""
    phones = Phones(store.engine, "lincoln", store.reader())
    phones.add(PHONE)
    for found in (phones, Phones(store.engine, "lincoln")):
        assert found.of("reyes") == found.of_account("lee") == [PHONE]
        assert found.by_secret(PHONE.endpoint, "secret") == PHONE
        assert found.by_secret(PHONE.endpoint, "secreT") is None
        assert found.by_secret("https://push.example/two", "secret") is None
        assert found.of("okafor") == found.of_account("reyes") == []
    assert Phones(store.engine, "oak-hill").of("reyes") == []
    phones.took(PHONE.id, 5)
    assert (
        Phones(store.engine, "lincoln").of("reyes") == phones.of("reyes") == [replace(PHONE, last_success=5)]
    )
    phones.remove(PHONE.id)
    phones.took(PHONE.id, 6)
    assert Phones(store.engine, "lincoln").of("reyes") == phones.of("reyes") == []


def test_a_phone_that_signs_up_again_is_one(store: Store) -> None:
    """As whom it signed up last; of one person the newest ten."""
    phones = Phones(store.engine, "lincoln")
    phones.add(PHONE)
    phones.add(replace(PHONE, person="okafor"))
    assert (phones.of("reyes"), len(phones.of("okafor"))) == ([], 1)
    for n in range(MOST + 2):
        phones.add(replace(PHONE, endpoint=f"https://push.example/{n}", made_at=n))
    kept = [phone.made_at for phone in phones.of("reyes")]
    assert kept == [phone.made_at for phone in Phones(store.engine, "lincoln").of("reyes")]
    assert kept == list(range(MOST + 1, 1, -1))


def test_with_an_account_its_phones_go(store: Store) -> None:
    """Known to a running hub as soon as it looks."""
    people, phones = People(store.engine, "lincoln"), Phones(store.engine, "lincoln")
    people.add("first", "correct horse")
    people.add("lee", "correct horse", "sro")
    phones.add(PHONE)
    phones.add(replace(PHONE, endpoint="https://push.example/two", account="first"))
    people.remove("lee")
    phones.look()
    assert [phone.account for phone in phones.of("reyes")] == ["first"]
