"""The API's routes, each behind its token and scope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from hub.console import console
from hub.console.admission import FromOutsideError, NotAllowedError, admit
from hub.console.api import openapi
from hub.console.api.errors import ApiError, no_answer, no_token, not_found
from hub.console.api.table import Operation, operations
from hub.console.aside import NoAnswerError
from hub.console.needs import API
from hub.console.visit import visit_of
from hub.store.tokens import Token


def api_routes() -> BaseRoute:
    """Return everything under ``/api``; a path that is none of ours, or a wrong method, is JSON too."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations(openapi.answer):
        by_path.setdefault(API.removeprefix("/api") + operation.path, {})[operation.method] = operation
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    routes: list[BaseRoute] = [
        Route(path, _endpoint(methods), methods=every) for path, methods in by_path.items()
    ]
    routes.append(Route("/{rest:path}", _nothing_here, methods=every))
    return Mount("/api", routes=routes)


def _endpoint(methods: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            operation = _operation(methods, request.method)
            return await operation.handler(request, await _let_in(operation, request))
        except ApiError as error:
            return error.response()
        except NoAnswerError as error:
            return no_answer(str(error)).response()

    return endpoint


def _operation(methods: dict[str, Operation], method: str) -> Operation:
    if method in methods:
        return methods[method]
    allowed = tuple(methods)
    headers = {"Allow": ", ".join(allowed)}
    raise ApiError(405, "wrong-method", f"{method} is not possible here", allowed=allowed, headers=headers)


async def _let_in(operation: Operation, request: Request) -> Token:
    authorization = request.headers.get("authorization")
    token = await console.of(request).keeper.token(authorization)
    if token is None:
        raise no_token("no bearer token" if authorization is None else "the bearer token is none of ours")
    try:
        admit(operation.method, API + operation.path, token, visit_of(request))
    except NotAllowedError as error:
        detail = f"the token {token.name!r} lacks the scope {error.need!r}"
        raise ApiError(403, "lacks-scope", detail, allowed=(error.need,)) from None
    except FromOutsideError as error:
        raise ApiError(403, "from-outside", str(error), allowed=("the school's own network",)) from None
    return token


async def _nothing_here(request: Request) -> Response:
    return not_found(f"nothing is at {request.url.path[:256]}").response()
