"""Writing decisions and reading them back: whole, in order, after any failure."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from config.hub_settings import RoomSettings, ZoneSettings
from hub.asking import Acknowledge, BypassZone, EndBypass, Resolve
from hub.decision import Decision, RecordRow
from hub.delivery import Outcome
from hub.enrolment.identity import Code, Identity
from hub.inputs import Asked, Attempted
from hub.kept_course import KeptCourse
from hub.loaded import Loaded
from hub.site import Site
from hub.store.engine import one_moment
from hub.store.failure import is_of_the_disk, words
from hub.store.journal import Journal
from hub.store.known import Known
from tests.hub.making import at, came, event_bytes, heard, incident, new_site, press, take, ticks
from tests.hub.store.conftest import Store
from tests.scenarios.rig import site_settings

GOLDEN = Path(__file__).parent.parent.parent / "golden" / "v1"


@pytest.fixture
def journal(store: Store) -> Iterator[Journal]:
    made = Journal(store.engine, "lincoln")
    yield made
    made.close()


def eventful() -> tuple[Site, list[Decision]]:
    """A site's morning: presses, an answer, doors, troubles, outcomes."""
    site = new_site()
    done = [take(site, event_bytes(), 0), take(site, event_bytes(id="e2"), 1, device="room-102")]
    first = done[0].owed[0]
    done += [
        take(site, event_bytes(id="d1", kind="door", zone="door", what="open"), 2),
        take(site, event_bytes(id="t1", what="tamper", cause="cut", zone="desk"), 3),
        take(site, event_bytes(id="t2", what="tamper", cause="cut", zone="wall"), 3),
        take(site, event_bytes(id="t3", what="tamper-restoral", zone="wall"), 4),
        heard(site, "state", 5, online=True, version="1.2"),
        site.decide(Attempted(first.id, Outcome("temporary", "503")), at(6)),
        site.decide(Asked(Acknowledge(first.incident, "Reyes", "board", 1), lambda _: None), at(7)),
        Decision(at(8).mono, facts={"beat": "8", "numbers": site.numbers.stopped()}),
        site.tick(at(31)),
    ]
    return site, done


def test_what_was_decided_is_what_a_start_reads(journal: Journal) -> None:
    """Incidents with courses, owed deliveries, open troubles, devices, doors, facts, the last number."""
    site, done = eventful()
    journal.commit(done)
    loaded = journal.load()
    incident, course = loaded.incidents[0]
    assert [incident] == list(site.view.incidents.values()) or incident == site.incidents.get(incident.id)
    latest = {key: value for decision in done for key, value in decision.incidents.items()}
    assert latest[incident.id] == (incident, course)
    deliveries = {key: value for decision in done for key, value in decision.deliveries.items()}
    owed = {key: value for key, value in deliveries.items() if value.state == "owed"}
    assert {delivery.id: delivery for delivery in loaded.deliveries} == owed
    assert len(owed) >= 3
    assert [trouble.key for trouble in loaded.troubles] == ["tamper room-101 desk cut"]
    assert loaded.devices["room-101"].version == "1.2"
    assert [(door.zone, door.state) for door in loaded.doors] == [("door", "open")]
    assert loaded.facts["beat"] == "8"
    assert loaded.seq == max(row.seq for decision in done for row in decision.record)


def test_an_empty_record_is_an_empty_start(journal: Journal) -> None:
    """Nothing at all."""
    assert journal.load() == Loaded()


def test_in_one_batch_or_in_many_it_is_the_same(make_store: Callable[[], Store]) -> None:
    """Only the last state of each thing is written; every line of the record is."""
    from sqlalchemy import inspect

    from hub.store.tables import metadata

    kept = []
    _, done = eventful()
    for batches in ([done], [[one] for one in done]):
        store = make_store()
        if not inspect(store.engine).has_table("record"):
            metadata.create_all(store.engine)
        journal = Journal(store.engine, "lincoln")
        for batch in batches:
            journal.commit(batch)
        kept.append((journal.load(), store.count("record"), store.count("events"), store.count("troubles")))
        journal.close()
    assert kept[0] == kept[1]


