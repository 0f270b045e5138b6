"""What the board says is known: never well without having been heard."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.console.cards import card
from hub.console.known import Line, channel_line, lines, verdict
from hub.console.timeline import closing_note, rows
from hub.console.words import Words, age, counting
from hub.incident import Deed, Place, Press
from hub.transitions import acknowledged, joined, opened
from hub.view import ChannelView, DeviceView, DoorView, Trouble, View, ZoneView
from tests.hub.console.front_desk import settings_for

NOW = 1_795_535_000_000
WORDS = Words("America/Chicago")
SETTINGS = settings_for(Path("/tmp/none"), rooms=2)


def _view() -> View:
    view = View("oak-hill", "Oak Hill", "America/Chicago", NOW - 3_600_000)
    view.ready, view.why = True, None
    return view


def _all_well() -> View:
    view = _view()
    for room in SETTINGS.rooms:
        place = Place(room.device, room.room, room.building, room.floor)
        view.devices[room.device] = DeviceView(place, "heard", NOW - 14_000)
        view.doors[room.device, "door"] = DoorView(place, "door", "door", "closed", NOW - 60_000)
    view.channels["webhook"] = ChannelView("webhook", "webhook", NOW - 60_000)
    return view


def _grades(view: View) -> dict[str, str]:
    return {line.key: line.grade for line in lines(SETTINGS, view, WORDS, NOW, NOW - 1000)}


def test_all_is_well_only_when_every_part_was_heard_from() -> None:
    shown = lines(SETTINGS, _all_well(), WORDS, NOW, NOW - 1000)
    assert {line.grade for line in shown} == {"well"}
    assert verdict(shown)[0] == "well"
    assert all(line.since for line in shown)


def test_a_hub_that_just_started_says_that_it_does_not_know() -> None:
    """Rooms, doors and channels are unknown, each room by its name; a channel's last success is never yet."""
    view = _view()
    view.channels["webhook"] = ChannelView("webhook", "webhook")
    shown = {line.key: line for line in lines(SETTINGS, view, WORDS, NOW, NOW)}
    assert shown["rooms"].grade == "unknown"
    assert shown["rooms"].said.startswith("0 of 2 heard from now")
    assert [detail.partition(":")[0] for detail in shown["rooms"].details] == ["Room 101", "Room 102"]
    assert shown["doors"].grade == "unknown"
    assert "never yet" in shown["channel-webhook"].said
    assert verdict(list(shown.values()))[0] == "unknown"


def test_buttons_whose_wiring_is_not_supervised_are_counted_and_nothing_is_wrong_by_it() -> None:
    """By what their wires can't show; the rooms stay as well as they were heard."""
    view = _all_well()
    for device, circuits in (("room-101", ("no", "no", "pair")), ("room-102", ("no", "nc", "eol"))):
        zones = tuple(ZoneView(str(n), None, "panic", circuit) for n, circuit in enumerate(circuits))
        door = ZoneView("door", None, "door", "no")
        view.devices[device] = replace(view.devices[device], zones=(*zones, door))
    line = next(line for line in lines(SETTINGS, view, WORDS, NOW, NOW) if line.key == "rooms")
    assert (line.grade, line.said) == ("well", "2 of 2 heard from now.")
    assert line.details == (
        "3 buttons in 2 rooms: wiring not supervised",
        "1 button in 1 room: wiring not supervised for a short",
    )
    view.devices["room-102"] = replace(view.devices["room-102"], standing="silent")
    line = next(line for line in lines(SETTINGS, view, WORDS, NOW, NOW) if line.key == "rooms")
    assert line.grade == "wrong"
    assert line.details[1:][0] == "3 buttons in 2 rooms: wiring not supervised"


@pytest.mark.parametrize("standing", ["silent", "offline"])
def test_a_room_that_is_not_heard_is_named_with_since_when(standing: str) -> None:
    view = _all_well()
    place = view.devices["room-102"].place
    view.devices["room-102"] = DeviceView(place, standing, NOW - 180_000)
    line = next(line for line in lines(SETTINGS, view, WORDS, NOW, NOW) if line.key == "rooms")
    assert line.grade == "wrong"
    assert line.details == (f"Room 102: {standing}, last heard {WORDS.clock(NOW - 180_000)} (3 min 0 s ago)",)
    assert _grades(view)["doors"] == "unknown"


