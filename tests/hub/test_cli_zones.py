"""``tocsin-hub zones``: the list that a monitoring station is given."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.cli import main
from hub.cli_zones import lines
from hub.decision import Decision
from hub.store.engine import open_engine, sqlite_url
from hub.store.journal import Journal
from hub.store.migrate import bring_up
from tests.scenarios.rig import site_settings

FACTS = {
    "zone-number 2": '{"device":"room-101","zone":"desk"}',
    "zone-number 10": '{"device":"room-101","zone":""}',
    "zone-number 1": '{"device":"room-101","zone":"quiet"}',
    "zone-number 3": '{"device":"room-101","zone":"wall","left":true}',
    "zone-number 4": '{"device":"room-9","zone":"wall"}',
    "zone-number 5": '{"device":"","zone":"","left":true}',
    "zone-number 6": "oops",
    "zone-number 7": '{"device":"room-101","zone":"door"}',
}


def test_every_number_that_was_given_is_listed_in_order() -> None:
    """With the codes that come with it; what is gone says so, for its number is nobody else's."""
    found = list(lines(site_settings(), FACTS))
    assert [
        (one.number, one.room, one.zone, one.kind, one.contact_id, one.sia, one.note) for one in found
    ] == [
        (1, "Room 101", "quiet", "duress", "121", "HA", ""),
        (2, "Room 101", "desk", "panic", "120", "PA", ""),
        (3, "Room 101", "wall", "panic", "120", "PA", "no longer used: the zone has another number"),
        (4, "room-9", "wall", "button", "120", "PA", "not in the settings any more"),
        (7, "Room 101", "door", "door", "380", "UT", ""),
        (10, "Room 101", "box", "box", "382", "EM", ""),
    ]
    rooms = (replace(site_settings().rooms[0], zones=()),)
    bare = list(lines(site_settings(rooms=rooms), {"zone-number 1": FACTS["zone-number 1"]}))
    assert (bare[0].kind, bare[0].contact_id) == ("button", "120")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(
        f'site = "lincoln"\nname = "Lincoln"\ndata = "{tmp_path}"\n'
        '[[rooms]]\ndevice = "room-101"\nroom = "Room 101"\nbuilding = "Main"\nfloor = "1"\n'
        'zones = [{ zone = "wall", kind = "panic", label = "wall, by the door" }]\n'
    )
    return file


def given(tmp_path: Path, facts: dict[str, str]) -> None:
    """A record with these facts."""
    url = sqlite_url(tmp_path)
    engine = open_engine(url)
    bring_up(engine, url, tmp_path)
    Journal(engine, "lincoln").commit([Decision(0.0, facts=facts)])
    engine.dispose()


def test_the_list_is_printed_for_people_and_as_a_table(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hub need not run."""
    given(tmp_path, {"zone-number 17": '{"device":"room-101","zone":"wall"}'})
    assert main(["zones", "--config", str(config)]) == 0
    assert capsys.readouterr().out == ("017  Room 101, Main, floor 1: wall, by the door (panic, 120/PA)\n")
    assert main(["zones", "--csv", "--config", str(config)]) == 0
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert (row["number"], row["room"], row["zone"]) == ("17", "Room 101", "wall, by the door")


def test_check_notes_a_station_without_a_key(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is allowed, for some stations take nothing else, and may not be meant."""
    station = '[channels.station]\ntype = "dc-09"\naddress = "h.example:12000"\naccount = "1234"\n'
    config.write_text(config.read_text() + station)
    assert main(["check", "--config", str(config)]) == 0
    assert "note: channel station has no key" in capsys.readouterr().out


def test_without_numbers_it_says_when_they_are_given(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And without a record, that there is none."""
    given(tmp_path, {})
    assert main(["zones", "--config", str(config)]) == 1
    assert "each gets one when the hub starts with a channel of the type dc-09" in capsys.readouterr().err
