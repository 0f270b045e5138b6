"""What a person does on the page of troubles: clear what they have seen to."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.asking import ClearTrouble, Refused, TroubleCleared
from hub.console import console
from hub.console.api import query
from hub.console.deeds import NOT_WRITTEN, status_of, take
from hub.console.session import Session


async def clear(request: Request, session: Session) -> Response:
    """``POST /troubles/clear``: a trouble's key, and what was found."""

    async def word(fields: dict[str, str]) -> tuple[str, int]:
        action = ClearTrouble(query.key(fields), session.name, "console", query.note(fields))
        answer = await console.of(request).ask_for(action, TroubleCleared)
        if isinstance(answer, Refused):
            return f"Not done: {answer.detail}", status_of(answer)
        return f"Cleared: {shown(answer.trouble.detail)}" + ("" if answer.recorded else NOT_WRITTEN), 200

    return await take(request, session, word, "the page of troubles")
