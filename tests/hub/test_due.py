"""What is due at one moment is done a part at a time, so that no press waits for all of it."""

from __future__ import annotations

from hub.site import AT_ONCE
from tests.hub.making import at, event_bytes, new_site, shown, take
from tests.scenarios.rig import site_settings


def test_steps_of_many_incidents_leave_room_for_a_press_between_them() -> None:
    """Each is done once, and all within one moment of the clock."""
    site = new_site(site_settings("device"))
    rooms = [f"room-{number}" for number in range(101, 161)]
    for room in rooms:
        take(site, event_bytes(id=room), device=room)
    asked: list[str] = []
    ticks = 0
    while (due := site.next_deadline()) is not None and due <= at(30).mono:
        decision = shown(site.tick(at(30)))
        ticks += 1
        told = decision.deliveries.values()
        new = [delivery.incident for delivery in told if delivery.target.audience == "principal"]
        assert len(new) <= AT_ONCE < len(rooms)
        asked += new
    assert ticks > 1
    assert sorted(asked) == sorted(site.incidents._by_id)
