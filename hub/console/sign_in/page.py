"""The page on which people sign in, and signing out."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.console import console, pages
from hub.console.body import read_form
from hub.console.cookies import set_cookie
from hub.console.session import allowed, local_path


async def form(request: Request) -> Response:
    """``GET /sign-in``."""
    wanted = local_path(request.query_params.get("next"))
    if await console.of(request).keeper.session(request) is not None:
        return RedirectResponse(wanted, 303)
    return shown(request, wanted)


async def sign_out(request: Request) -> Response:
    """``POST /sign-out``."""
    here = console.of(request)
    session = await here.keeper.session(request)
    fields = await read_form(request)
    if session is not None and not allowed(request.headers, session, fields):
        return RedirectResponse("/", 303)
    if session is not None:
        here.note("signed-out", request, session.name, session.name, f"{session.name} signed out")
        await here.keeper.end(session.id)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(here.sealer.session_cookie, path="/")
    return response


def shown(
    request: Request,
    wanted: str,
    name: str = "",
    said: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    form: tuple[str, str] | None = None,
) -> Response:
    """Return the page, with what came of the last try; ``form``: its token and cookie, to go on with."""
    here = console.of(request)
    token, cookie = form or here.sealer.new_form(here.now().wall)
    facts: dict[str, Any] = {"site": here.desk.view.name, "csrf": token, "wanted": wanted}
    response = pages.plain("sign_in.html", status, name=name, said=said, **facts)
    response.headers.update(headers or {})
    set_cookie(request, response, here.sealer.form_cookie, cookie, 12 * 3600, path="/sign-in")
    return response