def resolved_at(minutes: dict[int, int], *, rooms: int = 100) -> Decision:
    """Incidents by number, each of a room of its own modulo ``rooms``, resolved at these minutes."""
    made = {n: structs.replace(incident(press(100 + n % rooms)), id=f"i-{n}", number=n) for n in minutes}
    over = {f"i-{n}": (structs.replace(one, state="resolved"), KeptCourse()) for n, one in made.items()}
    rows = [
        RecordRow(seq, minute * 60_000, "resolved", "over", f"i-{n}", "incident.resolved")
        for seq, (n, minute) in enumerate(minutes.items(), 1)
    ]
    last = RecordRow(len(rows) + 1, 100 * 60_000, "hub-stopped", "asked to stop")
    return Decision(0.0, record=[*rows, last], incidents=over)


def test_a_start_reads_what_was_resolved_within_the_hour(journal: Journal) -> None:
    """Before the record's last word, the latest first: by time and however many; open ones are read apart."""
    journal.commit([resolved_at(dict.fromkeys(range(1, 20), 30) | dict.fromkeys(range(20, 95), 45))])
    asking = structs.replace(incident(press(199)), id="i-open", number=99)
    journal.commit([Decision(0.0, incidents={asking.id: (asking, KeptCourse())})])
    loaded = journal.load()
    assert [one.number for one in loaded.resolved] == list(range(94, 19, -1))
    assert [one.number for one, _ in loaded.incidents] == [99]


def test_a_start_reads_of_each_room_what_was_resolved_last(journal: Journal) -> None:
    journal.commit([resolved_at(dict.fromkeys(range(1, 8), 50), rooms=3)])
    assert [one.number for one in journal.load().resolved] == [7, 6, 5]


def test_a_start_looks_at_a_bounded_number_whatever_the_clock_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that went back years makes all that was resolved look late."""
    monkeypatch.setattr("hub.store.journal.RESOLVED_READ", 2)
    journal = Journal(store.engine, "lincoln")
    journal.commit([resolved_at(dict.fromkeys(range(1, 9), 900))])
    assert [one.number for one in journal.load().resolved] == [8, 7]
    journal.close()


def test_sites_do_not_mix(store: Store) -> None:
    """Two sites in one database: each reads its own."""
    _, done = eventful()
    one, other = Journal(store.engine, "lincoln"), Journal(store.engine, "jackson")
    one.commit(done)
    other.commit([Decision(0.0, record=[RecordRow(1, 5, "x", "y")], facts={"beat": "1"})])
    assert other.load() == Loaded(seq=1, facts={"beat": "1"})
    assert one.load().facts["beat"] == "8"
    one.close()
    other.close()


def test_a_batch_is_written_whole_or_not_at_all(journal: Journal, store: Store) -> None:
    """One row that is refused takes its whole batch with it, and the next batch is none the worse."""
    first = take(new_site(), event_bytes())
    twice = Decision(0.0, record=[RecordRow(first.record[0].seq, 1, "again", "the same number")])
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each database has its own word for it
        journal.commit([first, twice])
    assert not is_of_the_disk(caught.value)
    assert words(caught.value)
    assert (store.count("record"), store.count("events"), journal.load()) == (0, 0, Loaded())
    journal.commit([first])
    assert store.count("events") == 1


def test_the_same_event_is_kept_once(journal: Journal, store: Store) -> None:
    """Taken as new because nobody could say better in time: the first row stands, and nothing fails."""
    first, again = take(new_site(), event_bytes(), 0), take(new_site(), event_bytes(age_ms=7), 5)
    journal.commit([first])
    journal.commit([replace(again, record=[])])
    assert store.count("events") == 1
    known = Known(store.reader()).seen([first.events[0].digest])
    assert known[first.events[0].digest].at == first.events[0].at


def test_what_is_recorded_is_known(journal: Journal, store: Store) -> None:
    """By its digest, with its content, time and incident; what isn't is not."""
    decision = take(new_site(), event_bytes())
    row = decision.events[0]
    known = Known(store.reader())
    assert known.seen([row.digest]) == {}
    journal.commit([decision])
    seen = known.seen([row.digest, "nothing-like-it"])
    assert list(seen) == [row.digest]
    assert (seen[row.digest].content, seen[row.digest].at, seen[row.digest].incident) == (
        row.content,
        row.at,
        row.incident,
    )


