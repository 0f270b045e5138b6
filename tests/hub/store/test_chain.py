"""The record as a chain: any row that was altered, taken out, moved or put in is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import MetaData, text

from config.clock import SystemClock
from hub.asking import Acknowledge, Note, Resolve
from hub.committer import Committer
from hub.decision import Decision, RecordRow
from hub.delivery import Outcome
from hub.inputs import Asked, Attempted
from hub.store import chain
from hub.store.journal import Journal
from hub.store.migrate import bring_up, migrate_to
from hub.store.reading import Reading
from hub.verify_record import NOTHING, link
from tests.hub.making import at, event_bytes, new_site, take
from tests.hub.store.conftest import Store

SECRET = "a pupil named Ana, grey coat"


@pytest.fixture
def journal(store: Store) -> Iterator[Journal]:
    made = Journal(store.engine, "lincoln")
    yield made
    made.close()


def morning() -> list[Decision]:
    """Presses, outcomes, an acknowledgement, a note, a resolution."""
    site = new_site()
    done = [take(site, event_bytes(), 0), take(site, event_bytes(id="e2"), 1, device="room-102")]
    first = done[0].owed[0]
    done += [
        site.decide(Attempted(first.id, Outcome("temporary", "503")), at(2)),
        site.decide(Asked(Acknowledge(first.incident, "Reyes", "board", 2), lambda _: None), at(7)),
        site.decide(Asked(Note(first.incident, "Okafor", "board", SECRET), lambda _: None), at(8)),
        site.decide(Asked(Resolve(first.incident, "Reyes", "board", "real", "all well"), print), at(9)),
    ]
    return done


def faults(store: Store, *heads: tuple[int, str]) -> list[str]:
    return chain.verify(store.reader(), "lincoln", heads).faults


def run(store: Store, *statements: str, **values: Any) -> None:
    with store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)


def last(store: Store) -> int:
    newest = chain.head(store.engine, "lincoln")
    assert newest is not None
    return newest[0]


def test_what_the_journal_writes_is_whole(journal: Journal, store: Store) -> None:
    """In one batch or in many, over a restart; each head that was noted is still there."""
    done = morning()
    journal.commit(done[:1])
    early = chain.head(store.engine, "lincoln")
    journal.commit(done[1:3])
    journal.close()
    again = Journal(store.engine, "lincoln")
    for decision in done[3:]:
        again.commit([decision])
    again.close()
    late = chain.head(store.engine, "lincoln")
    assert early is not None
    assert late is not None
    assert faults(store, early, late) == []
    assert late[0] == max(row.seq for decision in done for row in decision.record)
    assert store.count("record") == sum(len(decision.record) for decision in done) + 1, "row 0 begins it"


def test_a_batch_that_was_not_written_leaves_no_trace_in_the_chain(journal: Journal, store: Store) -> None:
    """What follows is linked to what is really there."""
    first, *rest = morning()
    twice = Decision(0.0, record=[RecordRow(first.record[0].seq, 1, "again", "the same number")])
    with pytest.raises(Exception):  # noqa: B017, PT011 - each database has its own
        journal.commit([first, twice])
    journal.commit([first])
    with pytest.raises(Exception):  # noqa: B017, PT011
        journal.commit([twice])
    journal.commit(rest)
    assert faults(store) == []


def test_a_refused_message_leaves_no_hole(journal: Journal, store: Store) -> None:
    """Its numbers say that it was refused, and what follows is chained to them."""
    first, poison, *rest = morning()
    poison.events = [msgspec.structs.replace(event, size=2**70) for event in poison.events]
    out: list[Decision] = []
    committer = Committer(journal, SystemClock(), out.extend, print)
    for decision in (first, poison, *rest):
        committer.put(decision)
    committer.start()
    assert committer.stop(20)
    assert [decision.quarantined for decision in out].count(True) == 1
    found = chain.verify(store.reader(), "lincoln")
    assert (found.faults, found.never_written) == ([], 0)
    assert found.rows == 1 + sum(len(decision.record) for decision in (first, poison, *rest))
    with store.reader().connect() as connection:
        refused = connection.execute(text("SELECT seq FROM record WHERE what = 'refused'")).all()
    assert [seq for (seq,) in refused] == [row.seq for row in poison.record]


def test_numbers_that_were_never_written_are_told_and_no_fault(journal: Journal, store: Store) -> None:
    """A refused decision's rows, where the chain is whole around."""
    journal.commit([Decision(0.0, record=[RecordRow(1, 1, "a", "b")])])
    journal.commit([Decision(0.0, record=[RecordRow(4, 1, "c", "d")])])
    found = chain.verify(store.reader(), "lincoln")
    assert (found.faults, found.never_written) == ([], 2)


