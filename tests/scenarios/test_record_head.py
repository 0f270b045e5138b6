"""The record's head as scripts: it leaves the hub once a day, silently, and holds nothing else up."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from config.channel_settings import AppriseSettings, WebhookSettings
from config.hub_settings import AudienceSettings, HubSettings
from config.record_settings import RecordSettings
from hub.inputs import HeadRead
from tests.scenarios.rig import Make, Rig, site_settings
from tests.scenarios.school import school as with_people

HOUR = 3600.0


def settings(*head_to: str) -> HubSettings:
    names = ("sro", "principal", "dispatch", "maintenance")
    ends: dict[str, AppriseSettings | WebhookSettings] = {name: AppriseSettings() for name in names}
    ends["machine"] = WebhookSettings(url="http://127.0.0.1:1/")
    audiences = {name: AudienceSettings(channels=(name,)) for name in names}
    audiences["maintenance"] = AudienceSettings(channels=("maintenance", "machine"))
    return site_settings(channels=ends, audiences=audiences, record=RecordSettings(head_to=head_to))


@pytest.fixture
def school(make_rig: Make) -> Rig:
    return make_rig(settings("maintenance", "principal"))


def heads(rig: Rig) -> list[str]:
    """Which heads were said since this was last asked, each with its number and to whom."""
    new, rig._told = rig.told_of_troubles[rig._told :], len(rig.told_of_troubles)
    return [f"{n.audience} {n.text.splitlines()[1]}" for n in new if n.type == "head"]


def test_it_is_said_once_a_day_to_whoever_keeps_it(school: Rig) -> None:
    """Several starts a day send it once; to a machine that wants no troubles it isn't sent."""
    for seq, expected in ((7, True), (9, False)):
        school._input(HeadRead(seq, f"{seq}abc"))
        said = heads(school)
        assert said == ([f"maintenance {seq}:{seq}abc", f"principal {seq}:{seq}abc"] if expected else [])
        school.wait(3 * HOUR)
        school.restart()
    school.wait(20 * HOUR)
    school._input(HeadRead(11, "11abc"))
    assert heads(school) == ["maintenance 11:11abc", "principal 11:11abc"]


def test_a_clock_that_was_far_ahead_holds_it_up_for_no_longer(school: Rig) -> None:
    school.wall_jumps(400 * 24 * HOUR)
    school._input(HeadRead(7, "7abc"))
    school.wall_jumps(-400 * 24 * HOUR)
    school._input(HeadRead(9, "9abc"))
    assert [line.split()[1] for line in heads(school)] == ["7:7abc", "7:7abc", "9:9abc", "9:9abc"]


def test_it_is_silent_and_last_of_all(school: Rig) -> None:
    """A channel that was away says a press before it; each try has the same id."""
    school.far["maintenance"] = "down"
    school._input(HeadRead(7, "7abc"))
    owed = [d for d in school.site.outbound._owed.values() if d.type == "record.head"]
    assert [(d.target.channel, d.quiet, d.urgency) for d in owed] == [("maintenance", True, 99)]
    assert msgspec.json.decode(owed[0].body)["head"] == "7:7abc"
    school.restart()
    school.far["maintenance"] = "takes"
    school.wait(120)
    assert heads(school) == ["principal 7:7abc", "maintenance 7:7abc"]
    assert not [key for key in school.troubles() if key.startswith("channel")]


def test_where_nobody_keeps_it_nothing_is_sent(make_rig: Make) -> None:
    """It is in the log all the same."""
    rig = make_rig(settings())
    rig._input(HeadRead(7, "7abc"))
    assert heads(rig) == []


def by_day_only() -> HubSettings:
    """The office keeps the head, and is on duty in school hours alone."""
    return with_people(record=RecordSettings(head_to=("administration",)))


def test_at_an_hour_at_which_nobody_is_on_duty_everybody_of_the_audience_has_it(make_rig: Make) -> None:
    """The daily round runs at night: the head is silent, and is worth nothing where it is not kept."""
    rig = make_rig(by_day_only())
    rig.wall_jumps(11 * HOUR)  # 20:13
    for day in range(3):
        rig._input(HeadRead(100 + day, "abcd"))
        rig.wait(24 * HOUR)
    assert len({line.split()[-1] for line in heads(rig)}) == 3
    assert rig.troubles("head-unsent") == []


def test_where_nobody_can_be_told_for_two_days_it_is_a_trouble(make_rig: Make) -> None:
    """Over a restart; it ends with the next that is sent."""
    silent = replace(
        settings("maintenance"), audiences={"maintenance": AudienceSettings(channels=("machine",))}
    )
    rig = make_rig(replace(silent, plans={}))
    for day, expected in ((0, []), (1, []), (2, ["head-unsent"]), (3, ["head-unsent"])):
        rig._input(HeadRead(100 + day, "abcd"))
        assert rig.troubles("head-unsent") == expected
        rig.wait(24 * HOUR)
        rig.restart(5)
    rig.reload(settings("maintenance"))
    rig._input(HeadRead(200, "abcd"))
    assert rig.troubles("head-unsent") == []


def test_a_clock_that_was_ahead_does_not_hide_that_nobody_is_told(make_rig: Make) -> None:
    """Since when nobody was is in a time to come, once the clock is put right: it counts from then."""
    silent = replace(
        settings("maintenance"), audiences={"maintenance": AudienceSettings(channels=("machine",))}
    )
    rig = make_rig(replace(silent, plans={}))
    rig.wall_jumps(100 * 24 * HOUR)
    rig._input(HeadRead(100, "abcd"))
    rig.wall_jumps(-100 * 24 * HOUR)
    for day, expected in ((0, []), (1, []), (2, ["head-unsent"])):
        rig._input(HeadRead(101 + day, "abcd"))
        assert rig.troubles("head-unsent") == expected
        rig.wait(24 * HOUR)
