"""The steps by which this Pi becomes a room, in order; the command may be run again after any crash.

A key is made here and stays here. Whoever answers is held against the code before the code's secret is
said. What the hub gives is kept, shown to the hub, and only then takes the place of what was there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.enrol_code import CodeError, EnrolCode, read_code
from config.settings import SettingsError, parsed
from device.enrol.door_words import DoorClosedError, EnrolError
from device.enrol.hub_door import HubDoor
from device.enrol.keeping import SETTINGS, Kept, mark_of
from device.enrol.key import new_key, request

ASK_EVERY_S: Final = 5.0
"""Seconds between two questions of a spare that waits for its room."""

Say = Callable[[str], None]


class Enrolling:
    """One Pi's enrolment."""

    def __init__(self, etc: Path, data: Path, say: Say, sleep: Callable[[float], None] = time.sleep) -> None:
        self._kept = Kept(etc)
        self._data = data
        self._say = say
        self._sleep = sleep

    def enrol(self, hub: str | None, code: str | None, *, replace: bool = False, wait: bool = True) -> bool:
        """Become what the code is for; returns whether this Pi is a room now. Raises :class:`EnrolError`.

        Without a code, go on with what was begun: a spare waits for its room (``wait``).
        """
        self._kept.check()
        self._kept.settle()
        what = self._kept.what()
        if code is None:
            return self._go_on(what, wait=wait)
        if hub is None:
            raise EnrolError("say where the hub is: --hub ADDRESS")
        known = _read(code)
        mark = mark_of(known.text)
        if what is not None and what.get("code") == mark:
            return self._go_on(what, wait=wait)
        self._refuse(what, replace=replace)
        self._kept.begin(mark)
        what = self._by_code(HubDoor(hub), known, mark)
        return self._go_on(what, wait=wait)

    def renew(self) -> None:
        """Get a certificate for a new key, in the place of the one that is here."""
        self._kept.check()
        self._kept.settle()
        what = self._kept.what()
        if what is None or what["spare"]:
            raise EnrolError("this Pi is no room yet: enrol it first")
        door = self._door(what)
        self._kept.begin(mark_of(f"after {what['serial']}"))
        if not self._finished(door):
            self._next(door, what)
        self._go_on(self._kept.what(), wait=False)

    def _refuse(self, what: dict[str, Any] | None, *, replace: bool) -> None:
        if replace:
            return
        if what is not None:
            name = what["device"] if what["spare"] else f"{what['room']} ({what['device']})"
            raise EnrolError(
                f"this Pi is {name} of {what['site']} already; with --replace it becomes what the "
                f"code is for, and its "
                "old key is gone"
            )
        if (self._kept.etc / SETTINGS).exists():
            raise EnrolError(
                f"{self._kept.etc / SETTINGS} is here already; with --replace the hub's settings "
                f"take its place, and it is "
                "kept as agent.toml.before"
            )

    def _by_code(self, door: HubDoor, code: EnrolCode, mark: str) -> dict[str, Any]:
        key = self._kept.key(new_key)
        authority = door.meet(code)
        self._say(f"{door.where} is the hub that made this code")
        body = self._body(key) | {"secret": code.secret.hex()}
        return self._take(door, door.ask("POST", "/enrol/v1/certificate", body), authority, mark)

    def _take(self, door: HubDoor, given: dict[str, Any], authority: str, mark: str | None) -> dict[str, Any]:
        """Keep what the hub gave, show it that it is here, and be that from now on.

        ``mark`` is of the code by which this Pi came.
        """
        try:
            what = {name: given[name] for name in ("site", "device", "room", "spare", "serial")}
            settings, certificate = given["settings"], given["certificate"]
        except KeyError as error:
            raise EnrolError(f"the hub's answer lacks {error}; is it of another version?") from None
        if settings is not None:
            _check(settings)
        what |= {"hub": door.where, "door": door.name, "code": mark}
        self._kept.put(certificate, authority, settings, what)
        self._finish(self._show(door))
        return what

    def _show(self, door: HubDoor) -> dict[str, Any]:
        """Show the hub that what it gave is here: from now on what was before opens nothing."""
        return door.ask("POST", "/agents/v1/hold", {}, own=self._kept.new)

    def _finish(self, held: dict[str, Any]) -> None:
        self._kept.finish()
        if not held.get("broker_knows", True):
            self._say("note: the broker has not read its lists yet; the agent goes on trying until it has")

    def _finished(self, door: HubDoor) -> bool:
        """Finish what was begun, where all that the hub gave is here and holds; else False.

        The hub's answer to :meth:`_show` may have been lost, or this command cut off after it.
        """
        if not self._kept.is_whole():
            return False
        try:
            held = self._show(door)
        except DoorClosedError:
            raise
        except EnrolError:
            return False
        self._finish(held)
        return True

    def _go_on(self, what: dict[str, Any] | None, *, wait: bool) -> bool:
        if what is None:
            raise EnrolError(
                "this Pi was not enrolled yet: give --hub and --code, as tocsin-hub enrol prints them"
            )
        if what["spare"]:
            return self._wait_for_room(what, wait=wait)
        self._say(f"this Pi is {what['room']} ({what['device']}) of {what['site']}")
        return True

    def _wait_for_room(self, what: dict[str, Any], *, wait: bool) -> bool:
        """Ask until somebody gives this spare a room, also while the hub can't be reached."""
        self._say(f"this Pi is {what['device']} of {what['site']}: give it a room on the hub")
        self._say(f"    sudo tocsin-hub assign {what['device']} --room ROOM")
        door, said = self._door(what), ""
        self._kept.begin(mark_of(f"after {what['serial']}"))
        while True:
            try:
                if self._finished(door) or self._was_given_room(door, what):
                    return self._go_on(self._kept.what(), wait=False)
                said = ""
            except DoorClosedError as error:
                if str(error) != said:
                    self._say(f"{error}; asking again")
                said = str(error)
            if not wait:
                return False
            self._sleep(ASK_EVERY_S)

    def _was_given_room(self, door: HubDoor, what: dict[str, Any]) -> bool:
        """Become the room that this spare was given; False where it has none yet."""
        if not door.ask("GET", "/agents/v1/me", own=self._kept.identity).get("given"):
            return False
        self._next(door, what)
        return True

    def _next(self, door: HubDoor, what: dict[str, Any]) -> None:
        """Get the next certificate in the place of the one that is here, for the key of what was begun."""
        key = self._kept.key(new_key)
        given = door.ask("POST", "/agents/v1/certificate", self._body(key), own=self._kept.identity)
        authority = (self._kept.identity / "authority.pem").read_text()
        self._take(door, given, authority, what.get("code"))

    def _door(self, what: dict[str, Any]) -> HubDoor:
        door = HubDoor(str(what["hub"]))
        door.believe((self._kept.identity / "authority.pem").read_text(), str(what["door"]))
        return door

    def _body(self, key: bytes) -> dict[str, Any]:
        body = {"csr": request(key), "folder": str(self._kept.identity), "data": str(self._data)}
        if machine := machine_words():
            body["machine"] = machine
        return body


def machine_words() -> str | None:
    """Return which machine this is: a Pi's model and serial number; None where it doesn't say."""
    found = []
    for name in ("model", "serial-number"):
        try:
            found.append(Path("/proc/device-tree", name).read_text(errors="replace").strip("\0 \n"))
        except OSError:
            return None
    return ", ".join(found)[:128]


def _read(code: str) -> EnrolCode:
    try:
        return read_code(code)
    except CodeError as error:
        raise EnrolError(f"the code is mistyped: {error}") from None


def _check(settings: str) -> None:
    """Raise :class:`EnrolError` for settings that this program can't take: then nothing is changed here."""
    try:
        parsed(settings, AgentSettings, check_agent, "the hub's settings")
    except SettingsError as error:
        raise EnrolError(
            f"the hub's settings for this room can't be taken: {error}. Is it of another version?"
        ) from None
