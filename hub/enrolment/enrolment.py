"""Enrolment in a running hub, put together: the door, the broker's lists, and what commands ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import structlog

from config.clock import Clock, stamp
from config.enrol_code import digest_of, new_code
from config.enrolment_settings import DOOR_PORT
from config.hub_settings import HubSettings
from hub.authority.authority import FOLDER, Authority
from hub.authority.names import server_name
from hub.enrolment.asking import COMMAND, Assigned, AssignSpare, CodeMade, MakeCode, Revoke, Revoked
from hub.enrolment.broker_lists import BrokerLists
from hub.enrolment.door import Desk, Door
from hub.enrolment.door_server import DoorServer, door_context
from hub.enrolment.identity import Rights
from hub.enrolment.listing import codes_json, identities_json
from hub.enrolment.wheels import Wheels
from hub.inputs import Input
from hub.local_asking import answered
from hub.local_socket import Deed
from hub.upgrading.doing import Upgrading

SESSIONS_S: Final = 30.0
"""Seconds that a command waits until nobody who was revoked has a session."""


class Enrolment:
    """What of enrolment runs beside the recorder."""

    def __init__(self, desk: Desk, authority: Authority, clock: Clock, put: Callable[[Input], None]) -> None:
        self._desk = desk
        self._authority = authority
        self._log = structlog.get_logger(part="enrolment")
        settings = desk.settings
        wheels = Wheels()
        self.lists = BrokerLists(settings, authority, put)
        self._door = Door(desk, authority, clock, put, self.lists.wait, wheels)
        self._upgrading = Upgrading(desk, wheels)
        self._server: DoorServer | None = None
        self._no_door = ""
        self._clock = clock

    def start(self, rights: Rights) -> None:
        """Begin: have the broker know whom it lets in, and open the door where the settings have one."""
        self.lists.start(rights)
        self.open_door()

    def open_door(self) -> None:
        """Open the door, if it isn't: while its port is another's, presses go on all the same."""
        enrolment = self._desk.settings.enrolment
        if enrolment.address is None or self._server is not None:
            return
        settings = self._desk.settings
        try:
            context = door_context(
                self._authority, settings.data / FOLDER, server_name("door", settings.site)
            )
            server = DoorServer(self._door, enrolment, context)
            server.start()
        except OSError as error:
            if str(error) != self._no_door:
                self._log.error("no agents' door; trying again", why=str(error))
            self._no_door = str(error)
        else:
            self._server = server

    def stop(self, timeout_s: float) -> None:
        """End."""
        if self._server is not None:
            self._server.stop(timeout_s)
        self.lists.stop(timeout_s)

    # --- what commands ask ---

    def deeds(self) -> dict[str, Deed]:
        """Return what is done for which word of a command."""
        own = {"code": self._code, "revoke": self._revoke, "assign": self._assign, "agents": self._agents}
        return own | self._upgrading.deeds()

    def _code(self, word: dict[str, Any]) -> dict[str, Any]:
        settings = self._desk.settings
        if settings.enrolment.address is None:
            raise LookupError(
                "there is no agents' door: set [enrolment] address in hub.toml, and restart the hub"
            )
        code = new_code(self._authority.der)
        hours = word.get("hours") or settings.enrolment.code_h
        device = None if word.get("device") is None else str(word["device"])
        wanted = MakeCode(
            digest_of(code.secret),
            device,
            float(hours) * 3600,
            str(word["by"]),
            COMMAND,
            bool(word.get("replace")),
        )
        answer = answered(self._desk.ask, wanted, CodeMade)
        if isinstance(answer, dict):
            return answer
        return {
            "code": code.text,
            "id": answer.code.id,
            "device": device,
            "ends": stamp(answer.code.ends),
            "instead_of": answer.instead_of,
            "hub": hub_address(settings),
            "site": settings.site,
            "recorded": answer.recorded,
        }

    def _revoke(self, word: dict[str, Any]) -> dict[str, Any]:
        note = word.get("note")
        wanted = Revoke(str(word["device"]), str(word["by"]), COMMAND, None if note is None else str(note))
        answer = answered(self._desk.ask, wanted, Revoked)
        if isinstance(answer, dict):
            return answer
        return {
            "device": answer.device,
            "certificates": len(answer.identities),
            "codes": answer.codes,
            "recorded": answer.recorded,
            "shut_out": self.lists.wait(SESSIONS_S),
        }

    def _assign(self, word: dict[str, Any]) -> dict[str, Any]:
        wanted = AssignSpare(
            str(word["spare"]), str(word["device"]), str(word["by"]), COMMAND, bool(word.get("replace"))
        )
        answer = answered(self._desk.ask, wanted, Assigned)
        if isinstance(answer, dict):
            return answer
        return {"spare": answer.identity.device, "device": answer.identity.room, "recorded": answer.recorded}

    def _agents(self, _: dict[str, Any]) -> dict[str, Any]:
        view, settings = self._desk.view, self._desk.settings
        return {
            "identities": identities_json(view, settings),
            "codes": codes_json(view, self._clock.now().wall),
        }


def hub_address(settings: HubSettings) -> str:
    """Return how an agent is told to reach the door: with its port, where that isn't the usual one."""
    enrolment = settings.enrolment
    address = enrolment.address or ""
    host = f"[{address}]" if ":" in address else address
    return host if enrolment.port == DOOR_PORT else f"{host}:{enrolment.port}"
