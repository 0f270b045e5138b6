"""A person's word over the API: its body read, put to the recorder, and answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.asking import (
    Action,
    Bypassed,
    ChannelTested,
    DoorWeekSigned,
    DrillDone,
    PostureSet,
    Refused,
    TroubleCleared,
    WalkTestDone,
)
from hub.console import console
from hub.console.api import query
from hub.console.api.errors import ApiError, bad_input
from hub.console.body import TooLargeError, read_body
from hub.enrolment.asking import Assigned, Revoked
from hub.notice import room_json
from hub.upgrading.asking import UpgradeStands

T = TypeVar(
    "T",
    Assigned,
    Bypassed,
    ChannelTested,
    DoorWeekSigned,
    DrillDone,
    PostureSet,
    Revoked,
    TroubleCleared,
    UpgradeStands,
    WalkTestDone,
)


async def asked(
    request: Request, action: Action, kind: type[T], shown: Callable[[T], dict[str, Any]]
) -> Response:
    """Put a word to the recorder, and answer with what ``shown`` makes of its answer of this kind."""
    answer = await console.of(request).ask_for(action, kind)
    if isinstance(answer, Refused):
        raise refused(answer)
    return JSONResponse({**shown(answer), "recorded": answer.recorded})


def refused(answer: Refused) -> ApiError:
    """Return the error that says why a person's word was not taken."""
    status = {"not-found": 404, "bad-input": 422}.get(answer.error, 409)
    return ApiError(
        status,
        answer.error,
        answer.detail,
        state=answer.state,
        allowed=answer.allowed,
        open_rooms=[room_json(room) for room in answer.open_rooms],
        confirm=answer.confirm,
    )


async def body_of(request: Request) -> dict[str, Any]:
    """Return a request's body as an object; raise the error that it is answered with."""
    try:
        return query.json_object(await read_body(request))
    except TooLargeError as error:
        raise ApiError(413, "too-large", str(error), allowed=("65536 bytes",)) from None
    except ValueError as error:
        raise bad_input(str(error)) from None
