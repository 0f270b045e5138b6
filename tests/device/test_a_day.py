"""Simulated hours of noise, presses, faults and outages: in the end every press is accounted for."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import pytest

from config.agent_settings import ZoneSettings
from tests.device.world import World

ZONES = (
    ZoneSettings(zone="wall", kind="panic", circuit="pair", pin=17, nc_pin=23),
    ZoneSettings(zone="desk", kind="panic", circuit="eol", channel=0),
    ZoneSettings(zone="plain", kind="medical", circuit="no", pin=27),
    ZoneSettings(zone="quiet", kind="duress", circuit="nc", pin=5),
    ZoneSettings(zone="door", kind="door", circuit="nc", pin=22),
)
BUTTONS = ("wall", "desk", "plain", "quiet")
SETTLE_S, POWER_UP_S = 0.04, 0.5
HOUR = 3600.0


@dataclass(frozen=True)
class Press:
    """A hand on a button."""

    zone: str
    start: float
    end: float


class Day:
    """What happens in some hours, by a seed: hands, wires, doors, noise, and everything that fails."""

    def __init__(self, seed: int, hours: float) -> None:
        self.dice = random.Random(seed)
        self.world = World(ZONES, ("one", "two"))
        self.start, self.end = self.world.now, self.world.now + hours * HOUR
        self.presses: list[Press] = []
        self.faults = 0
        for zone in BUTTONS:
            self._hands(zone)
        self._door()
        for link in self.world.links:
            self._outages(link)
        self._hub()
        self._power()

    def _when(self, mean_s: float, first: float | None = None) -> float:
        return (first if first is not None else self.start) + self.dice.expovariate(1 / mean_s)

    def _hands(self, zone: str) -> None:
        """Presses of every length, noise between them, and a wire that fails now and then."""
        supervised = zone in ("wall", "desk")
        now = self._when(300.0)
        while now < self.end - 600.0:
            what = self.dice.choices(("press", "noise", "fault"), (5, 5, 1 if supervised else 0))[0]
            if what == "press":
                lasts = self.dice.choice((0.06, 0.2, 0.5, 3.5, 20.0, 400.0))
                self._bounce(zone, now, "active", "normal")
                self._bounce(zone, now + lasts + 0.03, "normal", "active")
                self.presses.append(Press(zone, now, now + lasts + 0.03))
            elif what == "noise":
                lasts = self.dice.uniform(0.001, 0.035)
                self.world.at(now, lambda: self.world.set(zone, "active"))
                self.world.at(now + lasts, lambda: self.world.set(zone, "normal"))
            else:
                self.faults += 1
                lasts = self.dice.uniform(2.0, 200.0)
                fault = self.dice.choice(("cut", "short"))
                self.world.at(now, lambda fault=fault: self.world.set(zone, fault))
                self.world.at(now + lasts, lambda: self.world.set(zone, "normal"))
            now += lasts + 1.0 + self.dice.expovariate(1 / 300.0)

    def _bounce(self, zone: str, at: float, to: str, back: str) -> None:
        for n in range(self.dice.randrange(4)):
            self.world.at(at + n * 0.006, lambda: self.world.set(zone, to))
            self.world.at(at + n * 0.006 + 0.003, lambda: self.world.set(zone, back))
        self.world.at(at + 0.024, lambda: self.world.set(zone, to))

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

    def must_be_told(self, press: Press) -> bool:
        """Whether the agent had power for as long as it takes to believe this press."""
        spans = self._powered()
        for on, off in spans:
            seen_from = max(press.start, on)
            needed = (POWER_UP_S if on > press.start else SETTLE_S) + 0.03
            if min(press.end, off) - seen_from > needed:
                return True
        return False

    def _powered(self) -> list[tuple[float, float]]:
        switches = [*self.world.power, (self.end + HOUR, False)]
        return [
            (at, until)
            for (at, on), (until, _) in itertools.pairwise(switches)
            if on
        ]  # fmt: skip


def account(day: Day) -> None:
    """Every press is told, none is invented, and what the hub was told is whole."""
    hub, boots = day.world.hub, [at for at, on in day.world.power if on]
    assert not day.world.disk.events, "still owed"
    matched: dict[str, Press] = {}
    for press in day.presses:
        told = [
            event for event in hub.alarms(press.zone)
            if press.start - 0.05 <= hub.at[event.id] <= press.end + 0.05
        ]  # fmt: skip
        if day.must_be_told(press):
            assert told, f"lost: {press}"
        matched |= {event.id: press for event in told}
        # Once, and once more for each start of the agent while it was pressed, at most.
        assert len(told) <= 1 + sum(press.start < at < press.end + 0.6 for at in boots), press
    invented = [event for event in hub.alarms() if event.id not in matched]
    assert not invented, [(event.zone, event.id, hub.at[event.id]) for event in invented]
    open_faults: set[tuple[str, str, str | None]] = set()
    for event in sorted(hub.events.values(), key=lambda e: (hub.at[e.id], int(e.boot[1:]), e.seq)):
        name, is_end = event.what.removesuffix("-restoral"), event.what.endswith("-restoral")
        if name in ("tamper", "trouble"):
            (open_faults.discard if is_end else open_faults.add)((event.zone, name, event.cause))
    assert not open_faults
    for boot in {event.boot for event in hub.events.values()}:
        seqs = sorted(event.seq for event in hub.events.values() if event.boot == boot)
        assert seqs == list(range(1, len(seqs) + 1)), f"a hole in {boot}"


@pytest.mark.parametrize("seed", range(6))
def test_two_hours(seed: int) -> None:
    """Two brokers, a hub and the power come and go."""
    day = Day(seed, 2.0)
    day.live()
    account(day)
    assert day.presses


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 105))
def test_twenty_four_hours(seed: int) -> None:
    """The same for a day and a night, five times."""
    day = Day(seed, 24.0)
    day.live()
    account(day)
    assert len(day.presses) > 300
    assert day.faults > 20
    assert day.world.boots > 10