def test_a_channel_whose_last_word_was_a_failure_is_wrong() -> None:
    view = _all_well()
    view.channels["webhook"] = ChannelView(
        "webhook", "webhook", NOW - 9000, NOW - 5000, "connection refused", 3
    )
    line = next(line for line in lines(SETTINGS, view, WORDS, NOW, NOW) if line.key == "channel-webhook")
    assert line.grade == "wrong"
    assert "connection refused" in line.said
    assert "3 waiting to be delivered" in line.details
    assert line.details[0].startswith("last success: ")


def test_a_channel_that_cannot_be_asked_for_is_never_well() -> None:
    """However lately it delivered; one that is asked for says when it was last reached."""
    view = _all_well()
    well = ChannelView("webhook", "webhook", NOW - 9000, reached=NOW - 5000)
    view.channels["webhook"] = well
    line = channel_line(well, "webhook", view, WORDS, NOW)
    assert (line.grade, line.details) == ("well", (f"reached {WORDS.when(NOW - 5000, NOW)} (5 s ago)",))
    line = channel_line(replace(well, unasked=("Reyes",)), "webhook", view, WORDS, NOW)
    assert line.grade == "unknown"
    assert line.said.startswith("Not supervised: ")
    assert line.said.endswith("(9 s ago).")


def test_a_hub_that_is_not_ready_says_why() -> None:
    view = _all_well()
    view.ready, view.why = False, "no session with the broker"
    line = lines(SETTINGS, view, WORDS, NOW, NOW)[0]
    assert (line.grade, line.said) == ("wrong", "Not ready: no session with the broker")


def test_an_open_trouble_is_named() -> None:
    view = _all_well()
    view.troubles["x"] = Trouble("x", "silent", "room-102", None, "Room 102 is silent", NOW - 9000, NOW)
    line = next(line for line in lines(SETTINGS, view, WORDS, NOW, NOW) if line.key == "troubles")
    assert line.grade == "wrong"
    assert line.details[0].startswith("Room 102 is silent, since ")


def _said(view: View, key: str) -> Line:
    return next(line for line in lines(SETTINGS, view, WORDS, NOW, NOW) if line.key == key)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Trouble("a", "offline", "room-102", None, "the broker says it is gone", NOW, NOW),
         "Room 102: the broker says it is gone"),
        (Trouble("a", "agent-trouble", "room-102", None, "supply: under-voltage", NOW, NOW),
         "Room 102: supply: under-voltage"),
        (Trouble("a", "flaw-test", "room-102", None, "test: marked as a test, but not open", NOW, NOW),
         "Room 102: marked as a test, but not open"),
        (Trouble("a", "tamper", "room-102", "wall", "Room 102, wall: wire cut", NOW, NOW),
         "Room 102, wall: wire cut"),
        (Trouble("a", "tamper", "room-102", "wall", "wire cut", NOW, NOW), "Room 102, wall: wire cut"),
        (Trouble("a", "zones", "room-102", None, "Room 102: its agent has no desk: not watched", NOW, NOW),
         "Room 102: its agent has no desk: not watched"),
        (Trouble("a", "silent", "attic", None, "nothing heard for 45 s", NOW, NOW),
         "attic: nothing heard for 45 s"),
        (Trouble("broker events", "broker", None, None, "refused", NOW, NOW), "For events: refused"),
        (Trouble("broker rest east", "broker", None, None, "refused", NOW, NOW),
         "For states and health: refused"),
        (Trouble("a", "channel", None, None, "webhook: 500", NOW, NOW), "webhook: 500"),
    ],
)  # fmt: skip
def test_a_trouble_says_where_it_is(trouble: Trouble, said: str) -> None:
    """By the room's name and the zone's label; of a broker's two connections, which."""
    view = _all_well()
    view.troubles["a"] = trouble
    words = f"{said}, since "
    assert _said(view, "troubles").details[0].removeprefix(words) == WORDS.clock(NOW)


@pytest.mark.parametrize("what", ["agent-trouble", "zones"])
def test_a_room_whose_device_tells_a_trouble_is_not_well(what: str) -> None:
    """It is heard, and yet named."""
    view = _all_well()
    view.troubles["a"] = Trouble("a", what, "room-102", None, "supply: under-voltage", NOW, NOW)
    assert (_said(view, "rooms").grade, _said(view, "rooms").details) == (
        "wrong",
        ("Room 102: supply: under-voltage",),
    )


def test_a_modem_says_its_network_and_signal() -> None:
    """As it said when it was last asked."""
    modem = ChannelView("sms", "modem", NOW - 5000, reached=NOW - 3000, far_side="registered with AT&T")
    line = channel_line(modem, "sms", _all_well(), WORDS, NOW)
    assert line.grade == "well"
    assert line.details[0] == "registered with AT&T"


