"""The posture as data: which changes give protection up, what a plan may raise, what agents are told."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from config.contract import POSTURES, PostureName
from hub.posture import BY_PLAN, ORDER, RISES, SitePosture, lowers, outranks

SINCE = "2026-09-21T14:13:20.000Z"


def holds(posture: PostureName, *, drill: bool = False) -> SitePosture:
    return SitePosture(5, posture, drill, SINCE)


def test_the_table_speaks_of_every_posture_and_lowers_none_by_one_word() -> None:
    """Up the order is one word; whatever is one word one way up the order is two the other way."""
    assert set(RISES) == set(POSTURES)
    for low, high in itertools.combinations(ORDER, 2):
        assert not lowers(holds(low), high)
        assert lowers(holds(high), low)
    for name in POSTURES:
        assert not lowers(holds(name), name)
        assert name == "normal" or lowers(holds(name), "normal")


@pytest.mark.parametrize("name", [name for name in POSTURES if name != "lockdown"])
def test_a_lockdown_is_never_asked_twice_and_never_left_by_one_word(name: PostureName) -> None:
    assert not lowers(holds(name), "lockdown")
    assert lowers(holds("lockdown"), name)


@pytest.mark.parametrize(
    ("now", "to", "twice"),
    [
        ("secure", "evacuate", False),
        ("evacuate", "shelter", False),
        ("shelter", "evacuate", False),
        ("evacuate", "secure", True),
        ("shelter", "hold", True),
    ],
)
def test_evacuate_and_shelter_answer_other_dangers(now: PostureName, to: PostureName, twice: bool) -> None:
    assert lowers(holds(now), to) is twice


def test_something_real_over_a_drill_is_never_asked_twice() -> None:
    """What a drill shows protects nobody; only to end it for normal is."""
    drill = holds("lockdown", drill=True)
    assert [name for name in POSTURES if lowers(drill, name)] == ["normal"]


def test_a_plan_raises_through_three_and_never_out_of_what_answers_another_danger() -> None:
    assert BY_PLAN == ("hold", "secure", "lockdown")
    found = {(now, to) for now in POSTURES for to in POSTURES if outranks(to, holds(now))}
    assert found == {
        ("normal", "hold"),
        ("normal", "secure"),
        ("normal", "lockdown"),
        ("hold", "secure"),
        ("hold", "lockdown"),
        ("secure", "lockdown"),
    }


def test_agents_are_told_what_the_contract_says_and_whether_it_came_by_itself() -> None:
    message = replace(holds("lockdown", drill=True), drill_id="7", automatic=True, by="Reyes").message()
    assert message is not None
    assert (message.n, message.posture, message.drill, message.since) == (5, "lockdown", True, SINCE)
    assert message.automatic is True
    assert replace(holds("lockdown"), asks=True).message() is None
