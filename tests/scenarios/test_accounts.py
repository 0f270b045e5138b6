"""What one account may set off: too much is a trouble and ends nothing that anybody needs in an alarm."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from config.console_settings import ConsoleSettings
from hub.accounts import SHUT_OUT_MOST, SHUT_OUT_S, WITHIN_S
from hub.asking import (
    DrillDone,
    EndWalkTest,
    MakeReal,
    OpenWalkTest,
    PlanDrill,
    PostureSet,
    Refused,
    WalkTestDone,
)
from hub.enrolment.asking import AssignSpare, Enrolled, Hold, Revoke, Revoked
from hub.inputs import AccountChanged, SignInGuessed
from hub.walk_tests import AT_ONCE
from tests.scenarios.conftest import Make
from tests.scenarios.rig import Rig, site_settings
from tests.scenarios.test_enrolment import asked, made, shows, spare_of
from tests.scenarios.test_walk_tests import ask, tells

MOST = 6


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    return make_rig(replace(site_settings(), console=ConsoleSettings(set_off_limit=MOST)))


def flips(rig: Rig, times: int, by: str = "Reyes") -> None:
    """Set hold and normal again in turn, each a second after the one before."""
    for number in range(times):
        rig.wait(1)
        to = "normal" if number % 2 else "hold"
        answer = rig.posture(to, by, confirm=rig.view.posture.n)
        assert isinstance(answer, PostureSet), answer


def drill(by: str) -> PlanDrill:
    return PlanDrill("lockdown", by, by, "board", 600.0)


def test_one_account_flips_the_posture_only_so_often(rig: Rig) -> None:
    """The last one allowed is a trouble; then it lowers nothing, and raises whatever it likes."""
    flips(rig, MOST - 1)
    assert rig.troubles("set-off") == []
    rig.posture("secure")
    assert len(rig.troubles("set-off")) == 1
    refused = rig.posture("normal", confirm=rig.view.posture.n)
    assert isinstance(refused, Refused)
    assert (refused.state, refused.allowed) == ("over the limit", ("raise the posture", "acknowledge"))
    assert "within 10 min; wait 596 s" in refused.detail
    assert isinstance(rig.posture("lockdown"), PostureSet)
    assert rig.view.posture.posture == "lockdown"


def test_over_its_limit_an_account_answers_alarms_as_ever(rig: Rig) -> None:
    """It acknowledges and resolves; a press is nobody's account. It starts no drill, and makes one real."""
    assert not isinstance(rig.ask(drill("Okafor")), Refused)
    flips(rig, MOST)
    refused = rig.ask(drill("Reyes"))
    assert isinstance(refused, Refused)
    assert refused.state == "over the limit"
    real = rig.ask(MakeReal("1", "Reyes", "board"))
    assert isinstance(real, DrillDone), real
    rig.press(101)
    assert not isinstance(rig.acknowledge(by="Reyes"), Refused)
    assert not isinstance(rig.resolve(), Refused)


def test_another_account_and_a_later_time_are_free(rig: Rig) -> None:
    """Ten minutes after the first of them one more is allowed."""
    flips(rig, MOST)
    rig.posture("hold", by="Okafor")
    assert isinstance(rig.posture("normal", "Okafor", confirm=rig.view.posture.n), PostureSet)
    rig.posture("hold", by="Okafor")
    assert isinstance(rig.posture("normal", confirm=rig.view.posture.n), Refused)
    rig.wait(WITHIN_S - MOST + 1)
    assert isinstance(rig.posture("normal", confirm=rig.view.posture.n), PostureSet)


def test_a_word_that_changes_nothing_counts_nothing(rig: Rig) -> None:
    """Nor does one that is asked a second time."""
    rig.posture("hold")
    for _ in range(2 * MOST):
        rig.posture("hold")
        assert isinstance(rig.posture("normal"), Refused)
    assert rig.troubles("set-off") == []
    assert isinstance(rig.posture("normal", confirm=rig.view.posture.n), PostureSet)


