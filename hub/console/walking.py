"""Walk tests on the devices page: opened, watched, ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from config.contract import PANIC_KINDS, shown
from hub.asking import EndWalkTest, OpenWalkTest, Refused, WalkTestDone
from hub.console import console
from hub.console.api import query
from hub.console.api.errors import bad_input
from hub.console.deeds import NOT_WRITTEN, status_of, take
from hub.console.session import Session
from hub.console.words import Words
from hub.view import DeviceView, View
from hub.walk_test import Proof, WalkTest

MINUTES: Final = (5, 10, 20, 30)

BY_HAND: Final = "Its device is in a walk test that is not open here: every press is taken as real."


class Button(Struct, frozen=True):
    """A button as the walk test's part of a device shows it."""

    zone: str
    label: str
    proved: str
    """When it was last proved and by whom, or that it is not."""
    is_proved: bool


class Walk(Struct, frozen=True):
    """A device's buttons and its walk test, if one is open or was lately."""

    buttons: tuple[Button, ...]
    may_open: bool
    test: WalkTest | None = None
    """The one that is open."""
    said: str = ""
    """How far it has come, or what came of the last one."""
    done: str = ""
    left: str = ""


async def begin(request: Request, session: Session) -> Response:
    """``POST /devices/{device}/walk-test``."""
    device = request.path_params["device"]

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        zones = tuple(name.removeprefix("zone-") for name in fields if name.startswith("zone-"))
        if not zones:
            raise bad_input("no button is chosen", "one button or more")
        for_s = query.for_s({"for_s": _seconds(fields)})
        answer = await console.of(request).ask_for(
            OpenWalkTest(device, session.name, "console", zones=zones, for_s=for_s), WalkTestDone
        )
        if isinstance(answer, Refused):
            return f"Not done: {answer.detail}", status_of(answer)
        until = console.of(request).words.clock(answer.walk_test.until)
        said = (
            f"The walk test of {device} is open until {until}. Press one button at a time, each for a moment."
        )
        return said + ("" if answer.recorded else NOT_WRITTEN), 200

    return await take(request, session, word, "the devices")


async def end(request: Request, session: Session) -> Response:
    """``POST /devices/{device}/walk-test/end``."""
    device = request.path_params["device"]

    async def word(_: dict[str, str]) -> tuple[str, int]:
        action = EndWalkTest(device, session.name, "console")
        answer = await console.of(request).ask_for(action, WalkTestDone)
        if isinstance(answer, Refused):
            return f"Not done: {answer.detail}", status_of(answer)
        said = f"The walk test of {device} is over: every press is real."
        return said + ("" if answer.recorded else NOT_WRITTEN), 200

    return await take(request, session, word, "the devices")


def _seconds(fields: Mapping[str, str]) -> float | str:
    text = fields.get("minutes", "")
    return int(text) * 60 if text.isascii() and text.isdigit() and len(text) < 5 else text


def walk(device: DeviceView, view: View, words: Words, now: int) -> Walk:
    """Return what the devices page shows of a device's buttons. Pure."""
    name = device.place.device
    told = [zone for zone in device.zones if zone.kind in PANIC_KINDS]
    labels = {zone.zone: shown(zone.label or zone.zone) for zone in told}
    buttons = tuple(
        Button(zone.zone, labels[zone.zone], *_proved(view.proved.get((name, zone.zone)), words, now))
        for zone in told
    )
    test = view.walk_tests.get(name)
    may_open = device.place.known and device.standing == "heard" and bool(buttons)
    by_hand = device.standing == "heard" and any(zone.walk_test for zone in told)
    if test is None or (test.ended is not None and by_hand):
        return Walk(buttons, may_open, said=BY_HAND if by_hand else "")
    done = ", ".join(labels.get(one.zone, one.zone) for one in test.proved)
    left = ", ".join(labels.get(zone, zone) for zone in test.left)
    if test.ended is not None:
        said = f"Last walk test, by {test.by}, over {words.when(test.ended, now)}: {test.why}."
        return Walk(buttons, may_open, None, said, done, left)
    return Walk(buttons, False, test, _how_far(test, words, now), done, left)


def _proved(proof: Proof | None, words: Words, now: int) -> tuple[str, bool]:
    if proof is None:
        return "not proved", False
    return f"proved {words.day(proof.at, now)} by {shown(proof.by)}", True


def _how_far(test: WalkTest, words: Words, now: int) -> str:
    opened = f"opened by {shown(test.by)}, until {words.when(test.until, now)}"
    if test.begun:
        return f"In a walk test: {opened}"
    if test.late:
        return f"NOT in its walk test, its device does not say so: every press is real. It was {opened}"
    return f"A walk test is asked for, {opened}; its device has not said yet that it is in it"
