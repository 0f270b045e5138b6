"""Incidents in the Common Alerting Protocol over the API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from config.channel_settings import CapSettings
from hub.cap import feed
from hub.console import console
from hub.console.api.errors import not_found
from hub.console.api.incidents import found
from hub.console.console import Console
from hub.console.present import page
from hub.store.tokens import Token

MOST = 100
"""Incidents of the feed."""


async def index(request: Request, _: Token) -> Response:
    """``GET cap``: an Atom feed of what is not over, or not for long."""
    here = console.of(request)
    _settings(here)
    now = here.now().wall
    recorded = await here.aside.call(here.desk.reading.incidents, (), MOST + 1, None)
    shown, _following = page(recorded, here.desk.view.unresolved(), (), None, MOST)
    chosen = [one for one in shown if feed.is_in(one, now)]
    settings = here.desk.settings
    return Response(feed.index(chosen, settings.name, settings.site, now), media_type="application/atom+xml")


async def message(request: Request, _: Token) -> Response:
    """``GET cap/{id}``: one incident's message, as it stands."""
    here = console.of(request)
    wanted = request.path_params["id"]
    incident, _timeline = await found(here, wanted)
    if incident is None or incident.kind == "door":
        raise not_found(f"no incident {wanted[:128]!r}")
    settings = here.desk.settings
    whole = feed.message(incident, _settings(here), settings.name, settings.timezone)
    return Response(whole, media_type=feed.CAP_TYPE)


def _settings(here: Console) -> CapSettings:
    """Return those of the first CAP channel: who sends, and of which place."""
    channels = here.desk.settings.channels.values()
    chosen = next((one for one in channels if isinstance(one, CapSettings)), None)
    if chosen is None:
        raise not_found("the settings have no channel of type cap")
    return chosen
