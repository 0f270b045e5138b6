"""Far sides that are slow, down or unwilling, and what is owed to them."""

from __future__ import annotations

from tests.scenarios.rig import Rig


def test_a_far_side_that_is_down_is_tried_until_it_takes_it(rig: Rig) -> None:
    """Pauses of 1 s, doubling to 60 s, each failure in the timeline, one id for all tries."""
    rig.far["sro"] = "down"
    rig.press(101)
    rig.wait(600)
    failures = [reason for what, reason in rig.timeline() if what == "delivery-failed"]
    assert any("attempt 9" in reason for reason in failures)
    assert failures[0].startswith("connection refused (attempt 1, 0 ms); again in")
    rig.far["sro"] = "takes"
    rig.wait(70)
    assert [n.type for n in rig.notices if n.audience == "sro"].count("incident.opened") == 1


def test_nobody_else_waits_for_a_far_side_that_hangs(rig: Rig) -> None:
    """The officer's channel says nothing at all; principal and dispatch are told at their times."""
    rig.far["sro"] = "hangs"
    rig.press(101)
    rig.wait(100)
    assert rig.said() == ["30 s principal opened r1: 101", "60 s dispatch opened r1: 101"]


def test_a_far_side_that_will_never_take_it_is_given_up_and_is_a_trouble(rig: Rig) -> None:
    """A 4xx is final for this notice; the plan goes on asking, and the channel is in trouble."""
    rig.far["sro"] = "refuses"
    rig.press(101)
    assert ("delivery-given-up", "410 (attempt 1, 0 ms); the far side will not take it") in rig.timeline()
    assert "channel sro -" in rig.view.troubles
    rig.far["sro"] = "takes"
    rig.wait(100)
    assert rig.said("sro") == ["90 s sro updated r1: 101"]
    assert "channel sro -" not in rig.view.troubles


def test_two_failures_are_a_trouble_until_something_is_delivered(rig: Rig) -> None:
    """One failure may be chance."""
    rig.far["sro"] = "down"
    rig.press(101)
    assert "channel sro -" not in rig.view.troubles
    rig.wait(2)
    assert "channel sro -" in rig.view.troubles
    rig.far["sro"] = "takes"
    rig.wait(10)
    assert "channel sro -" not in rig.view.troubles


def test_what_is_overtaken_is_withdrawn_but_never_a_first_notice(rig: Rig) -> None:
    """Down for a minute while ten rooms press: one first notice and one update, the newest, come of it."""
    rig.far["sro"] = "down"
    for room in range(101, 111):
        rig.press(room)
        rig.wait(3)
    rig.said()
    rig.far["sro"] = "takes"
    rig.wait(40)
    told = [n for n in rig.notices if n.audience == "sro" and n.at < 80]
    # In either order: each has its own pause, and a receiver keeps the highest revision.
    assert sorted((n.type, len(n.incident["rooms"])) for n in told) == [
        ("incident.opened", 1),
        ("incident.updated", 10),
    ]


def test_a_first_notice_is_owed_even_after_the_end(rig: Rig) -> None:
    """Resolved while dispatch could not be reached: it is told both, when it is back."""
    rig.far["dispatch"] = "down"
    rig.press(101)
    rig.wait(61)
    rig.resolve("false-alarm")
    rig.far["dispatch"] = "takes"
    rig.wait(70)
    assert {line.split(" ", 3)[3] for line in rig.said("dispatch")} == {"opened r1: 101", "resolved r2: 101"}


def test_a_delivery_outcome_that_comes_twice_counts_once(rig: Rig) -> None:
    """A far side's answer after the delivery was withdrawn or delivered changes nothing."""
    from hub.delivery import Outcome
    from hub.inputs import Attempted

    rig.press(101)
    before = rig.timeline()
    rig._do(rig.site.decide(Attempted(rig.notices[0].id, Outcome("temporary", "late")), rig.now()))
    rig.wait(5)
    assert rig.timeline() == before
