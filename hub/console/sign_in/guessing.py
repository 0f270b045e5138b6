"""Slows down whoever guesses, and says so to those who see to troubles: seldom enough to flood nobody."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Final, Literal, NamedTuple, TypeVar

from starlette.requests import Request

from config import logs
from config.clock import Clock
from hub.console.aside import GLANCE_S, Aside, NoAnswerError
from hub.console.desk import Desk
from hub.console.sign_in.attempts import Attempts
from hub.console.sign_in.lanes import address_of
from hub.inputs import SignInGuessed

T = TypeVar("T")
What = Literal["password", "code"]

EVERY: Final = 5
"""Wrong ones in a row from one place that are no mistyping any more."""
PAUSE_S: Final = 60.0

_log = logs.get(part="console")


class NotTaken(NamedTuple):
    """Why a password or a code was not taken, in words and as a status."""

    said: str
    status: int
    wait_s: int = 0
    """Until another may be tried; 0: at once."""

    @property
    def headers(self) -> dict[str, str]:
        """Return what the answer says of it to programs."""
        return {"Retry-After": str(self.wait_s)} if self.wait_s else {}


class Guessing:
    """Lets a password or a code be tried, in its lane's time."""

    def __init__(self, desk: Desk, aside: Aside, clock: Clock) -> None:
        self._desk = desk
        self._aside = aside
        self._clock = clock
        self._attempts = Attempts()
        self._not_before = float("-inf")

    async def tried(
        self,
        what: What,
        name: str,
        lane: str,
        request: Request,
        check: Callable[[], Awaitable[T | None]],
        wrong: str,
        waited: str | None = None,
    ) -> T | NotTaken:
        """Return what a check makes of a password or a code, or why it was not taken.

        Nothing is a wrong one, as ``wrong`` says. Too soon after such ones no check is made, but for
        somebody who has waited: ``waited`` names them.
        """
        lane = f"{what} {lane}"
        mono = self._clock.now().mono
        wait = self._attempts.wait_s(name, lane, mono)
        if wait > 0 and (waited is None or not self._attempts.beside(name, lane, waited, mono)):
            seconds = math.ceil(wait)
            return NotTaken(f"Too many wrong {what}s. Try again in {seconds} s.", 429, seconds)
        try:
            found = await check()
        except NoAnswerError as error:
            return NotTaken(f"The {what} can't be checked now: {error}.", 503)
        if not found:
            times = self._attempts.failed(name, lane, self._clock.now().mono)
            await self._tell(what, name, times, request)
            return NotTaken(wrong, 401)
        self._attempts.passed(name, lane)
        return found

    async def _tell(self, what: What, name: str, times: int, request: Request) -> None:
        """Tell of a wrong one, the ``times``-th in a row for this name from one place."""
        address = address_of(request)
        try:
            known = await self._aside.call(self._desk.people.person, name, patience_s=GLANCE_S)
        except NoAnswerError:
            known = None
        # What was typed as a name and is none may be somebody's password.
        person = "" if known is None else name
        _log.warning("sign-in refused", wrong=what, person=person, address=address, times=times)
        now = self._clock.now().mono
        if times % EVERY or now < self._not_before:
            return
        self._not_before = now + PAUSE_S
        self._desk.tell(SignInGuessed(what, person, times, address))
