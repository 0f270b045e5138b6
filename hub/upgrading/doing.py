"""What ``tocsin-hub upgrade-agents`` asks of the running hub."""

from __future__ import annotations

from typing import Any, Final

from hub.asking import Refused
from hub.enrolment.door import Desk
from hub.enrolment.wheels import Wheels
from hub.local_socket import Deed
from hub.upgrading.asking import BeginUpgrade, StopUpgrade
from hub.upgrading.listing import run_of

ANSWER_S: Final = 12.0
COMMAND: Final = "command"
NO_WHEELS: Final = "this hub was not installed by scripts/install, so it has nothing for rooms to install"


class Upgrading:
    """Does what commands ask."""

    def __init__(self, desk: Desk, wheels: Wheels) -> None:
        self._desk = desk
        self._wheels = wheels

    def deeds(self) -> dict[str, Deed]:
        """Return what is done for which word of a command."""
        return {"upgrade": self._begin, "upgrade-stop": self._stop, "upgrade-status": self._status}

    def _begin(self, word: dict[str, Any]) -> dict[str, Any]:
        release = self._wheels.release()
        if release is None:
            raise LookupError(NO_WHEELS)
        device = None if word.get("device") is None else str(word["device"])
        return self._asked(BeginUpgrade(release, str(word["by"]), COMMAND, device))

    def _stop(self, word: dict[str, Any]) -> dict[str, Any]:
        return self._asked(StopUpgrade(str(word["by"]), COMMAND))

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return run_of(self._desk.view, self._desk.settings, self._wheels.release())

    def _asked(self, action: BeginUpgrade | StopUpgrade) -> dict[str, Any]:
        try:
            answer = self._desk.ask(action).result(ANSWER_S)
        except TimeoutError:
            return {
                "error": "no-answer",
                "detail": "the hub did not answer in time; it may be done: look first",
            }
        if isinstance(answer, Refused):
            found = {"error": answer.error, "detail": answer.detail, "state": answer.state}
            return {**found, "allowed": list(answer.allowed)}
        return {**self._status({}), "recorded": answer.recorded}
