"""The agents' door, HTTPS by the site's own authority: what comes in, and what is answered.

| path | who | what |
| --- | --- | --- |
| `GET /enrol/v1/authority` | anybody | the authority's certificate, which the agent holds against its code |
| `POST /enrol/v1/certificate` | who has a code | a certificate for the agent's own key |
| `GET /agents/v1/me` | who has a certificate | which room it is; of a spare, which it was given |
| `POST /agents/v1/certificate` | the same | a spare its room's certificate; any other one for a new key |
| `POST /agents/v1/hold` | the same | "I have it": only from now on it has any right |
| `POST /agents/v1/release` | the same, as a room | what it is to run, and whether it was heard |
| `GET /agents/v1/wheels` | anybody | the index of what a room's Pi installs |
| `GET /agents/v1/wheels/NAME` | anybody | one file of it |
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import structlog
from aiohttp import web

from config.clock import Clock
from config.enrol_code import digest_of
from config.hub_settings import HubSettings
from hub.asking import Action, Answer, Refused
from hub.authority.authority import Authority, AuthorityError, Issued
from hub.authority.names import agent_name, server_name
from hub.enrolment.agent_settings import ProfileError, agent_toml
from hub.enrolment.asking import Enrol, Enrolled, Hold, Renew
from hub.enrolment.guessers import Guessers
from hub.enrolment.identity import SPARE, Identity
from hub.enrolment.requests import (
    VERSION,
    Wanted,
    folders,
    given,
    read_request,
    read_rooms_word,
    read_wanted,
)
from hub.enrolment.wheels import Wheels
from hub.inputs import DoorTried
from hub.upgrading.asking import RoomAsks, RoomTold
from hub.view import View

ANSWER_S: Final = 12.0
"""Seconds that the recorder has to answer."""
LISTS_S: Final = 12.0
"""Seconds that an agent waits for the broker to know it; it is told then all the same."""
ASKS_EVERY_S: Final = 1.0
"""Seconds between two times that one room may ask what to run."""
BODY: Final = 16_384
"""Bytes of a request's body at most."""


_Kind = TypeVar("_Kind", Enrolled, RoomTold)


class Desk(Protocol):
    """What the door needs of the hub."""

    view: View
    settings: HubSettings

    def ask(self, action: Action) -> Future[Answer]:
        """Hand a word to the recorder; never blocks."""
        ...


class DoorError(Exception):
    """What an agent asks is not done; it is told why."""

    def __init__(self, status: int, error: str, detail: str, state: str | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"error": error, "detail": detail, **({"state": state} if state else {}), **more}


Handler = Callable[[web.Request], Awaitable[dict[str, Any] | web.FileResponse]]


