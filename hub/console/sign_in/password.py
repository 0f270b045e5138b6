"""Signing in by name and password."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.console import console
from hub.console.aside import NoAnswerError
from hub.console.body import read_form
from hub.console.session import from_our_own_pages, local_path
from hub.console.sign_in import arrival, page
from hub.console.sign_in.lanes import lane_of
from hub.console.sign_in.method import Endpoint

LONGEST: Final = 1024
"""Characters of a password that are looked at."""


class Password:
    """The way that everybody has."""

    def endpoints(self) -> Sequence[Endpoint]:
        """Return what it answers."""
        return (Endpoint("POST", "/sign-in", self._sign_in),)

    async def _sign_in(self, request: Request) -> Response:
        here = console.of(request)
        fields = await read_form(request)
        name, wanted = shown(fields.get("name", "").strip()), local_path(fields.get("next"))
        cookie = request.cookies.get(here.sealer.form_cookie)
        if not from_our_own_pages(request.headers):
            return page.shown(request, wanted, name, "That form did not come from this page.", 403)
        if not here.sealer.form_holds(cookie, fields.get("csrf", ""), here.now().wall):
            said = "This page had been open for too long. Please try again."
            return page.shown(request, wanted, name, said, 403)
        lane = lane_of(request, name)
        wait = here.attempts.wait_s(name, lane, here.now().mono)
        if wait > 0:
            said = f"Too many wrong passwords. Try again in {math.ceil(wait)} s."
            return page.shown(request, wanted, name, said, 429, {"Retry-After": str(math.ceil(wait))})
        password = fields.get("password", "")[:LONGEST]
        try:
            person = await here.turns.call(lane, here.desk.people.check, name, password)
        except NoAnswerError as error:
            said = f"The password can't be checked now: {error}."
            return page.shown(request, wanted, name, said, 503)
        if person is None:
            times = here.attempts.failed(name, lane, here.now().mono)
            await here.guessing.wrong("password", name, times, request)
            return page.shown(request, wanted, name, "That name and password don't belong together.", 401)
        here.attempts.passed(name, lane)
        return await arrival.found(request, person, wanted)