def test_names_and_notes_lie_beside_the_chain_alone(journal: Journal, store: Store) -> None:
    """The chained rows hold neither; the timeline shows them as they were said."""
    done = morning()
    journal.commit(done)
    with store.reader().connect() as connection:
        chained = str(connection.execute(text("SELECT reason, detail FROM record")).all())
    for word in ("Reyes", "Okafor", SECRET, "all well"):
        assert word not in chained
    incident = next(iter(done[0].incidents))
    said = [(row.what, row.reason, row.detail) for d in done for row in d.record if row.incident == incident]
    rows = Reading(store.reader(), "lincoln").timeline(incident)
    assert [(row["what"], row["reason"], row["detail"]) for row in rows] == msgspec.to_builtins(said)


COLUMNS = {
    "at": "at + 1", "what": "what || 'x'", "reason": "reason || 'x'", "incident": "'i-other'",
    "stream": "'incident.other'", "detail": "'{}'", "hash": f"'{'0' * 64}'", "seq": "seq + 100000",
}  # fmt: skip


@pytest.mark.parametrize("column", sorted(COLUMNS))
@pytest.mark.parametrize("which", ["first", "middle", "last"])
def test_a_changed_column_of_any_row_is_found(
    journal: Journal, store: Store, column: str, which: str
) -> None:
    """Each column by itself."""
    journal.commit(morning())
    seq = {"first": 0, "middle": last(store) // 2, "last": last(store)}[which]
    head = chain.head(store.engine, "lincoln")
    run(store, f"UPDATE record SET {column} = {COLUMNS[column]} WHERE seq = {seq}")
    assert faults(store, *([head] if head and column == "seq" else []))


@pytest.mark.parametrize("which", ["first", "middle", "two", "last"])
def test_a_row_taken_out_is_found(journal: Journal, store: Store, which: str) -> None:
    """The last one by the head that was noted, and by nothing else where it had nothing beside it."""
    journal.commit([*morning(), Decision(0.0, record=[RecordRow(500, 9, "hub-stopped", "asked to stop")])])
    head = chain.head(store.engine, "lincoln")
    assert head is not None
    middle = 7
    where = {
        "first": "= 0", "middle": f"= {middle}", "two": f"IN ({middle}, {middle + 1})", "last": "= 500",
    }[which]  # fmt: skip
    run(store, f"DELETE FROM record WHERE seq {where}")
    assert faults(store, head)
    if which == "last":
        assert faults(store) == []
        assert "its end was cut off" in faults(store, head)[0]


def test_rows_that_changed_places_are_found(journal: Journal, store: Store) -> None:
    """With their hashes, too."""
    journal.commit(morning())
    run(
        store,
        "UPDATE record SET seq = -1 WHERE seq = 3",
        "UPDATE record SET seq = 3 WHERE seq = 4",
        "UPDATE record SET seq = 4 WHERE seq = -1",
    )
    assert any("row 3" in words for words in faults(store))


@pytest.mark.parametrize("seq", [-5, 100_000])
def test_a_row_put_in_is_found(journal: Journal, store: Store, seq: int) -> None:
    """Before the first or after the last, without the hash that follows."""
    journal.commit(morning())
    run(
        store,
        "INSERT INTO record (site, seq, at, what, reason, detail, hash)"
        f" VALUES ('lincoln', {seq}, 5, 'acknowledged', 'forged', '{{}}', '{'a' * 64}')",
    )
    assert faults(store)


def test_a_chain_written_anew_is_found_by_a_head(journal: Journal, store: Store) -> None:
    """Without one it is a chain like any other."""
    journal.commit(morning())
    head = chain.head(store.engine, "lincoln")
    assert head is not None
    rows = [dict(row) for row in chain.rows(store.reader(), "lincoln")]
    before = NOTHING
    for row in rows:
        if row["what"] == "note":
            row["at"] += 3_600_000
        before = link("lincoln", before, row)
        run(
            store,
            "UPDATE record SET at = :at, hash = :hash WHERE seq = :seq",
            at=row["at"],
            hash=before,
            seq=row["seq"],
        )
    assert faults(store) == []
    assert faults(store, head) == [
        f"row {head[0]} is not the one of the head that was noted: the record was written anew"
    ]


BESIDE = {
    "a note altered": "UPDATE personal SET value = '\"nothing\"' WHERE field = 'note'",
    "a salt altered": "UPDATE personal SET salt = '00' WHERE field = 'by'",
    "a note taken out": "DELETE FROM personal WHERE field = 'note'",
    "a note emptied": "UPDATE personal SET value = NULL, salt = NULL WHERE field = 'note'",
    "a note said to be removed": "UPDATE personal SET value = NULL, removed = 4 WHERE field = 'note'",
    "a name put in": "INSERT INTO personal (site, seq, field, at, value) VALUES ('lincoln', 0, 'by', 1, '1')",
    "a name of no row": "INSERT INTO personal (site, seq, field, at) VALUES ('lincoln', 99999, 'by', 1)",
    "an event's kind": "UPDATE events SET kind = 'assist'",
    "an event's device": "UPDATE events SET device = 'room-999'",
    "an event's flaws": "UPDATE events SET flaws = 'none'",
    "an event's payload": "UPDATE events SET payload = 'x'",
    "an event's payload emptied": "UPDATE events SET payload = ''",
    "an event's time": "UPDATE events SET at = at - 7200000",
    "an event's arrival": "UPDATE events SET received_at = 1",
    "an event taken out": "DELETE FROM events WHERE device = 'room-102'",
    "an event moved to another row": "UPDATE events SET seq = 99999 WHERE device = 'room-102'",
}


@pytest.mark.parametrize("change", sorted(BESIDE))
def test_what_lies_beside_the_chain_is_held_by_it(journal: Journal, store: Store, change: str) -> None:
    """Values and events altered, taken out or put in."""
    journal.commit(morning())
    assert faults(store) == []
    statement = BESIDE[change]
    if not store.is_sqlite:
        statement = statement.replace("payload = 'x'", "payload = '\\x78'::bytea")
    run(store, statement)
    assert faults(store)


def test_a_time_reckoned_earlier_is_no_alteration(journal: Journal, store: Store) -> None:
    """An event's time may move to an earlier reckoning, by a row of its own."""
    journal.commit(morning())
    name = morning()[0].events[0].digest
    row = RecordRow(last(store) + 1, 6, "reckoned-earlier", "", detail={"digest": name, "at_ms": 5})
    journal.commit([Decision(0.0, record=[row], earlier={name: 5})])
    assert faults(store) == []
    run(store, "UPDATE events SET at = 4 WHERE at = 5")
    (fault,) = faults(store)
    assert fault.endswith("its event's time is altered")


def test_sites_have_chains_of_their_own(store: Store) -> None:
    """A row moved from one to the other is found."""
    for site in ("lincoln", "jackson"):
        journal = Journal(store.engine, site)
        journal.commit([Decision(0.0, record=[RecordRow(n, 1, "a", "b") for n in (1, 2, 3)])])
        journal.close()
    assert faults(store) == []
    run(
        store,
        "DELETE FROM record WHERE site = 'lincoln' AND seq = 2",
        "UPDATE record SET site = 'lincoln' WHERE site = 'jackson' AND seq = 2",
    )
    assert faults(store)


def test_an_older_database_is_chained_as_it_is(
    make_store: Callable[[], Store], capfd: pytest.CaptureFixture[str]
) -> None:
    """Row by row, names beside it, with words on how far it is; it goes on from there."""
    done = morning()
    new = make_store()
    bring_up(new.engine, new.url, new.data)
    journal = Journal(new.engine, "lincoln")
    journal.commit(done[:-1])
    journal.close()
    incident = next(iter(done[0].incidents))
    said = Reading(new.reader(), "lincoln").timeline(incident)
    as_before(new, done[:-1])
    bring_up(new.engine, new.url, new.data)
    assert f"chained {new.count('record') - 1} of {new.count('record') - 1} rows of lincoln" in (
        capfd.readouterr().err
    )
    assert faults(new) == []
    assert Reading(new.reader(), "lincoln").timeline(incident) == said
    with new.reader().connect() as connection:
        assert SECRET not in str(connection.execute(text("SELECT reason, detail FROM record")).all())
    journal = Journal(new.engine, "lincoln")
    journal.commit(done[-1:])
    journal.close()
    assert faults(new) == []


def as_before(store: Store, done: list[Decision]) -> None:
    """Bring a database back to schema 0001, with the rows as that one wrote them."""
    now = MetaData()
    now.reflect(store.engine)
    with store.engine.connect() as connection:
        rows = {
            name: connection.execute(table.select()).mappings().all() for name, table in now.tables.items()
        }
    now.drop_all(store.engine)
    migrate_to("0001", store.url)
    then = MetaData()
    then.reflect(store.engine)
    said = {row.seq: row for decision in done for row in decision.record}
    with store.engine.begin() as connection:
        for name, table in then.tables.items():
            if name == "alembic_version":
                continue
            for row in rows[name]:
                kept = {column: row[column] for column in table.columns.keys()}  # noqa: SIM118
                if name == "record":
                    if row["seq"] == 0:  # the chain's first row
                        continue
                    first = said[row["seq"]]
                    kept |= {"reason": first.reason, "detail": msgspec.json.encode(first.detail).decode()}
                connection.execute(table.insert().values(kept))
