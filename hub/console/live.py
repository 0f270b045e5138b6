"""``/board/stream``: tells an open page that something changed, and every 3 s that it is still live."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from hub.console import console, sse
from hub.console.console import Console
from hub.console.desk import Desk
from hub.console.pages import VERSION
from hub.console.session import Session

BEAT_S: Final = 3.0
GATHER_S: Final = 0.1
"""A page is told at once of a change, and of those in the next tenth of a second together."""
RECHECK_S: Final = 15.0


class _BoardStream(StreamingResponse):
    """A stream that counts as a signed-in board from its first byte to its last."""

    desk: Desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.desk.boards(+1)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.desk.boards(-1)


async def stream(request: Request, session: Session) -> Response:
    """Answer with the stream, for as long as the session holds."""
    here = console.of(request)
    response = _BoardStream(_lines(here, session), media_type="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    response.desk = here.desk
    return response


async def _lines(here: Console, session: Session) -> AsyncIterator[str]:
    changes = here.changes
    yield sse.OPENING
    moment = changes.moment
    yield sse.event("hello", json.dumps({"version": VERSION, **_now(here)}))
    checked = here.now().mono
    while not changes.closed():
        changed = await changes.changed(moment, BEAT_S)
        if here.now().mono - checked > RECHECK_S:
            checked = here.now().mono
            if await here.keeper.as_it_stands(session) is None:
                yield sse.event("over", "{}")
                return
        if changes.closed():
            return
        moment = changes.moment
        yield sse.event("change" if changed else "beat", json.dumps(_now(here)))
        if changed:
            await changes.pause(GATHER_S)


def _now(here: Console) -> dict[str, object]:
    wall = here.now().wall
    return {"now": wall, "clock": here.words.clock(wall)}
