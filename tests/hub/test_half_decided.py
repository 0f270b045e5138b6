"""A fault of our own in a decision: the press is an incident, told, and kept before it is receipted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.decision import Decision
from hub.site import Site
from tests.hub.making import at, came, event_bytes, new_site, tick

PLACES: list[tuple[str, Callable[[Site], Any], str]] = [
    ("before it is told from its repeats", lambda site: site.presses, "_place"),
    ("as it is judged", lambda site: site.presses, "_judge"),
    ("as its incident opens", lambda site: site.incidents, "press"),
    ("as its plan is begun", lambda site: site.incidents.courses, "_advance"),
    ("as its notice is written", lambda site: site.incidents.courses, "_delivery"),
    ("as it is kept", lambda site: site.presses, "_keep"),
    ("as its flaws are told", lambda site: site.presses, "_flaw"),
]


def fails_once(monkeypatch: pytest.MonkeyPatch, part: Any, name: str) -> None:
    """Let a method of ours raise at its first call alone."""
    whole = getattr(part, name)
    calls = 0

    def planted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("a planted fault of ours")
        return whole(*given, **named)

    monkeypatch.setattr(part, name, planted)


def decided(site: Site, second: float = 0) -> Decision:
    """Decide a press of a device nobody knows, as the recorder does: whole, or in doubt."""
    fact, now = came(event_bytes(), "stranger", second), at(second)
    decision = Decision(now.mono)
    try:
        site.decide(fact, now, {}, into=decision)
    except RuntimeError:
        site.in_doubt(decision, fact, now)
    return decision


@pytest.mark.parametrize(("place", "part", "name"), PLACES, ids=[place for place, _, _ in PLACES])
def test_a_press_is_not_lost_to_a_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, place: str, part: Callable[[Site], Any], name: str
) -> None:
    """It opens an incident that is told, and has a row of its own before it is receipted."""
    site = new_site()
    fails_once(monkeypatch, part(site), name)
    first = decided(site)
    assert first.ack == (0, 1, 7)
    assert "hub fault" in site.troubles.open
    assert first.receipts == ([("stranger", "e1")] if first.events else [])
    later = [tick(site, second) for second in (1, 2.5, 6)]
    told = [delivery.type for decision in (first, *later) for delivery in decision.owed]
    assert "incident.opened" in told, place
    assert len(site.view.incidents) <= 1
    again = decided(site, 7)
    assert again.receipts == [("stranger", "e1")]
    assert first.events or again.events


def test_what_is_no_press_is_kept_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that our code fails on opens no incident, but is on disk before it is receipted."""
    site = new_site()
    fails_once(monkeypatch, site.presses, "_judge")
    fact, now = came(event_bytes(kind="door", what="open", zone="door")), at(0)
    decision = Decision(now.mono)
    with pytest.raises(RuntimeError):
        site.decide(fact, now, {}, into=decision)
    site.in_doubt(decision, fact, now)
    assert decision.incidents == {}
    assert [row.payload for row in decision.events] == [fact.payload]
    assert decision.receipts == [("room-101", "e1")]
