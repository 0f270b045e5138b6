"""How the console sets its cookies: for itself alone, and out of scripts' reach."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response


def set_cookie(
    request: Request, response: Response, name: str, value: str, age_s: int, path: str = "/"
) -> None:
    """Set one of the console's cookies."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, age_s, path=path, secure=secure, httponly=True, samesite="strict")
