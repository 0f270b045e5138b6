"""What every answer carries, and what is said when something is wrong with a request."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.console import pages
from hub.console.api.errors import not_found
from hub.console.body import BadFormError, TooLargeError

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# same-origin and not no-referrer: with the latter browsers send `Origin: null` with our own forms.
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Adds the headers to every answer."""

    def __init__(self, app: ASGIApp, hsts_days: int = 0) -> None:
        self._app = app
        self._hsts = f"max-age={hsts_days * 86_400}" if hsts_days else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if self._hsts is not None and scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = self._hsts
                for name in ("etag", "last-modified"):
                    if name in headers:
                        del headers[name]
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


async def http_error(request: Request, error: Exception) -> Response:
    """Answer a page that isn't there, or is asked for in a wrong way."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == 404 and request.url.path.startswith(
        "/api/"
    ):  # as with a line's end in it: no route has that
        return not_found(f"nothing is at {request.url.path[:256]}").response()
    said = {404: "There is no such page.", 405: "That can't be done here."}.get(status, "This went wrong.")
    return _answer(request, said, status, dict(headers or {}))


async def too_large(request: Request, error: Exception) -> Response:
    """Answer a body over the limit."""
    return _answer(request, f"Not done: {error}.", 413)


async def bad_form(request: Request, error: Exception) -> Response:
    """Answer a body that is no form of ours."""
    return _answer(request, f"Not done: {error}.", 422)


async def broken(request: Request, _: Exception) -> Response:
    """Answer where our own code failed; the log has the rest."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": "internal", "detail": "a fault of the hub; its log says more"}, 500)
    return _answer(request, "A fault of the hub; its log says more.", 500)


def _answer(request: Request, said: str, status: int, headers: dict[str, str] | None = None) -> Response:
    if pages.by_script(request):
        return JSONResponse({"ok": False, "said": said}, status, headers=headers)
    response = pages.plain("plain.html", status, said=said)
    response.headers.update(headers or {})
    return response


handlers: Final = {
    HTTPException: http_error,
    TooLargeError: too_large,
    BadFormError: bad_form,
    Exception: broken,
}
"""For Starlette: which fault is answered by what."""
