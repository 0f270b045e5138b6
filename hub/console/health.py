"""``/healthz`` and ``/metrics``: for machines that watch the hub; neither needs a token."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.console import console


async def healthz(request: Request) -> Response:
    """Answer 200 while the hub is ready, else 503 and why."""
    here = console.of(request)
    view = here.desk.view
    ready = view.can_work(here.now().mono)
    why = None if ready else view.why or "its recorder hangs"
    return JSONResponse({"ready": ready, "why": why}, 200 if ready else 503)


async def metrics(request: Request) -> Response:
    """Answer with Prometheus text."""
    return Response(generate_latest(console.of(request).desk.metrics), media_type=CONTENT_TYPE_LATEST)
