"""The beat: every 10 s, at a change of its word, soon after a birth."""

from __future__ import annotations

from hub.beat import BEAT_S, BIRTH_BEAT_S, Beat


def up(mono: float = 0.0) -> Beat:
    """Return a beat of a hub that is well, after its first word."""
    beat = Beat(mono)
    beat.readiness.session(0, up=True)
    beat.readiness.committed(mono, None)
    beat.look(mono, None, True)
    return beat


def test_it_is_due_at_once_and_then_every_ten_seconds() -> None:
    """The first look says and commits; the next beat is due one interval later."""
    beat = Beat(100.0)
    assert beat.look(100.0, None, None) == (True, True)
    assert beat.deadline == 100.0 + BEAT_S
    assert beat.look(100.0 + BEAT_S - 0.01, None, None) == (False, False)
    assert beat.look(100.0 + BEAT_S, None, None) == (True, True)


def test_a_change_of_its_word_is_said_at_once_without_a_commit() -> None:
    """Losing the session, or the last way to anybody, is not kept for ten seconds."""
    beat = up()
    beat.readiness.session(0, up=False)
    assert beat.look(1.0, None, True) == (True, False)
    assert (beat.word.ready, beat.word.why) == (False, "no session with the broker")
    beat.readiness.session(0, up=True)
    assert beat.look(1.1, None, True) == (True, False)
    assert beat.look(1.2, None, False) == (True, False)
    assert beat.word.reach is False


def test_a_birth_brings_the_next_beat_forward_but_never_more_than_one_a_second() -> None:
    """Sixty rooms that start together cost one beat a second, not sixty."""
    beat = up()
    for _ in range(60):
        beat.birth(0.2)
    assert beat.deadline == BIRTH_BEAT_S
    assert beat.look(BIRTH_BEAT_S, None, True) == (True, True)
    beat.birth(5.0)
    assert beat.look(5.0, None, True) == (True, True)


def test_a_new_connection_hears_the_word_again() -> None:
    """What was said over the connection before may never have arrived."""
    beat = up()
    assert beat.look(0.5, None, True) == (False, False)
    beat.connected()
    assert beat.look(0.6, None, True) == (True, False)


def test_a_commit_that_hangs_takes_ready_away() -> None:
    """Ready is never said while what was decided five seconds ago is on no disk."""
    beat = up()
    beat.look(5.0, 0.0, True)
    assert beat.word.ready
    beat.look(5.1, 0.0, True)
    assert not beat.word.ready
