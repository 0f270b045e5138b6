"""CAP messages against OASIS's schema, and what each says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from config.channel_settings import CapSettings
from hub.cap.document import NAMESPACE, Reference, document, time_of
from hub.incident import Incident, Resolution
from hub.notice import notice_body as body
from hub.transitions import resolved
from tests.hub.making import incident, press

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("CAP-v1.2.xsd")))
SETTINGS = CapSettings(
    url="http://127.0.0.1:1/",
    sender="tocsin@lincoln.example.org",
    area="Lincoln Elementary, 12 School St",
    circle="38.47,-120.14 0.2",
    geocodes={"SAME": "006109"},
    instruction="Enter by door 3.",
    contact="Front office, +1 555 010 0140",
)
T = 1_790_000_000_000


def message(made: Incident, kind: Any = "incident.opened", *before: Reference, **more: Any) -> etree._Element:
    notice = msgspec.json.decode(body(made, kind, "dispatch", T + 61_500, **more))
    whole = document(notice, "d-1", before, SETTINGS, "Lincoln", "America/Chicago")
    found = etree.fromstring(whole)
    SCHEMA.assertValid(found)
    return found


def said(found: etree._Element, name: str) -> str | None:
    text = found.findtext(f".//{{{NAMESPACE}}}{name}")
    return None if text is None else str(text)


FIRST = Reference("d-0", "2026-09-21T14:13:20-00:00")


@pytest.mark.parametrize(
    ("kind", "category", "severity", "event"),
    [
        ("panic", "Security", "Extreme", "Panic alarm"),
        ("duress", "Security", "Extreme", "Duress alarm"),
        ("medical", "Health", "Severe", "Medical emergency"),
        ("assist", "Security", "Moderate", "Assistance asked for"),
    ],
)
def test_the_first_is_an_alert_of_its_kind(kind: Any, category: str, severity: str, event: str) -> None:
    found = message(incident(press(kind=kind)))
    got = [said(found, name) for name in ("msgType", "status", "category", "severity", "event", "urgency")]
    assert got == ["Alert", "Actual", category, severity, event, "Immediate"]
    assert said(found, "references") is None
    assert said(found, "areaDesc") == "Lincoln Elementary, 12 School St; Room 101, Main bldg, floor 1"
    assert (said(found, "sent"), said(found, "instruction")) == (
        "2026-09-21T14:14:21-00:00",
        "Enter by door 3.",
    )


def test_what_follows_names_all_that_came_before() -> None:
    second = Reference("d-9", "2026-09-21T14:13:30-00:00")
    found = message(incident(press()), "incident.updated", FIRST, second)
    assert said(found, "msgType") == "Update"
    assert said(found, "references") == (
        "tocsin@lincoln.example.org,d-0,2026-09-21T14:13:20-00:00"
        " tocsin@lincoln.example.org,d-9,2026-09-21T14:13:30-00:00"
    )


@pytest.mark.parametrize(
    ("disposition", "kind"),
    [("false-alarm", "Cancel"), ("test", "Cancel"), ("real", "Update"), ("drill", "Update")],
)
def test_a_false_alarm_is_cancelled_and_a_real_one_ends_as_all_clear(disposition: Any, kind: str) -> None:
    over = resolved(incident(press()), Resolution("Reyes", T + 60_000, "board", disposition)).incident
    found = message(over, "incident.resolved", FIRST)
    assert (said(found, "msgType"), said(found, "responseType"), said(found, "urgency")) == (
        kind,
        "AllClear",
        "Past",
    )


def test_a_drill_is_an_exercise_and_a_marked_test_a_test() -> None:
    made = incident(press())
    assert said(message(replace(made, drill=True)), "status") == "Exercise"
    assert said(message(replace(made, drill=True), test=True), "status") == "Test"


def test_pressed_or_cut_is_possible() -> None:
    made = incident(press(cause="cut"))
    assert said(message(replace(made, has_causes=True)), "certainty") == "Possible"
    assert said(message(incident(press())), "certainty") == "Observed"


@given(st.text(max_size=80), st.text(min_size=1, max_size=40))
def test_whatever_a_room_or_person_is_called_it_is_valid(note: str, name: str) -> None:
    """Letters that XML can't hold, marks that it escapes: nothing breaks it."""
    made = incident(press())
    rooms = tuple(replace(room, place=replace(room.place, room=name)) for room in made.rooms)
    notice = msgspec.json.decode(body(replace(made, rooms=rooms), "incident.opened", "dispatch", T))
    settings = replace(SETTINGS, instruction=note)
    found = etree.fromstring(document(notice, "d-1", (), settings, name, "UTC"))
    SCHEMA.assertValid(found)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_times_are_whole_seconds_of_utc(moment: datetime) -> None:
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert time_of(text) == moment.strftime("%Y-%m-%dT%H:%M:%S-00:00")
