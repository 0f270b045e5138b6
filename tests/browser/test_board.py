"""The officer's board, as it is seen and touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import is_live
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served
from tests.site import until

pytestmark = pytest.mark.browser
Opener = Callable[..., Page]


def test_nobody_sees_anything_without_signing_in(desk: FrontDesk, served: Served, browser: Browser) -> None:
    """Each page is the sign-in page, and a wrong password opens nothing."""
    desk.press("room-101")
    context = browser.new_context()
    page = context.new_page()
    for path in ("/", "/doors", "/devices", "/incidents", "/troubles"):
        page.goto(served.url + path)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert "Room 101" not in page.content()
    page.get_by_label("Name").fill("Officer Lee")
    page.get_by_label("Password").fill("guess")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("don't belong together")
    assert "Room 101" not in page.content()
    context.close()


def test_a_press_shows_up_without_a_reload(desk: FrontDesk, open_board: Opener, size: str) -> None:
    """With a banner, the room, the button, building and floor, well within a second; and is announced."""
    page = open_board(size)
    page.evaluate("window.stillHere = true")
    desk.press("room-104", "desk")
    expect(page.locator(".alarm")).to_contain_text(
        "PANIC Room 104 (desk), Main building, floor 1", timeout=1000
    )
    expect(page.locator(".card")).to_contain_text("nobody has it in hand")
    expect(page.locator("#announce")).to_contain_text("Room 104")
    box = page.locator(".alarm").bounding_box()
    assert box is not None
    assert box["width"] == page.viewport_size["width"]  # type: ignore[index]
    assert page.title().startswith("(1) PANIC Room 104")
    assert page.evaluate("window.stillHere")


def test_a_press_is_seen_whichever_page_is_open(desk: FrontDesk, served: Served, open_board: Opener) -> None:
    page = open_board()
    page.get_by_role("link", name="Devices").click()
    is_live(page)
    desk.press("room-102")
    expect(page.locator(".alarm")).to_contain_text("Room 102", timeout=1000)


def test_the_time_since_the_press_runs(desk: FrontDesk, open_board: Opener) -> None:
    page = open_board()
    desk.press("room-101", at=desk.wall() - 75_000)
    count = page.locator("[data-count]")
    expect(count).to_have_text("1:17", timeout=6000)


def test_acknowledge_and_resolve_work_by_touch(desk: FrontDesk, open_board: Opener, size: str) -> None:
    """Big enough for a thumb; the person is who did it."""
    page = open_board(size)
    one = desk.press("room-101")
    button = page.get_by_role("button", name="Acknowledge incident 1")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 60
    button.click()
    expect(page.locator("#said")).to_contain_text("Incident 1 is in hand")
    expect(page.locator(".card")).to_contain_text("In hand: Officer Lee")
    expect(page.locator(".alarm")).to_have_count(0)
    acknowledged = desk.view.incidents[one.id].acknowledged
    assert acknowledged is not None
    assert (acknowledged.by, acknowledged.via) == ("Officer Lee", "console")
    page.get_by_text("Resolve incident 1").click()
    page.get_by_label("Note, if any").fill("a mistake")
    page.get_by_role("button", name="False alarm").click()
    expect(page.locator(".calm-head")).to_have_text("No open incident")
    recorded = desk.reading.incident(one.id)
    assert recorded.resolved.disposition == "false-alarm"


def test_a_note_and_a_confirmation_are_given_on_the_board(
    desk: FrontDesk, open_board: Opener, size: str
) -> None:
    """A note is in the timeline under its person's name; what is confirmed says so and can't be again."""
    page = open_board(size)
    one = desk.press("room-101")
    page.get_by_text("Add a note to incident 1").click()
    page.get_by_label("What you see, or what you are doing").fill("at the door")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("#said")).to_have_text("Noted in incident 1.")
    expect(page.get_by_label("What you see, or what you are doing")).to_have_value("")
    row = desk.reading.timeline(one.id)[-1]
    assert (row["detail"]["note"], row["detail"]["by"]) == ("at the door", "Officer Lee")
    page.get_by_role("button", name="Confirm incident 1").click()
    expect(page.locator(".response")).to_contain_text("Locks, Lights, Out of Sight · confirmed")
    expect(page.get_by_role("button", name="Confirm incident 1")).to_have_count(0)
    assert desk.view.incidents[one.id].confirmed


def test_a_room_that_presses_as_the_thumb_comes_down_goes_on_asking(
    desk: FrontDesk, open_board: Opener
) -> None:
    """The acknowledgement carries what had been on the screen long enough to be seen."""
    page = open_board()
    one = desk.press("room-101")
    expect(page.locator(".room")).to_have_count(1)
    page.wait_for_timeout(800)  # it is looked at
    # The tap falls in the very moment in which the page takes in the second press.
    page.evaluate(
        "() => new MutationObserver((_, watch) => {"
        " if (document.querySelectorAll('.room').length < 2) return;"
        " watch.disconnect(); document.querySelector('.acknowledge').requestSubmit(); })"
        ".observe(document.getElementById('live'), { childList: true, subtree: true })"
    )
    desk.press("room-102")
    expect(page.locator("#said")).to_contain_text("Pressed since your screen showed it: Room 102")
    assert [room.place.device for room in desk.view.incidents[one.id].open_rooms] == ["room-102"]


def test_a_button_that_moved_under_the_thumb_does_nothing(desk: FrontDesk, open_board: Opener) -> None:
    """A new incident pushed another one's button down as it was tapped."""
    page = open_board()
    first = desk.press("room-101", group="a")
    expect(page.locator(f"#{first.id} .acknowledge")).to_be_visible()
    page.evaluate(
        "(id) => new MutationObserver((_, watch) => {"
        " if (document.querySelectorAll('.card').length < 2) return;"
        " watch.disconnect(); const form = document.querySelector(`#${id} .acknowledge`);"
        " form.requestSubmit(form.querySelector('button')); })"
        ".observe(document.getElementById('live'), { childList: true, subtree: true })",
        first.id,
    )
    desk.press("room-102", group="b")
    expect(page.locator("#said")).to_contain_text("moved under your finger")
    assert desk.view.incidents[first.id].state == "open"


