"""What its time is over for goes, some at a time; the chain stays whole and says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from config.clock import Now
from config.record_settings import RetentionSettings
from hub.asking import Acknowledge, Answer, Forget, Forgotten, Note, Refused, Resolve
from hub.decision import Decision
from hub.delivery import Outcome
from hub.inputs import Asked, Attempted, ClockTrust, HeadRead, Input, RawOver, TimeOver
from hub.retention import DAY_MS, Retention
from hub.site import Site
from hub.store import chain, retention
from hub.store.export import export
from hub.store.journal import Journal
from hub.store.reading import Reading
from hub.store.retention import Due
from hub.verify_record import read, said
from tests.hub.making import T0, event_bytes, new_site, take
from tests.hub.making import at as moment
from tests.hub.store.conftest import Store
from tests.scenarios.rig import site_settings

DAYS = 30
LATER = T0 + 40 * DAY_MS


class School:
    """A hub's record, its recorder's state, and a clock that is far on."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.journal = Journal(store.engine, "lincoln")
        self.site: Site = new_site(site_settings("device"))
        self.wall = LATER
        self.heads: list[str] = []
        self.asked: list[TimeOver] = []

    def now(self) -> Now:
        return Now(5e6, self.wall)

    def press(self, number: int, second: float) -> str:
        made = take(self.site, event_bytes(id=f"e{number}"), second, device=f"room-{number}")
        first = made.owed[0]
        tried = self.site.decide(Attempted(first.id, Outcome("delivered", "200")), moment(second + 1))
        self.journal.commit([made, tried])
        return first.incident

    def say(self, word: Acknowledge | Note | Resolve, second: float) -> None:
        self.journal.commit([self.site.decide(Asked(word, lambda _: None), moment(second))])

    def answered(self, number: int, second: float) -> str:
        incident = self.press(number, second)
        self.say(Acknowledge(incident, "Reyes", "board"), second + 2)
        self.say(Note(incident, "Okafor", "board", f"a pupil of room {number}"), second + 3)
        self.say(Resolve(incident, "Reyes", "board", "real", "all well"), second + 4)
        return incident

    def put(self, fact: Input) -> None:
        if isinstance(fact, HeadRead):
            self.heads.append(f"{fact.seq}:{fact.hash}")
            return
        assert isinstance(fact, TimeOver | RawOver)
        if isinstance(fact, TimeOver):
            self.asked.append(fact)
        self.journal.commit([self.site.decide(fact, self.now())])

    def round(
        self, personal_days: int = DAYS, payload_days: int = DAYS, *, synced: bool | None = True
    ) -> None:
        engine = self.store.reader()
        settings = RetentionSettings(personal_days=personal_days, payload_days=payload_days)
        due = Due(engine, "lincoln")
        daily = Retention(
            lambda: settings,
            due,
            lambda: chain.head(engine, "lincoln"),
            self.put,
            self,
            lambda: ClockTrust(synced),
        )
        daily.round()

    def kept(self) -> str:
        with self.store.reader().connect() as connection:
            tables = ("record", "personal", "incidents", "deliveries", "troubles")
            return "".join(str(connection.execute(text(f"SELECT * FROM {t}")).all()) for t in tables)

    def payloads(self) -> int:
        with self.store.reader().connect() as connection:
            return sum(1 for (found,) in connection.execute(text("SELECT payload FROM events")) if found)


