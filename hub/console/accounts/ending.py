"""Ending a session from elsewhere: by its person or an administrator, on a page or over the API."""

from __future__ import annotations

from starlette.requests import Request

from hub.console import console
from hub.store.sessions import SignedIn


async def ended(request: Request, by: str, session: str, of: str | None = None) -> SignedIn | None:
    """End a session, where given only if it is this person's, and have the record say so; None: none is."""
    here = console.of(request)
    found = await here.aside.call(here.desk.sessions.end, session, of)
    if found is not None:
        here.keeper.forget(found.id)
        here.note("signed-out", request, by, found.name, f"{found.name} was signed out on another browser")
    return found
