"""Upgrading the rooms, on the page of identities: what is done, what is left, begun and stopped."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from config.hub_settings import HubSettings
from hub.asking import Refused
from hub.console import console
from hub.console.api import query
from hub.console.deeds import NOT_WRITTEN, status_of, take
from hub.console.session import Session
from hub.upgrading.asking import BeginUpgrade, StopUpgrade, UpgradeStands
from hub.upgrading.doing import NO_WHEELS
from hub.upgrading.listing import run_of, words_of
from hub.view import View

WHERE = "the page of identities"
MARKS = {"done": "well", "failed": "wrong"}
"""The icon of each state; every other one has that of what is not known."""


def facts_of(view: View, settings: HubSettings, offers: str | None) -> dict[str, Any]:
    """Return what the page shows of it."""
    found = run_of(view, settings, offers)
    run, rooms = found["run"], found["rooms"]
    shown = [room | {"words": words_of(room), "mark": MARKS.get(room["state"], "unknown")} for room in rooms]
    return {
        **found,
        "rooms": shown,
        "is_open": run is not None and run["ended"] is None,
        "done": sum(room["state"] == "done" for room in rooms),
        "others": sum(room["release"] != offers for room in rooms),
    }


async def upgrade(request: Request, session: Session) -> Response:
    """``POST /upgrade``: the rooms are to have what this hub hands out; with ``stop``, no more of them."""
    here = console.of(request)

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        action: BeginUpgrade | StopUpgrade = StopUpgrade(session.name, "console")
        if fields.get("stop") != "yes":
            release = here.desk.wheels.release()
            if release is None:
                return f"Not done: {NO_WHEELS}", 404
            first = query.device(fields) if fields.get("device") else None
            action = BeginUpgrade(release, session.name, "console", first)
        answer = await here.ask_for(action, UpgradeStands)
        if isinstance(answer, Refused):
            return f"Not done: {answer.detail}", status_of(answer)
        if isinstance(action, StopUpgrade):
            said = "Stopped: the other rooms stay as they are."
        elif answer.run.ended is not None:
            said = f"There is nothing to do: {answer.run.why}."
        else:
            said = "The rooms are being upgraded: one first, then the rest."
        return said + ("" if answer.recorded else NOT_WRITTEN), 200

    return await take(request, session, word, WHERE)
