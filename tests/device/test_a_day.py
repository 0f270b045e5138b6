"""Simulated hours of noise, presses, faults and outages: in the end every press is accounted for.

What must be told is reckoned from what each circuit read and when the agent had power, by a model that
knows nothing of zones; the hub's events are held against it, one by one.
"""

from __future__ import annotations

import functools
import itertools
import random
from typing import Any, NamedTuple

import pytest

from config.agent_settings import ZoneSettings
from config.contract import Event
from device import room_state
from device.owed import Owed
from tests.device.test_given_up import spans_of
from tests.device.world import World

ZONES = (
    ZoneSettings(zone="wall", kind="panic", circuit="pair", pin=17, nc_pin=23),
    ZoneSettings(zone="desk", kind="panic", circuit="eol", channel=0),
    ZoneSettings(zone="plain", kind="medical", circuit="no", pin=27),
    ZoneSettings(zone="quiet", kind="duress", circuit="nc", pin=5),
    ZoneSettings(zone="help", kind="assist", circuit="no", pin=6, held_kind="panic"),
    ZoneSettings(zone="latch", kind="panic", circuit="no", pin=4, latching=True),
    ZoneSettings(zone="door", kind="door", circuit="nc", pin=22),
)
BUTTONS = ("wall", "desk", "plain", "quiet", "help", "latch")
WIRES = {"wall": ("no wire", "nc wire", "short"), "desk": ("cut", "short")}
"""What may be wrong with the wires of a supervised button."""
SETTLE_S, TRANSIT_S, FAULT_S, POWER_UP_S = 0.04, 0.25, 0.5, 0.5
HELD_S, LIVE_AGAIN_S, APART_S = 3.0, 5.0, 2.0
SLACK_S = 0.05
HOUR = 3600.0


def reads(zone: str, wire: str | None, *, pressed: bool) -> str:
    """What a circuit reads, by its wires and the hand on it."""
    if wire in ("cut", "short"):
        return wire
    if zone == "wall" and wire is not None:  # a changeover with one of its two wires broken
        return "cut" if pressed is (wire == "no wire") else "active" if pressed else "normal"
    return "active" if pressed else "normal"


class Span(NamedTuple):
    """From one moment until another something was so."""

    start: float
    end: float
    what: Any = None

    @property
    def lasts(self) -> float:
        return self.end - self.start

    def within(self, other: Span) -> Span:
        return Span(max(self.start, other.start), min(self.end, other.end), self.what)


