"""What the pages say, as their HTML has it; how they look and are touched is tested in a browser."""

from __future__ import annotations

import re
from html import unescape

from msgspec.structs import replace

from config.backup_settings import BackupSettings
from hub.view import ChannelView, DoorView, Progress
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def _item(page: str, name: str) -> tuple[str, str]:
    """Return the class and the text of a list's item."""
    found = re.search(rf'<li class="([^"]*)" id="{name}">(.*?)</li>\n', page, re.DOTALL)
    assert found, f"no {name} on the page"
    return found[1], _text(found[2])


def test_a_door_whose_device_is_not_heard_is_not_known_now(desk: FrontDesk, lee: Caller) -> None:
    """It bears neither the word nor the icon of what was last known of it, as on the board."""
    desk.hear_all()
    for device, state in (("room-101", "closed"), ("room-102", "closed"), ("room-103", "open")):
        place = desk.place(device)
        desk.view.doors[device, "door"] = DoorView(place, "door", "door", state, desk.wall() - 9000)
    for device in ("room-102", "room-103"):
        desk.view.devices[device] = replace(desk.view.devices[device], standing="offline")
    page = lee.get("/doors").text
    assert "0 open of 6; 5 not known now." in _text(page)
    assert _item(page, "door-room-101-door")[0] == "item closed"
    for device, last in (("room-102", "closed"), ("room-103", "open")):
        shown, said = _item(page, f"door-{device}-door")
        assert shown == "item unknown"
        assert f"not known now {last} since" in said
    assert page.count("icon-door-open") == 0


def test_a_device_that_tells_a_trouble_is_not_well(desk: FrontDesk, lee: Caller) -> None:
    """On the devices page too, with its words; and the troubles page has words and rooms, no codes."""
    desk.hear_all()
    desk.trouble("agent room-102", "agent-trouble", "supply: under-voltage", device="room-102")
    desk.trouble("flaw test room-103", "flaw-test", "test: marked as a test", device="room-103")
    for which in ("events", "rest"):
        desk.trouble(f"broker {which}", "broker", "broker 127.0.0.1:1883 refused")
    page = lee.get("/devices").text
    shown, said = _item(page, "device-room-102")
    assert shown == "item device wrong fault"
    assert "supply: under-voltage" in said
    assert _item(page, "device-room-103")[0] == "item device well"
    troubles = _text(lee.get("/troubles").text)
    assert "The room's device reports Room 102 supply: under-voltage" in troubles
    assert "A press marked as a test Room 103 marked as a test" in troubles
    for which in ("events", "states and health"):
        assert f"No connection to the broker for {which} broker 127.0.0.1:1883 refused" in troubles
    assert "room-10" not in troubles


def test_how_far_somebody_has_come_is_on_the_board_and_on_the_incidents_page(
    desk: FrontDesk, lee: Caller
) -> None:
    """By their own word, with its time; whatever they are called is text."""
    one = desk.press("room-101")
    desk.view.progress = {one.id: (Progress("<b>Reyes", "on scene", desk.wall()),)}
    for path in ("/", f"/incidents/{one.id}"):
        page = lee.get(path).text
        assert "<b>Reyes: on scene, " in unescape(page)
        assert "<b>Reyes" not in page


def test_the_bar_and_the_counter_bear_the_time_of_the_room_that_asks(desk: FrontDesk, lee: Caller) -> None:
    """Not that of the room that was answered, though it opened the incident."""
    now = desk.wall()
    one = desk.press("room-101", at=now - 3_600_000)
    csrf = lee.get("/").field("csrf")
    lee.form(f"/incidents/{one.id}/acknowledge", {"csrf": csrf, "revision": "1"})
    desk.press("room-102", at=now - 5000)
    page = lee.get("/").text
    clock = re.search(r"since the press at ([\d:]+)", page)
    assert clock
    assert f"floor 1 {clock[1]} · nobody has it in hand" in _text(page)
    assert f'data-count="{now - 5000}"' in page


def test_a_press_in_a_walk_test_says_so_on_bar_and_card(desk: FrontDesk, lee: Caller) -> None:
    one = desk.press("room-101", test=True)
    page = lee.get("/").text
    assert page.count("marked as a test; taken as real") == 2
    assert one.events[0].test


def test_the_page_of_an_incident_shows_what_was_said_at_its_end(desk: FrontDesk, lee: Caller) -> None:
    """And its timeline says nothing twice, and no ids."""
    one = desk.press("room-101")
    csrf = lee.get("/").field("csrf")
    fields = {"csrf": csrf, "revision": "1", "disposition": "drill", "note": "all out in 4 min"}
    lee.form(f"/incidents/{one.id}/resolve", fields)
    page = _text(lee.get(f"/incidents/{one.id}").text)
    assert re.search(r"Resolved: Drill, by lee, [\d:]+ *: “all out in 4 min”", page)
    assert "resolved resolved" not in page
    assert "revision:" not in page


