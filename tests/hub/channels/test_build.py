"""The channels that settings name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from config.channel_settings import PushSettings
from config.console_settings import ConsoleSettings
from config.hub_settings import HubSettings, check_hub
from config.people_settings import PersonSettings
from config.settings import SettingsError, read
from hub.channels.alarm_receiver import AlarmReceiver
from hub.channels.apprise import AppriseChannel
from hub.channels.build import build_channels, check_channels, made_of
from hub.links import Links
from hub.store.engine import open_engine, sqlite_url
from hub.store.phones import Phones
from hub.store.tables import metadata
from tests.hub.channels.making import delivery
from tests.hub.channels.receiver import SECRET


def settings(tmp_path: Path, **channels: dict[str, Any]) -> HubSettings:
    table = {"site": "lincoln", "name": "Lincoln", "data": str(tmp_path), "channels": channels}
    return read(table, HubSettings, check_hub)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    return file


def targets(tmp_path: Path, text: str) -> dict[str, Any]:
    file = tmp_path / "phones"
    file.write_text(text)
    return {"type": "apprise", "targets_file": str(file)}


def test_each_channel_of_the_settings_is_built(tmp_path: Path, secret: Path) -> None:
    """With its name, kind and targets."""
    found = settings(
        tmp_path,
        dispatch={"type": "webhook", "url": "https://hooks.example/x", "secret_file": str(secret)},
        phones=targets(tmp_path, "Reyes = ntfy://topic\nOkafor = ntfy://other\n"),
    )
    channels = build_channels(found)
    assert {name: (channel.name, channel.kind, channel.targets) for name, channel in channels.items()} == {
        "dispatch": ("dispatch", "webhook", ("-",)),
        "phones": ("phones", "apprise", ("Reyes", "Okafor")),
    }


def test_a_person_s_own_end_is_sent_a_link(tmp_path: Path) -> None:
    """By what the settings say now: another address, or another person, makes the channel anew."""
    own = {"reyes": PersonSettings(name="Officer Reyes", reach=("phones/Reyes",))}
    found = replace(
        settings(tmp_path, phones=targets(tmp_path, "Reyes = ntfy://topic\n")),
        people=own,
        console=ConsoleSettings(public_url="https://tocsin.example.org"),
    )
    channel = build_channels(found, links=Links(b"k" * 32, "lincoln"))["phones"]
    assert isinstance(channel, AppriseChannel)
    line = channel._how(delivery(channel="phones", target="Reyes"))
    assert line is not None
    assert line.startswith("Take it in hand: https://tocsin.example.org/go/")
    for other in (replace(found, console=ConsoleSettings()), replace(found, people={})):
        assert made_of(other) != made_of(found)


def test_web_push_is_built_for_the_people_that_name_it(tmp_path: Path) -> None:
    """Where settings are only looked at, no key is made; one that goes bad is said."""
    people = {
        "reyes": PersonSettings(name="Officer Reyes", reach=("push/reyes",)),
        "okafor": PersonSettings(name="Dr. Okafor", reach=("phones",)),
    }
    channels = settings(tmp_path, phones=targets(tmp_path, "Okafor = ntfy://topic\n")).channels
    channels = {**channels, "push": PushSettings(contact="mailto:it@example.org")}
    data = tmp_path / "data"
    data.mkdir()
    found = HubSettings(site="lincoln", name="Lincoln", data=data, channels=channels, people=people)
    assert build_channels(found)["push"].targets == ("reyes",)
    assert list(data.iterdir()) == []
    engine = open_engine(sqlite_url(data))
    metadata.create_all(engine)
    phones = Phones(engine, "lincoln")
    build_channels(found, phones=phones)
    (data / "push.key").write_text("no key")
    with pytest.raises(SettingsError, match=r"channels\.push: its key can't be read"):
        build_channels(found, phones=phones)
    engine.dispose()
    for other in (
        replace(found, timezone="America/Chicago"),
        replace(found, console=ConsoleSettings(public_url="https://h")),
    ):
        assert made_of(other) != made_of(found)


@pytest.mark.parametrize(
    ("text", "form", "found"),
    [
        ("00112233445566778899AABBCCDDEEFF", "hex", bytes.fromhex("00112233445566778899aabbccddeeff")),
        ("00112233445566778899AABBCCDDEEFF", "characters", b"00112233445566778899AABBCCDDEEFF"),
        ("0123456789ABCDEF", "characters", b"0123456789ABCDEF"),
        (None, "hex", None),
    ],
)
def test_an_alarm_receiver_is_built_with_its_key_as_the_station_gave_it(
    tmp_path: Path, text: str | None, form: str, found: bytes | None
) -> None:
    """32 digits are 16 bytes, or 32 characters, by what the settings say; without a key it is plain."""
    station = {"type": "dc-09", "address": "[::1]:12000", "account": "12ab", "key_form": form}
    if text is not None:
        (tmp_path / "key").write_text(f"{text}\n")
        station["key_file"] = str(tmp_path / "key")
    channel = build_channels(settings(tmp_path, station=station | {"backup_address": "b.example:1"}))[
        "station"
    ]
    assert isinstance(channel, AlarmReceiver)
    assert (channel.kind, channel.targets, channel.line.key) == ("dc-09", ("-",), found)
    assert channel.places == {"primary": ("::1", 12000), "back-up": ("b.example", 1)}


def test_a_key_of_an_alarm_receiver_that_goes_bad_is_said(tmp_path: Path) -> None:
    """It was right as the settings were checked, and is gone or cut when the channel is built."""
    file = tmp_path / "key"
    file.write_text("00112233445566778899AABBCCDDEEFF")
    found = settings(
        tmp_path, station={"type": "dc-09", "address": "h:1", "account": "1234", "key_file": str(file)}
    )
    before = made_of(found)
    file.write_text("FF112233445566778899AABBCCDDEEFF")
    assert made_of(found) != before
    file.write_text("0011")
    with pytest.raises(SettingsError, match=r"channels\.station\.key: found 4 characters"):
        build_channels(found)
    file.write_text("\n")
    with pytest.raises(SettingsError, match=r"channels\.station"):  # never plain instead
        build_channels(found)
    file.unlink()
    with pytest.raises(SettingsError, match="can't be read"):
        build_channels(found)


def test_secrets_come_from_the_environment_too(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The URL, the signing secret and the targets."""
    monkeypatch.setenv("HOOK", "https://hooks.example/x")
    monkeypatch.setenv("SIGNING", SECRET)
    monkeypatch.setenv("PHONES", "Reyes = ntfy://topic\nOkafor = ntfy://other")
    channels = build_channels(
        settings(
            tmp_path,
            dispatch={"type": "webhook", "url_env": "HOOK", "secret_env": "SIGNING"},
            phones={"type": "apprise", "targets_env": "PHONES"},
        )
    )
    assert channels["phones"].targets == ("Reyes", "Okafor")


