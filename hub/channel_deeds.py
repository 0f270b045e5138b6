"""What ``tocsin-hub channel test`` asks of the running hub: a test, and how far it has come."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Final, Protocol

from config.clock import stamp
from hub.asking import Action, Answer, ChannelTested, ProveChannel
from hub.local_asking import answered
from hub.local_socket import Deed
from hub.store.reading import Reading
from hub.view import View

COMMAND: Final = "command"


class Desk(Protocol):
    """The part of the hub that this needs."""

    view: View
    reading: Reading

    def ask(self, action: Action) -> Future[Answer]:
        """Hand a person's word to the recorder."""
        ...


class ChannelDeeds:
    """Each takes the words of a command, and returns the answer's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def deeds(self) -> dict[str, Deed]:
        """Return what is done for which word of a command."""
        return {"channel-test": self._test, "channel-test-steps": self._steps}

    def _test(self, word: dict[str, Any]) -> dict[str, Any]:
        channel, target = str(word["channel"]), word.get("target")
        wanted = ProveChannel(channel, str(word["by"]), COMMAND, None if target is None else str(target))
        answer = answered(self._desk.ask, wanted, ChannelTested)
        if isinstance(answer, dict):
            return answer
        view = self._desk.view.channels.get(channel)
        reached = None if view is None else view.reached
        return {
            "about": answer.about,
            "deliveries": list(answer.deliveries),
            "recorded": answer.recorded,
            "unasked": [] if view is None else list(view.unasked),
            "reached": None if reached is None else stamp(reached),
        }

    def _steps(self, word: dict[str, Any]) -> dict[str, Any]:
        return {"steps": self._desk.reading.rows_of(str(word["about"]))}
