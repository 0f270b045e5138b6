"""The example of a hub's settings is one that works, its commented parts among it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from config.contract import PANIC_KINDS
from config.door_checks import doubts as door_doubts
from config.hub_settings import HubSettings, check_hub
from config.plan_checks import doubts
from config.settings import load
from hub.channels.build import build_channels

EXAMPLE = Path(__file__).parent.parent.parent / "config" / "examples" / "hub.toml"


def test_the_example_is_accepted_as_it_stands() -> None:
    """A school of two rooms, with a plan for every kind and no secret."""
    settings = load(EXAMPLE, HubSettings, check_hub)
    assert [room.device for room in settings.rooms] == ["room-101", "room-102"]
    assert all(settings.plan_for(kind) for kind in PANIC_KINDS)
    assert "whsec_" not in re.sub(r"#.*", "", EXAMPLE.read_text())


def test_the_commented_parts_are_accepted(tmp_path: Path) -> None:
    """Taking the # away from broker and channels gives settings that work, once their files are there."""
    text = EXAMPLE.read_text()
    for folder in ("/etc/tocsin/secrets", "/etc/tocsin/tls"):
        text = text.replace(folder, str(tmp_path))
    tables = (
        r"\[(channels|schedules|people|audiences|plans)\.|\[(calendar|mou|backup|doors|enrolment|outside_ping|zone_numbers|console\.https)\]"
        r"|\[\[(more_brokers|rooms|calendar\.holidays|mou\.contacts|drills\.\w+|plans\.\w+\.steps)\]\]"
    )
    text = re.sub(rf"^# ({tables}|\w+ = |\"[^ ]+\" = )", r"\1", text, flags=re.MULTILINE)
    for name in ("ca.pem", "hub.pem", "hub.key"):
        (tmp_path / name).write_text("not read by the check")
    assert "age1…" in text  # whoever forgets to put in their own is told: nobody could open the backups
    text = text.replace("age1…", "age163lxqdzdg3um7mldamgjv025fgag79fnpuvjzrk5x7lv687thg5sa7yp59")
    text = text.replace('channels = [] # such as ["phones"]', 'channels = ["phones"]')
    (tmp_path / "outside-ping-url").write_text("https://hc.example.org/1234\n")
    (tmp_path / "sim-pin").write_text("1234\n")
    (tmp_path / "cap-url").write_text("https://county.example.gov/cap\n")
    (tmp_path / "webhook-url").write_text("https://dispatch.example.org/hook\n")
    (tmp_path / "station-key").write_text("00112233445566778899AABBCCDDEEFF\n")
    (tmp_path / "webhook-secret").touch(0o600)
    (tmp_path / "webhook-secret").write_text("whsec_" + "A" * 43 + "=\n")
    targets = re.findall(r"^#   (.+ = .+://.+)$", text, flags=re.MULTILINE)
    (tmp_path / "phones").write_text("\n".join(targets))
    (tmp_path / "hub.toml").write_text(text)
    settings = load(tmp_path / "hub.toml", HubSettings, check_hub)
    assert set(settings.channels) == {
        "county-cap", "dispatch-webhook", "push", "phones", "sms", "calls", "station",
    }  # fmt: skip
    assert settings.zone_numbers == {"room-101/wall": 1, "room-101/desk": 2}
    assert [broker.name for broker in settings.brokers] == ["main", "annex"]
    assert set(settings.people) == {"reyes", "okafor", "ortiz", "silva", "office"}
    assert settings.audiences["sro"].members == ("reyes",)
    assert settings.audiences["administration"].ask == "in-order"
    assert list(settings.plans) == [
        "evening", "emergency", "medical", "assist", "door-secure", "door",
    ]  # fmt: skip
    assert settings.plans["emergency"].steps[-1].when == "confirmed"
    assert settings.door_rules == ("secure", "after-hours", "held-open")
    assert door_doubts(settings.door_rules, settings.plans) == []
    assert doubts(settings.plans) == []
    assert settings.backup.also == (Path("/etc/tocsin/agent.toml"),)
    assert settings.mou.review == date(2027, 8, 2)
    assert [holiday.name for holiday in settings.calendar.holidays] == [
        "Labor Day", "Thanksgiving", "Winter break",
    ]  # fmt: skip
    assert settings.console.https is not None
    assert settings.console.https.names == ("tocsin.lincoln.example.org", "10.20.0.5")
    assert (settings.console.second_factor, settings.console.set_off_limit) == (("administrator",), 30)
    assert set(build_channels(settings)) == set(settings.channels), "each end of a person is a target"