def test_a_room_that_presses_as_the_thumb_resolves_is_not_closed(desk: FrontDesk, open_board: Opener) -> None:
    """What was looked at ends; what was not is named, and goes on asking."""
    page = open_board()
    one = desk.press("room-101")
    page.get_by_text("Resolve incident 1").click()
    page.wait_for_timeout(800)  # it is looked at
    page.evaluate(
        "() => new MutationObserver((_, watch) => {"
        " if (document.querySelectorAll('.room').length < 2) return;"
        " watch.disconnect(); const choice = document.querySelector('.choices [value=false-alarm]');"
        " choice.form.requestSubmit(choice); })"
        ".observe(document.getElementById('live'), { childList: true, subtree: true })"
    )
    desk.press("room-102")
    expect(page.locator("#said")).to_contain_text("Room 102 pressed after what was on the screen")
    assert desk.view.incidents[one.id].state == "open"


def test_enter_in_the_note_resolves_nothing(desk: FrontDesk, open_board: Opener) -> None:
    page = open_board()
    one = desk.press("room-101")
    page.get_by_text("Resolve incident 1").click()
    page.get_by_label("Note, if any").fill("on the phone")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Acknowledge incident 1").click()
    expect(page.locator(".card")).to_contain_text("In hand: Officer Lee")
    assert desk.view.incidents[one.id].state == "acknowledged"


def test_a_half_typed_note_and_an_open_choice_outlast_a_change(desk: FrontDesk, open_board: Opener) -> None:
    page = open_board()
    desk.press("room-101")
    page.get_by_text("Resolve incident 1").click()
    note = page.get_by_label("Note, if any")
    note.fill("half a sent")
    desk.press("room-102")
    expect(page.locator(".room")).to_have_count(2)
    expect(note).to_be_visible()
    expect(note).to_have_value("half a sent")
    expect(note).to_be_focused()


def test_a_lost_connection_is_shown_and_comes_back_by_itself(
    desk: FrontDesk, served: Served, open_board: Opener
) -> None:
    """Within 8 s, across the page, with since when; then live again, with what happened meanwhile."""
    page = open_board()
    served.stop()
    bar = page.locator("#not-live")
    expect(bar).to_be_visible(timeout=8500)
    expect(bar).to_contain_text("NOT LIVE since ")
    box = bar.bounding_box()
    assert box is not None
    assert box["width"] == page.viewport_size["width"]  # type: ignore[index]
    desk.press("room-105")
    served.start()
    expect(page.locator(".alarm")).to_contain_text("Room 105", timeout=10_000)
    expect(bar).to_be_hidden(timeout=5000)
    is_live(page)


