"""What is wrong with an agent now: each trouble, and its end, is said once."""

from __future__ import annotations

from device.actions import Action, say


class Troubles:
    """The troubles of one agent, by what has them."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}
        self.last_fault: str | None = None
        """The latest of all, also of those that are over."""
        self.news = False
        """Whether something changed since the last health."""

    def note(self, what: str, why: str | None) -> list[Action]:
        """Note a trouble, or its end (None)."""
        if self._now.get(what) == why:
            return []
        self.news = True
        if why is None:
            del self._now[what]
            return [say("info", "trouble over", trouble=what)]
        self._now[what] = why
        self.last_fault = f"{what}: {why}"
        return [say("warning", "trouble", trouble=what, why=why)]

    def once(self, what: str, why: str) -> list[Action]:
        """Note something that happened and isn't a lasting state; a flood of the same is one line."""
        fault = f"{what}: {why}"
        if self.last_fault == fault:
            return []
        self.last_fault = fault
        return [say("warning", "fault", fault=what, why=why)]

    def words(self) -> tuple[str, ...]:
        """Return what is wrong now, in words."""
        return tuple(f"{what}: {why}" for what, why in self._now.items())
