"""What differs between two settings: in words, without secrets, and what a running hub can't take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from config.channel_settings import WebhookSettings
from config.console_settings import ConsoleSettings, HttpsSettings
from config.hub_settings import AudienceSettings, HubSettings, NamedBroker, RetentionSettings, StoreSettings
from config.people_settings import PersonSettings
from config.plan_settings import PlanSettings, StepSettings
from config.settings_changes import changes, check_fixed, settings_hash
from config.shared_settings import Log
from tests.scenarios.rig import site_settings

OLD = site_settings()


def test_the_same_settings_differ_in_nothing() -> None:
    assert changes(OLD, site_settings()) == ()
    assert settings_hash(OLD) == settings_hash(site_settings())


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ({"name": "Lincoln High"}, "name: Lincoln is now Lincoln High"),
        ({"rooms": OLD.rooms[1:]}, "rooms: removed room-101"),
        ({"rooms": (replace(OLD.rooms[0], room="Gym"), *OLD.rooms[1:])}, "rooms: changed room-101 (room)"),
        ({"rooms": (*OLD.rooms[1:], OLD.rooms[0])}, "rooms: in another order"),
        ({"log": Log(level="debug")}, "log: level"),
        ({"retention": RetentionSettings(personal_days=30)}, "retention: personal_days 2557 is now 30"),
        ({"people": {"reyes": PersonSettings(name="Reyes", reach=("sro",))}}, "people: added reyes"),
        ({"audiences": {**OLD.audiences, "sro": AudienceSettings(channels=("sro", "dispatch"))}},
         "audiences: changed sro (channels)"),
    ],
)  # fmt: skip
def test_what_differs_is_said(new: dict[str, Any], said: str) -> None:
    """A line for each table; a new hash for each change."""
    settings = replace(OLD, **new)
    assert changes(OLD, settings) == (said,)
    assert settings_hash(settings) != settings_hash(OLD)


def test_plans_in_another_order_are_others() -> None:
    """The first whose conditions hold is the one."""
    steps = (StepSettings(after_s=0, notify=("sro",)),)
    plans = {name: PlanSettings(kinds=("panic",), steps=steps) for name in ("one", "two")}
    settings = replace(OLD, plans=plans)
    turned = replace(OLD, plans=dict(reversed(plans.items())))
    assert changes(settings, turned) == ("plans: in another order",)
    assert settings_hash(settings) != settings_hash(turned)


def test_no_value_of_a_channel_is_said() -> None:
    """A webhook's URL may hold its secret."""
    old = replace(OLD, channels={"hook": WebhookSettings(url="https://one.example/s3cret")})
    new = replace(OLD, channels={"hook": WebhookSettings(url="https://two.example/s3cret")})
    assert changes(old, new) == ("channels: changed hook (url)",)


@pytest.mark.parametrize(
    ("key", "new"),
    [
        ("site", {"site": "grant"}),
        ("hub", {"hub": "hub-2"}),
        ("data", {"data": Path("/elsewhere")}),
        ("store", {"store": StoreSettings(url_env="URL")}),
        ("broker", {"broker": NamedBroker(port=1884)}),
        ("more_brokers", {"more_brokers": (NamedBroker(name="annex", port=1884),)}),
        ("console.port", {"console": ConsoleSettings(port=8081)}),
        ("console.https", {"console": ConsoleSettings(https=HttpsSettings(names=("board.example.org",)))}),
        ("console.host", {"console": ConsoleSettings(host="0.0.0.0")}),
    ],
)
def test_what_a_running_hub_cant_take_is_named(key: str, new: dict[str, Any]) -> None:
    """Each by its key, with the cure."""
    found: list[tuple[str, str, str]] = []
    settings = replace(OLD, name="Another", **new)
    check_fixed(OLD, settings, lambda *fault: found.append(fault))
    assert found == [(key, "differs from what the hub runs with", "restart the hub for that, or set it back")]


def test_how_long_a_session_lasts_may_change() -> None:
    found: list[tuple[str, str, str]] = []
    settings: HubSettings = replace(OLD, console=ConsoleSettings(session_h=1))
    check_fixed(OLD, settings, lambda *fault: found.append(fault))
    assert found == []
    assert changes(OLD, settings) == ("console: session_h 168 is now 1",)
