"""What a full outbox gives up: every hole in ``seq`` is named, however many there are."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from config.contract import Event
from device.age import Moment
from device.given_up import GivenUp
from device.owed import Owed

Holes = dict[str, set[int]]


def spans_of(names: tuple[str, ...]) -> list[tuple[str, int, int, int]]:
    """Boot, first and last ``seq``, and how many of them."""
    spans: list[tuple[str, int, int, int]] = []
    for name in names:
        if name.startswith("earlier"):
            continue
        found = re.fullmatch(r"(.+)-(\d+)(?:\.\.(\d+))?(?:\((\d+)\))?", name)
        assert found is not None, name
        first = int(found[2])
        last = int(found[3] or first)
        spans.append((found[1], first, last, int(found[4] or last - first + 1)))
    return spans


def explains(names: tuple[str, ...], holes: Holes) -> None:
    """Each hole lies in a span that is named, and each span has as many as its name says; all are counted."""
    spans = spans_of(names)
    earlier = next((int(name[8:-1]) for name in names if name.startswith("earlier")), 0)
    for boot, first, last, count in spans:
        in_span = len(holes[boot] & set(range(first, last + 1)))
        assert count == in_span or (earlier and count < in_span)
    assert earlier + sum(count for *_, count in spans) == sum(map(len, holes.values()))


def event(boot: str, seq: int, what: str) -> Event:
    kind = "door" if what == "open" else "panic"
    return Event(
        v=1, id=f"{boot}-{seq}", boot=boot, seq=seq, zone="z", kind=kind, what=what, age_ms=0, test=False
    )  # type: ignore[arg-type]


steps = st.lists(st.sampled_from(["alarm", "restoral", "tamper", "open", "receipt", "restart"]), max_size=120)


@settings(max_examples=300)
@given(steps, st.integers(1, 20), st.integers(1, 6), st.randoms(use_true_random=False))
def test_seq_has_no_hole_but_those_that_are_named(
    history: list[str], most: int, named: int, dice: random.Random
) -> None:
    """Whatever happens, in whichever order receipts come, and over restarts; an alarm is never given up."""
    boot, seq = 1, 0
    owed = Owed(("hub",), most, named)
    alive: dict[tuple[str, int], str] = {}
    holes: Holes = {"b1": set()}
    for step in history:
        if step == "restart":
            again = Owed(("hub",), most, named)
            again.remember_given_up(" ".join(owed.given_up))
            boot, seq, owed = boot + 1, 0, again
            holes[f"b{boot}"] = set()
            for (old, n), what in alive.items():
                owed.add(event(old, n, what), Moment("k", 0.0, 0, None))
        elif step == "receipt":
            if alive:
                old, n = dice.choice(sorted(alive))
                del alive[(old, n)]
                owed.settle(f"{old}-{n}")
        else:
            seq += 1
            alive[(f"b{boot}", seq)] = step
            owed.add(event(f"b{boot}", seq, step), Moment("k", 0.0, 0, None))
        owed.make_room()
        for (old, n), what in list(alive.items()):
            if f"{old}-{n}" not in owed:
                assert what != "alarm"
                holes[old].add(n)
                del alive[(old, n)]
        explains(owed.given_up, holes)
        assert len(owed.given_up) <= named


def test_more_runs_than_can_be_named() -> None:
    """As where doors and presses take turns: spans with their counts, the latest as they are."""
    given_up, holes = GivenUp(), set(range(1, 1200, 2))
    for seq in sorted(holes):
        given_up.add("b", seq)
    assert len(given_up.names) == 100
    explains(given_up.names, {"b": holes})
    assert given_up.names[-1] == "b-1199"
    given_up.add("b", 2)  # within a span
    explains(given_up.names, {"b": holes | {2}})


def test_more_boots_than_can_be_named() -> None:
    """The oldest are counted."""
    given_up = GivenUp(3)
    for boot in range(10):
        given_up.add(f"b{boot}", 1)
        given_up.add(f"b{boot}", 2)
    assert given_up.names == ("earlier(16)", "b8-1..2", "b9-1..2")
    again = GivenUp(3)
    again.add("c", 5)
    again.remember(given_up.names)
    assert again.names == ("earlier(18)", "b9-1..2", "c-5")


def test_what_is_known_is_not_named_twice() -> None:
    """A file's own older words may come after the fact, and words that nobody can read."""
    given_up = GivenUp()
    for seq in (3, 4, 5, 9):
        given_up.add("b-x", seq)
    given_up.remember(("a-1..20(7)", "b-x-3..4", "b-x-9", "what"))
    assert given_up.names == ("a-1..20(7)", "b-x-3..5", "b-x-9")
    given_up.remember(("a-1..20(7)", "b-x-5..7"))
    assert given_up.names == ("a-1..20(7)", "b-x-3..7", "b-x-9")
