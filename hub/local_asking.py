"""What a command's word asks of the recorder, and its answer as JSON."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from hub.asking import Action, Answer, Refused

ANSWER_S: Final = 12.0
Ask = Callable[[Action], Future[Answer]]
_Kind = TypeVar("_Kind")


def answered(ask: Ask, action: Action, kind: type[_Kind]) -> _Kind | dict[str, Any]:
    """Ask the recorder; returns its answer, or what the command is told instead."""
    try:
        answer = ask(action).result(ANSWER_S)
    except TimeoutError:
        return {
            "error": "no-answer",
            "detail": "the hub did not answer in time; it may be done: look first",
        }
    if isinstance(answer, Refused):
        return {
            "error": answer.error,
            "detail": answer.detail,
            "state": answer.state,
            "allowed": list(answer.allowed),
        }
    assert isinstance(answer, kind)  # noqa: S101 - what else this is answered with is refused above
    return answer
