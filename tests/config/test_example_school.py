"""The example of a whole school holds a real plan: somebody for every kind, room and minute."""

from __future__ import annotations

from pathlib import Path

from config.contract import PANIC_KINDS
from config.door_checks import doubts as door_doubts
from config.hub_settings import HubSettings, check_hub
from config.plan_checks import doubts
from config.plan_settings import AUDIENCES
from config.settings import load
from config.trouble_settings import doubts as trouble_doubts
from hub.channels.build import build_channels, check_channels
from hub.cli_plans import cover
from tests.school_files import SCHOOL, example_school


def test_it_is_accepted_whole_and_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    """Every audience of the project's has people or a channel, and no minute of the year has too few."""
    settings = load(example_school(tmp_path), HubSettings, check_hub)
    assert not check_channels(settings)
    assert [kind for kind in PANIC_KINDS if settings.plan_for(kind) is None] == []
    assert doubts(settings.plans) == []
    assert settings.door_rules == ("secure", "after-hours", "held-open")
    assert door_doubts(settings.door_rules, settings.plans) == []
    assert trouble_doubts(settings.troubles, settings.audiences) == []
    assert [name for name in AUDIENCES if not _reaches(settings, name)] == []
    assert cover(settings, 60)[0].startswith("at every minute of the school year (2026-08-17 to 2027-06-04)")


def test_everybody_has_an_end_of_their_own(tmp_path: Path) -> None:
    """Each end that a person is reached by is a target of the example's phones, and none is left over."""
    settings = load(example_school(tmp_path), HubSettings, check_hub)
    ends = [end for person in settings.people.values() for end in person.reach]
    assert sorted(ends) == sorted(f"phones/{name}" for name in build_channels(settings)["phones"].targets)


def test_its_text_holds_no_secret() -> None:
    """Secrets stand in files of their own, and the example's targets are nobody's."""
    assert "whsec_" not in (SCHOOL / "hub.toml").read_text().replace("whsec_ and the base64", "")
    mails = [line for line in (SCHOOL / "phones").read_text().splitlines() if "mailto:" in line]
    assert all(".example.org?to=" in line and line.endswith(".example.org") for line in mails)


def _reaches(settings: HubSettings, name: str) -> bool:
    audience = settings.audiences[name]
    return bool(audience.channels or audience.members)