class Day:
    """What happens in some hours, by a seed: hands, wires, doors, noise, and everything that fails."""

    def __init__(self, seed: int, hours: float) -> None:
        self.dice = random.Random(seed)
        self.world = World(ZONES, ("one", "two"))
        self.start, self.end = self.world.now, self.world.now + hours * HOUR
        self.presses = self.faults = 0
        self.walks: list[Span] = []
        """Walk tests: from the command until their time is over."""
        self._hand: dict[str, bool] = dict.fromkeys(BUTTONS, False)
        self._wire: dict[str, str | None] = dict.fromkeys(BUTTONS)
        for zone in BUTTONS:
            self._hands(zone)
        for zone in WIRES:
            self._wires(zone)
        self._walk_tests()
        self._door()
        for link in self.world.links:
            self._outages(link)
        self._hub()
        self._power()

    def _when(self, mean_s: float, first: float | None = None) -> float:
        return (first if first is not None else self.start) + self.dice.expovariate(1 / mean_s)

    def _set(self, when: float, zone: str, *, pressed: bool) -> None:
        def do() -> None:
            self._hand[zone] = pressed
            self.world.set(zone, reads(zone, self._wire[zone], pressed=pressed))

        self.world.at(when, do)

    def _mend(self, when: float, zone: str, wire: str | None) -> None:
        def do() -> None:
            self._wire[zone] = wire
            self.world.set(zone, reads(zone, wire, pressed=self._hand[zone]))

        self.world.at(when, do)

    def _hands(self, zone: str) -> None:
        """Presses of every length, and noise between them."""
        now = self._when(300.0)
        while now < self.end - 900.0:
            if self.dice.random() < 0.6:
                lasts = self.dice.choice((0.06, 0.2, 0.5, 3.5, 20.0, 400.0))
                for _ in range(self.dice.choice((1, 1, 1, 3))):  # again and again, now and then
                    self._press(zone, now, lasts)
                    now += lasts + 0.03 + self.dice.uniform(0.1, 4.0)
            else:
                lasts = self.dice.uniform(0.001, 0.035)
                self._set(now, zone, pressed=True)
                self._set(now + lasts, zone, pressed=False)
            now += lasts + 1.0 + self.dice.expovariate(1 / 300.0)

    def _press(self, zone: str, now: float, lasts: float) -> None:
        self._bounce(zone, now, pressed=True)
        self._bounce(zone, now + lasts + 0.03, pressed=False)
        self.presses += 1

    def _bounce(self, zone: str, at: float, *, pressed: bool) -> None:
        for n in range(self.dice.randrange(4)):
            self._set(at + n * 0.006, zone, pressed=pressed)
            self._set(at + n * 0.006 + 0.003, zone, pressed=not pressed)
        self._set(at + 0.024, zone, pressed=pressed)

    def _wires(self, zone: str) -> None:
        """A wire that fails now and then, or is loose for a while, whoever presses meanwhile."""
        now = self._when(900.0)
        while now < self.end - 900.0:
            self.faults += 1
            wire = self.dice.choice(WIRES[zone])
            if self.dice.random() < 0.3:
                bad, good = self.dice.choice(((0.1, 0.02), (0.45, 0.02), (0.3, 0.3), (2.0, 1.0)))
                until = now + self.dice.uniform(1.0, 20.0)
                while now < until:
                    self._mend(now, zone, wire)
                    self._mend(now + bad, zone, None)
                    now += bad + good
            else:
                self._mend(now, zone, wire)
                now += self.dice.choice((2.0, 30.0, 900.0))
                self._mend(now, zone, None)
            now += 1.0 + self.dice.expovariate(1 / 900.0)

    def _walk_tests(self) -> None:
        """A technician goes from button to button; somebody else may press meanwhile."""
        now = self._when(1800.0)
        for n in itertools.count():
            if now > self.end - 1800.0:
                break
            for_s = self.dice.choice((30.0, 120.0, 600.0))
            zones = self.dice.choice((None, ("wall", "latch"), ("desk", "help", "plain")))
            command = {"for_s": for_s, "zones": zones}
            self.world.at(
                now, lambda n=n, command=command: self.world.command(f"walk-{n}", "walk-test", **command)
            )
            self.walks.append(Span(now, now + for_s, zones or BUTTONS))
            at = now + 2.0
            for zone in self.dice.sample(BUTTONS, 3):
                lasts = self.dice.choice((0.3, 1.0, 3.5))
                for _ in range(self.dice.choice((1, 2, 4))):
                    self._press(zone, at, lasts)
                    at += lasts + self.dice.uniform(0.5, 6.0)
            now += for_s + self.dice.expovariate(1 / 1800.0)

    def _door(self) -> None:
        now = self._when(120.0)
        while now < self.end - 600.0:
            lasts = self.dice.uniform(1.0, 60.0)
            self.world.at(now, lambda: self.world.set("door", "active"))
            self.world.at(now + lasts, lambda: self.world.set("door", "normal"))
            now += lasts + self.dice.expovariate(1 / 120.0)

    def _outages(self, link: str) -> None:
        now = self._when(1200.0)
        while now < self.end - 700.0:
            lasts = self.dice.choice((0.5, 5.0, 60.0, 600.0))
            keeps = self.dice.random() < 0.7
            self.world.at(now, lambda keeps=keeps: self.world.broker(link, up=False, keeps=keeps))
            self.world.at(now + lasts, lambda: self.world.broker(link, up=True))
            now += lasts + self.dice.expovariate(1 / 1200.0)

    def _hub(self) -> None:
        now = self._when(3000.0)
        while now < self.end - 900.0:
            lasts = self.dice.choice((2.0, 40.0, 800.0))
            self.world.at(now, lambda: self.world.hub_up(up=False))
            self.world.at(now + lasts, lambda: self.world.hub_up(up=True))
            now += lasts + self.dice.expovariate(1 / 3000.0)

    def _power(self) -> None:
        now = self._when(2400.0)
        while now < self.end - 600.0:
            lasts = self.dice.choice((1.0, 8.0, 120.0))
            self.world.at(now, lambda lasts=lasts: self.world.cut(lasts))
            now += lasts + 60.0 + self.dice.expovariate(1 / 2400.0)

    def live(self) -> None:
        """Let it all happen, and then a quiet hour in which everything is well."""
        self.world.start()
        self.world.beats()
        self.world.run(self.end + HOUR)

    # --- what was so ------------------------------------------------------------------------------------

    def powered(self) -> list[Span]:
        """When the agent had power."""
        switches = [*self.world.power, (self.end + HOUR, False)]
        return [Span(at, until) for (at, on), (until, _) in itertools.pairwise(switches) if on]

    def readings(self, zone: str) -> list[Span]:
        """What a circuit read, one after the other."""
        moves = [(self.start, "normal"), *self.world.read[zone], (self.end + HOUR, None)]
        return [Span(at, until, what) for (at, what), (until, _) in itertools.pairwise(moves)]

    def pressed(self, zone: str) -> list[Span]:
        """When a circuit came to rest as pressed, until it came to rest otherwise."""
        fault_s = TRANSIT_S if zone == "wall" else FAULT_S
        rests = [
            span for span in self.readings(zone)
            if span.lasts >= (SETTLE_S if span.what in ("normal", "active") else fault_s)
        ]  # fmt: skip
        groups = [list(group) for _, group in itertools.groupby(rests, key=lambda span: span.what)]
        return [Span(each[0].start, each[-1].end) for each in groups if each[0].what == "active"]

    def goes_on(self, zone: str) -> list[Span]:
        """Each press until its circuit was seen at rest at normal: a fault can't show that it ended."""
        seen = [
            span.start for span in self.readings(zone)
            if span.what == "normal" and watched(span, self.powered(), SETTLE_S)
        ]  # fmt: skip
        ends = [*seen, self.end + HOUR]
        return [Span(press.start, min(at for at in ends if at > press.start)) for press in self.pressed(zone)]