def test_a_reader_that_is_held_sees_every_commit(journal: Journal, store: Store) -> None:
    """It keeps its connection, not a moment: else every repeat after its first read would be new."""
    known = Known(store.reader())
    site = new_site()
    for n in range(5):
        decision = take(site, event_bytes(id=f"e{n}"), n)
        journal.commit([decision])
        assert list(known.seen([decision.events[0].digest])) == [decision.events[0].digest]


def test_many_digests_are_asked_for_at_once(journal: Journal, store: Store) -> None:
    """As after a night with the hub away."""
    site = new_site()
    done = [take(site, event_bytes(id=f"e{n}", what="restoral"), n) for n in range(600)]
    journal.commit(done)
    names = [decision.events[0].digest for decision in done]
    assert set(Known(store.reader()).seen(names)) == set(names)


def test_an_earlier_reckoning_moves_the_recorded_time(journal: Journal, store: Store) -> None:
    """Of that event alone."""
    site = new_site()
    done = [take(site, event_bytes(), 10), take(site, event_bytes(id="e2"), 10)]
    journal.commit(done)
    moved = take(site, event_bytes(age_ms=9000), 12)
    journal.commit([moved])
    one, two = (decision.events[0] for decision in done)
    seen = Known(store.reader()).seen([one.digest, two.digest])
    assert (seen[one.digest].at, seen[two.digest].at) == (one.at - 7000, two.at)


def test_a_resolved_incident_is_no_part_of_a_start(journal: Journal) -> None:
    """It stays in the record."""
    site, done = eventful()
    incident = done[0].owed[0].incident
    done.append(site.decide(Asked(Resolve(incident, "Reyes", "board", "real"), lambda _: None), at(40)))
    journal.commit(done)
    assert journal.load().incidents == []


HOSTILE = [
    b"", b"\x00", b"\xff" * 100, b"x" * 300_000, b'{"id":"\\u0000","what":"alarm"}',
    b'{"id":"\\ud800","what":"alarm","zone":"\\udfff","kind":"\\u0000"}',
    b'{"id":"e","what":"alarm","zone":"' + b"z" * 60_000 + b'","label":"\\u0000' + b"l" * 60_000 + b'"}',
    b'{"id":"' + b"i" * 1024 + b'","what":"tamper","kind":"panic","zone":"' + b"z" * 5000 + b'"}',
    b'{"v":1,"id":"c","boot":"b","seq":1,"zone":"wall","kind":"panic","what":"tamper","age_ms":0,"test":false,'
    b'"cause":"' + b"c" * 60_000 + b'","label":"' + b"l" * 60_000 + b'"}',
    b'{"id":"d","kind":"door","what":"open","zone":"' + b"z" * 5000 + b'"}',
    b'{"id":"a","what":"alarm","age_ms":1e400,"seq":-9223372036854775809}',
    b'{"v":1,"id":"o","boot":"b","seq":9007199254740991,"zone":"wall","kind":"panic","what":"alarm",'
    b'"age_ms":315360000000,"test":false,"room":"' + b"r" * 60_000 + b'"}',
]  # fmt: skip


def test_whatever_arrives_can_be_written(journal: Journal, store: Store) -> None:
    """Every golden message and every hostile one, from known and unknown devices: none is refused."""
    site, known = new_site(), Known(store.reader())
    payloads = [path.read_bytes() for path in sorted(GOLDEN.glob("event.*.json"))] + HOSTILE
    for second, payload in enumerate(payloads):
        for device in ("room-101", "x" * 128, "Ünïcode \U0001f600"):
            decision = take(site, payload, second, device=device)
            journal.commit([decision])
            if decision.events:
                assert known.seen([decision.events[0].digest]) != {}
    assert store.count("quarantine") == 0
    back = new_site(loaded=journal.load())
    assert set(back.view.incidents) == set(site.view.incidents)