class Door:
    """Answers agents."""

    def __init__(
        self,
        desk: Desk,
        authority: Authority,
        clock: Clock,
        tried: Callable[[DoorTried], None],
        lists_taken: Callable[[float], bool],
        wheels: Wheels,
    ) -> None:
        """``tried`` is told of strangers; ``lists_taken`` waits until the broker knows whom it lets in."""
        self._wheels = wheels
        self._desk = desk
        self._authority = authority
        self._clock = clock
        self._lists_taken = lists_taken
        self._guessers = Guessers(tried)
        self._asked_at: dict[str, float] = {}
        self._log = structlog.get_logger(part="door")

    def app(self) -> web.Application:
        """Return the door's routes."""
        app = web.Application(client_max_size=BODY)
        app.add_routes(
            [
                web.get("/enrol/v1/authority", partial(self._answer, self._show)),
                web.post("/enrol/v1/certificate", partial(self._answer, self._enrol)),
                web.get("/agents/v1/me", partial(self._answer, self._me)),
                web.post("/agents/v1/certificate", partial(self._answer, self._renew)),
                web.post("/agents/v1/hold", partial(self._answer, self._hold)),
                web.post("/agents/v1/release", partial(self._answer, self._release)),
                web.get("/agents/v1/wheels", partial(self._answer, self._index)),
                web.get("/agents/v1/wheels/{name}", partial(self._answer, self._wheel)),
            ]
        )
        return app

    def look(self) -> None:
        """Say what has come together of strangers; asked every minute or so."""
        self._guessers.say(self._clock.now().mono)

    async def _answer(self, handler: Handler, request: web.Request) -> web.StreamResponse:
        try:
            answer = await handler(request)
            return answer if isinstance(answer, web.FileResponse) else web.json_response(answer)
        except DoorError as error:
            self._log.info("refused", path=request.path, address=request.remote, **error.body)
            wait = error.body.get("wait_s")
            headers = {"Retry-After": str(wait)} if wait else {}
            return web.json_response(error.body, status=error.status, headers=headers)

    # --- what is asked ---

    async def _show(self, _: web.Request) -> dict[str, Any]:
        site = self._desk.settings.site
        return {
            "v": VERSION,
            "site": site,
            "name": server_name("door", site),
            "authority": self._authority.pem.decode(),
        }

    async def _enrol(self, request: web.Request) -> dict[str, Any]:
        address, now = request.remote or "?", self._clock.now().mono
        if wait := self._guessers.wait_s(address, now):
            raise DoorError(429, "slow-down", f"too many wrong codes; wait {wait} s", wait_s=wait)
        wanted = await _wanted(request)
        if wanted.secret is None:
            raise DoorError(422, "bad-input", "secret is missing")
        digest = digest_of(bytes.fromhex(wanted.secret))
        code = self._desk.view.codes.get(digest)
        if code is None:
            self._guessers.wrong("code", address, now)
            raise DoorError(403, "wrong-code", "this hub made no such code")
        self._guessers.right(address)
        csr, key = _request(wanted)
        device = code.device or f"{SPARE}{key[:8]}"
        issued = self._signed(csr, device)
        word = Enrol(
            digest, f"{issued.serial:x}", issued.name, key, issued.pem.decode(), address, wanted.machine
        )
        return self._given(await self._asked(word), wanted, address)

    async def _renew(self, request: web.Request) -> dict[str, Any]:
        own = self._own(request)
        wanted = await _wanted(request)
        csr, key = _request(wanted)
        issued = self._signed(csr, own.room or own.device)
        address = request.remote or "?"
        pem = issued.pem.decode()
        word = Renew(own.serial, f"{issued.serial:x}", issued.name, key, pem, address, wanted.machine)
        return self._given(await self._asked(word), wanted, address)

    async def _hold(self, request: web.Request) -> dict[str, Any]:
        own = self._own(request)
        held = await self._asked(Hold(own.serial, request.remote or "?"))
        taken = await asyncio.get_running_loop().run_in_executor(None, self._lists_taken, LISTS_S)
        return {**self._what(held), "broker_knows": taken}

    async def _me(self, request: web.Request) -> dict[str, Any]:
        return self._what(self._own(request))

    async def _release(self, request: web.Request) -> dict[str, Any]:
        """Tell a room's Pi what to run; each asks every minute, mostly of memory alone."""
        own, view = self._own(request), self._desk.view
        now, asked = self._clock.now().mono, self._asked_at.get(own.device)
        if asked is not None and now - asked < ASKS_EVERY_S:
            raise DoorError(429, "slow-down", "asked a moment ago; wait 1 s", wait_s=1)
        self._asked_at[own.device] = now
        try:
            word = read_rooms_word(await request.read())
        except ValueError as error:
            raise DoorError(422, "bad-input", str(error)[:300]) from None
        told = RoomTold(None)
        if own.state == "held" and view.upgrade is not None and view.upgrade.is_open:
            failed = word.failed
            asks = RoomAsks(
                own.device,
                self._wheels.release(),
                None if failed is None else failed.release,
                None if failed is None else failed.why,
            )
            told = await self._answered(asks, RoomTold)
        seen = view.devices.get(own.device)
        says = None if seen is None or seen.standing != "heard" else (seen.health or {}).get("release")
        heard = told.well and word.runs is not None and says == word.runs
        return {"v": VERSION, "release": told.release, "why": told.why, "heard": heard}

    async def _index(self, _: web.Request) -> dict[str, Any]:
        index = self._wheels.index()
        if index is None:
            raise DoorError(
                404, "not-found", "this hub was not installed by scripts/install, and keeps no wheels"
            )
        return index

    async def _wheel(self, request: web.Request) -> web.FileResponse:
        file = self._wheels.file(request.match_info["name"])
        if file is None:
            raise DoorError(404, "not-found", "the index of wheels names no such file")
        return web.FileResponse(file)

    # --- how ---

    def _own(self, request: web.Request) -> Identity:
        """Return whose certificate this connection has; TLS has proved it to be the authority's."""
        serial = _serial(request)
        if serial is None:
            raise DoorError(401, "no-certificate", "this is for agents that have a certificate of this hub")
        one = self._desk.view.identities.get(serial)
        if one is not None and one.state != "revoked":
            return one
        detail = f"serial {serial}" if one is None else f"of {one.device}, which was revoked"
        self._guessers.wrong("certificate", request.remote or "?", self._clock.now().mono, detail)
        if one is None:
            raise DoorError(403, "unknown", "this hub gave no such certificate")
        raise DoorError(403, "revoked", f"this certificate of {one.device} was revoked", "revoked")

    def _signed(self, csr: bytes, device: str) -> Issued:
        """Sign a key; the certificate goes nowhere unless the recorder takes it."""
        try:
            return self._authority.sign_agent(csr, agent_name(self._desk.settings.site, device))
        except AuthorityError as error:
            raise DoorError(422, "bad-input", str(error)) from None

    async def _asked(self, word: Enrol | Renew | Hold) -> Identity:
        return (await self._answered(word, Enrolled)).identity

    async def _answered(self, word: Enrol | Renew | Hold | RoomAsks, kind: type[_Kind]) -> _Kind:
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(self._desk.ask(word)), ANSWER_S)
        except TimeoutError:
            raise DoorError(503, "no-answer", "the hub did not answer in time; try again") from None
        if isinstance(answer, Refused):
            status = 403 if answer.error == "not-found" else 409
            raise DoorError(status, answer.error, answer.detail, answer.state, allowed=list(answer.allowed))
        assert isinstance(answer, kind)  # noqa: S101 - what else these are answered with is refused above
        if not answer.recorded:
            raise DoorError(503, "no-answer", "the hub's disk does not answer; nothing was given; try again")
        return answer

    def _given(self, one: Identity, wanted: Wanted, address: str) -> dict[str, Any]:
        settings = self._desk.settings
        if one.is_spare:
            return given(one, settings.site, None, self._authority.pem, None)
        try:
            toml = agent_toml(settings, one.device, *folders(wanted), is_here=_is_here(address))
        except ProfileError as error:
            self._log.error("a profile can't be used", device=one.device, why=str(error))
            raise DoorError(503, "profile", f"{error}; mend it on the hub, and ask again") from None
        return given(one, settings.site, self._room(one.device), self._authority.pem, toml)

    def _what(self, one: Identity) -> dict[str, Any]:
        room = None
        if one.room is not None:
            room = {"device": one.room, "room": self._room(one.room)}
        return {
            "v": VERSION,
            "device": one.device,
            "state": one.state,
            "spare": one.is_spare,
            "room": None if one.is_spare else self._room(one.device),
            "given": room,
        }

    def _room(self, device: str) -> str | None:
        return next((one.room for one in self._desk.settings.rooms if one.device == device), None)


async def _wanted(request: web.Request) -> Wanted:
    try:
        return read_wanted(await request.read())
    except ValueError as error:
        raise DoorError(422, "bad-input", str(error)[:300]) from None


def _request(wanted: Wanted) -> tuple[bytes, str]:
    try:
        return read_request(wanted.csr)
    except AuthorityError as error:
        raise DoorError(422, "bad-input", str(error)[:300]) from None


def _serial(request: web.Request) -> str | None:
    """Return the serial of the client's certificate, as identities have it."""
    session = request.transport.get_extra_info("ssl_object") if request.transport is not None else None
    shown = None if session is None else session.getpeercert()
    return None if not shown else f"{int(shown['serialNumber'], 16):x}"


def _is_here(address: str) -> bool:
    """Tell whether whoever has this address is on this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
