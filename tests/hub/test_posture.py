"""The posture: normal at a first start, kept over restarts, numbered so that agents obey the newest."""

from __future__ import annotations

from hub.posture import KeptPosture
from tests.hub.making import T0, at


def test_a_site_begins_as_normal() -> None:
    """Numbered by the time in ms, so that a hub restored from nothing is obeyed."""
    message = KeptPosture(None, at(0)).message()
    assert (message.n, message.posture, message.drill) == (T0, "normal", False)
    assert message.since == "2026-09-21T14:13:20.000Z"


def test_it_is_kept_as_it_was() -> None:
    """A restart changes neither its number nor since when."""
    first = KeptPosture(None, at(0))
    kept = first.kept()
    assert list(kept) == ["posture"]
    back = KeptPosture(kept["posture"], at(500))
    assert back.message() == first.message()
    assert back.name == "normal"
