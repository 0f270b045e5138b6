"""Rooms by number, for simulated sites: the demo, tests and benchmarks name theirs alike."""

from __future__ import annotations

from typing import NamedTuple

ROOMS_A_FLOOR = 20


class NumberedRoom(NamedTuple):
    """A room of a simulated school."""

    device: str
    room: str
    building: str
    floor: str


def numbered_rooms(count: int) -> tuple[NumberedRoom, ...]:
    """Return ``count`` rooms of one building: 101 to 120 on floor 1, 201 to 220 on floor 2, …"""
    rooms = []
    for i in range(count):
        floor, number = divmod(i, ROOMS_A_FLOOR)
        name = f"{floor + 1}{number + 1:02d}"
        rooms.append(NumberedRoom(f"room-{name}", f"Room {name}", "Main", str(floor + 1)))
    return tuple(rooms)
