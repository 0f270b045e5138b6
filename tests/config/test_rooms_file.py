"""Rooms by a table: as if they stood in hub.toml, and what is wrong with one is named by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.hub_settings import RoomSettings
from config.rooms_file import load_hub, read_rooms
from config.settings import SettingsError

GOOD = """device,room,building,floor,profile
room-101,Room 101,Main,1,
room-102,"Room 102, lab",Main,1,standard

# the annex
room-201,Room 201,,,
"""


def write(folder: Path, table: str, rooms: str = "", encoding: str = "utf-8") -> Path:
    (folder / "rooms.csv").write_text(table, encoding=encoding)
    file = folder / "hub.toml"
    file.write_text(
        f'site = "lincoln"\nname = "Lincoln"\ndata = "/nowhere"\nrooms_file = "{folder}/rooms.csv"\n{rooms}'
    )
    return file


def faults(file: Path) -> list[str]:
    with pytest.raises(SettingsError) as told:
        load_hub(file)
    return [str(fault).replace(str(file.parent), "") for fault in told.value.faults]


def test_rooms_of_a_table_are_rooms(tmp_path: Path) -> None:
    """After those of hub.toml itself; an empty cell is left out."""
    settings = load_hub(write(tmp_path, GOOD, '[[rooms]]\ndevice = "desk"\nroom = "Front desk"\n'))
    assert [room.device for room in settings.rooms] == ["desk", "room-101", "room-102", "room-201"]
    assert settings.rooms[2] == RoomSettings(
        device="room-102", room="Room 102, lab", building="Main", floor="1", profile="standard"
    )
    assert (settings.rooms[3].building, settings.rooms[3].profile) == (None, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, encoding: str) -> None:
    """Semicolons, a mark of byte order, other line ends, capitals in the first line."""
    text = GOOD.replace('"Room 102, lab"', "Room 102").replace(",", ";").replace("\n", "\r\n")
    write(tmp_path, text.replace("device", "Device", 1), encoding=encoding)
    assert [room.device for room in read_rooms(tmp_path / "rooms.csv")] == [
        "room-101",
        "room-102",
        "room-201",
    ]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", ["/rooms.csv: is empty; the first line is device,room,building,floor,profile"]),
        (
            "device,romo\nroom-1,A\n",
            [
                "/rooms.csv: line 1: no such column: 'romo'; allowed: device, room, building, floor, profile",
                "/rooms.csv: line 1: the column 'room' is missing; the first line is "
                "device,room,building,floor,profile",
                "/rooms.csv: line 2: room is empty; name it",
            ],
        ),
        (
            "device,room\nroom-1,A\n,B\nroom-3,C,1\n",
            [
                "/rooms.csv: line 3: device is empty; name it",
                "/rooms.csv: line 4: 3 columns; at most 2, as the first line has; put a name with a "
                "comma in quotes",
            ],
        ),
        (
            "device,room,profile\nroom-1,A,\nRoom 2,B,\nroom-1,C,none-such\n",
            [
                "/rooms.csv: line 4 profile: there is no profile 'none-such'; put none-such.toml "
                "into the folder that "
                "enrolment.profiles names",
                "/rooms.csv: line 3 device: found 'Room 2'; must be an id of a-z 0-9 . _ -, not "
                "'hub' or 'posture'",
                "/rooms.csv: line 4 device: 'room-1' is used twice; give each room a device of its own",
            ],
        ),
        ('device,room\nroom-1,"A\n', ["/rooms.csv: line 2: unexpected end of data; save it as CSV"]),
    ],
)
def test_what_is_wrong_is_named_by_its_line(tmp_path: Path, table: str, told: list[str]) -> None:
    """All of it at once, each with what to do."""
    assert faults(write(tmp_path, table)) == told


def test_a_room_of_hub_toml_keeps_its_key(tmp_path: Path) -> None:
    """And a table that isn't there is named."""
    file = write(tmp_path, "device,room\nroom-1,A\n", '[[rooms]]\ndevice = "Bad One"\nroom = "X"\n')
    assert faults(file)[0].startswith("/hub.toml: rooms[0].device: found 'Bad One'")
    (tmp_path / "rooms.csv").unlink()
    assert faults(file) == [
        "/rooms.csv: can't be read (No such file or directory); name a file that this user may read"
    ]
