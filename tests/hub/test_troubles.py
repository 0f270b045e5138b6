"""The book of troubles: one open under a key, counted, restored once."""

from __future__ import annotations

from hub.troubles import Troubles


def test_a_trouble_opens_once_and_counts() -> None:
    """Since when stays; the detail and the last time are the newest."""
    book = Troubles([])
    first, is_new = book.raise_("silent d", "silent", "one", 10, device="d")
    again, is_newer = book.raise_("silent d", "silent", "two", 20, device="d")
    assert (is_new, is_newer) == (True, False)
    assert (again.since, again.last, again.count, again.detail) == (10, 20, 2, "two")
    assert first.restored is None


def test_a_restoral_closes_it_once() -> None:
    """The next one of its key is another."""
    book = Troubles([])
    book.raise_("k", "w", "d", 10)
    ended = book.restore("k", 15)
    assert ended is not None
    assert (ended.since, ended.restored) == (10, 15)
    assert book.restore("k", 16) is None
    another, is_new = book.raise_("k", "w", "d", 20)
    assert (is_new, another.since, another.count) == (True, 20, 1)


def test_what_was_open_at_the_last_stop_is_open() -> None:
    """And can be restored."""
    kept, _ = Troubles([]).raise_("k", "w", "d", 10)
    book = Troubles([kept])
    assert book.raise_("k", "w", "d", 30)[0].count == 2
    assert book.restore("k", 40) is not None
