"""What all pages share: the templates, and letting in only who has signed in."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from hub.console import console
from hub.console.admission import FromOutsideError, NotAllowedError, admit
from hub.console.aside import NoAnswerError
from hub.console.cards import card
from hub.console.drill_words import said_of as said_of_drill
from hub.console.drill_words import waiting
from hub.console.posture_words import said_of
from hub.console.session import Session, local_path
from hub.console.visit import visit_of
from hub.console.words import age, counting
from hub.rights import OF_ROLE

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


def _version() -> str:
    digest = hashlib.sha256()
    for file in sorted([*STATIC.iterdir(), *(HERE / "templates").iterdir()]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


VERSION: Final = _version()
"""Of the pages themselves: a board left open over an upgrade loads itself anew."""

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(age=age, counting=counting)

Page = Callable[[Request, Session], Awaitable[Response]]


def for_people(page: Page, method: str, path: str) -> Callable[[Request], Awaitable[Response]]:
    """Return a page's endpoint: it sends whoever isn't signed in to do so, and refuses who may not."""

    async def endpoint(request: Request) -> Response:
        session = await console.of(request).keeper.session(request)
        if session is None:
            return not_signed_in(request)
        try:
            admit(method, path, session, visit_of(request))
            return await page(request, session)
        except NotAllowedError as error:
            return may_not(request, session, error)
        except FromOutsideError as error:
            return _code_first(request, session, f"Not done: {error}.")
        except NoAnswerError as error:
            return rendered(request, session, "sick.html", {"page": "", "said": str(error)}, 503)

    return endpoint


def not_signed_in(request: Request) -> Response:
    """Answer someone unknown: a script with 401, a person with the sign-in page."""
    if wants_fragment(request) or by_script(request) or request.url.path.endswith("/stream"):
        return JSONResponse({"error": "not-signed-in", "detail": "sign in first"}, 401)
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    wanted = local_path(back) if request.method == "GET" else "/"
    return RedirectResponse("/sign-in" + (f"?next={quote(wanted)}" if wanted != "/" else ""), 303)


def may_not(request: Request, session: Session, error: NotAllowedError) -> Response:
    """Answer somebody who has no right to what they ask for, in words."""
    if error.need in OF_ROLE[session.role]:
        return _code_first(
            request, session, f"Not done: the role {session.role} needs a second factor first."
        )
    said = f"Not done: the role {session.role} may not do that. An administrator can give you another."
    return _refused(request, session, said, None)


def _code_first(request: Request, session: Session, said: str) -> Response:
    """Answer somebody who owes a second factor, with the way to where it is shown or set up."""
    if not session.has_factor:
        return _refused(request, session, said, "/account/second-factor")
    wanted = local_path(request.url.path) if request.method == "GET" else "/"
    return _refused(request, session, said, f"/account/code?next={quote(wanted)}")


def _refused(request: Request, session: Session, said: str, way: str | None) -> Response:
    if by_script(request):
        body: dict[str, Any] = {"ok": False, "said": said}
        return JSONResponse(body if way is None else body | {"ask": way}, 403)
    return told(request, session, said, 403, way)


def told(
    request: Request, session: Session, said: str, status: int = 200, way: str | None = None
) -> Response:
    """Return the page that says what came of something, with the way to what is missing."""
    facts = {"page": "", "said": said, "ok": status == 200, "way": way}
    return rendered(request, session, "said.html", facts, status)


def wants_fragment(request: Request) -> bool:
    """Tell whether a live page asks for its changing part alone."""
    return request.headers.get("fragment") == "live"


def by_script(request: Request) -> bool:
    """Tell whether our own script sent a form, and wants its answer as JSON."""
    return request.headers.get("accept") == "application/json"


def rendered(
    request: Request, session: Session, template: str, facts: dict[str, Any], status: int = 200
) -> Response:
    """Return a page, or its live part, with what every page shows."""
    here = console.of(request)
    now = here.now().wall
    view = here.desk.view
    call = here.desk.settings.call_instead
    incidents = [
        card(one, here.words, now, call(one.kind), view.progress.get(one.id, ())) for one in view.unresolved()
    ]
    ends = session.ends(here.desk.settings.console.session_h)
    posture = view.posture  # once: the recorder may write meanwhile
    drill = view.drill()
    text = _TEMPLATES.get_template(template).render(
        site=view.name,
        posture=posture,
        posture_said=said_of(posture, here.words, now),
        drill_now=drill,
        drill_said=""
        if drill is None
        else said_of_drill(drill, here.words, now, here.desk.settings.drills.dispatch),
        waiting=waiting(view, here.words, now),
        session=session,
        session_ends=here.words.when(ends, now),
        incidents=incidents,
        now=now,
        clock=here.words.clock(now),
        words=here.words,
        version=VERSION,
        confirms=any(plan.confirm for plan in here.desk.settings.plans.values()),
        layout="fragment.html" if wants_fragment(request) else "layout.html",
        **facts,
    )
    return HTMLResponse(text, status)


def plain(template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """Return a page for someone who isn't signed in: it shows nothing of the site but its name."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(version=VERSION, **facts), status)
