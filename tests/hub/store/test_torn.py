"""Rows that can't be read as what they are: a start and every page go on, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.asking import Resolve
from hub.decision import Decision, Removal
from hub.enrolment.identity import Code, Identity
from hub.inputs import Asked
from hub.record_chain import UNREAD
from hub.store.export import export
from hub.store.journal import Journal
from hub.store.reading import Reading
from hub.verify_record import read
from tests.hub.making import at, event_bytes, new_site, take
from tests.hub.store.conftest import Store
from tests.hub.store.test_journal import eventful

ROWS = {
    ("incidents", "body"): "incidents i-",
    ("incidents", "course"): "incidents i-",
    ("deliveries", "row"): "deliveries d-",
    ("troubles", "row"): "troubles tamper room-101 desk cut",
    ("devices", "row"): "devices room-101",
    ("doors", "row"): "doors room-101 door",
}


@pytest.fixture
def journal(store: Store) -> Iterator[Journal]:
    made = Journal(store.engine, "lincoln")
    yield made
    made.close()


def damage(store: Store, table: str, column: str, value: str) -> None:
    shape: str | bytes = value.encode() if table == "deliveries" else value
    with store.engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": shape})


@pytest.mark.parametrize(("table", "column"), ROWS)
def test_a_start_goes_on_without_a_row_and_names_it(
    store: Store, journal: Journal, table: str, column: str
) -> None:
    """The trouble and the text that was set aside are written in one with what follows."""
    journal.commit(eventful()[1])
    damage(store, table, column, "oops\x01")
    loaded = journal.load()
    assert loaded.torn
    assert all(torn.name.startswith(ROWS[table, column]) for torn in loaded.torn)
    site = new_site(loaded=loaded, start=60)
    decision = site.tick(at(60))
    site.restore_gone(decision, at(60))
    journal.commit([decision])
    facts = journal.load().facts
    assert all("oops" in facts[f"unread {torn.name}"] for torn in loaded.torn)
    assert {torn.name for torn in loaded.torn} == {
        trouble.key.removeprefix("kept ") for trouble in site.troubles.open.values() if trouble.what == "kept"
    }


def test_a_row_that_does_not_agree_with_its_columns_is_damaged(store: Store, journal: Journal) -> None:
    """It can be read, and says something else of itself; and nobody can have heard of a revision to come."""
    journal.commit(eventful()[1])
    assert not journal.load().torn
    with store.engine.begin() as connection:
        for table, column, was, now in (
            ("incidents", "body", '"number":1', '"number":7'),
            ("troubles", "row", "tamper room-101", "tamper room-109"),
        ):
            statement = f"UPDATE {table} SET {column} = REPLACE({column}, :was, :now)"
            connection.execute(text(statement), {"was": was, "now": now})
    assert {torn.table for torn in journal.load().torn} == {"incidents", "troubles"}
    site = new_site(loaded=journal.load())
    assert [one.number for one in site.incidents.unresolved()] == [1]
    assert "tamper room-101 desk cut" in site.troubles.open


def test_pages_read_on(store: Store, journal: Journal) -> None:
    """What the record says of an incident stands in for its row."""
    site, done = eventful()
    journal.commit(done)
    (whole,) = site.incidents.unresolved()
    damage(store, "incidents", "body", "oops")
    damage(store, "troubles", "row", "oops")
    reading = Reading(store.reader(), "lincoln")
    (shown,) = reading.incidents()
    assert (shown.id, shown.number, shown.kind) == (whole.id, whole.number, whole.kind)
    assert [room.place.device for room in shown.rooms] == ["room-101", "room-102"]
    assert reading.incident(shown.id) == shown
    assert all(change.incident == shown for change in reading.stream_since(0))
    tamper = {trouble.key: trouble for trouble in reading.troubles()}["tamper room-101 desk cut"]
    assert (tamper.what, tamper.restored) == ("tamper", None)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE troubles SET open = :no"), {"no": False})
    assert {trouble.restored for trouble in reading.troubles()} == {tamper.since}


def test_what_is_damaged_of_the_record_is_shown_as_such(
    store: Store, journal: Journal, tmp_path: Path
) -> None:
    """A timeline, the drills and an export read on; the verifier names the rows."""
    site, done = eventful()
    journal.commit(done)
    damage(store, "record", "detail", "oops")
    damage(store, "personal", "value", "oops")
    reading = Reading(store.reader(), "lincoln")
    (incident,) = site.incidents.unresolved()
    rows = reading.timeline(incident.id)
    assert rows
    assert all(row["detail"]["detail"] == UNREAD for row in rows)
    assert reading.drills(5) == []
    made = export(store.reader(), "lincoln", tmp_path / "out", 0, 2**53, lambda *_: None)
    assert len(read(str(made[-1]), []).faults) > 0


def test_what_names_a_person_goes_from_a_damaged_row_too(store: Store, journal: Journal) -> None:
    """And from what was set aside of it."""
    site = new_site()
    first = take(site, event_bytes(), 0)
    (incident,) = site.incidents.unresolved()
    over = site.decide(Asked(Resolve(incident.id, "Reyes", "board", "real"), lambda _: None), at(1))
    journal.commit([first, over])
    damage(store, "incidents", "body", '{"number":"Reyes"}')
    start = new_site(loaded=journal.load(), start=2)
    decision = start.tick(at(2))
    start.restore_gone(decision, at(2))
    journal.commit([decision])
    assert f"unread incidents {incident.id}" in journal.load().facts
    (row,) = [row for row in over.record if row.what == "resolved"]
    journal.commit([Decision(0.0, removals=[Removal(row.seq, ((row.seq, "by"),))])])
    loaded = journal.load()
    assert f"unread incidents {incident.id}" not in loaded.facts
    assert not loaded.torn
    with store.engine.connect() as connection:
        assert "Reyes" not in connection.execute(text("SELECT body FROM incidents")).scalar_one()


def test_an_agent_whose_identity_cannot_be_read_may_speak_as_before(store: Store, journal: Journal) -> None:
    """And one that was revoked may not; a code that can't be read holds no more."""
    who = {"key": "k", "certificate": "c", "given": "code", "voucher": "v", "signed": 1, "lapses": 2}
    held, gone = (
        Identity(serial=serial, device=device, name=f"lincoln.{device}", state=state, by="x", via="y", **who)
        for serial, device, state in (("1a", "room-101", "held"), ("2b", "room-102", "revoked"))
    )
    code = Code("d" * 16, "room-101", 1, 2, "Lee", "board")
    journal.commit([Decision(0.0, identities={"1a": held, "2b": gone}, codes={code.digest: code})])
    before = new_site(loaded=journal.load()).book.rights()
    damage(store, "identities", "row", "oops")
    damage(store, "codes", "row", "oops")
    loaded = journal.load()
    assert [torn.name for torn in loaded.torn] == [f"codes {code.digest}", "identities 1a", "identities 2b"]
    site = new_site(loaded=loaded)
    after = site.book.rights()
    assert (after.devices, after.revoked) == (before.devices, before.revoked)
    assert after.devices == {"room-101"}
    assert not site.book.codes
