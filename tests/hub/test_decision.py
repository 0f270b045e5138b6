"""A decision: empty or not, answered once; and the site's own lines."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from config.contract import Command, Posture
from config.hub_settings import NamedBroker
from hub.asking import Refused
from hub.decision import Decision
from hub.enrolment.identity import Rights
from hub.inputs import BrokerDropped, Link
from hub.loaded import Loaded
from hub.view import Trouble
from tests.hub.making import T0, at, event_bytes, new_site, reasons, take
from tests.scenarios.rig import site_settings

TWO = site_settings(more_brokers=(NamedBroker(name="annex", port=1884),))

SOMETHING: dict[str, Any] = {
    "record": [1], "events": [1], "earlier": {"d": 1}, "incidents": {"i": 1}, "deliveries": {"d": 1},
    "troubles": [1], "devices": {"d": 1}, "doors": {("d", "z"): 1}, "facts": {"f": "1"}, "removals": [1],
    "ack": (1, 1), "receipts": [("d", "e")], "owed": [1], "withdrawn": ["d"], "stream": [1],
    "commands": [("d", Command(v=1, id="c", do="lamp"))], "shown": [int],
    "posture": Posture(v=1, n=1, posture="hold", drill=False, since="2026-11-23T10:00:00.000Z"),
    "answer": (print, Refused("not-found", "")), "retuned": print, "raw_over": 1,
    "identities": {"i": 1}, "codes": {"c": 1}, "kept_raw": [1], "counted": [1],
    "rights": Rights(frozenset(), ()),
}  # fmt: skip
ASIDE = {"decided", "raw", "quarantined", "told", "replied"}
"""Fields that are no reason to write or release anything."""


def test_a_decision_with_nothing_in_it_is_empty() -> None:
    """It need not be written."""
    assert Decision(0.0, raw=("t", b"p")).is_empty


@pytest.mark.parametrize("name", sorted(SOMETHING))
def test_a_decision_with_anything_in_it_is_not_empty(name: str) -> None:
    """Whatever it is, it is written or let out."""
    assert not replace(Decision(0.0), **{name: SOMETHING[name]}).is_empty


def test_no_field_is_forgotten() -> None:
    """A new field is either a reason to commit, tested above, or named here as none."""
    assert {field.name for field in fields(Decision)} == set(SOMETHING) | ASIDE


def test_nobody_waits_where_nobody_asked() -> None:
    """Replying then does nothing."""
    decision = Decision(0.0)
    assert decision.is_answered
    decision.reply(recorded=True)


def test_the_records_lines_are_numbered_without_a_gap() -> None:
    """Across decisions, from where the store stood."""
    site = new_site()
    lines = [row.seq for n in range(4) for row in take(site, event_bytes(id=f"e{n}"), n).record]
    assert lines == list(range(1, len(lines) + 1))


def test_a_lost_broker_is_a_trouble_until_it_is_back() -> None:
    """Each of the two connections is its own."""
    site = new_site()
    down = site.decide(Link("events", False, "keepalive time-out"), at(1))
    assert [(t.key, t.detail) for t in down.troubles] == [("broker events", "keepalive time-out")]
    assert site.decide(Link("rest", True, ""), at(2)).troubles == []
    up = site.decide(Link("events", True, "", session_present=True), at(3))
    assert [t.restored is not None for t in up.troubles] == [True]
    assert reasons(up, "broker") == []


def test_a_broker_that_stays_away_is_told_once() -> None:
    """It is tried every 2 s for as long as it takes; another reason is another word."""
    site = new_site()
    assert site.decide(Link("rest", False, "refused"), at(1)).troubles
    assert site.decide(Link("rest", False, "refused"), at(3)).is_empty
    assert [t.detail for t in site.decide(Link("rest", False, "no route"), at(5)).troubles] == ["no route"]


def test_each_of_several_brokers_is_named() -> None:
    """In the key, but for the first, and in the words."""
    site = new_site(TWO)
    downs = [site.decide(Link("events", False, "refused", broker=n), at(1)).troubles[0] for n in (0, 1)]
    assert [(t.key, t.detail) for t in downs] == [
        ("broker events", "broker main (127.0.0.1:1883): refused"),
        ("broker events annex", "broker annex (127.0.0.1:1884): refused"),
    ]
    dropped = site.decide(BrokerDropped(7, broker=1), at(1)).troubles[0]
    assert dropped.key == "broker dropped annex"
    up = site.decide(Link("events", True, "", session_present=True, broker=1), at(2))
    assert [(t.key, t.restored is not None) for t in up.troubles] == [("broker events annex", True)]


def test_a_broker_that_is_new_has_lost_no_session() -> None:
    """Each by itself: one that had it before the start, or since, has."""
    site = new_site(TWO, Loaded(facts={"beat": "5", "held main": "5"}))
    gone = [
        [t.key for t in site.decide(Link("events", True, "", broker=n), at(second)).troubles]
        for second, n in ((1, 1), (2, 0), (3, 1))
    ]
    assert gone == [[], ["broker session"], ["broker session annex"]]


def test_when_a_brokers_session_was_last_held_is_known_by_its_name() -> None:
    """An older release knew one broker and kept its last beat alone; a broker that is new was never held."""
    both = Loaded(facts={"beat": "9", "held main": "7", "held annex": "8"})
    assert [both.held_until("main", is_first=True), both.held_until("annex", is_first=False)] == [7, 8]
    old = Loaded(facts={"beat": "9"})
    assert [old.held_until("main", is_first=True), old.held_until("annex", is_first=False)] == [9, None]
    swapped = Loaded(facts={"beat": "9", "held main": "7"})
    assert swapped.held_until("gym", is_first=True) is None
    assert Loaded().held_until("main", is_first=True) is None


def test_the_troubles_of_a_broker_that_the_settings_have_no_more_end_at_the_start() -> None:
    """Those of the others stay."""
    keys = ("broker events", "broker dropped", "broker rest annex", "broker events gym", "broker session gym")
    kept = [Trouble(key, "broker", None, None, "", T0, T0) for key in keys]
    site = new_site(TWO, Loaded(troubles=kept))
    ended = Decision(0.0)
    site.restore_gone(ended, at(1))
    assert [t.key for t in ended.troubles] == ["broker events gym", "broker session gym"]


def test_a_session_that_is_gone_is_a_trouble_but_not_at_the_sites_first_connection() -> None:
    """What was sent meanwhile may be gone; before the first connection there was none to lose."""
    site = new_site()
    first = site.decide(Link("events", True, "", session_present=False), at(1))
    assert "from now on" in reasons(first, "broker")[0]
    assert first.troubles == []
    again = site.decide(Link("events", True, "", session_present=False), at(2))
    assert [trouble.what for trouble in again.troubles] == ["broker-session"]


def test_messages_dropped_by_the_broker_are_a_trouble() -> None:
    """By its own count."""
    decision = new_site().decide(BrokerDropped(7), at(1))
    assert [(t.key, t.what) for t in decision.troubles] == [("broker dropped", "broker-dropped")]
    assert "7 messages" in decision.troubles[0].detail
