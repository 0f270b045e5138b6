"""A decision: empty or not, answered once; and the site's own lines."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from config.contract import Command
from hub.decision import Decision
from hub.inputs import BrokerDropped, Link, Refused
from tests.hub.making import at, event_bytes, new_site, reasons, take

SOMETHING: dict[str, Any] = {
    "record": [1], "events": [1], "earlier": {"d": 1}, "incidents": {"i": 1}, "deliveries": {"d": 1},
    "troubles": [1], "devices": {"d": 1}, "doors": {("d", "z"): 1}, "facts": {"f": "1"}, "ack": (1, 1),
    "receipts": [("d", "e")], "owed": [1], "withdrawn": ["d"], "stream": [1],
    "commands": [("d", Command(v=1, id="c", do="lamp"))], "shown": [int],
    "answer": (print, Refused("not-found", "")),
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
