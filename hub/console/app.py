"""The console as one application: its routes, in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from config.clock import Clock, SystemClock
from hub.console import (
    deeds,
    door_pages,
    drills,
    guard,
    health,
    live,
    looking,
    posture,
    signing,
    trouble_deeds,
    walking,
    zone_deeds,
)
from hub.console.api.routes import api_routes
from hub.console.console import Console
from hub.console.desk import Desk
from hub.console.pages import STATIC, for_people


def build_app(desk: Desk, session_key: bytes, *, clock: Clock | None = None) -> Starlette:
    """Return the console of a desk. ``session_key`` signs its sessions: keep it over a restart."""
    console = Console(desk, session_key, clock or SystemClock())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        console.changes.start()
        try:
            yield
        finally:
            console.changes.stop()
            console.aside.close()

    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(guard.Guard)],
        exception_handlers=dict(guard.handlers),
        lifespan=lifespan,
    )
    app.state.console = console
    return app


def _routes() -> list[BaseRoute]:
    return [
        Route("/", for_people(looking.board)),
        Route("/board/stream", for_people(live.stream)),
        Route("/doors", for_people(door_pages.doors)),
        Route("/doors/weeks/{week}", for_people(door_pages.week)),
        Route("/doors/weeks/{week}/sign", for_people(door_pages.sign), methods=["POST"]),
        Route("/devices", for_people(looking.devices)),
        Route("/devices/{device}/walk-test", for_people(walking.begin), methods=["POST"]),
        Route("/devices/{device}/walk-test/end", for_people(walking.end), methods=["POST"]),
        Route("/devices/{device}/bypass", for_people(zone_deeds.bypass), methods=["POST"]),
        Route("/devices/{device}/bypass/end", for_people(zone_deeds.end), methods=["POST"]),
        Route("/posture", for_people(posture.page)),
        Route("/posture", for_people(posture.set_posture), methods=["POST"]),
        Route("/drills", for_people(drills.drills)),
        Route("/drills", for_people(drills.plan), methods=["POST"]),
        Route("/drills/{id}", for_people(drills.drill)),
        Route("/drills/{id}/start", for_people(drills.start), methods=["POST"]),
        Route("/drills/{id}/end", for_people(drills.end), methods=["POST"]),
        Route("/drills/{id}/cancel", for_people(drills.cancel), methods=["POST"]),
        Route("/drills/{id}/real", for_people(drills.real), methods=["POST"]),
        Route("/drills/{id}/part-of-drill", for_people(drills.part_of_drill), methods=["POST"]),
        Route("/troubles", for_people(looking.troubles)),
        Route("/troubles/clear", for_people(trouble_deeds.clear), methods=["POST"]),
        Route("/incidents", for_people(looking.incidents)),
        Route("/incidents/{id}", for_people(looking.incident)),
        Route("/incidents/{id}/acknowledge", for_people(deeds.acknowledge), methods=["POST"]),
        Route("/incidents/{id}/notes", for_people(deeds.note), methods=["POST"]),
        Route("/incidents/{id}/confirm", for_people(deeds.confirm), methods=["POST"]),
        Route("/incidents/{id}/resolve", for_people(deeds.resolve), methods=["POST"]),
        Route("/sign-in", signing.form),
        Route("/sign-in", signing.sign_in, methods=["POST"]),
        Route("/sign-out", signing.sign_out, methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/metrics", health.metrics),
        api_routes(),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
