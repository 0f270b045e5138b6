"""The page of channels: what each last delivered, and a test of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from config.contract import shown
from hub.asking import ChannelTested, ProveChannel, Refused
from hub.console import console, known
from hub.console.deeds import NOT_WRITTEN, status_of, take
from hub.console.pages import rendered
from hub.console.session import Session


async def page(request: Request, session: Session) -> Response:
    """``/channels``. From memory alone."""
    here = console.of(request)
    view, settings = here.desk.view, here.desk.settings
    lines = {
        name: known.channel_line(view.channels.get(name), name, view, here.words, here.now().wall)
        for name in settings.channels
    }
    facts = {"page": "troubles", "lines": lines, "every_days": settings.channel_tests.every_days}
    return rendered(request, session, "channels.html", facts)


async def test(request: Request, session: Session) -> Response:
    """``POST /channels/{name}/test``: every end of a channel is told a test."""
    name = request.path_params["name"]

    async def word(_: dict[str, str]) -> tuple[str, int]:
        answer = await console.of(request).ask_for(ProveChannel(name, session.name, "console"), ChannelTested)
        if isinstance(answer, Refused):
            return f"Not done: {answer.detail}", status_of(answer)
        ends = "1 end" if len(answer.deliveries) == 1 else f"{len(answer.deliveries)} ends"
        said = f"A test goes to {ends} of {shown(name)}: what comes of it shows below."
        return said + ("" if answer.recorded else NOT_WRITTEN), 200

    return await take(request, session, word, "the page of channels")
