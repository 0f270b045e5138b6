"""Signing in by name and password."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.console import console
from hub.console.body import read_form
from hub.console.session import from_our_own_pages, local_path
from hub.console.sign_in import arrival, page
from hub.console.sign_in.attempts import LONGEST_S
from hub.console.sign_in.guessing import NotTaken
from hub.console.sign_in.lanes import KNOWN, lane_of
from hub.console.sign_in.method import Endpoint
from hub.store.people import LONGEST_PASSWORD, Person


class Password:
    """The way that everybody has."""

    def endpoints(self) -> Sequence[Endpoint]:
        """Return what it answers."""
        return (Endpoint("POST", "/sign-in", self._sign_in),)

    async def _sign_in(self, request: Request) -> Response:
        here = console.of(request)
        fields = await read_form(request)
        name, wanted = shown(fields.get("name", "").strip()), local_path(fields.get("next"))
        cookie, token = request.cookies.get(here.sealer.form_cookie, ""), fields.get("csrf", "")
        if not from_our_own_pages(request.headers):
            return page.shown(request, wanted, name, "That form did not come from this page.", 403)
        if not here.sealer.form_holds(cookie, token, here.now().wall):
            said = "This page had been open for too long. Please try again."
            return page.shown(request, wanted, name, said, 403)
        lane = lane_of(request, name)
        password = fields.get("password", "")[:LONGEST_PASSWORD]

        async def check() -> Person | None:
            return await here.turns.call(lane, here.desk.people.check, name, password)

        wrong = "That name and password don't belong together."
        age_ms = here.now().wall - here.sealer.form_since(cookie)
        waited = token if age_ms >= LONGEST_S * 1000 and not lane.startswith(KNOWN) else None
        person = await here.guessing.tried("password", name, lane, request, check, wrong, waited)
        if isinstance(person, NotTaken):
            goes_on = (token, cookie)  # as old as it is: by that it is known who has waited
            return page.shown(request, wanted, name, person.said, person.status, person.headers, goes_on)
        return await arrival.found(request, person, wanted)
