"""How the posture changes: by people, confirmed where it gives protection up; by drills; never by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from config.clock import read_stamp
from config.contract import MAX_INT, OBEYED_N, Posture, PostureName
from hub.asking import Answer, PostureSet, Refused, SetPosture
from hub.decision import Decision
from hub.inputs import Asked, PostureHeard
from hub.loaded import Loaded
from hub.posture import SitePosture
from hub.postures import LAST_N
from hub.site import Site
from tests.hub.making import T0, at, new_site


class Desk:
    """A site, and a person who sets its posture; what leaves the hub is what ``told`` holds."""

    def __init__(self, loaded: Loaded | None = None, second: float = 0) -> None:
        self.site: Site = new_site(loaded=loaded, start=second)
        self.postures = self.site.postures
        self.told: list[tuple[str, bool, bool | None]] = []
        self.numbers: list[int] = []
        self.rows: list[tuple[str, str, dict[str, Any]]] = []
        self.facts: dict[str, str] = {}

    def says(
        self, posture: PostureName, second: float, confirm: int | None = None, by: str = "Reyes"
    ) -> PostureSet | Refused:
        answers: list[Answer] = []
        action = SetPosture(posture, by, "board", None, confirm)
        decision = self.site.decide(Asked(action, answers.append), at(second))
        decision.reply(recorded=True)
        self.release(decision)
        assert isinstance(answers[0], PostureSet | Refused)
        return answers[0]

    def does(self, deed: Callable[[Decision], Any], second: float) -> Any:
        decision = Decision(at(second).mono)
        came = deed(decision)
        self.release(decision)
        return came

    def release(self, decision: Decision) -> None:
        if (message := decision.posture) is not None:
            self.told.append((message.posture, message.drill, message.automatic))
            self.numbers.append(message.n)
        self.rows += [(row.what, row.reason, row.detail) for row in decision.record]
        self.facts |= decision.facts
        for show in decision.shown:
            show()

    def begin(self, posture: PostureName, second: float, drill: str = "7") -> bool:
        return bool(self.does(lambda d: self.postures.begin_drill(d, posture, drill, at(second)), second))

    def end(self, second: float, drill: str = "7") -> None:
        self.does(lambda d: self.postures.end_drill(d, drill, "its time was over", at(second)), second)

    def real(self, second: float) -> None:
        self.does(lambda d: self.postures.take_drill_off(d, "a panic in Room 101", at(second)), second)

    @property
    def now(self) -> SitePosture:
        assert self.site.view.posture == self.postures.current  # what is shown is what holds
        return self.postures.current


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_site_begins_as_normal_by_nobody(desk: Desk) -> None:
    """Numbered by the time in ms, so that a hub restored from nothing is obeyed."""
    message = desk.now.message()
    assert message is not None
    assert (message.n, message.posture, message.drill, message.automatic) == (T0, "normal", False, None)
    assert message.since == "2026-09-21T14:13:20.000Z"


def test_a_person_raises_it_with_one_word(desk: Desk) -> None:
    """It is told, numbered, kept, shown and written down: who, through what, from what to what."""
    answer = desk.says("lockdown", 10)
    assert isinstance(answer, PostureSet)
    assert answer.changed
    assert desk.told == [("lockdown", False, False)]
    assert desk.numbers == [T0 + 10_000]
    assert (desk.now.posture, desk.now.by, desk.now.via) == ("lockdown", "Reyes", "board")
    what, reason, detail = desk.rows[-1]
    assert (what, reason) == ("posture", "normal → lockdown")
    assert (detail["by"], detail["via"], detail["from"], detail["to"], detail["n"]) == (
        *("Reyes", "board", "normal", "lockdown"),
        T0 + 10_000,
    )


def test_lowering_is_done_with_the_second_word_alone(desk: Desk) -> None:
    desk.says("lockdown", 10)
    refused = desk.says("normal", 20)
    assert isinstance(refused, Refused)
    assert (refused.error, refused.state, refused.confirm) == ("not-in-this-state", "lockdown", T0 + 10_000)
    assert len(desk.told) == 1
    assert isinstance(desk.says("normal", 21, confirm=refused.confirm), PostureSet)
    assert desk.told[-1] == ("normal", False, False)


def test_what_was_confirmed_must_be_what_holds(desk: Desk) -> None:
    """It changed between the two words: the person is shown the new one, and asked again."""
    desk.says("secure", 10)
    first = desk.says("hold", 20)
    assert isinstance(first, Refused)
    desk.says("lockdown", 21, by="Okafor")
    again = desk.says("hold", 22, confirm=first.confirm)
    assert isinstance(again, Refused)
    assert again.confirm == T0 + 21_000
    assert "look again" in again.detail
    assert isinstance(desk.says("hold", 23, confirm=again.confirm), PostureSet)


def test_the_same_again_changes_nothing_and_is_written_down(desk: Desk) -> None:
    desk.says("hold", 10)
    answer = desk.says("hold", 20, by="Okafor")
    assert isinstance(answer, PostureSet)
    assert not answer.changed
    assert (len(desk.told), desk.now.n, desk.now.by) == (1, T0 + 10_000, "Reyes")
    what, reason, detail = desk.rows[-1]
    assert (what, reason, detail["by"]) == ("posture-again", "hold still holds", "Okafor")


def test_a_clock_set_back_makes_no_older_number(desk: Desk) -> None:
    desk.says("hold", 1000)
    desk.says("secure", 10)
    assert desk.numbers == [T0 + 1_000_000, T0 + 1_000_001]


def test_it_is_kept_over_a_restart(desk: Desk) -> None:
    desk.says("lockdown", 10)
    again = Desk(Loaded(facts=desk.facts), 60)
    assert again.now == desk.now


def test_what_an_older_release_kept_is_read() -> None:
    kept = '{"n":5,"posture":"normal","drill":false,"since":"2026-09-21T14:13:20.000Z"}'
    assert Desk(Loaded(facts={"posture": kept})).now.n == 5


def test_a_drill_s_own_posture_goes_with_its_drill(desk: Desk) -> None:
    assert desk.begin("lockdown", 10)
    desk.end(20, "6")  # another one's end
    desk.end(30)
    assert desk.told == [("lockdown", True, False), ("normal", False, True)]
    assert desk.numbers == sorted(set(desk.numbers))


def test_a_real_call_takes_the_word_drill_off_and_nothing_lowers_it(desk: Desk) -> None:
    """A lockdown drill becomes lockdown; the officer is asked at once which posture is to hold."""
    desk.begin("lockdown", 10)
    desk.real(20)
    assert desk.told[-1] == ("lockdown", False, True)
    assert desk.numbers[1] > desk.numbers[0]
    assert desk.now.asked is not None
    assert desk.now.asked.why == "a panic in Room 101: the lockdown of a drill is real from now on"
    desk.end(30)
    assert desk.told[-1] == ("lockdown", False, True)
    answer = desk.says("lockdown", 40)  # the officer says that it is to hold
    assert isinstance(answer, PostureSet)
    assert answer.changed
    assert (desk.told[-1], desk.now.asked) == (("lockdown", False, False), None)
    desk.real(50)
    assert len(desk.told) == 3


def test_a_person_who_sets_one_during_a_drill_means_it(desk: Desk) -> None:
    desk.begin("lockdown", 10)
    desk.says("lockdown", 20)
    desk.end(30)
    assert desk.told == [("lockdown", True, False), ("lockdown", False, False)]


def test_a_drill_shows_no_posture_over_a_real_one(desk: Desk) -> None:
    desk.says("hold", 10)
    assert not desk.begin("lockdown", 20)
    desk.end(30)
    assert desk.told == [("hold", False, False)]


def test_to_ask_the_officer_changes_nothing_that_a_room_hears(desk: Desk) -> None:
    """Of a duress in a drill boards ask, and go on asking after a restart, until a person has said."""
    desk.begin("lockdown", 10)
    desk.does(lambda d: desk.postures.ask(d, "a silent call", at(20)), 20)
    assert len(desk.told) == 1
    again = Desk(Loaded(facts=desk.facts), 60)
    assert again.now.asked is not None
    assert (again.now.asked.why, again.now.drill) == ("a silent call", True)
    again.end(65)  # unanswered: the question outlives the drill
    assert (again.now.posture, again.now.asked is None) == ("normal", False)
    again.says("hold", 70)
    assert again.now.asked is None


def test_the_first_question_stands_and_whoever_holds_a_real_posture_has_answered(desk: Desk) -> None:
    """Each press of a drill that became real would ask anew otherwise, with a sound."""
    desk.begin("lockdown", 10)
    desk.real(20)
    first = desk.now.asked
    for second in (21, 22):
        desk.does(lambda d, s=second: desk.postures.ask(d, "another press", at(s)), second)
    assert desk.now.asked == first
    desk.says("lockdown", 30)
    desk.does(lambda d: desk.postures.ask(d, "another press", at(31)), 31)
    assert desk.now.asked is None


def test_what_is_held_back_waits_for_a_person(desk: Desk) -> None:
    desk.says("secure", 10)
    desk.does(lambda d: desk.postures.hold_back(d, "restored from a backup", at(20)), 20)
    assert desk.now.message() is None
    assert not desk.begin("lockdown", 25)
    answer = desk.says("secure", 30)
    assert isinstance(answer, PostureSet)
    assert answer.changed
    assert desk.told[-1] == ("secure", False, False)


def test_a_backup_may_bring_one_that_is_not_to_be_published() -> None:
    kept = msgspec.json.encode(
        {"n": 5, "posture": "lockdown", "drill": False, "since": "2026-09-21T14:13:20.000Z", "asks": True}
    ).decode()
    desk = Desk(Loaded(facts={"posture": kept}))
    assert desk.now.message() is None
    assert desk.now.asked is not None
    refused = desk.says("normal", 10)
    assert isinstance(refused, Refused)
    desk.says("normal", 11, confirm=refused.confirm)
    assert desk.told == [("normal", False, False)]


@pytest.mark.parametrize("since", ["2026-11-23T10:00:00.000Z", "yesterday", "2026-11-23T10:00:00"])
def test_what_a_broker_keeps_under_a_higher_number_is_taken_up(desk: Desk, since: str) -> None:
    """Whatever its time is: pages read it. One of no higher number is our own, or an old one."""
    desk.says("hold", 10)
    kept = Posture(v=1, n=desk.now.n + 1, posture="lockdown", drill=False, since=since, automatic=False)
    for n in (desk.now.n - 1, desk.now.n):
        desk.release(desk.site.decide(PostureHeard(replace(kept, n=n)), at(20)))
    assert desk.now.posture == "hold"
    desk.release(desk.site.decide(PostureHeard(kept), at(30)))
    assert (desk.now.posture, desk.now.n, desk.now.by) == ("lockdown", kept.n, None)
    assert read_stamp(desk.now.since)
    assert desk.now.asked is not None


@pytest.mark.parametrize(
    ("n", "least"), [(MAX_INT, T0 + 30_000), (LAST_N + 1, LAST_N + 3), (OBEYED_N, T0 + 30_000)]
)
def test_a_number_that_leaves_none_for_the_next_is_not_taken_up(desk: Desk, n: int, least: int) -> None:
    """What the hub says is put in its place with the broker, and the next lockdown is obeyed by all.

    The rooms obey a number that no hub gave but leaves room: the hub's own goes above it.
    """
    desk.says("hold", 10)
    strange = Posture(v=1, n=n, posture="normal", drill=False, since="2026-11-23T10:00:00.000Z")
    desk.release(desk.site.decide(PostureHeard(strange), at(20)))
    assert desk.now.posture == "hold"
    assert [t.what for t in desk.site.troubles.open.values()] == ["posture-far"]
    desk.says("lockdown", 30)
    assert desk.told == [("hold", False, False), ("hold", False, False), ("lockdown", False, False)]
    assert desk.numbers[-1] == least


@pytest.mark.parametrize("n", [LAST_N, LAST_N + 1, MAX_INT])
def test_what_the_hub_said_itself_is_answered_by_nothing(desk: Desk, n: int) -> None:
    """The broker gives it back to whoever listens there: answered, it would go round for ever."""
    desk.says("hold", 10)
    strange = Posture(v=1, n=n, posture="secure", drill=False, since="2026-11-23T10:00:00.000Z")
    desk.release(desk.site.decide(PostureHeard(strange), at(20)))
    desk.says("lockdown", 30)
    own = desk.now.message()
    assert own is not None
    told = len(desk.told)
    for second in (31, 32):
        desk.release(desk.site.decide(PostureHeard(own), at(second)))
    assert len(desk.told) == told
    assert desk.now.n == own.n


def test_an_older_releases_own_number_is_answered_by_nothing() -> None:
    kept = f'{{"n":{MAX_INT},"posture":"hold","drill":false,"since":"2026-09-21T14:13:20.000Z"}}'
    desk = Desk(Loaded(facts={"posture": kept}))
    own = desk.now.message()
    assert own is not None
    desk.release(desk.site.decide(PostureHeard(own), at(10)))
    assert desk.told == []


def test_a_number_of_a_clock_that_was_far_ahead_is_taken_up(desk: Desk) -> None:
    """Rooms that heard it obey nothing lower: the next one is higher."""
    ahead = Posture(v=1, n=LAST_N, posture="secure", drill=False, since="2026-11-23T10:00:00.000Z")
    desk.release(desk.site.decide(PostureHeard(ahead), at(20)))
    assert desk.now.posture == "secure"
    desk.says("lockdown", 30)
    assert desk.numbers[-1] == LAST_N + 1 <= OBEYED_N


def test_a_number_that_an_older_release_took_up_ends_with_the_next_posture() -> None:
    kept = f'{{"n":{MAX_INT},"posture":"normal","drill":false,"since":"2026-09-21T14:13:20.000Z"}}'
    desk = Desk(Loaded(facts={"posture": kept}))
    desk.says("lockdown", 10)
    assert desk.numbers == [T0 + 10_000]
