"""Settings that the installer writes are read back by the program, whatever a school is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.hub_settings import HubSettings, check_hub
from config.settings import load
from scripts.parts import box_settings, toml
from tests.install import ROOT

NAMES = [
    "Lincoln Elementary",
    'St. "Änne\'s" Grundschule',
    "Back\\slash \\n \\u0041",
    "two\nlines\tand a tab",
    '"\n[console]\nhost = "0.0.0.0"',
    "'''\"\"\" # no comment = [x]",
    "学校 🏫 e\u0301 \x7f \x1b[31m \u202e",
    "\\g<1> \\1 $HOME $(id) `id` %s {site}",
    "-n",
]


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", NAMES)
def test_a_hubs_names_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    """No name can end its string or add a setting."""
    text = box_settings.hub(
        site="lincoln", name=name, room=name, timezone="Europe/Berlin", building=name, floor=name
    )
    settings = load(write(tmp_path, text), HubSettings, check_hub)
    assert settings.name == name
    assert [(room.device, room.room, room.building, room.floor) for room in settings.rooms] == [
        ("front-desk", name, name, name)
    ]
    assert settings.timezone == "Europe/Berlin"
    assert settings.console.host == "127.0.0.1"


@pytest.mark.parametrize("name", NAMES)
def test_an_agents_room_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    """And the rest is the example's."""
    text = box_settings.agent(site="lincoln", device="front-desk", room=name, pins="mock", host="127.0.0.1")
    settings = load(write(tmp_path, text), AgentSettings, check_agent)
    assert (settings.site, settings.device, settings.room) == ("lincoln", "front-desk", name)
    assert settings.pins == "mock"
    assert str(settings.data) == "/var/lib/tocsin/agent"


def test_hub_and_agent_agree(tmp_path: Path) -> None:
    """The zones that the hub expects at the front desk are those that its agent has, label by label."""
    hub = box_settings.hub(
        site="x", name="X", room="Desk", timezone="UTC", building=None, floor=None
    )  # fmt: skip
    agent = box_settings.agent(site="x", device="front-desk", room="Desk", pins="lgpio", host="127.0.0.1")
    expects = load(write(tmp_path, hub), HubSettings, check_hub)
    has = load(write(tmp_path, agent), AgentSettings, check_agent)
    [room] = expects.rooms
    assert room.device == has.device
    assert room.building is None
    assert [(z.zone, z.label, z.kind) for z in room.zones] == [(z.zone, z.label, z.kind) for z in has.zones]
    assert [(z.zone, z.label) for z in has.zones][-1] == ("door", "front door")


def test_another_rooms_door_keeps_its_label(tmp_path: Path) -> None:
    """Only the front desk's door is the front door."""
    text = box_settings.agent(site="x", device="room-101", room="101", pins="lgpio", host="127.0.0.1")
    zones = load(write(tmp_path, text), AgentSettings, check_agent).zones
    assert {zone.zone: zone.label for zone in zones}["door"] == "door"


def test_comments_stay_and_the_examples_own_heading_goes() -> None:
    """A technician finds each key explained, and isn't told to copy the file somewhere."""
    text = box_settings.hub(site="x", name="X", room="R", timezone="UTC", building=None, floor=None)
    assert "# The school's name, as people are shown it.\n" in text
    assert text.startswith("# Written once by scripts/install")
    assert "Copy it to" not in text


def test_bytes_that_are_no_text_are_refused() -> None:
    """A name that isn't UTF-8 stops the installer with a sentence, not with a trace."""
    command = [sys.executable, "-m", "parts.box_settings", "hub", "--site=x", b"--name=\xff", "--room=r"]
    done = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, check=False)
    assert done.returncode == 2
    assert b"is not UTF-8" in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("Lincoln Elementary", "lincoln-elementary"),
        ("St. Anne's, Köln", "st-anne-s-koln"),
        ("  --2nd  ", "2nd"),
        ("学校", ""),
        ("x" * 80, "x" * 64),
    ],
)
def test_a_sites_id_follows_the_schools_name(name: str, site: str) -> None:
    """Empty where nothing of the name can be used: then the question has no default."""
    assert box_settings.site_id(name) == site


def test_a_line_that_is_not_there_is_never_added() -> None:
    """An example that lost a key stops the installer rather than yielding a file without it."""
    with pytest.raises(LookupError, match="no line 'sit' in the top of the file"):
        toml.change('site = "a"\n[x]\nsit = 1\n', "", "sit", "2")


def test_a_change_keeps_the_comment_and_hits_the_right_table() -> None:
    """The nth of several tables of one name, and only there."""
    document = 'a = "# [x]" # first\n[[t]]\na = 1\n[[t]]\na = 2 # second\n[u]\na = 3\n'
    changed = toml.change(document, "t", "a", "9", nth=1)
    assert changed == document.replace("a = 2 #", "a = 9 #")
    assert toml.change(document, "", "a", '"b"') == document.replace('"# [x]"', '"b"')