def test_a_zone_is_bypassed_on_the_page_of_devices_and_that_is_ended(desk: FrontDesk, lee: Caller) -> None:
    """By whoever is signed in; the page says who, until when and why, and what a press does."""
    desk.hear_all()
    csrf = lee.get("/devices").field("csrf")
    fields = {"csrf": csrf, "zone": "wall", "reason": "wire <loose>", "hours": "2"}
    said = lee.form("/devices/room-101/bypass", fields)
    assert said.status == 200
    assert re.search(r"wall of room-101 is bypassed until [^.]+\. A press alarms\.", _text(said.text))
    page = lee.get("/devices").text
    shown = _text(page)
    assert re.search(
        r"wall is bypassed by lee until [^:]*:[\d:]+ ?: “wire <loose>”\. A press alarms\.", shown
    )
    assert "wire <loose>" not in page  # escaped
    ended = lee.form("/devices/room-101/bypass/end", {"csrf": csrf, "zone": "wall"})
    assert "The bypass of wall of room-101 has ended." in _text(ended.text)
    assert "is bypassed by" not in lee.get("/devices").text


def test_a_form_of_a_bypass_that_is_wrong_does_nothing(desk: FrontDesk, lee: Caller) -> None:
    """Another's token, no reason, too long, no number, no such zone: each is said."""
    desk.hear_all()
    csrf = lee.get("/devices").field("csrf")
    right = {"csrf": csrf, "zone": "wall", "reason": "wire", "hours": "2"}
    for wrong, status, said in (
        ({"csrf": "x"}, 403, "out of date"),
        ({"reason": ""}, 422, "reason: none"),
        ({"hours": "25"}, 422, "hours: found 25"),
        ({"hours": "nan"}, 422, "hours: found nan"),
        ({"hours": "two"}, 422, "hours: found 'two'"),
        ({"zone": "loft"}, 404, "no zone 'loft' in room-101; zones: wall, desk, door"),
    ):
        reply = lee.form("/devices/room-101/bypass", right | wrong)
        assert reply.status == status, wrong
        assert said in _text(reply.text), wrong
    assert desk.view.bypasses == {}


def test_a_room_without_a_live_button_is_first_on_board_and_devices(desk: FrontDesk, lee: Caller) -> None:
    """Above the hub's own line, and above rooms that are merely not heard."""
    desk.hear("room-103", "room-105")
    why = "no live button: wall: wire cut; desk: wire cut"
    desk.trouble("unprotected room-105", "unprotected", why, device="room-105")
    board = lee.get("/").text
    first = re.search(r'<li class="line ([a-z]+)" id="line-([a-z-]+)">', board)
    assert first
    assert first.groups() == ("wrong", "lifeless")
    assert f"Room 105: {why}" in _text(board)
    rooms = re.findall(r'id="device-(room-\d+)"', lee.get("/devices").text)
    assert rooms[0] == "room-105"
    assert rooms[-1] == "room-103"


def test_an_incident_from_a_backup_says_so_until_it_is_closed(desk: FrontDesk, lee: Caller) -> None:
    """Nobody knows what became of it after the backup."""
    one = desk.press("room-101")
    assert "FROM A BACKUP" not in lee.get("/").text
    desk.view.incidents[one.id] = replace(one, restored=desk.wall() - 3_600_000)
    said = _text(lee.get("/").text)
    assert re.search(
        r"FROM A BACKUP It was open in the backup of [\d:]+\. It may have been closed since", said
    )


def test_the_troubles_page_says_of_when_the_last_backup_is(desk: FrontDesk, lee: Caller) -> None:
    """Where one is set up; and that there is none yet."""
    assert "Last backup" not in lee.get("/troubles").text
    desk.settings = replace(desk.settings, backup=BackupSettings(to=desk.data))
    assert "Last backup: none yet." in _text(lee.get("/troubles").text)
    desk.view.backup_at = desk.wall()
    assert re.search(r"Last backup: \d\d:\d\d:\d\d\.", _text(lee.get("/troubles").text))


def test_a_channel_is_tested_on_its_page(desk: FrontDesk, lee: Caller) -> None:
    desk.view.channels["webhook"] = ChannelView("webhook", "webhook", desk.wall())
    page = lee.get("/channels")
    assert "Last delivered" in _text(page.text)
    said = lee.form("/channels/webhook/test", {"csrf": page.field("csrf")})
    assert "A test goes to 1 end of webhook" in _text(said.text)
    assert [owed.type for owed in desk.owed] == ["channel.test"]
    gone = lee.form("/channels/pager/test", {"csrf": page.field("csrf")})
    assert (gone.status, "Not done: the settings have no channel" in _text(gone.text)) == (404, True)


def test_a_trouble_that_happened_is_seen_to_on_its_page(desk: FrontDesk, lee: Caller) -> None:
    """One button, for it alone: what is so now has none, nor what is over."""
    desk.trouble("seq-gap room-101", "seq-gap", "event 7 never came", device="room-101")
    desk.trouble("silent room-102", "silent", "nothing heard", device="room-102")
    desk.trouble("clock-jump", "clock-jump", "it jumped", restored=desk.wall())
    page = lee.get("/troubles")
    assert page.text.count('action="/troubles/clear"') == 1
    fields = {"csrf": page.field("csrf"), "key": "seq-gap room-101"}
    assert "Cleared: event 7 never came" in _text(lee.form("/troubles/clear", fields).text)
    assert "/troubles/clear" not in lee.get("/troubles").text
    gone = lee.form("/troubles/clear", fields)
    assert (gone.status, "Not done: no trouble" in _text(gone.text)) == (404, True)
