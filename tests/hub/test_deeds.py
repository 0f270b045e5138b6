"""A person's word: taken, answered, refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from hub.asking import Acknowledge, Action, Answer, Done, Note, Refused, Resolve
from hub.decision import Decision
from hub.inputs import Asked
from hub.site import Site
from tests.hub.making import at, event_bytes, new_site, shown, take


def ask(site: Site, action: Action, second: float = 1) -> tuple[Decision, Answer]:
    answers: list[Answer] = []
    decision = shown(site.decide(Asked(action, answers.append), at(second)))
    assert answers == []  # nothing is answered before it is committed
    decision.reply(recorded=True)
    return decision, answers[0]


def open_one(site: Site) -> str:
    return str(take(site, event_bytes()).events[0].incident)


def test_an_acknowledgement_is_recorded_with_who_how_and_what_was_shown() -> None:
    """And its note; the answer holds the incident as it is now."""
    site = new_site()
    incident = open_one(site)
    decision, answer = ask(site, Acknowledge(incident, "Reyes", "board", 1, "on my way"))
    assert isinstance(answer, Done)
    assert (answer.incident.state, answer.open_rooms, answer.recorded) == ("acknowledged", (), True)
    line = next(row for row in decision.record if row.what == "acknowledged")
    assert line.detail == {"revision": 2, "by": "Reyes", "via": "board", "note": "on my way", "showed": 1}


def test_a_note_on_what_is_acknowledged_already_is_told() -> None:
    """It is a change of its own; without a note nothing changes."""
    site = new_site()
    incident = open_one(site)
    ask(site, Acknowledge(incident, "Reyes", "board"))
    silent, again = ask(site, Acknowledge(incident, "Ortiz", "api"), 2)
    assert isinstance(again, Done)
    assert (silent.incidents, again.incident.revision) == ({}, 2)
    assert again.incident.acknowledged is not None
    assert again.incident.acknowledged.by == "Reyes"
    noted, answer = ask(site, Acknowledge(incident, "Ortiz", "api", note="ambulance called"), 3)
    assert isinstance(answer, Done)
    assert answer.incident.revision == 3
    line = next(row for row in noted.record if row.what == "note")
    assert (line.detail["note"], line.detail["by"]) == ("ambulance called", "Ortiz")


def test_a_note_is_a_change_of_its_own_in_every_state_but_the_last() -> None:
    """Who said what, through what; of an incident that is over it is refused with the reason."""
    site = new_site()
    incident = open_one(site)
    said, answer = ask(site, Note(incident, "Reyes", "board", "on my way"))
    assert isinstance(answer, Done)
    assert (answer.incident.state, answer.incident.revision) == ("open", 2)
    line = next(row for row in said.record if row.what == "note")
    assert line.detail == {"revision": 2, "by": "Reyes", "via": "board", "note": "on my way"}
    ask(site, Resolve(incident, "Reyes", "board", "real"), 2)
    _, refused = ask(site, Note(incident, "Reyes", "board", "too late"), 3)
    assert isinstance(refused, Refused)
    assert (refused.error, refused.state) == ("not-in-this-state", "resolved")


@pytest.mark.parametrize("action", [Acknowledge, Resolve])
def test_an_incident_that_is_not_here_is_not_found(action: Any) -> None:
    """The API asks the record whether it ever was."""
    extra = {"disposition": "real"} if action is Resolve else {}
    _, answer = ask(new_site(), action("i-none", "Reyes", "board", **extra))
    assert isinstance(answer, Refused)
    assert answer.error == "not-found"


@pytest.mark.parametrize("action", [Acknowledge, Resolve])
def test_what_is_resolved_is_refused_with_what_was_allowed(action: Any) -> None:
    """It names the incident by the number that people say."""
    site = new_site()
    incident = open_one(site)
    ask(site, Resolve(incident, "Reyes", "board", "real"))
    extra = {"disposition": "real"} if action is Resolve else {}
    _, answer = ask(site, action(incident, "Ortiz", "api", **extra), 2)
    assert isinstance(answer, Refused)
    assert (answer.error, answer.state) == ("not-in-this-state", "resolved")
    assert answer.allowed == ("open", "acknowledged")
    assert "incident 1: resolved" in answer.detail


def test_an_answer_goes_out_once_and_says_whether_it_is_recorded() -> None:
    """The disk is late: the person is told so, and not again when it is back."""
    site = new_site()
    answers: list[Answer] = []
    asked = Asked(Acknowledge(open_one(site), "Reyes", "board"), answers.append)
    decision = site.decide(asked, at(1))
    assert not decision.is_answered
    decision.reply(recorded=False)
    assert decision.is_answered
    decision.reply(recorded=True)
    assert [answer.recorded for answer in answers if isinstance(answer, Done)] == [False]


def test_a_resolution_that_overlooks_a_room_is_refused_and_said() -> None:
    """It names the room; the incident asks on, and the record says who was refused and why."""
    site = new_site()
    incident = open_one(site)
    take(site, event_bytes(id="e2"), 1, device="room-102")
    decision, answer = ask(site, Resolve(incident, "Reyes", "console", "false-alarm", revision=1), 2)
    assert isinstance(answer, Refused)
    assert (answer.error, answer.state) == ("not-in-this-state", "open")
    assert [room.place.device for room in answer.open_rooms] == ["room-102"]
    assert decision.incidents == {}
    assert [row.what for row in decision.record] == ["not-resolved"]
    _, done = ask(site, Resolve(incident, "Reyes", "console", "false-alarm", revision=2), 3)
    assert isinstance(done, Done)