def test_a_page_that_cannot_fetch_what_changed_is_not_live(desk: FrontDesk, open_board: Opener) -> None:
    """Beats alone don't make it so."""
    page = open_board()
    page.route("**/", lambda route: route.abort())
    desk.press("room-101")
    expect(page.locator("#not-live")).to_be_visible(timeout=9000)
    page.unroute("**/")
    expect(page.locator(".alarm")).to_be_visible(timeout=5000)
    expect(page.locator("#not-live")).to_be_hidden()


def test_an_acknowledgement_that_cannot_be_sent_says_so(
    desk: FrontDesk, served: Served, open_board: Opener
) -> None:
    page = open_board()
    desk.press("room-101")
    button = page.get_by_role("button", name="Acknowledge incident 1")
    expect(button).to_be_visible()
    served.stop()
    button.click()
    expect(page.locator("#said")).to_contain_text("NOT SENT")


def test_a_site_in_constant_change_is_live_all_the_while(desk: FrontDesk, open_board: Opener) -> None:
    """Changes closer together than the beat must not make the page call itself lost."""
    page = open_board()
    for _ in range(90):
        desk.hear_all()
        page.wait_for_timeout(100)
        assert page.locator("#not-live").is_hidden()


def test_with_no_incident_the_board_says_what_is_known(desk: FrontDesk, open_board: Opener) -> None:
    """And what isn't, by name; as it changes."""
    page = open_board()
    expect(page.locator("#line-rooms")).to_contain_text("6 of 6 heard from now")
    expect(page.locator("#line-channel-webhook")).to_contain_text("Last delivered")
    expect(page.locator("#line-doors")).to_contain_text("5 closed, 1 open")
    expect(page.locator("#verdict")).to_contain_text("Every part below was heard from")
    desk.view.devices.pop("room-106")
    desk.view.ready, desk.view.why = False, "no session with the broker"
    desk.view.tell(None)
    expect(page.locator("#line-rooms")).to_contain_text("Room 106: not heard yet")
    expect(page.locator("#line-hub")).to_contain_text("Not ready: no session with the broker")
    expect(page.locator("#verdict")).to_contain_text("wrong")


def test_a_new_password_sends_an_open_board_to_sign_in(
    desk: FrontDesk, open_board: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.console.live.RECHECK_S", 0.2)
    page = open_board()
    desk.office.add("Officer Lee", "another password")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=10_000)


def test_the_sound_plays_when_enabled_and_the_button_says_so(desk: FrontDesk, open_board: Opener) -> None:
    """Counted at the oscillators that the page really starts."""
    page = open_board()
    page.evaluate(
        "() => { window.tones = 0; const start = OscillatorNode.prototype.start;"
        " OscillatorNode.prototype.start = function (...a) {"
        " window.tones += 1; return start.apply(this, a); }; }"
    )
    button = page.locator("#sound")
    expect(button).to_have_text("Sound is on")
    desk.press("room-101")
    until("a tone", lambda: page.evaluate("window.tones") >= 2)
    button.click()
    expect(button).to_have_text("Sound is off")


def test_many_rooms_leave_the_answer_under_the_thumb(desk: FrontDesk, open_board: Opener) -> None:
    """However many rooms press, the acknowledge button is on a phone's screen."""
    page = open_board("phone")
    for n in range(1, 7):
        desk.press(f"room-10{n}")
    expect(page.locator(".room")).to_have_count(6)
    expect(page.get_by_role("button", name="Acknowledge incident 1")).to_be_in_viewport(ratio=1)


def test_the_board_works_by_plain_forms_without_scripts(
    desk: FrontDesk, served: Served, browser: Browser
) -> None:
    """And says that it is not live."""
    one = desk.press("room-101")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.url)
    page.locator("#name").fill("Officer Lee")
    page.locator("#password").fill("correct horse battery")
    page.locator("button[type=submit]").click()
    assert "not live" in page.locator(".not-live").last.inner_text()
    page.locator(".acknowledge button").click()
    assert "Incident 1 is in hand" in page.locator("main").inner_text()
    assert desk.view.incidents[one.id].state == "acknowledged"
    context.close()
