"""The broker's lists on real parts: what was cut off is done after it, and what is away holds nobody up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.enrol_site import EnrolSite, open_folder, remove_folder
from tests.school_site import Room
from tests.site import until

pytestmark = pytest.mark.broker


@contextmanager
def opened(folder: Path, **how: int) -> Iterator[EnrolSite]:
    """Have a school in a folder of its own."""
    made = open_folder(folder)
    try:
        with EnrolSite(made, **how) as school:
            yield school
    finally:
        remove_folder(made)


def enrolled(school: EnrolSite, *words: str) -> Room:
    """Have room-101 enrolled and its agent on."""
    pi = school.pi()
    status, said = pi.enrol(school.code("room-101", *words))
    assert status == 0, said
    return pi.plug()


def well(school: EnrolSite) -> None:
    """Wait until nothing is the matter with the lists, and see that nothing is with files."""
    until("it is well", lambda: "broker-lists" not in school.troubles(), 60)
    assert "file-rights" not in school.troubles()


def tries(school: EnrolSite) -> int:
    """Count how often the hub found a broker that doesn't go by the lists."""
    return school.hub.log.read_text().count("the broker does not go by the newest lists")


@pytest.mark.parametrize("lost", ["the word to the broker", "nothing"])
def test_a_session_that_is_owed_at_a_power_cut_is_closed_after_it(tmp_path: Path, lost: str) -> None:
    """The list was written and the hub cut off, before the broker was asked, or as it took the list."""
    with opened(tmp_path) as school:
        room = enrolled(school)
        school.reloader.held = True
        asked = school.start_command("revoke", "room-101")
        until("its rights are gone", lambda: "school.room-101" not in school.rights(), 30)
        until("the broker is asked", school.asked.exists, 30)
        school.hub.kill()
        asked.communicate(timeout=60)
        if lost == "the word to the broker":
            school.asked.unlink()
        school.reloader.held = False
        until("nothing is asked", lambda: not school.asked.exists(), 10)
        assert room.shown["link"] is True
        assert school.recorded("session-closed") == 0
        before = tries(school)
        school.start_hub()
        room.wait_link(up=False, deadline_s=30)
        until("it is recorded", lambda: school.recorded("session-closed") == 1, 30)
        assert tries(school) == before, "it was asked only once it was missed"
        well(school)


def test_an_agent_is_shut_out_by_a_hub_whose_door_was_taken_away(tmp_path: Path) -> None:
    """Nobody is to be enrolled any more; who was, may have to be revoked all the same."""
    with opened(tmp_path) as school:
        room = enrolled(school)
        school.hub.kill()
        school.close_door()
        school.start_hub()
        assert "room-101 " in school.agents()
        status, said = school.command("enrol", "--room", "102")
        assert (status, "there is no agents' door: set [enrolment] address" in said) == (1, True), said
        status, said = school.command("revoke", "room-101")
        assert (status, "no session of it lives" in said) == (0, True), said
        room.wait_link(up=False, deadline_s=30)
        well(school)


def test_a_broker_that_is_away_keeps_no_room_out_of_the_other(tmp_path: Path) -> None:
    """Who came in a broken Pi's place stays, however often the hub tries; what is owed is done in the end."""
    with opened(tmp_path, brokers=2) as school:
        first, second = school.brokers
        old = enrolled(school)
        second.stop()
        new = enrolled(school, "--replace")
        old.wait_link(up=False, deadline_s=30)
        old.end()
        new.wait_link()
        came = first.words().count(" as school.room-101 ")
        before = tries(school)
        until("it has tried twice more", lambda: tries(school) >= before + 2, 60)
        assert "nothing listens there" in school.troubles()["broker-lists"]["detail"]
        assert first.words().count(" as school.room-101 ") == came
        assert school.recorded("session-closed") == 0
        second.start()
        until("nothing is owed", lambda: school.recorded("session-closed") == 1, 60)
        assert new.shown["link"] is True
        well(school)
