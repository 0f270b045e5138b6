"""``GET stream``: every change of every incident, as it happens, resumable without a gap.

Where the ring of changes still holds the reader's last event, it goes on from that very place. Else
the record is read from there up to where the ring takes over, and what both hold is sent once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from config.clock import stamp
from hub.console import console, sse
from hub.console.api import query
from hub.console.api.errors import ApiError
from hub.console.aside import NoAnswerError
from hub.console.console import Console
from hub.notice import incident_json
from hub.store.tokens import Token
from hub.view import StreamEvent

BEAT_S: Final = 5.0
RECHECK_S: Final = 30.0
STREAMS_MOST: Final = 200
PAGE: Final = 1000

_ENCODER = msgspec.json.Encoder()


async def stream(request: Request, _: Token) -> Response:
    """Answer with the stream, from after ``Last-Event-ID`` or from now on."""
    here = console.of(request)
    last = query.last_event_id(request.headers)
    if here.streams >= STREAMS_MOST:
        raise ApiError(503, "too-many-streams", f"{STREAMS_MOST} are open", headers={"Retry-After": "10"})
    position, sent, missed = here.changes.end, set[int](), list[StreamEvent]()
    if last is not None:
        after = here.changes.place_of(last)
        if after is None:
            # The whole ring follows the record: it also has what no disk has taken yet.
            position = here.changes.oldest
            sent = {change.seq for change in here.changes.since(position) or () if change.seq <= last}
            # Before the answer begins, so that a sick disk is a 503 and not a stream that breaks off.
            missed = await here.aside.call(here.desk.reading.stream_since, last, PAGE)
        else:
            position = after
    return sse.response(_lines(here, request.headers.get("authorization"), position, sent, missed))


async def _lines(
    here: Console, authorization: str | None, position: int, sent: set[int], missed: list[StreamEvent]
) -> AsyncIterator[str]:
    here.streams += 1
    try:
        yield sse.OPENING
        while missed:
            for change in missed:
                sent.add(change.seq)
                yield _event(here, change)
            if len(missed) < PAGE:
                break
            missed = await here.aside.call(here.desk.reading.stream_since, missed[-1].seq, PAGE)
        checked = here.now().mono
        while not here.changes.closed():
            moment = here.changes.moment
            changes = here.changes.since(position)
            if changes is None:
                return  # too slow for the ring: the reader comes again with its Last-Event-ID
            for change in changes:
                if change.seq not in sent:
                    yield _event(here, change)
            position += len(changes)
            if not await here.changes.changed(moment, BEAT_S):
                yield sse.comment("beat")
            if here.now().mono - checked > RECHECK_S:
                checked = here.now().mono
                if await here.keeper.token(authorization) is None:
                    return
    except NoAnswerError:
        return  # the reader comes again from where it was
    finally:
        here.streams -= 1


def _event(here: Console, change: StreamEvent) -> str:
    data = {
        "v": 1,
        "type": change.type,
        "site": here.desk.view.site,
        "at": stamp(here.now().wall),
        "incident": incident_json(change.incident),
    }
    return sse.event(change.type, _ENCODER.encode(data).decode(), change.seq)