def test_all_faults_come_at_once_with_their_lines(tmp_path: Path) -> None:
    """Each with its file, key or line, what was found and the cure; never with a secret."""
    bad = tmp_path / "secret"
    bad.write_text("whsec_s3cr3t!")
    found = settings(
        tmp_path,
        dispatch={"type": "webhook", "url": "https://hooks.example/x", "secret_file": str(bad)},
        phones=targets(tmp_path, "\n\nReyes = ntfy://topic\ns3cr3t\nReyes = ntfy://s3cr3t\n"),
    )
    with pytest.raises(SettingsError) as raised:
        build_channels(found)
    assert [(fault.file, fault.key) for fault in raised.value.faults] == [
        ("settings", "channels.dispatch"),
        (str(tmp_path / "phones"), "line 4"),
        (str(tmp_path / "phones"), "line 5"),
    ]
    assert "s3cr3t" not in str(raised.value)
    assert check_channels(found) == raised.value.faults


def test_a_file_without_a_target_is_a_fault(tmp_path: Path) -> None:
    """Nobody would be told."""
    with pytest.raises(SettingsError, match="no targets"):
        build_channels(settings(tmp_path, phones=targets(tmp_path, "# nobody yet\n")))


def test_the_check_asks_apprise_about_each_line(tmp_path: Path) -> None:
    """A service it doesn't know and a URL that lacks a part, each by its line."""
    text = "Reyes = ntfy://topic\nOdd = bogus://s3cr3t\nShort = pover://s3cr3t\n"
    found = settings(tmp_path, phones=targets(tmp_path, text))
    build_channels(found)
    faults = check_channels(found)
    assert [fault.key for fault in faults] == ["line 2", "line 3"]
    assert "bogus://" in faults[0].found
    assert "pover://" in faults[1].found
    assert "s3cr3t" not in str(faults)