@pytest.mark.parametrize("what", ["state", "health"])
def test_whatever_a_device_says_of_itself_can_be_written(journal: Journal, what: Any) -> None:
    """Long, empty, and in any alphabet."""
    site = new_site()
    text_ = "\U0001f600" * 70_000
    decision = heard(site, what, 1, online=True, version=text_, room=text_, boot="b" * 128, last_fault=text_)
    journal.commit([decision])
    journal.commit([heard(site, what, 2, device="x" * 64, online=True, room=text_)])
    journal.load()


def test_what_a_far_side_says_can_be_written(journal: Journal, store: Store) -> None:
    """Also with U+0000 and lone surrogates in it: it comes from strangers."""
    site = new_site()
    first = take(site, event_bytes())
    journal.commit([first])
    said = Outcome("temporary", "no\0 \ud800" + "x" * 100_000, "ref\0\udfff")
    journal.commit([site.decide(Attempted(first.owed[0].id, said), at(1))])
    assert journal.load().deliveries[0].attempts == 1


def test_a_refused_message_is_kept_raw(journal: Journal, store: Store) -> None:
    """Topic, payload and why, whatever bytes they are."""
    decision = Decision(0.0, raw=("tocsin/v1/lincoln/\ud800/event", b"\x00\xff raw"))
    journal.quarantine(decision, 7, "text with \0 in it" + "x" * 9000)
    with store.reader().connect() as connection:
        row = connection.execute(text("SELECT site, at, payload, why FROM quarantine")).one()
    assert (row.site, row.at, bytes(row.payload)) == ("lincoln", 7, b"\x00\xff raw")
    assert row.why.startswith("text with �")


# --- failures ---


