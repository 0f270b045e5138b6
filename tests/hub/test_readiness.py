"""The word "ready": its loop turns, its session is up, its disk commits."""

from __future__ import annotations

import pytest

from hub.readiness import COMMIT_EVERY_S, COMMIT_LATE_S, Readiness


def well(mono: float = 100.0) -> Readiness:
    readiness = Readiness(mono)
    readiness.session(0, up=True)
    readiness.committed(mono, None)
    return readiness


def test_ready_needs_the_session_and_a_commit() -> None:
    """Neither alone is enough, and each says what is missing."""
    readiness = Readiness(0)
    assert readiness.word(0, None) == (False, "no session with the broker")
    readiness.session(0, up=True)
    assert readiness.word(0, None) == (False, "starting: nothing is committed yet")
    readiness.committed(1, None)
    assert readiness.word(1, None) == (True, None)
    readiness.session(0, up=False)
    assert readiness.word(1, None) == (False, "no session with the broker")


def test_a_commit_that_failed_is_known_at_once_and_forgotten_at_the_next_that_returns() -> None:
    """With what the disk said."""
    readiness = well()
    readiness.committed(101, "database or disk is full")
    assert readiness.word(101, None) == (False, "the record cannot be written: database or disk is full")
    readiness.committed(102, None)
    assert readiness.word(102, None) == (True, None)


@pytest.mark.parametrize(("waits", "ready"), [(COMMIT_LATE_S, True), (COMMIT_LATE_S + 0.01, False)])
def test_a_commit_that_hangs_is_known_by_the_oldest_that_waits(waits: float, ready: bool) -> None:
    """Within 5 s, though nothing has failed."""
    readiness = well()
    readiness.committed(110, None)
    assert readiness.word(110, 110 - waits)[0] is ready


@pytest.mark.parametrize(("later", "ready"), [(COMMIT_EVERY_S, True), (COMMIT_EVERY_S + 0.01, False)])
def test_without_a_commit_for_15_s_it_is_not_ready(later: float, ready: bool) -> None:
    """One is made every 10 s, whether anything happens or not."""
    assert well(100).word(100 + later, None)[0] is ready
