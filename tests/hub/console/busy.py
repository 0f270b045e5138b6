"""A site on which every page has something to do, and what each form of the pages then sends."""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from msgspec.structs import replace

from config.channel_settings import PushSettings
from config.people_settings import PersonSettings
from hub.asking import BypassZone, OpenWalkTest, PlanDrill
from hub.console.needs import API, NEEDS
from hub.rights import ROLES
from hub.store.phones import Phone
from hub.store.sessions import SignedIn
from hub.webpush.encryption import letters, point_of
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.phone import PASSWORD, Ahead, code_of, offered
from tests.hub.console.test_door_pages import over
from tests.hub.console.test_identities import HELD, SPARE

CHANGING = sorted(row for row, need in NEEDS.items() if row[0] not in ("GET", "HEAD") and need != "anyone")
PAGES = [row for row in CHANGING if not row[1].startswith(API)]
"""The routes of pages that change something."""
WEEK = "/doors/weeks/2026-W39"


class Busy(NamedTuple):
    """What is there."""

    incident: str
    event: str
    """Of a press that a drill did not expect."""


def make_busy(desk: FrontDesk, clock: Ahead) -> Busy:
    """Let there be an incident, a trouble, tests, drills, identities, a week of doors, people and tokens."""
    desk.hear_all()
    one = desk.press()
    desk.trouble("seq-gap room-101", "seq-gap", "event 7 never came", device="room-101")
    desk.ask(OpenWalkTest("room-102", "lee", "console")).result()
    desk.ask(BypassZone("room-103", "wall", "lee", "console", "it chatters", 1.0)).result()
    desk.ask(PlanDrill("lockdown", "lee", "lee", "console", 600.0)).result()
    desk.ask(PlanDrill("lockdown", "lee", "lee", "console", 600.0, desk.wall() + 3_600_000)).result()
    for _ in range(2):
        clock.ahead_s += 30
        event = desk.drill_press("room-104")
    desk.hear_all()
    for identity in (HELD, SPARE):
        desk.view.identities[identity.serial] = identity
    over(desk)
    desk.hands_out("n3w")
    desk.office.add("reyes", PASSWORD, "sro")
    desk.office.set_factor("reyes", "SECRET", 1, ["a", "b"])
    desk.sessions.open(session(desk, "reyes"))
    can_sign_up(desk, "lee", *ROLES)
    desk.phones.add(phone_of("lee"))
    for role in ROLES:
        desk.phones.add(phone_of(role))
    desk.office.add_token("pager", frozenset({"read"}))
    return Busy(one.id, event)


def can_sign_up(desk: FrontDesk, *names: str) -> None:
    """Let the settings have these people as told by Web Push, each a user of that name."""
    push = PushSettings(contact="mailto:it@oak-hill.example", services=("push.example",))
    people = {
        name: PersonSettings(name=f"Officer {name}", signs_in_as=name, reach=(f"push/{name}",))
        for name in names
    }
    desk.settings = replace(desk.settings, people=people, channels={**desk.settings.channels, "push": push})


def phone_of(name: str, path: str = "one", secret: bytes = b"sixteen letters.") -> Phone:
    """Return a phone that somebody has signed up for themselves."""
    point = letters(point_of(generate_private_key(SECP256R1())))
    return Phone(name, name, f"https://push.example/{path}/{name}", point, letters(secret), "a browser", 1)


def session(desk: FrontDesk, name: str) -> SignedIn:
    """Return a session that somebody has on another browser."""
    now = desk.wall()
    return SignedIn(f"of{name}", name, now, now + 3_600_000, "10.0.0.1", "a browser")


def at_home(desk: FrontDesk, name: str) -> None:
    """Let somebody who is signed in have another session, and a second factor with a recovery code."""
    desk.sessions.open(session(desk, name))
    desk.office.set_factor(name, "SECRET", 1, ["0000-0000-0000-0000"])


