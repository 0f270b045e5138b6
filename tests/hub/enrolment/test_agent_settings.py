"""The settings that the hub writes for a room's agent: right as they are, from any profile that is."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.enrolment_settings import EnrolmentSettings
from config.hub_settings import HubSettings, NamedBroker, RoomSettings
from config.settings import parsed
from hub.enrolment.agent_settings import ProfileError, agent_toml, profile_faults

WHERE = Path("/etc/tocsin/identity"), Path("/var/lib/tocsin/agent")


def school(tmp_path: Path, **more: object) -> HubSettings:
    enrolment = EnrolmentSettings(address="192.168.1.10", profiles=tmp_path)
    rooms = (RoomSettings(device="room-101", room='Room "101"\\'), RoomSettings(device="lab", room="Lab"))
    whole = HubSettings(
        site="lincoln",
        name="Lincoln",
        data=Path("/nowhere"),
        broker=NamedBroker(port=8883, own_tls=True),
        enrolment=enrolment,
        rooms=rooms,
    )
    return replace(whole, **more)


def read(text: str) -> AgentSettings:
    return parsed(text, AgentSettings, check_agent, "agent.toml")


def test_the_standard_profile_is_right(tmp_path: Path) -> None:
    """With the room's own name, whatever is in it, and the hub's own address where the broker is "
    "beside it."""
    settings = read(agent_toml(school(tmp_path), "room-101", *WHERE))
    assert (settings.site, settings.device, settings.room) == ("lincoln", "room-101", 'Room "101"\\')
    (link,) = settings.links
    assert (link.host, link.port, link.tls_name) == (
        "192.168.1.10",
        8883,
        "broker.lincoln.tocsin.internal",
    )
    assert link.tls is not None
    assert link.tls.key_file == Path("/etc/tocsin/identity/key.pem")
    assert [zone.zone for zone in settings.zones] == ["wall", "desk", "door"]


def test_the_hubs_own_agent_reaches_its_broker_whatever_the_address_is(tmp_path: Path) -> None:
    """By loopback, with the same check of the broker's name."""
    (link,) = read(agent_toml(school(tmp_path), "room-101", *WHERE, is_here=True)).links
    assert (link.host, link.tls_name) == ("127.0.0.1", "broker.lincoln.tocsin.internal")


def test_each_broker_of_the_authority_is_a_link(tmp_path: Path) -> None:
    """Others are none of a room's business."""
    more = (
        NamedBroker(name="annex", host="annex.example.org", port=8883, own_tls=True),
        NamedBroker(name="other", port=1884),
    )
    settings = read(agent_toml(school(tmp_path, more_brokers=more), "room-101", *WHERE))
    assert [(link.name, link.host) for link in settings.links] == [
        ("main", "192.168.1.10"),
        ("annex", "annex.example.org"),
    ]


def test_a_school_s_own_profile_comes_before_ours(tmp_path: Path) -> None:
    """By its name, for a room that names it; a room without a name has the usual one."""
    zone = '[[zones]]\nzone = "z"\nkind = "panic"\ncircuit = "no"\npin = 17\n'
    (tmp_path / "lab.toml").write_text(f'pins = "mock"\n{zone}')
    (tmp_path / "standard.toml").write_text(zone)
    rooms = (RoomSettings(device="lab", room="Lab", profile="lab"), RoomSettings(device="a", room="A"))
    settings = school(tmp_path, rooms=rooms)
    assert read(agent_toml(settings, "lab", *WHERE)).pins == "mock"
    assert read(agent_toml(settings, "a", *WHERE)).pins == "lgpio"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = [", "can't be read"),
        ('site = "other"\n', "sets site, which the hub writes; take it out"),
        ('links = []\ndevice = "x"\n', "sets device, links, which the hub writes"),
        ("", "the settings of room-101 would be wrong"),
        ('[[zones]]\nzone = "z"\nkind = "panic"\ncircuit = "no"\npin = 99\n', "zones[0].pin"),
    ],
)
def test_a_profile_that_can_t_be_used_says_why(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "standard.toml").write_text(text)
    with pytest.raises(ProfileError) as told:
        agent_toml(school(tmp_path), "room-101", *WHERE)
    assert words in str(told.value)


def test_check_finds_a_profile_that_no_room_could_be_enrolled_with(tmp_path: Path) -> None:
    """Before a technician stands at the Pi: each once, with its first room."""
    assert profile_faults(school(tmp_path)) == []
    (tmp_path / "lab.toml").write_text('site = "x"\n')
    rooms = tuple(RoomSettings(device=f"lab-{n}", room=f"Lab {n}", profile="lab") for n in (1, 2))
    ((device, why),) = profile_faults(school(tmp_path, rooms=rooms))
    assert device == "lab-1"
    assert why.endswith("lab.toml sets site, which the hub writes; take it out")
    assert profile_faults(school(tmp_path, rooms=rooms, enrolment=EnrolmentSettings())) == []
