"""What follows once it is found who somebody is: a code, if they have a second factor; then they are in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from hub.console.sign_in import code, opening
from hub.store.people import Person


async def found(request: Request, person: Person, wanted: str) -> Response:
    """Go on with somebody who has shown who they are, as far as one thing can show it."""
    if person.has_factor:
        return code.ask(request, person, wanted)
    return await opening.open_session(request, person, wanted, factor_at=0)