@pytest.mark.parametrize(("most", "wait_s"), [(2 * MOST, 589), (MOST // 2, 598)])
def test_another_limit_holds_at_once(rig: Rig, most: int, wait_s: int) -> None:
    """For what was set off under the old one as well, more or less than it allowed."""
    flips(rig, MOST)
    rig.reload(replace(rig.settings, console=ConsoleSettings(set_off_limit=most)))
    flips(rig, max(most - MOST, 0))
    rig.wait(1)
    rig.posture("hold")
    refused = rig.posture("normal", confirm=rig.view.posture.n)
    assert isinstance(refused, Refused)
    assert f"has set off {most} postures" in refused.detail
    assert f"wait {wait_s} s" in refused.detail


def test_no_limit_is_none(make_rig: Make) -> None:
    rig = make_rig(replace(site_settings(), console=ConsoleSettings(set_off_limit=0)))
    flips(rig, 60)
    assert rig.troubles("set-off") == []


def enrol(rig: Rig, rooms: range) -> None:
    """Let rooms have an agent."""
    for room in rooms:
        key, device = f"k{room}", f"room-{room}"
        made(rig, key, device)
        asked(rig, shows(key, key, device), Enrolled)
        asked(rig, Hold(f"s-{key}", "x"), Enrolled)


def test_one_account_revokes_only_so_many_rooms(rig: Rig) -> None:
    """The last one allowed is a trouble; another account, a later hour and the hub's machine go on.

    What is refused for another reason counts nothing, and it answers alarms and sets postures as ever.
    """
    last = 100 + SHUT_OUT_MOST
    enrol(rig, range(101, last + 4))
    for room in range(101, last + 1):
        assert rig.troubles("set-off") == []
        asked(rig, Revoke(f"room-{room}", "Lee", "console"), Revoked)
        assert isinstance(rig.ask(Revoke(f"room-{room}", "Lee", "api")), Refused)
        rig.wait(1)
    assert len(rig.troubles("set-off")) == 1
    spare = spare_of(rig, "spare").device
    for one in (
        Revoke(f"room-{last + 1}", "Lee", "console"),
        AssignSpare(spare, f"room-{last + 1}", "Lee", "api", replace=True),
    ):
        refused = asked(rig, one, Refused)
        assert refused.state == "over the limit"
        assert "within an hour; wait 3590 s" in refused.detail
    asked(rig, Revoke(f"room-{last + 1}", "Lee", "command"), Revoked)
    asked(rig, Revoke(f"room-{last + 2}", "Reyes", "console"), Revoked)
    rig.press(101)
    assert not isinstance(rig.acknowledge(by="Lee"), Refused)
    assert isinstance(rig.posture("lockdown", by="Lee"), PostureSet)
    rig.wait(SHUT_OUT_S - SHUT_OUT_MOST)
    asked(rig, Revoke(f"room-{last + 3}", "Lee", "console"), Revoked)


def test_one_account_has_only_so_many_rooms_in_a_walk_test(rig: Rig) -> None:
    """Over a restart, too. Whoever ends one may open another; another account has its own."""
    rooms = range(101, 103 + AT_ONCE)
    for room in rooms:
        tells(rig, room)
    for room in rooms[:AT_ONCE]:
        assert isinstance(ask(rig, room=room), WalkTestDone)
    rig.restart(1, of="hub")
    for room in rooms:
        tells(rig, room)
    refused = ask(rig, room=rooms[-1])
    assert isinstance(refused, Refused)
    assert (refused.state, refused.allowed) == ("over the limit", ("end a walk test",))
    other = OpenWalkTest(f"room-{rooms[-2]}", "Okafor", "board")
    assert isinstance(rig.ask(other), WalkTestDone)
    assert isinstance(rig.ask(EndWalkTest("room-101", "Lee", "board")), WalkTestDone)
    assert isinstance(ask(rig, room=rooms[-1]), WalkTestDone)


def test_a_round_of_all_rooms_goes_on_room_after_room(rig: Rig) -> None:
    """Sixty rooms by one account, one a minute, none ended by hand."""
    for room in range(101, 161):
        tells(rig, room)
        assert isinstance(ask(rig, room=room, for_s=600.0), WalkTestDone), room
        rig.wait(60)


def test_guessing_is_a_trouble_without_the_name_and_a_row_with_it(rig: Rig) -> None:
    """The name lies beside the chain; somebody sees to the trouble."""
    rig._input(SignInGuessed("password", "reyes", 5, "10.1.2.3"))
    assert rig.troubles("sign-in") == ["sign-in"]
    said = rig.view.troubles["sign-in"].detail
    assert "5 wrong passwords in a row, from 10.1.2.3" in said
    assert "reyes" not in said
    row = next(detail for what, _, detail in rig.record() if what == "sign-in-guessed")
    assert row["person"]["ref"].endswith(".person")


def test_who_signed_in_and_what_was_changed_is_in_the_record(rig: Rig) -> None:
    """By whom, from where; every name beside the chain, in the reason, too."""
    rig._input(AccountChanged("signed-in", "reyes", "console", "reyes", "10.1.2.3", "reyes signed in"))
    rig._input(AccountChanged("account-changed", "lee", "console", "reyes", "::1", "reyes: sro"))
    rows = {what: (reason, detail) for what, reason, detail in rig.record()}
    for what in ("signed-in", "account-changed"):
        reason, detail = rows[what]
        assert reason == ""
        assert {"by", "person", "reason"} <= {name for name in detail if isinstance(detail[name], dict)}
