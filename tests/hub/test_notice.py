"""What is told: the webhook's JSON, field by field, and the sentence a person hears."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from hub.incident import Deed, Incident, Place, Resolution
from hub.notice import incident_json, notice_body, sentence
from hub.transitions import acknowledged, resolved
from tests.hub.making import T0, incident, press

AT = 1_790_000_531_000  # 2026-09-21T14:22:11Z
DESK = {"zone": "desk", "label": "desk", "at": AT, "received_at": AT + 40}


def body(made: Incident, kind: Any = "incident.opened", at: int = AT, **more: Any) -> Any:
    return msgspec.json.decode(notice_body(made, kind, "sro", at, **more))


def said(made: Incident, kind: Any = "incident.opened", zone: str = "UTC", at: int = AT) -> list[str]:
    title, text = sentence(notice_body(made, kind, "sro", at), zone)
    assert text.splitlines()[0] == title
    return text.splitlines()


def test_the_webhooks_json_is_the_contracts() -> None:
    """Every field of the contract, with these types; what is more is only added."""
    made = incident(press(**DESK))
    sent = body(made)
    assert sent["incident"]["rooms"][0].pop("acknowledged") is False  # added to the contract's
    assert sent.pop("reminder") is None
    assert sent.pop("quiet") is False
    assert sent.pop("drill") is None
    assert sent.pop("call") is None
    assert sent["incident"].pop("drill_number") is None
    assert sent["incident"].pop("from_backup") is None
    assert sent["incident"].pop("confirmed") is False
    assert sent["incident"].pop("response")["posture"] == "lockdown"
    assert sent["incident"]["events"][0].pop("held") is False
    assert sent["incident"]["events"][0].pop("late") is False
    assert sent["incident"]["events"][0].pop("cause") is None
    assert sent["incident"].pop("door") is None
    assert sent["incident"]["events"][0].pop("rule") is None
    assert sent["incident"]["events"][0].pop("words") is None
    assert sent["incident"]["events"][0].pop("in_drill") is None
    assert sent["incident"]["events"][0].pop("expected") is None
    assert sent == {
        "v": 1,
        "type": "incident.opened",
        "site": "lincoln",
        "audience": "sro",
        "at": "2026-09-21T14:22:11.000Z",
        "test": False,
        "incident": {
            "id": made.id,
            "number": 41,
            "revision": 1,
            "kind": "panic",
            "state": "open",
            "drill": False,
            "late": False,
            "opened_at": "2026-09-21T14:22:11.000Z",
            "acknowledged": None,
            "resolved": None,
            "rooms": [
                {"room": "Room 101", "building": "Main", "floor": "1", "device": "room-101", "known": True}
            ],
            "events": [
                {
                    "id": "101-panic-0",
                    "device": "room-101",
                    "zone": "desk",
                    "label": "desk",
                    "kind": "panic",
                    "what": "alarm",
                    "at": "2026-09-21T14:22:11.000Z",
                    "received_at": "2026-09-21T14:22:11.040Z",
                }
            ],
        },
    }


def test_who_answered_is_told() -> None:
    """By whom, when, through what; a resolution with its disposition."""
    made = acknowledged(incident(press(**DESK)), Deed("Reyes", AT + 5000, "board")).incident
    over = resolved(made, Resolution("Ortiz", AT + 9000, "api", "false-alarm")).incident
    told = incident_json(over)
    assert told["acknowledged"] == {"by": "Reyes", "at": "2026-09-21T14:22:16.000Z", "via": "board"}
    assert told["resolved"] == {
        "by": "Ortiz",
        "at": "2026-09-21T14:22:20.000Z",
        "via": "api",
        "disposition": "false-alarm",
    }


def test_an_unknown_room_has_null_for_what_is_not_known() -> None:
    """And an event without an id has null for it."""
    stranger = Place("attic-1", "attic-1", known=False)
    told = incident_json(incident(press(place=stranger, id=None)))
    assert told["rooms"][0]["building"] is told["rooms"][0]["floor"] is told["events"][0]["id"] is None
    assert told["rooms"][0]["known"] is False


def test_the_sentence_says_what_where_which_button_and_when() -> None:
    """As the design has it, in the school's own time."""
    made = incident(press(**DESK | {"at": AT + 0, "received_at": AT}))
    assert said(made)[0] == "PANIC Room 101 (desk), Main bldg, floor 1, 14:22:11"
    assert said(made, zone="America/Chicago")[0] == "PANIC Room 101 (desk), Main bldg, floor 1, 09:22:11"
    ten = replace(made, opened_at=AT - 4 * 3_600_000 - 20 * 60_000)
    assert said(ten)[0] == "PANIC Room 101 (desk), Main bldg, floor 1, 10:02:11"


@pytest.mark.parametrize("kind", ["panic", "duress", "medical", "assist"])
def test_the_kind_comes_first(kind: Any) -> None:
    """In capitals."""
    assert said(incident(press(kind=kind)))[0].startswith(f"{kind.upper()} Room 101 (wall)")


@pytest.mark.parametrize(
    ("age_s", "words"), [(61, "61 s"), (600, "10 min"), (7200, "2 h"), (100_000, "27 h")]
)
def test_what_is_late_says_so_first_with_its_age(age_s: int, words: str) -> None:
    """Nobody runs for an old press as if it were of now."""
    made = incident(press(at=AT - age_s * 1000, late=True))
    first = said(made)[0]
    assert first.startswith("LATE PANIC Room 101")
    assert first.endswith(f"({words} before this was sent)")