def test_a_hub_without_a_webhook_does_not_load_its_client() -> None:
    """27 MB of a Raspberry Pi."""
    code = "import sys, hub.channels.build; assert not {'aiohttp', 'apprise'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_end_of_a_person_that_its_channel_lacks_is_a_fault(tmp_path: Path) -> None:
    """At a check and at a start: somebody who is believed to be told would never be."""
    table = {
        "site": "lincoln",
        "name": "Lincoln",
        "data": str(tmp_path),
        "channels": {"phones": targets(tmp_path, "Reyes = ntfy://topic\nOkafor = ntfy://other\n")},
        "people": {
            "reyes": {"name": "Officer Reyes", "reach": ["phones/Reyes", "phones"]},
            "ortiz": {"name": "Mr. Ortiz", "reach": ["phones/Okafor", "phones/Ortiz", "phones/ntfy://topic"]},
        },
    }
    found = read(table, HubSettings, check_hub)
    with pytest.raises(SettingsError) as raised:
        build_channels(found)
    assert [(fault.key, fault.found, fault.cure) for fault in raised.value.faults] == [
        ("people.ortiz.reach", "channel 'phones' has no target 'Ortiz'", "targets: Reyes, Okafor"),
        ("people.ortiz.reach", "channel 'phones' has no target 'ntfy:/…'", "targets: Reyes, Okafor"),
    ]
    assert check_channels(found) == raised.value.faults


def test_a_modem_has_two_channels_and_whose_number_each_is(tmp_path: Path) -> None:
    """Calls go to the numbers of the texts; somebody's own end bears their name."""
    table = {
        "site": "lincoln", "name": "Lincoln", "data": str(tmp_path),
        "channels": {
            "sms": {"type": "modem", "device": "/dev/ttyUSB2", "numbers": {"reyes": "+15550100001"}},
            "calls": {"type": "call", "modem": "sms"},
        },
        "people": {"r": {"name": "Officer Reyes", "signs_in_as": "reyes", "reach": ["sms/reyes"]}},
    }  # fmt: skip
    found = read(table, HubSettings, check_hub)
    channels = build_channels(found)
    assert {name: (channel.kind, channel.targets) for name, channel in channels.items()} == {
        "sms": ("modem", ("reyes",)),
        "calls": ("call", ("reyes",)),
    }
    assert made_of(found)["sms"] != made_of(replace(found, people={}))["sms"]


def test_a_pin_that_cannot_be_read_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which key."""
    monkeypatch.setenv("PIN", "1234")
    sms = {"type": "modem", "device": "/dev/ttyUSB2", "pin_env": "PIN", "numbers": {"r": "+15550100001"}}
    found = settings(tmp_path, sms=sms)
    monkeypatch.delenv("PIN")
    with pytest.raises(SettingsError) as caught:
        build_channels(found)
    assert caught.value.faults[0].key == "channels.sms.pin"


@pytest.mark.parametrize("url", ["twilio://AC1:token@15550100000/911", "clickatell://key/?to=%2B1911"])
def test_no_apprise_target_is_an_emergency_service(tmp_path: Path, url: str) -> None:
    """Whatever the service."""
    with pytest.raises(SettingsError) as caught:
        build_channels(settings(tmp_path, phones=targets(tmp_path, f"Reyes = ntfy://topic\nX = {url}\n")))
    (fault,) = caught.value.faults
    assert (fault.key, fault.found) == ("line 2", "911 is an emergency number")