def watched(span: Span, powered: list[Span], needs: float) -> bool:
    """Whether the agent had power for as long as it takes to believe this."""
    return any(
        span.within(on).lasts > (max(needs, POWER_UP_S) if on.start > span.start else needs) + SLACK_S
        for on in powered
    )


class Account:
    """What the hub was told, held against what was so."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.powered = day.powered()
        self.starts = [on.start for on in self.powered]
        hub = day.world.hub
        self.events = sorted(hub.events.values(), key=lambda e: (hub.at[e.id], int(e.boot[1:]), e.seq))
        self.at: dict[str, float] = hub.at

    def of(self, zone: str, *, certain: bool, held: bool = False) -> list[Event]:
        return [
            e for e in self.events
            if e.zone == zone and e.what == "alarm" and bool(e.held) is held and (e.cause is None) is certain
        ]  # fmt: skip

    def restarts(self, span: Span) -> int:
        """How often the agent started while this went on, and so may have found it."""
        return sum(span.start < at < span.end + POWER_UP_S + SLACK_S for at in self.starts)

    def looks_known(self, zone: str, span: Span) -> bool:
        """Whether it began without power, which went while another press was told: it looks like that one."""
        return any(
            off.end <= span.start < on.start
            and any(
                other.start < off.end < other.end + SETTLE_S + SLACK_S for other in self.day.pressed(zone)
            )
            for off, on in itertools.pairwise(self.powered)
        )

    def within(self, events: list[Event], span: Span) -> list[Event]:
        return [e for e in events if span.start - SLACK_S <= self.at[e.id] <= span.end + SLACK_S]

    def presses(self) -> None:
        """Each is told, as often as it must be and no more; none is invented."""
        for zone in BUTTONS:
            alarms, matched = self.of(zone, certain=True), set()
            for span in self.day.pressed(zone):
                told = self.within(alarms, span)
                matched |= {e.id for e in told}
                if watched(span, self.powered, SETTLE_S):
                    assert told or self.looks_known(zone, span), f"lost: {zone} {span}"
                # Once, once more for each start while it lasts, and once as real after all.
                real = [e for e in told if not e.test]
                assert len(real) <= 1 + self.restarts(span), (zone, span)
                assert len(told) - len(real) <= 1, (zone, span)
            assert not {e.id for e in alarms} - matched, f"invented at {zone}"

    def held(self) -> None:
        """Each press of 3 s is told as held, once; over a restart at least where it lasts on."""
        for zone in BUTTONS:
            alarms, matched = self.of(zone, certain=True, held=True), set()
            for span in self.day.pressed(zone):
                told = self.within(alarms, span)
                matched |= {e.id for e in told}
                long_enough = Span(span.start, span.end - SLACK_S)
                if zone != "latch" and watched(long_enough, self.powered, HELD_S + SETTLE_S):
                    assert told or self.looks_known(zone, span), f"not held: {zone} {span}"
                assert len(told) <= 1 + self.restarts(span), (zone, span)
                assert not any(e.test for e in told)
                assert {e.kind for e in told} <= {"panic" if zone == "help" else e.kind for e in told}
            assert not {e.id for e in alarms} - matched, f"invented at {zone}"
        assert not self.of("latch", certain=True, held=True)

    def doubts(self) -> None:
        """What may be a press is told with its cause; of the pair, in a press, or of what came to no rest."""
        for zone in BUTTONS:
            alarms = self.of(zone, certain=False)
            readings = self.day.readings(zone)
            going_on = self.day.goes_on(zone)
            faults = [s for s in readings if s.what in ("cut", "short")]
            alike = [s for s in faults if zone == "wall"]
            into = [s for s in faults if any(on.start < s.start <= on.end for on in going_on)]
            for e in alarms:
                assert not e.test
                assert e.cause == "conflict" or any(
                    s.what == e.cause and s.lasts >= SETTLE_S - 1e-6 and self.within([e], s)
                    for s in alike + into
                ), e
            for e in self.of(zone, certain=False, held=True):
                assert not e.test
                assert zone != "latch"
                assert any(self.within([e], s) for s in into), e
            presses = self.day.pressed(zone)
            for span in into:
                came = [press for press in presses if press.end == span.start and zone != "wall"]
                if (
                    came
                    and any(
                        on.start < came[0].start and on.end > span.start + FAULT_S + SLACK_S
                        for on in self.powered
                    )
                    and span.lasts > FAULT_S
                ):
                    assert self.within(alarms, span), f"lost: {zone} {span}"
                if e.cause == "conflict":
                    assert zone in WIRES
            for before, span in itertools.pairwise(readings):
                is_new = before.what == "normal" and before.lasts > 1.0 and span in alike
                if (
                    is_new
                    and any(on.start < before.start and on.end > span.end + 1.0 for on in self.powered)
                    and span.lasts > TRANSIT_S + SLACK_S
                ):
                    assert self.within(alarms, span), f"lost: {zone} {span}"

    def tests(self) -> None:
        """A test is one of a walk test that goes on, alone, and in its zone's first press or 5 s after it."""
        alarms = [e for e in self.events if e.what == "alarm"]
        tests = [e for e in alarms if e.test]
        for e in tests:
            at = self.at[e.id]
            walk = next(w for w in self.day.walks if w.start - SLACK_S <= at < w.end + 0.1)
            assert e.zone in walk.what
            assert not any(walk.start + 0.1 < start <= at for start in self.starts)
            first = min(
                self.at[other.id]
                for other in tests
                if other.zone == e.zone and self.at[other.id] >= walk.start - SLACK_S
            )
            restored = [
                self.at[r.id] for r in self.events
                if (r.zone, r.what) == (e.zone, "restoral") and self.at[r.id] > first
            ]  # fmt: skip
            assert at < min(restored, default=at) + LIVE_AGAIN_S + SLACK_S
            near = [
                o
                for o in alarms
                if o.zone != e.zone and not o.held and abs(self.at[o.id] - at) < APART_S - SLACK_S
            ]
            real = [
                o for o in alarms if o.zone == e.zone and not o.test and abs(self.at[o.id] - at) < SLACK_S
            ]
            assert real or not near, (e, near)

    def faults(self) -> None:
        """Each tamper and trouble has its restoral."""
        open_faults: set[tuple[str, str, str | None]] = set()
        for event in self.events:
            name, is_end = event.what.removesuffix("-restoral"), event.what.endswith("-restoral")
            if name in ("tamper", "trouble"):
                (open_faults.discard if is_end else open_faults.add)((event.zone, name, event.cause))
        assert not open_faults

    def holes(self) -> None:
        """What was decided is at the hub, but for what is named as given up; an alarm never is."""
        world = self.day.world
        assert not world.disk.events, "still owed"
        assert world.agent is not None
        missing = world.kept - {(event.boot, event.seq) for event in self.events}
        # More may be named: what was given up may have come all the same, and only its receipt not.
        spans = spans_of(world.agent._owed.given_up)
        for boot, seq in missing:
            assert any(name == boot and first <= seq <= last for name, first, last, _ in spans), (boot, seq)


