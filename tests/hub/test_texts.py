"""What a text message says."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.delivery import Delivery, Target
from hub.incident import Deed, Incident, Place, Press, Resolution, Room
from hub.notice import NoticeType, notice_body, words_body
from hub.sms.parts import split
from hub.texts import code_of, text_of

PRESSED = 1_795_485_731_000  # 2026-11-24T02:02:11Z, 20:02:11 in Chicago
ZONE = "America/Chicago"


def incident(*names: str, building: str = "Main", **more: object) -> Incident:
    places = [Place(f"room-{name}", f"Room {name}", building, "1") for name in names or ("101",)]
    presses = tuple(
        Press(f"b{n}", f"b{n}", place, "wall", "desk", "panic", "alarm", PRESSED + n, PRESSED + n)
        for n, place in enumerate(places)
    )
    rooms = tuple(Room(place, "panic", True, 1, PRESSED) for place in places)
    whole = Incident(
        id="i-1", site="lincoln", group="lincoln", number=41, revision=1, kind="panic", state="open",
        drill=False, late=False, opened_at=PRESSED, rooms=rooms, events=presses,
    )  # fmt: skip
    return replace(whole, **more)


def said(one: Incident, kind: NoticeType = "incident.opened", **more: object) -> str:
    body = notice_body(one, kind, "sro", PRESSED + 10, **more)  # type: ignore[arg-type]
    target = Target("sro", "sms", "reyes")
    return text_of(Delivery("d", "i-1", 41, target, kind, 1, 0, body, "", 0), ZONE)


CODE = code_of("i-1", "sms", "reyes")
ANSWERED = Deed("Officer Reyes", PRESSED + 60_000, "text")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            said(incident()),
            f"PANIC Room 101 (desk), Main bldg, floor 1, 20:02:11. Reply ACK 41 {CODE}",
        ),
        (
            said(incident(late=True)),
            f"LATE PANIC Room 101 (desk), Main bldg, floor 1, 20:02:11 (0 s before this was sent). "
            f"Reply ACK 41 {CODE}",
        ),
        (
            said(incident("101", "102", "103"), "incident.updated"),
            f"PANIC (update) Room 101 (desk), Main bldg, floor 1 and 2 more rooms, 20:02:11. "
            f"Newest: Room 103. Reply ACK 41 {CODE}",
        ),
        (
            said(incident(state="acknowledged", acknowledged=ANSWERED), "incident.acknowledged"),
            "PANIC acknowledged: Room 101 (desk), Main bldg, floor 1, 20:02:11. "
            "Officer Reyes has it since 20:03:11",
        ),
        (
            said(
                incident(
                    state="resolved",
                    acknowledged=ANSWERED,
                    resolved=Resolution("Reyes", PRESSED + 600_000, "board", "false-alarm"),
                ),
                "incident.resolved",
            ),
            "PANIC resolved: Room 101 (desk), Main bldg, floor 1, 20:02:11. False alarm, by Reyes, 20:12:11",
        ),
        (
            said(incident(drill=True, drill_id="3")),
            f"DRILL 3, EXPECTED: PANIC Room 101 (desk), Main bldg, floor 1, 20:02:11. Reply ACK 41 {CODE}",
        ),
        (
            said(incident(), "incident.updated", reminder="Nothing heard since Reyes acknowledged"),
            "Nothing heard since Reyes acknowledged. PANIC (update) Room 101 (desk), Main bldg, floor 1, "
            f"20:02:11. Reply ACK 41 {CODE}",
        ),
    ],
)
def test_what_a_text_says(text: str, words: str) -> None:
    """What happened, where and when first; how to answer last; LATE and DRILL before all else."""
    assert text == words
    assert len(split(text, 1)) == 1


def test_a_trouble_is_a_text_too() -> None:
    """Its title and its words, on one line."""
    body = words_body(
        "trouble.opened", "lincoln", "maintenance", PRESSED, "Room 101 is silent", "for 90 s\nok"
    )
    one = Delivery("d", "", 0, Target("m", "sms", "reyes"), "trouble.opened", 0, 90, body, "", 0)
    assert text_of(one, ZONE) == "Room 101 is silent. for 90 s ok"


@given(
    st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=5),
    st.text(min_size=1, max_size=128),
    st.sampled_from(["incident.opened", "incident.updated", "incident.acknowledged"]),
)
def test_whatever_rooms_are_called_it_is_one_message_that_says_how_to_answer(
    names: list[str], building: str, kind: NoticeType
) -> None:
    """In every script, however long."""
    one = incident(*dict.fromkeys(names), building=building)
    try:
        text = said(one, kind)
    except UnicodeEncodeError:  # half a character is stopped where the settings are read
        return
    assert len(split(text, 1)) == 1
    if kind != "incident.acknowledged":
        assert text.endswith(f". Reply ACK 41 {CODE}")


def test_codes_are_two_digits_and_differ() -> None:
    """By person, and by incident; the same at every start."""
    codes = [code_of(f"i-{n}", "sms", who) for n in range(200) for who in ("reyes", "lee")]
    assert all(10 <= int(one) <= 99 for one in codes)
    assert len(set(codes)) > 80
    assert sum(a == b for a, b in zip(codes[::2], codes[1::2], strict=True)) < 12
    assert code_of("i-1", "sms", "reyes") == CODE
    assert msgspec.json.decode(CODE) == int(CODE)
