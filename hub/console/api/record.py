"""The record over the API: what names or describes people, removed before its time."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.asking import Forget, Forgotten, Refused
from hub.console import console
from hub.console.api import query
from hub.console.api.asked import body_of, refused
from hub.console.api.errors import bad_input, not_found
from hub.store.tokens import Token


async def forget(request: Request, token: Token) -> Response:
    """``POST record/forget``: of one resolved incident, or one person's name wherever it stands alone.

    Some values at a time, each time with a row that says who asked and why. Those rows are not among what
    is looked through, or a note that is the name itself would have one row after the other, for ever.
    """
    here = console.of(request)
    body = await body_of(request)
    incident, person = body.get("incident"), body.get("person")
    kinds = {type(incident), type(person)}
    if kinds != {str, type(None)} or not (incident or person):
        raise bad_input("incident, person: found both or neither", "an incident's id, or a person's name")
    why = query.note_needed(body)
    reading = here.desk.reading
    if incident is not None and await here.aside.call(reading.incident, incident) is None:
        raise not_found(f"no incident {incident[:128]!r}")
    removed, recorded, after = 0, True, (-1, "")
    head = await here.aside.call(reading.head)
    newest = -1 if head is None else head[0]
    while True:
        values = await here.aside.call(reading.to_forget, incident, person, after, newest)
        word = Forget(tuple(values), token.name, "api", why, incident, person)
        answer = await here.ask_for(word, Forgotten)
        if isinstance(answer, Refused):
            raise refused(answer)
        if not values:
            return JSONResponse({"removed": removed, "left": answer.left, "recorded": recorded})
        removed, recorded, after = removed + answer.values, recorded and answer.recorded, values[-1]