def account(day: Day) -> None:
    """All of it."""
    told = Account(day)
    told.holes()
    told.presses()
    told.held()
    told.doubts()
    told.tests()
    told.faults()


@pytest.mark.parametrize("seed", range(6))
def test_two_hours(seed: int) -> None:
    """Two brokers, a hub and the power come and go."""
    day = Day(seed, 2.0)
    day.live()
    account(day)
    assert day.presses


@pytest.mark.parametrize("seed", range(51, 54))
def test_a_small_outbox(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given up is named, and no press is."""
    monkeypatch.setattr(room_state, "Owed", functools.partial(Owed, most=4, named=40))
    day = Day(seed, 4.0)
    day.live()
    told = Account(day)
    told.holes()
    told.presses()
    told.held()
    told.doubts()
    assert day.world.agent is not None
    assert day.world.agent._owed.given_up


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 105))
def test_twenty_four_hours(seed: int) -> None:
    """The same for a day and a night, five times."""
    day = Day(seed, 24.0)
    day.live()
    account(day)
    assert day.presses > 300
    assert day.faults > 20
    assert day.world.boots > 10
    assert any(event.test for event in day.world.hub.events.values())
    causes = {event.cause for event in day.world.hub.events.values() if event.what == "alarm"}
    assert causes == {None, "cut", "short", "conflict"}
