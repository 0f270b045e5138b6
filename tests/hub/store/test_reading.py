"""What pages and the API read of the record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.asking import Acknowledge, Action, CancelDrill, EndDrill, PlanDrill, Resolve
from hub.drill_record import name_of
from hub.inputs import Asked, Link
from hub.store.journal import Journal
from hub.store.reading import Reading
from tests.hub.making import at, event_bytes, new_site, take
from tests.hub.store.conftest import Store
from tests.scenarios.rig import site_settings


@pytest.fixture
def reading(store: Store) -> Iterator[Reading]:
    """Five incidents: 1 resolved, 2 acknowledged, 3 to 5 open."""
    site = new_site(site_settings("device"))
    done = [take(site, event_bytes(id=f"e{n}"), n, device=f"room-{100 + n}") for n in range(1, 6)]
    first, second = (str(decision.events[0].incident) for decision in done[:2])
    done.append(site.decide(Asked(Resolve(first, "Reyes", "board", "real"), lambda _: None), at(10)))
    done.append(site.decide(Asked(Acknowledge(second, "Reyes", "board"), lambda _: None), at(11)))
    journal = Journal(store.engine, "lincoln")
    journal.commit(done)
    yield Reading(store.reader(), "lincoln")
    journal.close()


def numbers(found: object) -> list[int]:
    return [incident.number for incident in found]  # type: ignore[attr-defined]


def test_incidents_come_by_number_the_highest_first(reading: Reading) -> None:
    """A page at a time."""
    assert numbers(reading.incidents()) == [5, 4, 3, 2, 1]
    assert numbers(reading.incidents(limit=2)) == [5, 4]
    assert numbers(reading.incidents(limit=2, before=4)) == [3, 2]
    assert numbers(reading.incidents(before=1)) == []


def test_incidents_of_some_states(reading: Reading) -> None:
    """One or several."""
    assert numbers(reading.incidents(("open",))) == [5, 4, 3]
    assert numbers(reading.incidents(("resolved", "acknowledged"))) == [2, 1]
    assert numbers(reading.incidents(("open",), limit=1, before=5)) == [4]


def test_one_incident_or_none(reading: Reading, store: Store) -> None:
    """Of this site alone."""
    (newest, *_) = reading.incidents()
    assert reading.incident(newest.id) == newest
    assert reading.incident("i-none") is None
    assert Reading(store.reader(), "jackson").incident(newest.id) is None
    assert Reading(store.reader(), "jackson").incidents() == []


def test_a_timeline_is_in_order_with_reasons(reading: Reading) -> None:
    """Oldest first: what, when, why, with its detail."""
    (resolved,) = reading.incidents(("resolved",))
    rows = reading.timeline(resolved.id)
    assert [row["what"] for row in rows][:2] == ["alarm", "owed"]
    assert rows[0]["at"] == "2026-09-21T14:13:21.000Z"
    assert rows[0]["detail"]["device"] == "room-101"
    assert [row["reason"] for row in rows if row["what"] == "resolved"] == ["resolved: real"]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert reading.timeline("i-none") == []


def test_a_stream_goes_on_after_what_was_seen(reading: Reading) -> None:
    """Each change after a number, with its incident as it is now; nothing twice, nothing left out."""
    whole = reading.stream_since(0)
    assert [change.type for change in whole] == [
        *["incident.opened"] * 5,
        "incident.resolved",
        "incident.acknowledged",
    ]
    assert whole[0].incident.state == "resolved"
    rest = reading.stream_since(whole[2].seq)
    assert rest == whole[3:]
    assert reading.stream_since(whole[-1].seq) == []
    assert reading.stream_since(0, limit=2) == whole[:2]


def test_troubles_open_first_and_newest_first(store: Store) -> None:
    """Restored ones after them."""
    site = new_site()
    tamper = {"what": "tamper", "cause": "cut"}
    done = [
        take(site, event_bytes(id="a", zone="wall", **tamper), 1),
        take(site, event_bytes(id="b", zone="desk", **tamper), 2),
        take(site, event_bytes(id="c", zone="quiet", kind="duress", **tamper), 3),
        take(site, event_bytes(id="d", zone="quiet", kind="duress", what="tamper-restoral"), 4),
    ]
    Journal(store.engine, "lincoln").commit(done)
    found = Reading(store.reader(), "lincoln").troubles()
    assert [(trouble.zone, trouble.restored is None) for trouble in found] == [
        ("desk", True),
        ("wall", True),
        ("quiet", False),
    ]
    assert len(Reading(store.reader(), "lincoln").troubles(limit=1)) == 1


def test_drills_are_found_by_their_numbers_with_what_lies_beside_the_chain(store: Store) -> None:
    """Eleven of them, so that the tenth does not stand between the first and the second."""
    site, done = new_site(site_settings()), []
    site.decide(Link("rest", True, "connected"), at(0))  # before that no drill's end lowers anything
    for n in range(1, 12):
        plan = PlanDrill("lockdown", "Ortiz", "Lee", "board", 600, posture="lockdown")
        ends: Action = EndDrill(str(n), "Lee", "board")
        if n == 11:
            plan = PlanDrill("lockdown", "Ortiz", "Lee", "board", 600, start=at(9000).wall)
            ends = CancelDrill("11", "Lee", "board")
        for second, action in ((n * 10, plan), (n * 10 + 5, ends)):
            done.append(site.decide(Asked(action, lambda _: None), at(second)))
    journal = Journal(store.engine, "lincoln")
    journal.commit(done)
    reading = Reading(store.reader(), "lincoln")
    rows = reading.drills(11)
    assert [(row["detail"]["drill"], row["what"]) for row in rows[:2]] == [
        ("11", "drill-cancelled"),
        ("10", "drill-ended"),
    ]
    assert [int(row["detail"]["drill"]) for row in rows] == list(range(11, 0, -1))
    assert rows[1]["detail"]["leader"] == "Ortiz"
    assert rows[1]["reason"] == "Lee ended it"
    assert len(reading.drills(11, limit=3)) == 3
    own = reading.rows_of(name_of("1"))
    assert [row["what"] for row in own] == ["drill", "drill-ended", "owed"]
    postures = reading.postures(own[0]["seq"], own[1]["seq"] + 2)
    assert [row["detail"]["to"] for row in postures] == ["lockdown", "normal"]
    journal.close()
