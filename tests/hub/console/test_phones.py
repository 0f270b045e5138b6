"""Signing a phone up for Web Push, and what it asks for once it is back."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import insert

from config.console_settings import ConsoleSettings
from hub.delivery import Delivery, Target
from hub.incident import Incident
from hub.links import Links
from hub.notice import notice_body
from hub.push_key import push_key
from hub.store.tables import deliveries
from hub.webpush.encryption import letters, point_of
from tests.hub.console.busy import can_sign_up, phone_of
from tests.hub.console.caller import Caller, Reply
from tests.hub.console.front_desk import SITE, FrontDesk
from tests.hub.console.phone import text
from tests.hub.console.served import KEY, Served


def sign_up(caller: Caller, **wrong: str) -> Reply:
    phone = phone_of("lee")
    fields = {"person": "lee", "endpoint": phone.endpoint, "point": phone.point, "auth": phone.auth}
    csrf = caller.get("/").field("csrf")
    return caller.form("/account/phone", {**fields, "csrf": csrf, **wrong})


def test_a_phone_signs_up_as_its_person(desk: FrontDesk, lee: Caller) -> None:
    """With the hub's own public key; the record knows; it is listed, and signed off with a touch."""
    can_sign_up(desk, "lee")
    page = lee.get("/account/phone")
    assert f'data-key="{letters(point_of(push_key(desk.data)))}"' in page.text
    assert "Sign this phone up as Officer lee" in text(page)
    done = sign_up(lee)
    assert (done.status, "told from now on, as Officer lee's" in text(done)) == (200, True)
    (phone,) = desk.phones.of("lee")
    assert phone.endpoint == "https://push.example/one/lee"
    assert desk.told[-1].words == "lee signed a phone up for Officer lee"  # type: ignore[union-attr]
    page = lee.get("/account/phone")
    assert "not told yet" in text(page)
    off = lee.form("/account/phone/remove", {"csrf": page.field("csrf"), "id": phone.id})
    assert (off.status, desk.phones.of("lee")) == (200, [])


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"person": "okafor"}, 403),
        ({"person": "nobody"}, 403),
        ({"endpoint": ""}, 422),
        ({"endpoint": "https://10.20.0.1/admin"}, 422),
        ({"endpoint": "http://push.example/x"}, 422),
        ({"endpoint": "https://push.example/" + "x" * 2000}, 422),
        ({"point": "AAAA"}, 422),
        ({"point": "~"}, 422),
        ({"auth": "AAAA"}, 422),
        ({"auth": phone_of("lee").auth + "\0" * 4}, 422),
        ({"point": phone_of("lee").point + "\0" * 4}, 422),
    ],
)
def test_what_is_no_phone_of_theirs_is_refused(
    desk: FrontDesk, lee: Caller, wrong: dict[str, str], status: int
) -> None:
    """Another person's, a machine that is no push service, keys that are none."""
    can_sign_up(desk, "lee", "okafor")
    assert sign_up(lee, **wrong).status == status
    assert desk.phones.of_account("lee") == []


def test_whom_the_settings_do_not_know_is_told_so(desk: FrontDesk, lee: Caller) -> None:
    """And another's phone can't be signed off."""
    can_sign_up(desk, "okafor")
    desk.phones.add(phone_of("okafor"))
    page = lee.get("/account/phone")
    assert "say that you are told by Web Push" in text(page)
    assert 'id="sign-up"' not in page.text
    (phone,) = desk.phones.of("okafor")
    fields = {"csrf": page.field("csrf"), "id": phone.id}
    assert lee.form("/account/phone/remove", fields).status == 404
    assert desk.phones.of("okafor") == [phone]


def owe(desk: FrontDesk, one: Incident, person: str, **more: Any) -> None:
    """Have the store hold a notice to somebody's phones."""
    row = Delivery(
        id=f"d-{person}-{one.revision}-{more.get('state', 'owed')}",
        incident=one.id,
        number=one.number,
        target=Target("sro", more.pop("channel", "push"), person),
        type="incident.opened",
        revision=one.revision,
        urgency=0,
        body=notice_body(one, "incident.opened", "sro", desk.wall()),
        reason="step at 0 s",
        owed_at=desk.wall(),
        **more,
    )
    with desk.engine.begin() as connection:
        connection.execute(
            insert(deliveries).values(
                site=SITE, id=row.id, incident=one.id, state=row.state, row=msgspec.json.encode(row)
            )
        )


def ask(served: Served, body: object) -> Reply:
    return Caller(served.port).call("POST", "/push/missed", json.dumps(body).encode())


def test_a_phone_that_is_back_hears_what_it_missed(desk: FrontDesk, served: Served, lee: Caller) -> None:
    """Its person's calls that nobody has in hand, in their newest words, with a link of their own."""
    can_sign_up(desk, "lee", "okafor")
    desk.settings = replace(desk.settings, console=ConsoleSettings(public_url="https://board.example.org"))
    phone = phone_of("lee")
    desk.phones.add(phone)
    mine = {"endpoint": phone.endpoint, "auth": phone.auth}
    one = desk.press()
    assert ask(served, mine).json == []
    owe(desk, one, "okafor", state="delivered")
    owe(desk, one, "lee", state="withdrawn")
    assert ask(served, mine).json == []
    for state in ("owed", "delivered", "failed"):
        owe(desk, one, "lee", state=state)
    two = desk.press("room-102", id="e2")
    owe(desk, two, "lee")
    (told,) = ask(served, mine).json
    assert "Room 101" in told["title"]
    assert "Room 102" in told["title"]
    assert told["tag"] == one.id
    link = Links(KEY, SITE).open(told["open"].removeprefix("/go/"))
    assert link is not None
    assert (link.person, link.incident) == ("lee", one.id)
    assert Caller(served.port).get(told["open"]).status == 200
    csrf = lee.get("/").field("csrf")
    lee.form(f"/incidents/{one.id}/acknowledge", {"csrf": csrf, "revision": "2"})
    assert ask(served, mine).json == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"endpoint": "https://push.example/one/lee", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}, 404),
        ({"endpoint": "https://push.example/one/lee", "auth": ""}, 404),
        ({"endpoint": "https://push.example/one/lee", "auth": "é"}, 404),
        ({"endpoint": "https://push.example/one/lee"}, 422),
        ({"endpoint": 1, "auth": 2}, 422),
        ([], 422),
    ],
)
def test_nobody_else_hears_it(desk: FrontDesk, served: Served, body: object, status: int) -> None:
    """The endpoint, which the push service knows too, is not enough."""
    can_sign_up(desk, "lee")
    desk.phones.add(phone_of("lee"))
    owe(desk, desk.press(), "lee")
    reply = ask(served, body)
    assert reply.status == status
    assert "Room" not in reply.text