@pytest.fixture
def school(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[School]:
    monkeypatch.setattr("hub.retention.PAUSE_S", 0.0)
    made = School(store)
    yield made
    made.journal.close()


def test_names_go_and_the_chain_stays_whole(school: School, tmp_path: Path) -> None:
    """The timeline says what was removed, when and why; so does the verifier, on an export too."""
    incident = school.answered(101, 0)
    early = chain.head(school.store.engine, "lincoln")
    school.round()
    assert early is not None
    assert school.heads == [f"{early[0]}:{early[1]}"]
    for word in ("Reyes", "Okafor", "a pupil", "all well"):
        assert word not in school.kept()
    found = chain.verify(school.store.reader(), "lincoln", [early] if early else [])
    assert found.faults == []
    names = sum(len(each.values) for each in school.asked[:-1])
    why = f"what names a person: older than {DAYS} days"
    assert f"  removed on 2026-10-31: {names} values ({why})" in list(said(found))
    assert f"  removed on 2026-10-31: 1 value (payloads of events: older than {DAYS} days)" in list(
        said(found)
    )
    reading = Reading(school.store.reader(), "lincoln")
    rows = {row["what"]: row for row in reading.timeline(incident)}
    assert rows["note"]["detail"]["note"] == f"(removed on 2026-10-31: {why})"
    assert rows["resolved"]["reason"] == "resolved: real"
    first = next(row for row in reading.timeline(incident) if row["what"] == "owed")
    assert first["reason"] == "step 1 at 0 s", "it names nobody"
    kept = reading.incident(incident)
    assert kept is not None
    assert kept.resolved is not None
    assert (kept.resolved.by, kept.resolved.disposition) == ("(removed)", "real")
    export(school.store.reader(), "lincoln", tmp_path, 0, 2**53, lambda *_: None)
    assert read(str(tmp_path / "record.jsonl"), [early] if early else []).faults == []


def test_a_second_round_has_nothing_to_do(school: School) -> None:
    """Not even a row."""
    school.answered(101, 0)
    school.round()
    before = school.store.count("record")
    school.round()
    assert school.store.count("record") == before


def test_nothing_of_an_unresolved_incident_goes(school: School) -> None:
    """Open or in hand, however old."""
    school.press(101, 0)
    school.say(Acknowledge(school.press(102, 5), "Reyes", "board"), 8)
    school.round()
    assert school.asked == []
    assert "Reyes" in school.kept()


def test_an_incident_goes_as_a_whole_when_its_last_word_is_old(school: School) -> None:
    """One that was resolved but yesterday keeps its first day's names."""
    incident = school.press(101, 0)
    school.say(Acknowledge(incident, "Reyes", "board"), 2)
    school.say(Resolve(incident, "Okafor", "board", "real"), 30 * 86_400)
    school.round(payload_days=0)
    assert school.asked == []
    school.wall += 31 * DAY_MS
    school.round(payload_days=0)
    assert "Reyes" not in school.kept()


def test_what_is_young_or_kept_for_ever_stays(school: School) -> None:
    """0 days is for ever."""
    school.answered(101, 0)
    school.round(personal_days=0, payload_days=0)
    school.round(personal_days=41, payload_days=41)
    assert school.asked == []
    school.round(personal_days=0)
    assert (school.payloads(), "Reyes" in school.kept()) == (0, True)


def test_a_removal_takes_a_bounded_number_at_a_time(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no press waits for it; all go in the end."""
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    for number in (101, 102, 103):
        school.answered(number, number * 10)
    school.round()
    assert max(len(each.values) for each in school.asked) == 3
    assert len(school.asked) > 5
    assert "Reyes" not in school.kept()
    assert school.payloads() == 0
    assert chain.verify(school.store.reader(), "lincoln").faults == []


def test_the_trouble_of_a_phone_goes_with_its_name(school: School) -> None:
    """Once it is restored and old."""
    from hub.decision import Decision

    for name in ("trouble", "restore"):
        decision = Decision(0.0)
        when = moment(1 if name == "trouble" else 2)
        if name == "trouble":
            school.site.trouble(decision, when, "channel phones Reyes", "channel", "phones: no answer")
        else:
            school.site.restore(decision, when, "channel phones Reyes")
        school.journal.commit([decision])
    school.round()
    assert "Reyes" not in school.kept()
    assert chain.verify(school.store.reader(), "lincoln").faults == []


def test_a_sick_disk_ends_no_thread(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that fails is logged; another follows."""
    monkeypatch.setattr("hub.retention.FIRST_S", 0.0)
    monkeypatch.setattr("hub.retention.EVERY_S", 0.001)
    tried = []
    again = threading.Event()

    def sick() -> tuple[int, str] | None:
        tried.append(1)
        if len(tried) == 3:
            again.set()
        raise OSError("disk I/O error")

    daily = Retention(RetentionSettings, Due(store.engine, "lincoln"), sick, print, School(store))
    daily.start()
    assert again.wait(10)
    daily.stop(5)


def test_nothing_goes_by_a_clock_that_may_be_years_ahead(school: School) -> None:
    """Nobody keeps it right, and the record has nothing of the weeks before: what goes never comes back."""
    school.answered(101, 0)
    for days, synced, goes in ((400, None, False), (400, False, False), (40, False, True)):
        school.wall = T0 + days * DAY_MS
        school.round(synced=synced)
        assert ("Reyes" not in school.kept(), bool(school.asked)) == (goes, goes)


def test_a_clock_that_somebody_keeps_right_is_believed_after_any_pause(school: School) -> None:
    school.answered(101, 0)
    school.wall = T0 + 400 * DAY_MS
    school.round(synced=True)
    assert "Reyes" not in school.kept()


def test_what_the_database_refused_goes_with_the_payloads(school: School) -> None:
    """After their days, with a row that counts it; what is younger, or kept for ever, stays."""
    for at in (T0, LATER - DAY_MS):
        school.journal.quarantine(Decision(0.0, raw=("topic", b"raw")), at, "refused")
    school.round(payload_days=0)
    assert school.store.count("quarantine") == 2
    school.round()
    assert school.store.count("quarantine") == 1
    assert "messages in quarantine: older than 30 days" in school.kept()
    before = school.store.count("record")
    school.round()
    assert school.store.count("record") == before


# --- at a person's word ---


def forgotten(school: School, *, incident: str | None = None, person: str | None = None) -> Answer:
    """What the API does with what the store finds."""
    reading = Reading(school.store.reader(), "lincoln")
    newest, _ = reading.head() or (-1, "")
    values = tuple(reading.to_forget(incident, person, (-1, ""), newest))
    answers: list[Answer] = []
    word = Forget(values, "Okafor", "api", "Reyes has asked for it", incident)
    decision = school.site.decide(Asked(word, answers.append), school.now())
    school.journal.commit([decision])
    decision.reply(recorded=True)
    return answers[0]


def test_an_incidents_words_go_at_a_persons_word(school: School) -> None:
    """Of it alone; the chain says that they went, and who asked and why goes by its own time."""
    one, other = school.answered(101, 0), school.answered(102, 100)
    answer = forgotten(school, incident=one)
    assert isinstance(answer, Forgotten)
    assert answer.values > 3
    assert "a pupil of room 101" not in school.kept()
    assert "a pupil of room 102" in school.kept()
    assert "Reyes has asked for it" in school.kept()
    found = chain.verify(school.store.reader(), "lincoln")
    assert found.faults == []
    assert any("at a person's word" in line for line in said(found))
    reading = Reading(school.store.reader(), "lincoln")
    gone, kept = reading.incident(one), reading.incident(other)
    assert gone is not None
    assert kept is not None
    assert (gone.acknowledged.by, kept.acknowledged.by) == ("(removed)", "Reyes")  # type: ignore[union-attr]
    assert forgotten(school, incident=one) == Forgotten(0)


def test_who_has_ones_own_name_removed_starts_no_endless_round(school: School) -> None:
    """The row that says so bears the name anew: what is looked through ends before it."""
    school.answered(101, 0)
    reading = Reading(school.store.reader(), "lincoln")
    newest, _ = reading.head() or (-1, "")
    assert isinstance(forgotten(school, person="Okafor"), Forgotten)
    assert reading.to_forget(None, "Okafor", (-1, ""), newest) == []
    later, _ = reading.head() or (-1, "")
    assert reading.to_forget(None, "Okafor", (-1, ""), later)  # who asked for it


def test_of_an_unresolved_incident_nothing_goes(school: School) -> None:
    incident = school.press(101, 0)
    school.say(Acknowledge(incident, "Reyes", "board"), 2)
    answer = forgotten(school, incident=incident)
    assert isinstance(answer, Refused)
    assert (answer.error, answer.state, answer.allowed) == (
        "not-in-this-state",
        "acknowledged",
        ("resolved",),
    )
    assert forgotten(school, person="Reyes") == Forgotten(0)
    assert "Reyes" in school.kept()


def test_a_persons_name_goes_wherever_it_stands_alone(school: School) -> None:
    """Others of the same incident stay, and so does what was said."""
    school.answered(101, 0)
    answer = forgotten(school, person="Reyes")
    assert isinstance(answer, Forgotten)
    assert answer.values >= 2
    kept = school.kept().replace("Reyes has asked for it", "")
    assert "Reyes" not in kept
    assert "Okafor" in kept
    assert "a pupil of room 101" in kept
    assert chain.verify(school.store.reader(), "lincoln").faults == []
