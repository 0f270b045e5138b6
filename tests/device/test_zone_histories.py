"""Any history of any circuit: every press is told once, noise is none, each fault has its restoral.

The model knows nothing of the zone's state: it works on the finished history. Times are in ticks of
1/1024 s, exact in binary, so that "exactly as long" is tested, too.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.agent_settings import ZoneSettings
from config.wiring import Condition
from device.circuit import Wiring
from device.decided import Decided
from device.zone import Zone

TICK = 1 / 1024
SETTLE, TRANSIT, FAULT, HELD = 128, 256, 512, 3072  # 125 ms, 250 ms, 500 ms, 3 s
SECOND = 1024
UNSTEADY = 0.8 * SECOND
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


def history(circuit: str, *runs: tuple[Condition, int]) -> Case:
    """A history in words: what is read, and until which tick."""
    starts = [0, *(stop for _, stop in runs)]
    return Case(
        circuit, [Run(start, stop, reads) for start, (reads, stop) in zip(starts, runs, strict=False)]
    )


PRESSED_WHILE_IT_SWINGS = history(
    "pair",
    ("normal", 1024), ("cut", 1280), ("normal", 1408), ("cut", 1664), ("normal", 1792), ("cut", 2048),
    ("normal", 2176), ("cut", 2432), ("active", 12672), ("normal", 135552),
)  # fmt: skip
"""The fault stands as the swinging ends, in the middle of a press: that is no second press."""


class Press(NamedTuple):
    """A press until it certainly is over."""

    start: int
    stop: int
    runs: list[Run]


def going_on(case: Case) -> list[Press]:
    """Each press until its circuit is at rest at normal, or a pair where it was before the press began."""
    made: list[Press] = []
    before: Condition | None = None
    runs: list[Run] = []
    for run in believed(case):
        is_back = run.reads in alike(case) and run.reads == before and len(runs) == 1
        if runs and (run.reads == "normal" or is_back):
            made.append(Press(runs[0].start, run.start, runs))
            runs = []
        if runs or run.reads == "active":
            runs = [*runs, run]
        else:
            before = run.reads
    return made


PRESSED_WHILE_CUT = history(
    "eol", ("normal", 1024), ("active", 2048), ("cut", 9000), ("active", 13000), ("cut", 20000),
    ("normal", 150000),
)  # fmt: skip
"""Once it was told as held in doubt, what reads as pressed may be another press: held once more."""


@settings(max_examples=400)
@example(PRESSED_WHILE_IT_SWINGS, False)
@example(PRESSED_WHILE_CUT, True)
@given(cases(), st.booleans())
def test_every_press_is_told_once(case: Case, in_time: bool) -> None:
    """Each press longer than the settle time is one alarm, dated as it began; shorter ones are none."""
    heard = [each.event for each in play(case, in_time=in_time)]
    presses = [run for run in believed(case) if run.reads == "active"]
    sure = [e for e in heard if e.what == "alarm" and e.cause is None and not e.held]
    assert [round(e.at / TICK) for e in sure] == [run.start for run in presses]
    # One more that is held, where it goes on after 3 s, in doubt, too; where it bounces just then, at most.
    held = [round(e.at / TICK) for e in heard if e.held]
    assert len(set(held)) == len(held)
    for press in going_on(case):
        started = [run.start for run in press.runs if run.reads == "active"]
        told = [at for at in held if press.start <= at <= press.stop]
        assert set(told) <= {start + HELD for start in started}
        assert all(after - at >= HELD for at, after in pairwise(told))
        third = press.start + HELD
        if any(
            run.start <= third < run.stop and run.stop - run.start >= needs(case, run.reads)
            for run in case.runs
            if third < press.stop
        ):
            assert third in told
        held = [at for at in held if at not in told]
    assert held == []


@settings(max_examples=400)
@example(PRESSED_WHILE_IT_SWINGS, False)
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


@settings(max_examples=400)
@example(PRESSED_WHILE_CUT, True)
@given(cases(), st.booleans())
def test_only_what_is_certain_ends_a_press(case: Case, in_time: bool) -> None:
    """Its restoral is that of the rest that ends it; the fault that comes into it is an alarm."""
    heard = [each.event for each in play(case, in_time=in_time)]
    restorals = [round(e.at / TICK) for e in heard if e.what == "restoral"]
    alarms = [(round(e.at / TICK), e.cause) for e in heard if e.what == "alarm"]
    for press in going_on(case):
        assert not [at for at in restorals if press.start < at < press.stop]
        assert press.stop in restorals
        for before, run in pairwise(press.runs):
            if before.reads == "active":
                assert (run.start, run.reads) in alarms


def rests(case: Case) -> list[Run]:
    """The runs that came to rest, as they were; those that say the same apart."""
    return [run for run in case.runs if run.stop - run.start >= needs(case, run.reads)]


def alike(case: Case) -> tuple[str, ...]:
    """The faults that may be a press."""
    return ("cut", "short") if case.circuit == "pair" else ()


def swings_from(heard: list[Heard]) -> float:
    """From when on faults swing too often to be told, if they do."""
    return min(
        (each.event.at / TICK for each in heard if each.event.cause == "chatter"), default=float("inf")
    )


CUT_TWICE_IN_A_PRESS = history(
    "eol",
    ("normal", 1024),
    ("active", 1152),
    ("cut", 4174),
    ("short", 4482),
    ("cut", 7504),
    ("normal", 130384),
)
"""Between the two it came to no rest."""


@settings(max_examples=400)
@example(PRESSED_WHILE_IT_SWINGS, False)
@example(CUT_TWICE_IN_A_PRESS, False)
@given(cases(), st.booleans())
def test_what_may_be_a_press(case: Case, in_time: bool) -> None:
    """Each fault of a pair is an alarm, swinging or not, but for one that a press ends in.

    That of any circuit is one where it comes into a press.
    """
    heard = [each.event for each in play(case, in_time=in_time)]
    told = [(each.at, each.cause) for each in heard if each.what == "alarm" and not each.held]
    into = {
        (run.start, run.reads)
        for press in going_on(case)
        for run in rests(case)
        if press.start < run.start < press.stop
    }
    doubtful = [(round(at / TICK), cause) for at, cause in told if cause is not None]
    assert len(set(doubtful)) == len(doubtful)
    for at, cause in doubtful:
        assert cause == "conflict" or cause in alike(case) or (at, cause) in into
        assert cause == "conflict" or any(
            run.start == at and run.reads == cause and run.stop - at >= SETTLE for run in case.runs
        )
    for before, run in pairwise(believed(case)):
        if run.reads in alike(case) and before.reads == "normal":
            assert (run.start, run.reads) in doubtful


@settings(max_examples=400)
@given(cases(), st.booleans())
def test_no_rest_is_told(case: Case, in_time: bool) -> None:
    """Without rest for 0.8 s it is a conflict, and an alarm if it may be pressed; neither is ever hidden."""
    heard = play(case, in_time=in_time)
    swings = swings_from(heard)
    told = [(e.what, round(e.at / TICK)) for _, e in heard if e.cause == "conflict"]
    conflicts = [at for what, at in told if what == "tamper"]
    alarms = [at for what, at in told if what == "alarm"]
    unsteady: list[tuple[int, int]] = []
    for rest, after in pairwise(rests(case)):
        left, settled = rest.stop, after.start + needs(case, after.reads)
        if settled - left <= UNSTEADY:
            assert not any(left <= at < after.start for at in alarms)
            continue
        unsteady.append((left, settled))
        if swings > left + SECOND:
            assert left in conflicts
        met = {run.reads for run in case.runs if left <= run.start <= left + UNSTEADY}
        pressed = [run for run in believed(case) if run.start <= left < run.stop and run.reads == "active"]
        if not pressed and ("active" in met or met & {*alike(case)} - {rest.reads}):
            assert left in alarms
    for at in conflicts + alarms:
        assert any(left <= at <= settled for left, settled in unsteady)


@settings(max_examples=400)
@given(cases(), st.booleans())
def test_a_fault_that_went_is_known(case: Case, in_time: bool) -> None:
    """One that rested from normal to normal, for less than a fault must, is told once it has gone."""
    heard = play(case, in_time=in_time)
    swings = swings_from(heard)
    told = {(each.event.what, round(each.event.at / TICK), each.event.cause) for each in heard}
    for rest, after in pairwise(rests(case)):
        left, settled = rest.stop, after.start + SETTLE
        if (rest.reads, after.reads) != ("normal", "normal") or settled - left > UNSTEADY:
            continue
        seen = [r for r in case.runs if left <= r.start < after.start and r.stop - r.start >= SETTLE]
        for run in seen[:1]:
            assert swings <= settled or ("tamper", run.start, run.reads) in told
            if case.circuit == "pair":
                assert ("alarm", run.start, run.reads) in told
                assert ("restoral", after.start, None) in told


@settings(max_examples=200)
@given(cases())
def test_the_timer_changes_nothing(case: Case) -> None:
    """Whether the loop's timer comes in time or everything comes in one lump: the events are the same."""
    in_time = [each.event for each in play(case, in_time=True)]
    assert in_time == [each.event for each in play(case, in_time=False)]
