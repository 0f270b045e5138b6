"""Settings that the installer writes are read back by the program, whatever a school is called."""

from __future__ import annotations

import subprocess
import sys
import tomllib
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


def read_hub(tmp_path: Path, text: str) -> HubSettings:
    """Read a hub.toml beside which the front desk's profile is, as where it is installed."""
    agent = box_settings.agent(site="x", room="x", pins="mock")
    (tmp_path / "front-desk.toml").write_text(box_settings.profile(agent), encoding="utf-8")
    return load(write(tmp_path, text.replace("/etc/tocsin/profiles", str(tmp_path))), HubSettings, check_hub)


@pytest.mark.parametrize("name", NAMES)
def test_a_hubs_names_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    """No name can end its string or add a setting."""
    text = box_settings.hub(
        site="lincoln",
        name=name,
        room=name,
        timezone="Europe/Berlin",
        building=name,
        floor=name,
        address="10.0.0.5",
    )
    settings = read_hub(tmp_path, text)
    assert settings.name == name
    assert [(room.device, room.room, room.building, room.floor) for room in settings.rooms] == [
        ("front-desk", name, name, name)
    ]
    assert settings.timezone == "Europe/Berlin"
    assert settings.console.host == "127.0.0.1"
    assert (settings.broker.port, settings.broker.own_tls) == (8883, True)
    assert settings.enrolment.address == "10.0.0.5"


@pytest.mark.parametrize("name", NAMES)
def test_an_agents_room_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    """And the rest is the example's."""
    text = box_settings.agent(site="lincoln", room=name, pins="mock")
    settings = load(write(tmp_path, text), AgentSettings, check_agent)
    assert (settings.site, settings.device, settings.room) == ("lincoln", "front-desk", name)
    assert settings.pins == "mock"
    assert str(settings.data) == "/var/lib/tocsin/agent"


def test_hub_and_agent_agree(tmp_path: Path) -> None:
    """The zones that the hub expects at the front desk are those that its agent has, label by label."""
    hub = box_settings.hub(
        site="x", name="X", room="Desk", timezone="UTC", address="10.0.0.5", building=None, floor=None
    )  # fmt: skip
    agent = box_settings.agent(site="x", room="Desk", pins="lgpio")
    expects = read_hub(tmp_path, hub)
    has = load(write(tmp_path, agent), AgentSettings, check_agent)
    [room] = expects.rooms
    assert room.device == has.device
    assert room.building is None
    assert [(z.zone, z.label, z.kind) for z in room.zones] == [(z.zone, z.label, z.kind) for z in has.zones]
    assert [(z.zone, z.label) for z in has.zones][-1] == ("door", "front door")


OLD = """# ours
site = "x"
name = "X"
data = "/var/lib/tocsin/hub"

[broker]   # the broker
host = "127.0.0.1"
port = 1883 # as ever

  [[rooms]]
  device = 'front-desk' # here
  room = "Desk"

[[rooms]]
device = "gym"
room = "Gym"
"""


def test_a_box_of_before_is_moved_with_all_that_was_written_in_it() -> None:
    """Its broker goes by the authority, the door opens, the room here has a profile; the rest stays."""
    moved = box_settings.network(OLD, address="10.0.0.5")
    found = tomllib.loads(moved)
    assert found["broker"] == {"host": "127.0.0.1", "port": 8883, "own_tls": True}
    assert found["enrolment"] == {"address": "10.0.0.5", "profiles": "/etc/tocsin/profiles"}
    assert [room.get("profile") for room in found["rooms"]] == ["front-desk", None]
    kept = [line for line in OLD.splitlines() if line and "port" not in line]
    assert [line for line in moved.splitlines() if line in kept] == kept
    assert "port = 8883 # as ever" in moved
    assert box_settings.network(moved, address="10.0.0.5") == moved


@pytest.mark.parametrize(
    "odd", ["broker = { port = 1883 }\n", "broker.port = 1883\n", 'note = """\n[broker]\n"""\n']
)
def test_a_file_that_no_program_can_change_is_left_to_its_owner(odd: str) -> None:
    """Rather than a file that says something else than it said; what to write is told."""
    with pytest.raises(ValueError, match=r"write into it yourself: \[broker\] port = 8883"):
        box_settings.network(odd + 'site = "x"\n', address="10.0.0.5")


def test_a_profile_is_the_agents_settings_but_for_what_is_its_rooms_own(tmp_path: Path) -> None:
    """With its comments; what the hub makes of it has the same parts."""
    agent = box_settings.agent(site="x", room="Desk", pins="mock")
    profile = box_settings.profile(agent + '\n[links.tls] # of the last\nca_file = "/x"\n')
    had, has = tomllib.loads(agent), tomllib.loads(profile)
    assert has == {key: value for key, value in had.items() if key not in box_settings.OF_A_ROOM}
    assert "# A share of full light." in profile
    assert "ca_file" not in profile


def test_comments_stay_and_the_examples_own_heading_goes() -> None:
    """A technician finds each key explained, and isn't told to copy the file somewhere."""
    text = box_settings.hub(
        site="x", name="X", room="R", timezone="UTC", address="a", building=None, floor=None
    )
    assert "# The school's name, as people are shown it.\n" in text
    assert text.startswith("# Written once by scripts/install")
    assert "Copy it to" not in text


def test_bytes_that_are_no_text_are_refused() -> None:
    """A name that isn't UTF-8 stops the installer with a sentence, not with a trace."""
    command: list[str | bytes] = [sys.executable, "-m", "parts.box_settings", "hub", "--site=x"]
    command += [b"--name=\xff", "--room=r"]
    command += ["--address=10.0.0.5"]
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
