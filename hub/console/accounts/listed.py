"""Sessions as the pages list them."""

from __future__ import annotations

from typing import Any

from hub.console.console import Console
from hub.console.session import Session


async def sessions_of(here: Console, session: Session, name: str | None = None) -> list[dict[str, Any]]:
    """Return the open sessions for a page, of everybody or of one person; this one is marked."""
    now = here.now().wall
    found = await here.aside.call(here.desk.sessions.all, now, name)
    return [
        {
            "id": one.id,
            "name": one.name,
            "this": one.id == session.id,
            "browser": browser_words(one.browser),
            "address": one.address,
            "since": here.words.when(one.since, now),
            "ends": here.words.when(one.ends, now),
        }
        for one in found
    ]


def browser_words(agent: str) -> str:
    """Return what a browser says it is, in two words where they can be found in it."""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux")
    browser = next((name for mark, name in browsers if mark in agent), None)
    system = next((name for name in systems if name in agent), None)
    if browser is None:
        return agent[:60] or "a program that doesn't say what it is"
    return browser if system is None else f"{browser}, {system}"