def test_an_alarm_receiver_shows_its_last_null_and_a_way_that_fails() -> None:
    """One of two receivers that is dead is no well channel, though the other takes everything."""
    view = _all_well()
    station = ChannelView("station", "dc-09", NOW - 5000, reached=NOW - 3000)
    line = channel_line(station, "station", view, WORDS, NOW)
    assert line.grade == "well"
    assert line.details[0].startswith("last NULL acknowledged ")
    detail = "station: primary: connection refused; back-up: ACK"
    view.troubles["channel-impaired station"] = Trouble(
        "channel-impaired station", "channel-impaired", None, None, detail, NOW - 5000, NOW - 5000
    )
    line = channel_line(station, "station", view, WORDS, NOW)
    assert (line.grade, line.said) == ("wrong", f"In trouble: {detail}")


def test_no_channel_at_all_is_wrong() -> None:
    settings = settings_for(Path("/tmp/none"), rooms=2)
    shown = lines(replace(settings, channels={}), _all_well_without_channels(), WORDS, NOW, NOW)
    assert next(line for line in shown if line.key == "channels").grade == "wrong"


def _all_well_without_channels() -> View:
    view = _all_well()
    view.channels.clear()
    return view


def _press(device: str, zone: str, at: int, *, late: bool = False, received: int | None = None) -> Press:
    place = Place(device, f"Room {device[-3:]}", "Main", "1")
    return Press(f"{device}{zone}{at}", "e", place, zone, zone, "panic", "alarm", at, received or at, late)


def test_a_card_of_an_alarm_in_doubt_claims_no_press() -> None:
    """Until a certain alarm of the same button comes."""
    cut = replace(_press("room-101", "desk", NOW), cause="cut")
    one = opened("s", "site", 1, cut).incident
    shown = card(one, WORDS, NOW)
    assert (shown.rooms[0].labels, shown.rooms[0].doubt) == ("desk", "pressed or cut: check the room")
    assert shown.headline == "PANIC Room 101 (desk pressed or cut: check the room), Main building, floor 1"
    assert shown.first == "alarm"
    both = joined(one, _press("room-101", "wall", NOW + 1)).incident
    assert card(both, WORDS, NOW).rooms[0].doubt == "desk pressed or cut: check the room"
    sure = card(joined(both, _press("room-101", "desk", NOW + 2)).incident, WORDS, NOW)
    assert (sure.rooms[0].doubt, sure.headline) == (
        None,
        "PANIC Room 101 (desk, wall), Main building, floor 1",
    )


def test_a_cut_that_a_press_follows_is_no_press() -> None:
    """The time since the opening is that since an alarm, and the two are no two presses."""
    cut = replace(_press("room-101", "desk", NOW), cause="cut")
    for zone in ("desk", "wall"):
        both = joined(opened("s", "site", 1, cut).incident, _press("room-101", zone, NOW + 5000)).incident
        shown = card(both, WORDS, NOW + 9000)
        assert (shown.since, shown.first, shown.rooms[0].calls) == (NOW, "alarm", "2 alarms")
    pressed = joined(opened("s", "site", 1, _press("room-101", "desk", NOW)).incident, cut).incident
    assert card(pressed, WORDS, NOW).first == "press"


def test_a_press_that_is_held_is_one_press() -> None:
    """It bears the time at which it was pressed, and says that it was held."""
    held = replace(_press("room-101", "desk", NOW + 3000), held=True)
    one = joined(opened("s", "site", 1, _press("room-101", "desk", NOW)).incident, held).incident
    room = card(one, WORDS, NOW + 4000).rooms[0]
    assert (room.calls, room.pressed_at, room.clock) == ("held 3 s", NOW, WORDS.clock(NOW))
    again = joined(one, _press("room-101", "wall", NOW + 5000)).incident
    assert card(again, WORDS, NOW + 9000).rooms[0].calls == "2 presses · held 3 s"
    alone = opened("s", "site", 1, held).incident  # its first word is still on its way
    assert card(alone, WORDS, NOW + 4000).rooms[0].pressed_at == NOW + 3000