def pages(busy: Busy) -> list[str]:
    """Return every page for people, of what is there."""
    kinds = [
        path
        for (method, path), need in NEEDS.items()
        if method == "GET" and need != "anyone" and not path.startswith(API)
    ]
    not_pages = ("/board/stream",)
    found = [path for path in kinds if path not in not_pages and "{" not in path]
    named = {f"/incidents/{busy.incident}", "/drills/1", "/drills/2", WEEK}
    assert {path for path in kinds if "{" in path} == {
        "/incidents/{id}",
        "/drills/{id}",
        "/doors/weeks/{week}",
    }
    return [*found, *sorted(named)]


def forms(desk: FrontDesk, busy: Busy, by: Caller, clock: Ahead) -> dict[str, tuple[str, dict[str, str]]]:
    """Return, for each route of :data:`PAGES`, where a right form goes and what it says."""
    page = by.get("/account/second-factor")
    incident, press = f"/incidents/{busy.incident}", {"device": "room-104", "event": busy.event}
    its_code = {"old": "0000-0000-0000-0000", "password": PASSWORD}
    new_factor = {"secret": page.field("secret"), "code": code_of(offered(page), clock), **its_code}
    drill = {"name": "lockdown", "minutes": "10"}
    mine, new = phone_of("lee"), phone_of("lee", "two")
    signed_up = {"person": "lee", "endpoint": new.endpoint, "point": new.point, "auth": new.auth}
    return {
        "/account/phone": ("/account/phone", signed_up),
        "/account/phone/remove": ("/account/phone/remove", {"id": mine.id}),
        "/account/code": ("/account/code", {"code": "0000-0000-0000-0000"}),
        "/account/second-factor": ("/account/second-factor", new_factor),
        "/account/second-factor/remove": ("/account/second-factor/remove", its_code),
        "/account/sessions/end": ("/account/sessions/end", {"id": "oflee"}),
        "/account/sessions/end-others": ("/account/sessions/end-others", {}),
        "/accounts/remove": ("/accounts/remove", {"name": "reyes"}),
        "/accounts/role": ("/accounts/role", {"name": "reyes", "role": "viewer"}),
        "/accounts/second-factor/remove": ("/accounts/second-factor/remove", {"name": "reyes"}),
        "/accounts/sessions/end": ("/accounts/sessions/end", {"id": "ofreyes"}),
        "/accounts/tokens/remove": ("/accounts/tokens/remove", {"name": "pager"}),
        "/channels/{name}/test": ("/channels/webhook/test", {}),
        "/devices/{device}/bypass": (
            "/devices/room-101/bypass",
            {"zone": "desk", "reason": "it chatters", "hours": "2"},
        ),
        "/devices/{device}/bypass/end": ("/devices/room-103/bypass/end", {"zone": "wall"}),
        "/devices/{device}/walk-test": ("/devices/room-101/walk-test", {"zone-wall": "yes", "minutes": "10"}),
        "/devices/{device}/walk-test/end": ("/devices/room-102/walk-test/end", {}),
        "/doors/weeks/{week}/sign": (f"{WEEK}/sign", {"version": "1", "exceptions": "seen to"}),
        "/drills": ("/drills", drill),
        "/drills/{id}/cancel": ("/drills/2/cancel", {}),
        "/drills/{id}/end": ("/drills/1/end", {}),
        "/drills/{id}/part-of-drill": ("/drills/1/part-of-drill", press),
        "/drills/{id}/real": ("/drills/1/real", press),
        "/drills/{id}/start": ("/drills/2/start", {}),
        "/identities/{device}/assign": (
            f"/identities/{SPARE.device}/assign",
            {"device": "room-101", "replace": "yes"},
        ),
        "/identities/{device}/revoke": ("/identities/room-101/revoke", {"reason": "stolen"}),
        "/incidents/{id}/acknowledge": (f"{incident}/acknowledge", {"revision": "1"}),
        "/incidents/{id}/confirm": (f"{incident}/confirm", {}),
        "/incidents/{id}/notes": (f"{incident}/notes", {"note": "on my way"}),
        "/incidents/{id}/resolve": (f"{incident}/resolve", {"revision": "1", "disposition": "test"}),
        "/posture": ("/posture", {"posture": "lockdown"}),
        "/upgrade": ("/upgrade", {"device": ""}),
        "/troubles/clear": ("/troubles/clear", {"key": "seq-gap room-101"}),
    }
