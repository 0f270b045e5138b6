"""The settings that the demo writes are ones the hub takes, whatever the flags say."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from config.channel_settings import AlarmReceiverSettings, ModemSettings, WebhookSettings
from config.contract import PANIC_KINDS
from config.hub_settings import HubSettings, check_hub
from config.rooms import numbered_rooms
from config.settings import load
from scripts.parts.site import Ports, Room, Site

PORTS = Ports(mqtt=1884, console=8081, rooms=8082)


def written(site: Site, *, rooms: int = 2, webhook: str | None = None, group_by: str = "site") -> HubSettings:
    """Write hub.toml and read it as the hub does; the secrets are made as the demo makes them."""
    assert site.secret
    site.write(PORTS, tuple(Room(*room) for room in numbered_rooms(rooms)), webhook, group_by)
    return load(site.hub_toml, HubSettings, check_hub)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / 'a "folder"', Path("/nowhere"))


@pytest.mark.parametrize("rooms", [0, 1, 6, 45])
@pytest.mark.parametrize("group_by", ["site", "building", "device"])
def test_the_hub_takes_it_with_and_without_a_webhook(site: Site, rooms: int, group_by: str) -> None:
    """Every panic kind has a plan that tells somebody at once; every room has its three zones."""
    for webhook in (None, "http://127.0.0.1:9/hook?a=b&c=%20"):
        settings = written(site, rooms=rooms, webhook=webhook, group_by=group_by)
        assert (settings.broker.port, settings.console.port) == (1884, 8081)
        assert [room.device for room in settings.rooms] == [room.device for room in numbered_rooms(rooms)]
        for room in settings.rooms:
            assert [(zone.zone, zone.kind) for zone in room.zones] == [
                ("wall", "panic"),
                ("desk", "panic"),
                ("door", "door"),
            ]
        for kind in PANIC_KINDS:
            found = settings.plan_for(kind)
            assert found is not None
            assert found[1].group_by == group_by
            assert [(step.after_s, step.notify) for step in found[1].steps] == [(0, ("sro",))]
        assert settings.audiences["sro"].channels == (("webhook",) if webhook else ())


def test_an_alarm_receiver_is_a_channel_of_the_officers_audience(site: Site) -> None:
    """Beside a webhook, or alone."""
    assert site.secret
    for webhook in (None, "http://127.0.0.1:9/hook"):
        rooms = tuple(Room(*room) for room in numbered_rooms(2))
        site.write(PORTS, rooms, webhook, "site", "127.0.0.1:12000")
        settings = load(site.hub_toml, HubSettings, check_hub)
        channel = settings.channels["station"]
        assert isinstance(channel, AlarmReceiverSettings)
        assert (channel.address, channel.account) == ("127.0.0.1:12000", "1234")
        assert settings.audiences["sro"].channels == (*(("webhook",) if webhook else ()), "station")


def test_phones_are_texted_at_once_and_rung_after_30_s(site: Site) -> None:
    """By a modem in the demo's own folder."""
    assert site.secret
    rooms = tuple(Room(*room) for room in numbered_rooms(2))
    site.write(PORTS._replace(phones=8083), rooms, None, "site")
    settings = load(site.hub_toml, HubSettings, check_hub)
    texts = settings.channels["texts"]
    assert isinstance(texts, ModemSettings)
    assert texts.device == site.modem
    assert set(texts.numbers) == {"officer", "principal"}
    assert settings.audiences["sro"].channels == ("texts",)
    steps = settings.plans["panic"].steps
    assert [(step.after_s, step.notify, step.repeat_s) for step in steps] == [
        (0, ("sro",), None),
        (30, ("rung",), 60),
    ]


def test_the_last_of_several_rooms_has_a_door_that_leads_out(site: Site) -> None:
    """It is held open after a minute, and told; of one room alone nothing is told of its door."""
    settings = written(site, rooms=3)
    doors = [zone for room in settings.rooms for zone in room.zones if zone.kind == "door"]
    assert [door.exterior for door in doors] == [False, False, True]
    assert (doors[-1].number, doors[-1].open_max_s) == ("1", 60)
    assert settings.plans["door"].steps[0].notify == ("sro",)
    assert written(site, rooms=1).door_rules == ()


def test_a_webhook_is_one_channel_with_the_secret_in_its_file(site: Site) -> None:
    """whsec_ and 32 bytes, readable to nobody else, and not in hub.toml."""
    channel = written(site, webhook="https://example.org/hook").channels["webhook"]
    assert isinstance(channel, WebhookSettings)
    assert channel.url == "https://example.org/hook"
    assert channel.secret_file is not None
    assert channel.secret_file.read_text().strip() == site.secret
    assert site.secret.startswith("whsec_")
    assert len(base64.b64decode(site.secret.removeprefix("whsec_"), validate=True)) == 32
    assert stat.S_IMODE(channel.secret_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(site.hub_toml.stat().st_mode) == 0o600
    assert site.secret not in site.hub_toml.read_text()


def test_an_old_folder_keeps_site_secret_and_password_but_not_its_flags(site: Site) -> None:
    """A second start takes ports, webhook and grouping from its own flags."""
    written(site, webhook="http://127.0.0.1:9/hook", group_by="device")
    text = site.hub_toml.read_text()
    site.hub_toml.write_text(text.replace('site = "demo"', 'site = "lincoln"'))
    again = Site(site.data, Path("/nowhere"))
    settings = written(again)
    assert settings.site == again.name == "lincoln"
    assert (again.secret, again.password) == (site.secret, site.password)
    assert settings.channels == {}
    assert settings.plans["panic"].group_by == "site"


def test_two_sites_share_no_secret(tmp_path: Path) -> None:
    """Secrets are made afresh for each folder."""
    one, two = Site(tmp_path / "1", Path("/nowhere")), Site(tmp_path / "2", Path("/nowhere"))
    assert one.secret != two.secret
    assert one.password != two.password


@pytest.mark.parametrize(
    "url", ["http://h/\x7f", 'http://h/"x"', "http://h/\\", "http://h/é\U0001f514", "http://h/\t"]
)
def test_a_strange_url_stays_as_it_is(site: Site, url: str) -> None:
    """hub.toml holds whatever text it is given."""
    channel = written(site, webhook=url).channels["webhook"]
    assert isinstance(channel, WebhookSettings)
    assert channel.url == url
