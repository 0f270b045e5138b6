"""The record over the API: words that are removed before their time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served

FORGET = "/api/v1/record/forget"


def test_what_an_incident_left_is_removed_by_whoever_may(
    desk: FrontDesk, api: Caller, served: Served
) -> None:
    incident = desk.press()
    assert api.post(f"/api/v1/incidents/{incident.id}/acknowledge", {}).status == 200
    wanted = {"incident": incident.id, "note": "its family has asked for it"}
    other = Caller(served.port, desk.office.add_token("o", frozenset({"read", "resolve", "maintain"})))
    assert other.post(FORGET, wanted).status == 403
    reply = api.post(FORGET, wanted)
    assert reply.status == 200, reply.json
    assert reply.json == {"removed": len(desk.forgotten[0].values), "left": [], "recorded": True}
    assert {one.note for one in desk.forgotten} == {"its family has asked for it"}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"incident": "i-none", "note": "why"}, 404, "not-found"),
        ({"incident": "i-none", "person": "Reyes", "note": "why"}, 422, "bad-input"),
        ({"note": "why"}, 422, "bad-input"),
        ({"person": "", "note": "why"}, 422, "bad-input"),
        ({"person": "Reyes"}, 422, "bad-input"),
        ({"incident": [], "person": "Reyes", "note": "why"}, 422, "bad-input"),
        ({"incident": 7, "person": "Reyes", "note": "why"}, 422, "bad-input"),
        ({"incident": False, "note": "why"}, 422, "bad-input"),
    ],
)
def test_what_is_to_be_removed_and_why_is_said(
    desk: FrontDesk, api: Caller, body: dict[str, Any], status: int, error: str
) -> None:
    reply = api.post(FORGET, body)
    assert (reply.status, reply.json["error"]) == (status, error)
    assert desk.forgotten == []


def test_what_is_said_of_it_meanwhile_is_not_looked_through(
    desk: FrontDesk, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round ends at the row that was the newest when it was asked for."""
    rounds: list[int] = []

    def to_forget(
        _: str | None, __: str | None, after: tuple[int, str], newest: int
    ) -> list[tuple[int, str]]:
        rounds.append(newest)
        return [(after[0] + 1, "by")] if len(rounds) < 3 else []

    monkeypatch.setattr(desk.reading, "head", lambda: (41 + len(rounds), "h"))
    monkeypatch.setattr(desk.reading, "to_forget", to_forget)
    assert api.post(FORGET, {"person": "0", "note": "0"}).status == 200
    assert rounds == [41, 41, 41]