def test_the_time_shown_is_that_of_the_oldest_call_without_an_answer() -> None:
    """Never that of a room that is answered; the room's own later presses don't make it younger."""
    lee = Deed("Lee", NOW + 60_000, "console")
    answered = acknowledged(opened("s", "site", 1, _press("room-101", "desk", NOW)).incident, lee).incident
    assert card(answered, WORDS, NOW).since == NOW
    again = joined(answered, _press("room-102", "desk", NOW + 100_000)).incident
    shown = card(again, WORDS, NOW + 101_000)
    assert shown.headline == "PANIC Room 102 (desk), Main building, floor 1"
    assert (shown.since, shown.since_clock) == (NOW + 100_000, WORDS.clock(NOW + 100_000))
    again = joined(again, _press("room-102", "wall", NOW + 200_000)).incident
    assert card(again, WORDS, NOW + 201_000).since == NOW + 100_000
    again = acknowledged(again, lee).incident
    again = joined(again, _press("room-101", "desk", NOW + 300_000)).incident
    assert card(again, WORDS, NOW + 301_000).since == NOW + 300_000


def test_late_is_said_of_the_call_whose_time_is_shown() -> None:
    old = _press("room-102", "desk", NOW - 840_000, late=True, received=NOW)
    both = joined(opened("s", "site", 1, _press("room-101", "desk", NOW)).incident, old).incident
    shown = card(both, WORDS, NOW)
    assert (shown.late, shown.since, shown.since_late) == (None, NOW - 840_000, "14 min")
    lee = Deed("Lee", NOW, "console")
    fresh = joined(acknowledged(both, lee).incident, _press("room-103", "desk", NOW + 9000)).incident
    assert card(fresh, WORDS, NOW + 9000).since_late is None


def test_a_press_marked_as_a_test_is_said_to_be_taken_as_real() -> None:
    """As long as every press of the rooms that are named is marked so."""
    marked = replace(_press("room-101", "desk", NOW), test=True)
    one = opened("s", "site", 1, marked).incident
    assert card(one, WORDS, NOW).rooms[0].test
    assert card(one, WORDS, NOW).test == "marked as a test; taken as real"
    also = joined(one, _press("room-102", "desk", NOW + 10)).incident
    assert card(also, WORDS, NOW).test is None
    assert [room.test for room in card(also, WORDS, NOW).rooms] == [False, True]
    real = joined(one, _press("room-101", "wall", NOW + 10)).incident
    assert not card(real, WORDS, NOW).rooms[0].test


def test_a_card_shows_rooms_buttons_and_who_still_asks() -> None:
    incident = opened("s", "site", 1, _press("room-101", "desk", NOW)).incident
    incident = joined(incident, _press("room-101", "wall", NOW + 10)).incident
    incident = joined(incident, _press("room-102", "desk", NOW + 20)).incident
    shown = card(incident, WORDS, NOW + 1000)
    assert [(room.room, room.labels, room.asks) for room in shown.rooms] == [
        ("Room 102", "desk", True),
        ("Room 101", "desk, wall", True),
    ]
    assert shown.headline == "PANIC in 2 rooms: Room 102 (desk), Room 101 (desk, wall)"


def test_a_late_press_is_marked_with_its_age() -> None:
    incident = opened(
        "s", "site", 1, _press("room-101", "desk", NOW - 840_000, late=True, received=NOW)
    ).incident
    shown = card(incident, WORDS, NOW)
    assert shown.late == "14 min"
    assert shown.rooms[0].late == "14 min"
    assert shown.headline == "PANIC Room 101 (desk), Main building, floor 1"


@pytest.mark.parametrize(
    ("ms", "words", "running"),
    [
        (0, "0 s", "0:00"),
        (59_999, "59 s", "0:59"),
        (61_000, "1 min 1 s", "1:01"),
        (3_660_000, "1 h 1 min", "1:01:00"),
        (7_200_000, "2 h", "2:00:00"),
        (200_000_000, "2 days", "2 days"),
        (-5, "0 s", "0:00"),
    ],
)
def test_ages_in_words(ms: int, words: str, running: str) -> None:
    assert (age(ms), counting(ms)) == (words, running)


def test_times_are_the_schools_own_and_carry_a_date_when_not_today() -> None:
    """21 Nov 2026 08:03:20 in Chicago is 14:03:20 UTC."""
    assert WORDS.when(1_795_269_800_000, 1_795_269_900_000) == "08:03:20"
    assert WORDS.when(1_795_269_800_000, NOW) == "21 Nov 08:03:20"
    assert WORDS.when(1_795_269_800_000 - 365 * 86_400_000, NOW) == "21 Nov 2025 08:03:20"


