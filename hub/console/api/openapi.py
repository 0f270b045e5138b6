"""openapi.json, from the table of operations. ``python -m hub.console.api.openapi`` prints it."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.console.api import schemas
from hub.console.api.table import Operation, operations
from hub.console.needs import API
from hub.store.tokens import Token

_ERRORS: Final = {
    401: "no bearer token, or none of ours",
    403: "the token lacks the scope",
    404: "not found",
    409: "not in this state",
    413: "more than 64 KiB",
    422: "bad input",
    503: "the record or the hub did not answer in time",
}


async def answer(_: Request, __: Token) -> Response:
    """``GET openapi.json``."""
    return JSONResponse(describe(operations(answer)))


def describe(table: tuple[Operation, ...]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of a table."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        paths.setdefault(API + operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tocsin",
            "version": "1",
            "description": "Incidents, devices, doors and troubles of one site. "
            "The person or system of the token is who did it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas.COMPONENTS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    need = operation.need
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": operation.summary,
        "description": "Any token may ask." if need == "signed-in" else f"Needs the scope `{need}`.",
        "responses": {
            "200": {
                "description": "what was asked for",
                "content": {operation.media_type: {"schema": operation.answer}},
            },
            **{str(code): _error(code) for code in sorted((401, 403, 503, *operation.errors))},
        },
    }
    if operation.parameters:
        described["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.where,
                "required": parameter.where == "path",
                "description": parameter.about,
                "schema": parameter.schema,
            }
            for parameter in operation.parameters
        ]
    if operation.body is not None:
        described["requestBody"] = {
            "required": bool(operation.body["required"]),
            "content": {"application/json": {"schema": operation.body}},
        }
    return described


def _error(code: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": _ERRORS[code], "content": {"application/json": {"schema": schema}}}


if __name__ == "__main__":
    print(json.dumps(describe(operations(answer)), indent=1, sort_keys=True))  # noqa: T201 - its output
