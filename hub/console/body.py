"""Reading what a client sends, never more than 64 KiB of it."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

BODY_LIMIT: Final = 64 * 1024
DRAINED: Final = 16 * 1024 * 1024
"""Read and thrown away, so that a client with too much to say hears the answer and not a reset."""


class TooLargeError(Exception):
    """The body is longer than the limit."""


class BadFormError(Exception):
    """The body is no form that a page of ours sends."""


async def read_body(request: Request) -> bytes:
    """Return the whole body; raise :class:`TooLargeError` above 64 KiB."""
    kept = bytearray()
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= BODY_LIMIT:
                kept += chunk
            elif size > DRAINED:
                break
    except ClientDisconnect:
        raise BadFormError("the client went away") from None
    if size > BODY_LIMIT:
        raise TooLargeError(f"the body is larger than {BODY_LIMIT} bytes")
    return bytes(kept)


async def read_form(request: Request) -> dict[str, str]:
    """Return a page's form; of a field given twice the last counts."""
    body = await read_body(request)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:  # also UnicodeDecodeError, which is one
        raise BadFormError(f"not a form: {error}") from None
    return dict(pairs)