def test_a_timeline_is_shown_in_words_and_in_the_schools_time() -> None:
    """Times inside a row too; a stamp that is no time is only text."""
    row = {
        "at": "2026-11-21T14:03:20.000Z",
        "what": "alarm",
        "reason": "pressed",
        "detail": {
            "at": "2026-11-21T14:03:19.500Z",
            "late": True,
            "rooms": ["a", "b"],
            "note": None,
            "by_whom": "lee",
        },
    }
    (entry,) = rows([row], WORDS, 1_795_269_900_000)
    assert (entry.clock, entry.what, entry.reason) == ("08:03:20", "alarm", "pressed")
    assert entry.detail == (("at", "08:03:19"), ("late", "yes"), ("rooms", "a, b"), ("by whom", "lee"))


def _row(what: str, reason: str, **detail: object) -> dict[str, object]:
    return {"at": "2026-11-21T14:03:20.000Z", "what": what, "reason": reason, "detail": detail}


@pytest.mark.parametrize(
    ("row", "what", "reason"),
    [
        (_row("resolved", "resolved: drill"), "resolved", "drill"),
        (_row("acknowledged", "acknowledged"), "acknowledged", ""),
        (_row("acknowledged", "acknowledged in part: more"), "acknowledged", "in part: more"),
        (_row("acknowledge", "acknowledged already"), "acknowledged", "already"),
        (_row("note", "noted"), "noted", ""),
        (_row("delivery-failed", "refused; again in 1.5 s"), "delivery-failed", "refused; again in 1.5 s"),
        (_row("reckoned-earlier", "it was 27 s earlier than first reckoned: at 2026-11-21T14:02:53.000Z"),
         "time corrected", "it was 27 s earlier than first reckoned: at 08:02:53"),
    ],
)  # fmt: skip
def test_a_rows_reason_says_nothing_twice(row: dict[str, object], what: str, reason: str) -> None:
    """Times in it are the school's own."""
    (entry,) = rows([row], WORDS, 1_795_269_900_000)
    assert (entry.what, entry.reason) == (what, reason)


def test_a_row_shows_people_names_and_no_ids() -> None:
    """The API keeps what is left out here."""
    at, other = "2026-11-21T14:03:20.000Z", "2026-11-21T14:03:17.000Z"
    facts = {"revision": 1, "device": "room-101", "zone": "desk", "label": "desk button", "id": "b-1"}
    said = [
        rows([_row("alarm", "pressed", **facts, at=when)], WORDS, 1_795_269_900_000, {"room-101": "Room 101"})
        for when in (at, other)
    ]
    assert said[0][0].detail == (("room", "Room 101"), ("button", "desk button"))
    assert said[1][0].detail[2:] == (("at", "08:03:17"),)


def test_what_was_said_at_the_end_is_found() -> None:
    timeline = [_row("note", "noted", note="two boys"), _row("resolved", "resolved: real", note="all out")]
    assert closing_note(timeline) == "all out"
    assert closing_note(timeline[:1]) is None
    assert closing_note([_row("resolved", "resolved: real", note=None)]) is None


def test_rooms_without_a_live_button_stand_above_all_else() -> None:
    """Each by its name, a dozen at most; with none there is no such line."""
    view = _all_well()
    assert lines(SETTINGS, view, WORDS, NOW, NOW)[0].key == "hub"
    for n in range(15):
        key, since = f"unprotected x-{n}", NOW - 60_000 + n
        why = "no live button: nothing is heard of it"
        view.troubles[key] = Trouble(key, "unprotected", f"x-{n}", None, why, since, since)
    view.troubles["broker events"] = Trouble("broker events", "broker", None, None, "gone", NOW, NOW)
    shown = lines(SETTINGS, view, WORDS, NOW, NOW)
    assert (shown[0].key, shown[0].grade, shown[0].said) == ("lifeless", "wrong", "15 rooms:")
    assert shown[0].details[0].startswith("x-0: no live button: nothing is heard of it, since")
    assert (len(shown[0].details), shown[0].details[-1]) == (13, "and 3 more")
    newest = next(line for line in shown if line.key == "troubles")
    assert newest.details[0].startswith("For events: gone")  # other troubles are not hidden behind them
    assert verdict(shown)[0] == "wrong"


def test_a_channel_in_trouble_is_wrong_though_its_last_notice_was_delivered() -> None:
    """A probe found its far side gone since."""
    view = _all_well()
    detail = "webhook can't be reached: connection refused"
    view.troubles["channel webhook -"] = Trouble(
        "channel webhook -", "channel", None, None, detail, NOW - 5000, NOW - 5000
    )
    shown = {line.key: line for line in lines(SETTINGS, view, WORDS, NOW, NOW)}
    assert (shown["channel-webhook"].grade, shown["channel-webhook"].said) == (
        "wrong",
        f"In trouble: {detail}",
    )
