"""A power cut between any two steps of publish, persist and receipt: nothing is lost, nothing is twice."""

from __future__ import annotations

import pytest

from config.agent_settings import ZoneSettings
from tests.device.world import World

ZONES = (
    ZoneSettings(zone="wall", kind="panic", circuit="pair", pin=17, nc_pin=23),
    ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27),
    ZoneSettings(zone="door", kind="door", circuit="nc", pin=22),
)
PRESSES = {"desk": (10.0, 10.3), "wall": (30.0, 34.0)}
"""Zone, and from when until when it is pressed, in seconds after the start."""


def scenario(
    link_outage: tuple[float, float] | None = None, hub_outage: tuple[float, float] | None = None
) -> World:
    """Two presses, a door that opens and a wire that is cut; on the agenda of a world that stands still."""
    world = World(ZONES)
    start = world.now
    for zone, (pressed, released) in PRESSES.items():
        world.at(start + pressed, lambda zone=zone: world.set(zone, "active"))
        world.at(start + released, lambda zone=zone: world.set(zone, "normal"))
    world.at(start + 20.0, lambda: world.set("door", "active"))
    world.at(start + 50.0, lambda: world.set("door", "normal"))
    world.at(start + 60.0, lambda: world.set("wall", "cut"))
    world.at(start + 70.0, lambda: world.set("wall", "normal"))
    if link_outage is not None:
        world.at(start + link_outage[0], lambda: world.broker("one", up=False))
        world.at(start + link_outage[1], lambda: world.broker("one", up=True))
    if hub_outage is not None:
        world.at(start + hub_outage[0], lambda: world.hub_up(up=False))
        world.at(start + hub_outage[1], lambda: world.hub_up(up=True))
    world.start()
    world.beats()
    return world


OUTAGES = {
    "all well": {},
    "no broker": {"link_outage": (5.0, 55.0)},
    "no hub": {"hub_outage": (5.0, 80.0)},
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_cut_at_every_step(outage: str) -> None:
    """Every press that rested on the agent's time is at the hub once, whichever step the cut came after.

    The one repeat that can't be helped: a press sent, but not yet on the disk as the power went, and
    still pressed as it came back, is told again as found at the start.
    """
    whole = scenario(**OUTAGES[outage])
    whole.run(whole.now + 400.0)
    steps = whole.done
    assert steps > 60
    assert [len(whole.hub.alarms(zone)) for zone in PRESSES] == [1, 1]
    assert not whole.disk.events
    repeats = 0
    for step in range(steps):
        world = scenario(**OUTAGES[outage])
        start = world.now
        world.cut_after = step
        world.run(start + 400.0)
        assert world.boots == 2, f"step {step}"
        assert not world.disk.events, f"step {step}: owed for ever"
        for zone, (pressed, released) in PRESSES.items():
            told = world.hub.alarms(zone)
            cut, back = (at - start for at, _ in world.power[1:3])
            is_lost_with_the_power = cut < pressed + 0.5 and released < back + 0.5
            if not is_lost_with_the_power:
                assert told, f"step {step}: the press of {zone} is lost"
            for event in told:
                at = world.hub.at[event.id] - start
                assert pressed - 0.1 <= at <= max(pressed, back) + 0.1, f"step {step}: {zone} at {at}"
            if len(told) > 1:
                repeats += 1
                assert pressed <= cut <= pressed + 0.1, f"step {step}: {zone} told twice"
                assert back < released
        seqs: dict[str, set[int]] = {}
        for event in world.hub.events.values():
            seqs.setdefault(event.boot, set()).add(event.seq)
    assert repeats <= 3


def test_seq_has_no_hole() -> None:
    """Of what was kept: each boot's events count from 1 without a gap."""
    world = scenario()
    world.run(world.now + 400.0)
    assert sorted(event.seq for event in world.hub.events.values()) == list(
        range(1, len(world.hub.events) + 1)
    )