def test_a_drill_says_so_first() -> None:
    """So does a test notice."""
    made = replace(incident(), drill=True)
    assert said(made)[0].startswith("DRILL PANIC Room 101")
    title, _ = sentence(notice_body(incident(), "incident.opened", "sro", AT, test=True), "UTC")
    assert title.startswith("TEST PANIC Room 101")


def test_every_room_is_named() -> None:
    """Two in the title; of more, the first and how many, the others on lines of their own."""
    two = incident(press(**DESK), press(102))
    assert said(two, "incident.updated")[0].startswith(
        "PANIC (update) Room 101 (desk), Main bldg, floor 1 and Room 102 (wall), Main bldg, floor 1"
    )
    four = incident(press(), press(101, zone="desk", second=1), press(102), press(103), press(104))
    lines = said(four)
    assert lines[0].startswith("PANIC Room 101 (wall, desk), Main bldg, floor 1 and 3 more rooms")
    assert [line.split(", pressed")[0] for line in lines if line.startswith("- ")] == [
        "- Room 101 (wall, desk), Main bldg, floor 1",
        *(f"- Room {n} (wall), Main bldg, floor 1" for n in (102, 103, 104)),
    ]


def test_each_room_says_when_it_was_pressed_how_late_and_whether_it_still_asks() -> None:
    """Where there are several: the officer must not run to the one that is answered, nor to an old one."""
    made = incident(press(second=11), press(102, second=20, late=True, received_at=T0 + 140_000))
    part = acknowledged(made, Deed("Reyes", AT, "board"), 1).incident
    lines = [line for line in said(part, "incident.updated") if line.startswith("- ")]
    assert lines == [
        "- Room 101 (wall), Main bldg, floor 1, pressed 14:13:31",
        "- Room 102 (wall), Main bldg, floor 1, pressed 14:13:40, LATE: heard 2 min later, NOT ACKNOWLEDGED",
    ]
    assert [line for line in said(incident()) if line.startswith("- ")] == []


def test_a_press_that_is_held_bears_the_time_at_which_it_was_pressed() -> None:
    """Not that of its second alarm."""
    made = incident(press(second=11), press(second=14, held=True), press(102, second=20))
    lines = [line for line in said(made, "incident.updated") if line.startswith("- ")]
    assert lines[0] == "- Room 101 (wall), Main bldg, floor 1, pressed 14:13:31, held"


def test_an_answer_is_said_with_who_and_when() -> None:
    """In the headline and in a line of its own; the last line has the number that people say."""
    made = acknowledged(incident(press(**DESK)), Deed("Reyes", AT + 5000, "board")).incident
    lines = said(made, "incident.acknowledged")
    assert lines[0].startswith("PANIC acknowledged: Room 101 (desk)")
    assert "Acknowledged by Reyes, 14:22:16" in lines
    over = resolved(made, Resolution("Ortiz", AT + 9000, "api", "false-alarm")).incident
    assert "Resolved as false-alarm by Ortiz, 14:22:20" in said(over, "incident.resolved")
    assert lines[-1] == "Incident 41 at lincoln, revision 2"


def test_a_device_nobody_knows_is_called_so() -> None:
    """The officer is told that the room's name is the device's own word."""
    assert "not a known device" in said(incident(press(place=Place("x", "The attic", known=False))))[0]


def test_an_alarm_that_may_be_a_cut_wire_says_so_wherever_its_button_is_named() -> None:
    """In the title and beside its room: no word claims a press. The JSON has the cause of each event."""
    made = incident(press(**DESK, cause="cut"))
    assert said(made)[0] == (
        "PANIC Room 101 (desk pressed or cut: check the room), Main bldg, floor 1, 14:22:11"
    )
    assert [event["cause"] for event in incident_json(made)["events"]] == ["cut"]
    two = incident(press(**DESK, cause="short"), press(102, second=531))
    assert [line for line in said(two, "incident.updated") if line.startswith("- ")] == [
        "- Room 101 (desk pressed or shorted: check the room), Main bldg, floor 1, 14:22:11",
        "- Room 102 (wall), Main bldg, floor 1, pressed 14:22:11",
    ]


def test_a_certain_alarm_of_the_same_button_ends_the_doubt() -> None:
    """Of that button alone; another in the room stays in doubt. What came before it or after is no doubt."""
    made = incident(press(**DESK, cause="cut"), press(zone="wall", label="wall", cause="short", second=531))
    assert "(desk pressed or cut: check the room, wall pressed or shorted: check the room)" in said(made)[0]
    for events in ([{"cause": "cut"}, {}], [{}, {"cause": "cut"}]):
        sure = incident(*(press(**DESK, key=str(n), **more) for n, more in enumerate(events)))
        assert "(desk)" in said(sure)[0]
    part = incident(
        press(**DESK, cause="cut"), press(zone="wall", label="wall", cause="short"), press(**DESK, key="3")
    )
    assert "(desk, wall pressed or shorted: check the room)" in said(part)[0]
    late = incident(press(**DESK, cause="cut"), press(zone="wall", label="wall", second=531))
    assert "(wall, desk pressed or cut: check the room)" in said(late)[0]


def test_an_alarm_with_a_cause_nobody_knows_is_a_press() -> None:
    """In doubt it is a real alarm; the cause itself is passed on."""
    made = incident(press(**DESK, cause="gremlins"))
    assert "(desk)," in said(made)[0]
    assert incident_json(made)["events"][0]["cause"] == "gremlins"


def test_a_notice_kept_by_an_older_release_can_be_told() -> None:
    """Its events have no cause."""
    kept = body(incident(press(**DESK)))
    del kept["incident"]["events"][0]["cause"]
    assert "(desk)," in sentence(msgspec.json.encode(kept), "UTC")[0]
