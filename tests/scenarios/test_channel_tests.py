"""Marked tests of channels as scripts: asked for, or due where a far side can't be asked for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from config.channel_tests_settings import ChannelTestsSettings
from hub.asking import ChannelTested, ProveChannel, Refused
from tests.scenarios.rig import Make, Rig
from tests.scenarios.school import school

HOUR, DAY = 3600.0, 86_400.0
TO_TEN = 2800.0
"""From 09:13:20 to 10:00."""


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    """Reyes' channel can't be asked for, dispatch's can."""
    return make_rig(school(), {"reyes": "apprise"})


def of_tests(rig: Rig) -> list[str]:
    return [line for line in rig.told() if "channel.test" in line]


def prove(rig: Rig, channel: str, target: str | None = None) -> ChannelTested | Refused:
    answer = rig.ask(ProveChannel(channel, "Lee", "command", target))
    assert isinstance(answer, ChannelTested | Refused)
    return answer


def test_a_person_has_a_channel_tested(rig: Rig) -> None:
    """It says in its first word what it is, at any hour; each step stands in the record under its name."""
    rig.wait(12 * HOUR)
    rig.told()
    before = len(rig.record())
    answer = prove(rig, "dispatch")
    assert isinstance(answer, ChannelTested)
    assert of_tests(rig) == ["43200 s dispatch channel.test: TEST of Lincoln"]
    steps = [what for what, _, detail in rig.record()[before:] if "delivery" in detail]
    assert steps == ["owed", "delivered"]
    assert rig.view.incidents == {}


def test_what_cannot_be_tested_is_named_with_what_can(rig: Rig) -> None:
    assert prove(rig, "pager") == Refused(
        "not-found", "the settings have no channel 'pager'", allowed=tuple(rig.settings.channels)
    )
    assert prove(rig, "reyes", "nobody") == Refused(
        "not-found", "channel reyes has no target 'nobody'", allowed=("-",)
    )


def test_a_channel_that_cannot_be_asked_for_is_tested_at_its_interval(rig: Rig) -> None:
    """At ten on a day of school: not at night, not on the holiday, and no other channel."""
    rig.wait(TO_TEN - 20)
    assert of_tests(rig) == []
    rig.wait(20 + 900)
    assert [line.split(" ", 2)[2] for line in of_tests(rig)] == ["sro channel.test: TEST of Lincoln"]
    rig.wait(29 * DAY)
    assert of_tests(rig) == []
    rig.wait(DAY + HOUR)
    assert len(of_tests(rig)) == 1


def test_a_restart_tests_nothing_twice(rig: Rig) -> None:
    rig.wait(TO_TEN + 900)
    assert len(of_tests(rig)) == 1
    rig.restart()
    rig.wait(HOUR)
    assert of_tests(rig) == []


def test_nobody_is_tested_while_anybody_calls(rig: Rig) -> None:
    rig.press(101)
    rig.wait(TO_TEN + 1800)
    assert of_tests(rig) == []
    rig.resolve("test")
    rig.wait(900)
    assert len(of_tests(rig)) == 1


def test_a_clock_that_was_years_ahead_holds_no_test_up(rig: Rig) -> None:
    rig.wall_jumps(400 * DAY)
    rig.wait(TO_TEN + 3 * DAY)
    rig.told()
    rig.wall_jumps(-400 * DAY)
    rig.wait(5 * DAY)
    assert len(of_tests(rig)) == 1


def test_none_is_tested_where_the_settings_say_never(rig: Rig) -> None:
    rig.reload(replace(rig.settings, channel_tests=ChannelTestsSettings(every_days=0)))
    rig.wait(10 * DAY)
    assert of_tests(rig) == []


def test_a_test_that_fails_is_a_trouble_and_is_given_up_in_ten_minutes(rig: Rig) -> None:
    rig.far["reyes"] = "down"
    prove(rig, "reyes")
    rig.wait(599)
    assert "channel reyes -" in rig.view.troubles
    assert not any(what == "delivery-withdrawn" for what, _, _ in rig.record())
    rig.wait(2)
    withdrawn = [reason for what, reason, _ in rig.record() if what == "delivery-withdrawn"]
    assert withdrawn == ["the test was given up"]
    assert "channel reyes -" in rig.view.troubles
    rig.far["reyes"] = "takes"
    prove(rig, "reyes")
    assert "channel reyes -" not in rig.view.troubles


def test_a_press_goes_before_a_test(rig: Rig) -> None:
    rig.far["reyes"] = "hangs"
    prove(rig, "reyes")
    rig.press(101)
    rig.far["reyes"] = "takes"
    rig.post()
    delivered = [d["type"] for what, _, d in rig.record() if what == "delivered" and d["channel"] == "reyes"]
    assert delivered == ["incident.opened", "channel.test"]


def test_a_channel_that_is_asked_for_counts_as_a_whole(rig: Rig) -> None:
    """A far side that is away is a trouble without a notice, and outlives a reload; an answer ends it."""
    for _ in range(2):
        rig.probed("dispatch", "connection refused")
    assert rig.view.troubles["channel dispatch -"].detail == "dispatch can't be reached: connection refused"
    rig.reload(replace(rig.settings, name="Lincoln Elementary"))
    assert "channel dispatch -" in rig.view.troubles
    assert rig.view.channels["dispatch"].reached is None
    rig.probed("dispatch")
    assert "channel dispatch -" not in rig.view.troubles
    assert rig.view.channels["dispatch"].reached == rig.now().wall
