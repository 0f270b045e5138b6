"""Whether a code is a person's: of their phone's app, each once, or one of their recovery codes."""

from __future__ import annotations

from config.clock import Clock
from hub.console.aside import Aside, NoAnswerError
from hub.console.desk import Desk
from hub.console.sign_in import totp


class Codes:
    """Takes codes; remembers the newest of each person, for a disk that takes nothing."""

    def __init__(self, desk: Desk, aside: Aside, clock: Clock) -> None:
        self._desk = desk
        self._aside = aside
        self._clock = clock
        self._taken: dict[str, int] = {}

    async def take(self, name: str, code: str) -> bool:
        """Tell whether this code is good now, and take it; raises :class:`NoAnswerError`."""
        secret = await self._aside.call(self._desk.people.factor, name)
        if secret is None:
            return False
        step = totp.step_of(secret, code, self._clock.now().wall)
        if step is not None:
            return await self._take_step(name, step)
        recovery = totp.tidy(code)
        return recovery is not None and await self._aside.call(
            self._desk.people.take_recovery_code, name, recovery
        )

    async def _take_step(self, name: str, step: int) -> bool:
        if step <= self._taken.get(name, -1):
            return False
        try:
            is_new = await self._aside.call(self._desk.people.take_step, name, step)
        except NoAnswerError:
            is_new = True  # by memory alone: nobody is kept out because nothing can be written
        self._taken[name] = step
        return is_new
