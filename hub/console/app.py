"""The console as one application: its routes, in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from config.clock import Clock, SystemClock
from hub.console import (
    answering,
    channels,
    deeds,
    door_pages,
    drills,
    guard,
    health,
    identities,
    live,
    looking,
    missed,
    posture,
    sign_in,
    trouble_deeds,
    upgrading,
    walking,
    zone_deeds,
)
from hub.console.accounts import factor, office, own, phones
from hub.console.api.routes import api_routes
from hub.console.console import Console
from hub.console.desk import Desk
from hub.console.needs import need_of
from hub.console.pages import STATIC, Page, for_people


def build_app(desk: Desk, session_key: bytes, *, clock: Clock | None = None) -> Starlette:
    """Return the console of a desk. ``session_key`` signs its sessions: keep it over a restart."""
    console = Console(desk, session_key, clock or SystemClock())
    https = desk.settings.console.https

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        console.changes.start()
        try:
            yield
        finally:
            console.changes.stop()
            console.aside.close()
            console.keeper.close()
            console.turns.close()

    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(guard.Guard, hsts_days=0 if https is None else https.hsts_days)],
        exception_handlers=dict(guard.handlers),
        lifespan=lifespan,
    )
    app.state.console = console
    return app


def _routes() -> list[BaseRoute]:
    return [
        _page("GET", "/", looking.board),
        _page("GET", "/board/stream", live.stream),
        _page("GET", "/doors", door_pages.doors),
        _page("GET", "/doors/weeks/{week}", door_pages.week),
        _page("POST", "/doors/weeks/{week}/sign", door_pages.sign),
        _page("GET", "/devices", looking.devices),
        _page("POST", "/devices/{device}/walk-test", walking.begin),
        _page("POST", "/devices/{device}/walk-test/end", walking.end),
        _page("POST", "/devices/{device}/bypass", zone_deeds.bypass),
        _page("POST", "/devices/{device}/bypass/end", zone_deeds.end),
        _page("GET", "/identities", identities.page),
        _page("POST", "/identities/{device}/assign", identities.assign),
        _page("POST", "/identities/{device}/revoke", identities.revoke),
        _page("POST", "/upgrade", upgrading.upgrade),
        _page("GET", "/posture", posture.page),
        _page("POST", "/posture", posture.set_posture),
        _page("GET", "/drills", drills.drills),
        _page("POST", "/drills", drills.plan),
        _page("GET", "/drills/{id}", drills.drill),
        _page("POST", "/drills/{id}/start", drills.start),
        _page("POST", "/drills/{id}/end", drills.end),
        _page("POST", "/drills/{id}/cancel", drills.cancel),
        _page("POST", "/drills/{id}/real", drills.real),
        _page("POST", "/drills/{id}/part-of-drill", drills.part_of_drill),
        _page("GET", "/channels", channels.page),
        _page("POST", "/channels/{name}/test", channels.test),
        _page("GET", "/troubles", looking.troubles),
        _page("POST", "/troubles/clear", trouble_deeds.clear),
        _page("GET", "/incidents", looking.incidents),
        _page("GET", "/incidents/{id}", looking.incident),
        _page("POST", "/incidents/{id}/acknowledge", deeds.acknowledge),
        _page("POST", "/incidents/{id}/notes", deeds.note),
        _page("POST", "/incidents/{id}/confirm", deeds.confirm),
        _page("POST", "/incidents/{id}/resolve", deeds.resolve),
        _page("GET", "/account", own.page),
        _page("POST", "/account/sessions/end", own.end),
        _page("POST", "/account/sessions/end-others", own.end_others),
        _page("GET", "/account/second-factor", factor.page),
        _page("POST", "/account/second-factor", factor.set_up),
        _page("POST", "/account/second-factor/remove", factor.remove),
        _page("GET", "/account/phone", phones.page),
        _page("POST", "/account/phone", phones.sign_up),
        _page("POST", "/account/phone/remove", phones.remove),
        _page("GET", "/account/code", factor.ask),
        _page("POST", "/account/code", factor.show),
        _page("GET", "/accounts", office.page),
        _page("POST", "/accounts/role", office.set_role),
        _page("POST", "/accounts/remove", office.remove),
        _page("POST", "/accounts/second-factor/remove", office.remove_factor),
        _page("POST", "/accounts/sessions/end", office.end),
        _page("POST", "/accounts/tokens/remove", office.remove_token),
        *(_open(endpoint.method, endpoint.path, endpoint.answer) for endpoint in sign_in.endpoints()),
        _open("GET", "/go/{token}", answering.look),
        _open("POST", "/go/{token}", answering.answer),
        _open("POST", "/push/missed", missed.missed),
        _open("GET", "/healthz", health.healthz),
        _open("GET", "/metrics", health.metrics),
        api_routes(),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _page(method: str, path: str, page: Page) -> Route:
    """Return a page's route, for whoever has what the table says it needs."""
    need_of(method, path)
    return Route(path, for_people(page, method, path), methods=[method])


def _open(method: str, path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return the route of what answers anybody: the table must say so."""
    if need_of(method, path) != "anyone":
        raise LookupError(f"{method} {path} answers anybody, and hub.console.needs says otherwise")
    return Route(path, answer, methods=[method])
