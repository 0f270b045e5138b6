"""``/account/phone``: this phone signed up for Web Push, and the others that somebody has signed up."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from config.channel_settings import PushSettings
from config.contract import shown
from config.hub_settings import HubSettings
from hub.console import console
from hub.console.accounts.listed import browser_words
from hub.console.deeds import take
from hub.console.pages import rendered
from hub.console.session import Session
from hub.push_key import push_key
from hub.store.phones import Phone
from hub.webpush.addresses import is_of
from hub.webpush.encryption import AUTH_BYTES, is_point, letters, point_of, read

LONGEST: Final = 2000
"""Characters of an endpoint."""


async def page(request: Request, session: Session) -> Response:
    """``GET /account/phone``."""
    here = console.of(request)
    now, people = here.now().wall, here.desk.settings.people
    key = await here.aside.call(push_key, here.desk.settings.data)
    facts: dict[str, Any] = {
        "page": "account",
        "people": {one: shown(people[one].name) for one in who(session.name, here.desk.settings)},
        "key": letters(point_of(key)),
        "phones": [
            {
                "id": phone.id,
                "browser": browser_words(phone.browser),
                "person": shown(people[phone.person].name) if phone.person in people else phone.person,
                "since": here.words.when(phone.made_at, now),
                "last": None if phone.last_success is None else here.words.when(phone.last_success, now),
            }
            for phone in here.desk.phones.of_account(session.name)
        ],
    }
    return rendered(request, session, "phone.html", facts)


async def sign_up(request: Request, session: Session) -> Response:
    """``POST /account/phone``: what the browser's push service said is kept for the person."""
    here = console.of(request)

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        settings = here.desk.settings
        person = fields.get("person", "")
        if person not in who(session.name, settings):
            return "Not done: the settings don't have that person's phones as yours.", 403
        endpoint, point, auth = (fields.get(name, "") for name in ("endpoint", "point", "auth"))
        if not endpoint:
            return "Not done: the browser must be asked first, and its scripts be on.", 422
        services = [name for one in _channels(settings).values() for name in one.services]
        if len(endpoint) > LONGEST or not is_of(endpoint, services):
            return "Not done: the settings don't have this browser's push service.", 422
        if not _are_keys(point, auth):
            return "Not done: the browser's keys can't be used.", 422
        browser = shown(request.headers.get("user-agent", ""), 256)
        phone = Phone(person, session.name, endpoint, point, auth, browser, here.now().wall)
        await here.aside.call(here.desk.phones.add, phone)
        name = shown(settings.people[person].name)
        words = f"{session.name} signed a phone up for {name}"
        here.note("account-changed", request, session.name, session.name, words)
        return f"This phone is told from now on, as {name}'s.", 200

    return await take(request, session, word, "this page")


async def remove(request: Request, session: Session) -> Response:
    """``POST /account/phone/remove``: one of one's own, by its id."""
    here = console.of(request)

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        wanted = fields.get("id", "")
        if all(phone.id != wanted for phone in here.desk.phones.of_account(session.name)):
            return "Not done: there is no such phone of yours.", 404
        await here.aside.call(here.desk.phones.remove, wanted)
        words = f"{session.name} signed a phone off"
        here.note("account-changed", request, session.name, session.name, words)
        return "That phone is told no more.", 200

    return await take(request, session, word, "this page")


def who(account: str, settings: HubSettings) -> list[str]:
    """Return the keys of the people whose phones an account may sign up: those who sign in by it."""
    ends = _channels(settings)
    return [
        key
        for key, person in settings.people.items()
        if account in (person.signs_in_as, person.name)
        and any(f"{channel}/{key}" in person.reach for channel in ends)
    ]


def _channels(settings: HubSettings) -> dict[str, PushSettings]:
    return {name: one for name, one in settings.channels.items() if isinstance(one, PushSettings)}


def _are_keys(point: str, auth: str) -> bool:
    try:
        as_written = letters(read(point)) == point and letters(read(auth)) == auth
        return as_written and is_point(read(point)) and len(read(auth)) == AUTH_BYTES
    except ValueError:
        return False
