"""A walk test's own rules, and generated histories: no mark silences a button outside its walk test."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.asking import EndWalkTest, OpenWalkTest, Resolve, WalkTestDone
from hub.inputs import Asked
from hub.site import Site
from hub.walk_test import Timed, Tried, WalkTest
from tests.hub.making import at, event_bytes, heard, new_site, shown, take, tick

TEST = WalkTest("w", "room-101", ("wall", "desk"), "Lee", "board", 0, 60_000)
ZONES = [
    {"zone": zone, "kind": "panic", "circuit": "pair", "condition": "normal", "walk_test": False}
    for zone in ("wall", "desk")
]


@pytest.mark.parametrize(
    ("zone", "when", "covered"),
    [
        ("wall", 9.999, False),
        ("wall", 10.0, True),
        ("desk", 40.0, True),
        ("wall", 70.0, True),
        ("wall", 70.001, False),
        ("quiet", 40.0, False),
    ],
)
def test_it_covers_its_zones_from_its_start_to_its_end(zone: str, when: float, covered: bool) -> None:
    assert Timed(TEST, 10.0, 70.0).covers(zone, when) is covered


def test_what_is_left_is_what_was_not_pressed() -> None:
    assert TEST.left == ("wall", "desk")
    once = WalkTest(*[getattr(TEST, name) for name in TEST.__struct_fields__[:-1]], (Tried("wall", 5),))
    assert once.left == ("desk",)


def ask(site: Site, action: Any, second: float) -> Any:
    answers: list[Any] = []
    decision = shown(site.decide(Asked(action, answers.append), at(second)))
    decision.reply(recorded=True)
    return answers[0]


STEP = st.tuples(
    st.sampled_from(["open wall", "open desk", "end", "press", "press", "press"]),
    st.floats(0.1, 40.0),
    st.floats(0.0, 90.0),
    st.sampled_from(["wall", "desk"]),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=25))
def test_whatever_happens_only_what_was_pressed_within_its_walk_test_calls_nobody(steps: list[Any]) -> None:
    """Told against a list of intervals: what is outside all of them, or unmarked, opens an incident."""
    site, second = new_site(), 0.0
    spans: list[list[Any]] = []  # zone, start, end
    for number, (what, pause, age_s, zone, marked) in enumerate(steps):
        second += pause
        if (due := site.next_deadline()) is not None and due <= at(second).mono:
            tick(site, second)
        heard(site, "state", second, online=True, zones=ZONES)
        if what.startswith("open"):
            word = OpenWalkTest("room-101", "Lee", "board", (what.split()[1],), 30.0)
            if isinstance(ask(site, word, second), WalkTestDone):
                spans.append([what.split()[1], second, second + 30.0])
        elif what == "end":
            if isinstance(ask(site, EndWalkTest("room-101", "Lee", "board"), second), WalkTestDone):
                spans[-1][2] = second
        else:
            age_ms = round(age_s * 1000)
            payload = event_bytes(id=f"e{number}", seq=number + 1, zone=zone, test=marked, age_ms=age_ms)
            decision = take(site, payload, second)
            when = second - age_ms / 1000
            margin = min((abs(edge - when) for span in spans for edge in span[1:]), default=1.0)
            if margin < 0.002:  # a rounding decides
                return
            inside = marked and any(z == zone and start <= when <= end for z, start, end in spans)
            assert bool(decision.incidents) is not inside
            if decision.incidents and spans:
                spans[-1][2] = min(spans[-1][2], second)  # a real call ends it
            for incident in decision.incidents:
                ask(site, Resolve(incident, "Lee", "board", "test"), second)
