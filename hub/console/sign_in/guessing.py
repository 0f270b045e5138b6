"""Says that somebody guesses, to those who see to troubles: seldom enough to flood nobody."""

from __future__ import annotations

from typing import Final, Literal

from starlette.requests import Request

from config import logs
from config.clock import Clock
from hub.console.aside import GLANCE_S, Aside, NoAnswerError
from hub.console.desk import Desk
from hub.console.sign_in.lanes import address_of
from hub.inputs import SignInGuessed

EVERY: Final = 5
"""Wrong ones in a row from one place that are no mistyping any more."""
PAUSE_S: Final = 60.0

_log = logs.get(part="console")


class Guessing:
    """Counts nothing itself: it is told how many there were."""

    def __init__(self, desk: Desk, aside: Aside, clock: Clock) -> None:
        self._desk = desk
        self._aside = aside
        self._clock = clock
        self._not_before = float("-inf")

    async def wrong(self, what: Literal["password", "code"], name: str, times: int, request: Request) -> None:
        """Take a wrong one, the ``times``-th in a row for this name from one place."""
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
