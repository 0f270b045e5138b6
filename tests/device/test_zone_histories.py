"""Any history of any circuit: every press is told once, noise is none, each fault has its restoral.

The model knows nothing of the zone's state: it works on the finished history. Times are in ticks of
1/1024 s, exact in binary, so that "exactly as long" is tested, too.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from config.agent_settings import ZoneSettings
from config.wiring import Condition
from device.circuit import Wiring
from device.zone import Decided, Zone

TICK = 1 / 1024
SETTLE, TRANSIT, FAULT, HELD = 128, 256, 512, 3072  # 125 ms, 250 ms, 500 ms, 3 s
SECOND = 1024
QUIET = 120 * SECOND
CIRCUITS: dict[str, tuple[dict[str, Any], tuple[Condition, ...]]] = {
    "no": ({"pin": 17}, ("normal", "active")),
    "nc": ({"pin": 17}, ("normal", "active")),
    "pair": ({"pin": 17, "nc_pin": 23}, ("normal", "active", "cut", "short")),
    "eol": ({"channel": 0}, ("normal", "active", "cut", "short")),
}


class Run(NamedTuple):
    """The circuit read this, from one tick until another."""

    start: int
    stop: int
    reads: Condition


class Case(NamedTuple):
    circuit: str
    runs: list[Run]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A circuit that begins and ends at rest, and in between does anything for any time."""
    circuit = draw(st.sampled_from(sorted(CIRCUITS)))
    gaps = st.one_of(
        st.integers(1, SETTLE - 1),
        st.sampled_from([SETTLE, TRANSIT, FAULT, HELD, SETTLE + 1, TRANSIT + 1, FAULT - 1]),
        st.integers(SETTLE, 600),
        st.integers(HELD - 50, HELD + 50),
        st.integers(600, 20_000),
    )
    steps = draw(st.lists(st.tuples(st.sampled_from(CIRCUITS[circuit][1]), gaps), max_size=40))
    runs: list[Run] = [Run(0, SECOND, "normal")]
    for reads, gap in [*steps, ("normal", QUIET)]:
        last = runs[-1]
        if reads == last.reads:
            runs[-1] = last._replace(stop=last.stop + gap)
        else:
            runs.append(Run(last.stop, last.stop + gap, reads))
    return Case(circuit, runs)


class Heard(NamedTuple):
    """An event, and the tick at which it was decided."""

    at: int
    event: Decided


def play(case: Case, *, in_time: bool) -> list[Heard]:
    """Have a zone live through a history; the loop's timer comes in time, or everything in one lump."""
    zone_settings = ZoneSettings(
        zone="z",
        kind="panic",
        circuit=case.circuit,
        settle_ms=125,
        transit_ms=250,
        **CIRCUITS[case.circuit][0],
    )  # type: ignore[arg-type]
    zone, wiring = Zone(zone_settings), Wiring(zone_settings)
    heard: list[Heard] = []

    def note(at: float, decided: list[Decided]) -> None:
        heard.extend(Heard(round(at / TICK), each) for each in decided)

    for run in case.runs:
        while in_time and (due := zone.next_deadline()) is not None and due <= run.start * TICK:
            note(due, zone.advance(due))
        how: Any = "first" if run.start == 0 else "moved"
        note(run.start * TICK, zone.contact(run.start * TICK, wiring.reading(run.reads), how))
    end = case.runs[-1].stop * TICK
    while (due := zone.next_deadline()) is not None and due <= end:
        note(due, zone.advance(due))
    assert zone.condition == "normal"
    assert zone.can_call
    return heard


def needs(case: Case, reads: Condition) -> int:
    if reads in ("normal", "active"):
        return SETTLE
    return TRANSIT if case.circuit == "pair" else FAULT


def believed(case: Case) -> list[Run]:
    """The runs that rested long enough, those that say the same joined."""
    rested = [run for run in case.runs if run.stop - run.start >= needs(case, run.reads)]
    joined = [list(group) for _, group in groupby(rested, key=lambda run: run.reads)]
    starts = [group[0].start for group in joined]
    stops = [*starts[1:], case.runs[-1].stop]
    return [
        Run(start, stop, group[0].reads) for start, stop, group in zip(starts, stops, joined, strict=True)
    ]


@settings(max_examples=400)
@given(cases(), st.booleans())
def test_every_press_is_told_once(case: Case, in_time: bool) -> None:
    """Each press longer than the settle time is one alarm, dated as it began; shorter ones are none."""
    heard = [each.event for each in play(case, in_time=in_time)]
    presses = [run for run in believed(case) if run.reads == "active"]
    sure = [e for e in heard if e.what == "alarm" and e.cause is None and not e.held]
    assert [round(e.at / TICK) for e in sure] == [run.start for run in presses]
    # One more that is held, where it still reads active after 3 s; where it bounces just then, at most.
    held = [round(e.at / TICK) for e in heard if e.held]
    third_seconds = [run.start + HELD for run in presses if run.stop >= run.start + HELD]
    active = [run for run in case.runs if run.reads == "active"]
    assert len(set(held)) == len(held)
    assert set(held) <= set(third_seconds)
    assert {at for at in third_seconds if any(run.start <= at < run.stop for run in active)} <= set(held)


@settings(max_examples=400)
@given(cases(), st.booleans())
def test_faults_and_restorals_pair(case: Case, in_time: bool) -> None:
    """Each tamper, trouble and alarm has its restoral, and nothing is restored that wasn't told."""
    open_now: set[tuple[str, str | None]] = set()
    alarm = False
    for _, event in play(case, in_time=in_time):
        what, cause = event.what, event.cause
        if what in ("tamper", "trouble"):
            assert (what, cause) not in open_now
            open_now.add((what, cause))
        elif what in ("tamper-restoral", "trouble-restoral"):
            open_now.remove((what.removesuffix("-restoral"), cause))
        elif what == "alarm":
            alarm = True
        else:
            assert what == "restoral"
            assert alarm
            alarm = False
    assert not open_now
    assert not alarm


@settings(max_examples=400)
@given(cases())
def test_a_fault_is_told_within_a_second(case: Case) -> None:
    """Each that lasts a second, or was told already, unless the zone has said that its faults swing."""
    heard = play(case, in_time=True)
    swings_from = min((each.at for each in heard if each.event.cause == "chatter"), default=None)
    for run in case.runs:
        if run.reads not in ("cut", "short") or run.stop - run.start < SECOND:
            continue
        if swings_from is not None and swings_from <= run.start + SECOND:
            continue
        faults = [each for each in heard if each.at <= run.start + SECOND and "tamper" in each.event.what]
        assert faults[-1].event.what == "tamper"
        assert faults[-1].event.cause == run.reads


@settings(max_examples=200)
@given(cases(), st.booleans())
def test_what_may_be_a_press(case: Case, in_time: bool) -> None:
    """An alarm with a cause comes of a pair alone, beside the tamper of that cause."""
    heard = [each.event for each in play(case, in_time=in_time)]
    for event, after in pairwise(heard):
        if event.what == "alarm" and event.cause is not None:
            assert case.circuit == "pair"
            assert (after.what, after.cause, after.at) == ("tamper", event.cause, event.at)


@settings(max_examples=200)
@given(cases())
def test_the_timer_changes_nothing(case: Case) -> None:
    """Whether the loop's timer comes in time or everything comes in one lump: the events are the same."""
    in_time = [each.event for each in play(case, in_time=True)]
    assert in_time == [each.event for each in play(case, in_time=False)]
