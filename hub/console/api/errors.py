"""The API's one form of error."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse


class ApiError(Exception):
    """A request that is answered with ``{"error","detail","state"?,"allowed"?}``."""

    def __init__(
        self,
        status: int,
        error: str,
        detail: str,
        *,
        state: str | None = None,
        allowed: tuple[str, ...] = (),
        headers: dict[str, str] | None = None,
        open_rooms: list[dict[str, Any]] | None = None,
        confirm: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.error = error
        self.detail = detail
        self.state = state
        self.allowed = allowed
        self.headers = headers
        self.open_rooms = open_rooms
        self.confirm = confirm

    def response(self) -> JSONResponse:
        """Return the answer."""
        body: dict[str, Any] = {"error": self.error, "detail": self.detail}
        if self.state is not None:
            body["state"] = self.state
        if self.allowed:
            body["allowed"] = list(self.allowed)
        if self.open_rooms:
            body["open_rooms"] = self.open_rooms
        if self.confirm is not None:
            body["confirm"] = self.confirm
        return JSONResponse(body, self.status, headers=self.headers)


def no_token(detail: str) -> ApiError:
    """401: no bearer token, or none of ours."""
    return ApiError(401, "no-token", detail, headers={"WWW-Authenticate": 'Bearer realm="tocsin"'})


def bad_input(detail: str, *allowed: str) -> ApiError:
    """422: what was sent is not what is allowed."""
    return ApiError(422, "bad-input", detail, allowed=allowed)


def not_found(detail: str) -> ApiError:
    """404."""
    return ApiError(404, "not-found", detail)


def no_answer(detail: str) -> ApiError:
    """503: the disk or the recorder did not answer in time."""
    return ApiError(503, "no-answer", detail, headers={"Retry-After": "2"})