def test_a_database_that_is_away_is_of_the_disk_and_comes_back(store: Store) -> None:
    """The same journal writes again once it is there, and nothing of the failed batch was written."""
    journal = Journal(store.engine, "lincoln")
    site = new_site()
    journal.commit([take(site, event_bytes())])
    second = take(site, event_bytes(id="e2"), 1)
    if store.server is not None:
        store.server.stop()
        undo: Callable[[], None] = store.server.start
    else:
        blocker = sqlite3.connect(store.data / "tocsin.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        undo = blocker.close
    with pytest.raises(Exception) as caught:  # noqa: PT011
        journal.commit([second])
    undo()
    assert is_of_the_disk(caught.value)
    journal.commit([second])
    assert store.count("events") == 2
    journal.close()


def test_it_is_as_durable_as_it_can_be(store: Store) -> None:
    """A commit that returned is on the disk: WAL with synchronous FULL, or PostgreSQL's own, each time."""
    wanted = {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": 2}
    if not store.is_sqlite:
        wanted = {"SHOW synchronous_commit": "on"}
    for _ in range(2):
        with store.engine.connect() as connection:
            assert {asked: connection.execute(text(asked)).scalar() for asked in wanted} == wanted
        store.engine.dispose()


def test_a_reader_can_write_nothing(store: Store) -> None:
    """Whatever a page would do."""
    with store.reader().connect() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
        connection.execute(text("CREATE TABLE t (x INTEGER)"))


def test_a_reader_sees_one_moment(store: Store) -> None:
    """In a transaction of its own, whatever is committed meanwhile; the next one sees it."""
    count = text("SELECT count(*) FROM t")
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
    with one_moment(store.reader()) as reading:
        assert reading.execute(count).scalar() == 0
        with store.engine.begin() as connection:
            connection.execute(text("INSERT INTO t VALUES (1)"))
        assert reading.execute(count).scalar() == 0
    with one_moment(store.reader()) as reading:
        assert reading.execute(count).scalar() == 1


def test_a_second_writer_waits_for_the_first(store: Store) -> None:
    """SQLite's driver by itself begins late, and would let both begin; in PostgreSQL the row waits."""
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
    if store.is_sqlite:
        other = sqlite3.connect(store.data / "tocsin.db", isolation_level=None, timeout=0)
        with store.engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
        return
    with store.engine.begin() as first, store.engine.connect() as second:
        first.execute(text("UPDATE t SET x = 2"))
        second.execute(text("SET lock_timeout = '50ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            second.execute(text("UPDATE t SET x = 3"))


@pytest.mark.parametrize(
    ("error", "sick"),
    [
        (sqlite3.OperationalError("database or disk is full"), True),
        (sqlite3.OperationalError("database is locked"), True),
        (sqlite3.OperationalError("disk I/O error"), True),
        (sqlite3.OperationalError("attempt to write a readonly database"), True),
        (sqlite3.OperationalError("unable to open database file"), True),
        (sqlite3.OperationalError("too many SQL variables"), False),
        (sqlite3.DataError("string or blob too big"), False),
        (sqlite3.IntegrityError("UNIQUE constraint failed"), False),
    ],
)
def test_a_sick_disk_is_told_from_a_refused_row(error: Exception, sick: bool) -> None:
    """By what SQLite says."""
    from sqlalchemy.exc import DBAPIError

    wrapped = DBAPIError.instance("INSERT", {}, error, sqlite3.Error)
    assert is_of_the_disk(wrapped) is sick  # type: ignore[arg-type]
    assert words(wrapped) == str(error)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "sick"), [(OSError(28, "No space"), True), (ValueError("x"), False), (TypeError("x"), False)]
)
def test_what_is_no_databases_error_is_judged_too(error: Exception, sick: bool) -> None:
    """An error of the system's is the disk's; a value that can't be written is the row's."""
    assert is_of_the_disk(error) is sick


def test_a_full_table_of_the_deliveries_never_holds_up_a_start(journal: Journal, store: Store) -> None:
    """A start reads what is owed, not what was."""
    site = new_site()
    first = take(site, event_bytes())
    journal.commit([first, site.decide(Attempted(first.owed[0].id, Outcome("delivered", "200")), at(1))])
    assert journal.load().deliveries == []
    assert store.count("deliveries") == 1


def test_digests_fit_their_column() -> None:
    """Of any device and key."""
    from hub.presses import digests

    assert {len(name) for name in digests(came(event_bytes()), "lincoln")} == {24}


def test_bypasses_and_what_people_were_told_of_troubles_are_kept(journal: Journal) -> None:
    """Also of a device and a zone with the longest ids; an ended bypass is none."""
    device, zone = "d" * 64, "z" * 64
    room = RoomSettings(device=device, room="Far", zones=(ZoneSettings(zone=zone, kind="panic"),))
    settings = site_settings(rooms=(*site_settings().rooms, room))
    site = new_site(settings)
    done = [
        site.decide(Asked(BypassZone(name, which, "Lee", "board", "wire", 2), lambda _: None), at(1))
        for name, which in ((device, zone), ("room-101", "wall"), ("room-101", "desk"))
    ]
    done.append(site.decide(Asked(EndBypass("room-101", "wall", "Lee", "board"), lambda _: None), at(2)))
    done += [*ticks(site, 45), *ticks(site, 106)]
    told = [delivery for decision in done for delivery in decision.owed if not delivery.incident]
    assert {delivery.type for delivery in told} == {"trouble.opened"}
    journal.commit(done)
    loaded = journal.load()
    again = new_site(settings, loaded, start=200)
    assert set(again.view.bypasses) == {(device, zone), ("room-101", "desk")}
    assert again.bypasses.of(device, zone) == site.bypasses.of(device, zone)
    assert {d.id for d in loaded.deliveries} == {d.id for d in told}
    assert {t.told_at for t in loaded.troubles if t.what == "unprotected"} == {at(106).wall}


def test_codes_and_identities_are_what_a_start_reads(journal: Journal) -> None:
    """The latest of each; another site's stay apart."""
    code = Code("d" * 64, "room-101", made=1, ends=2, by="Lee", via="command")
    one = Identity(
        "1f",
        "room-101",
        "lincoln.room-101",
        "signed",
        "k" * 64,
        "PEM",
        "code",
        code.digest,
        1,
        2,
        "Lee",
        "command",
    )
    journal.commit([Decision(1.0, codes={code.digest: code}, identities={one.serial: one})])
    used, held = structs.replace(code, used=5), structs.replace(one, state="held", held=6, rows=(3,))
    journal.commit([Decision(2.0, codes={code.digest: used}), Decision(3.0, identities={one.serial: held})])
    loaded = journal.load()
    assert (loaded.codes, loaded.identities) == ([used], [held])
    other = Journal(journal._engine, "another")
    loaded = other.load()
    other.close()
    assert (loaded.codes, loaded.identities) == ([], [])
