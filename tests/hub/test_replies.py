"""What a person means who answers a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.replies import Acknowledges, AsksStatus, Code, Meaning, Other, Progress, kept, understood

CODE = Code(41, "73")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("ACK 41 73", Acknowledges(CODE)),
        ("ack 41 73", Acknowledges(CODE)),
        ("Ack 41-73.", Acknowledges(CODE)),
        (" ack  41 , 73 thanks", Acknowledges(CODE)),
        ("ack 4173", Acknowledges(CODE)),
        ("ack4173", Acknowledges(CODE)),
        ("Ack: 41 73", Acknowledges(CODE)),
        ("acknowledged 41 73", Acknowledges(CODE)),
        ("ACK", Acknowledges(None)),
        ("Ack!", Acknowledges(None)),
        ("ack 41", Acknowledges(None)),
        ("ack please", Acknowledges(None)),
        ("Status", AsksStatus()),
        ("STATUS?", AsksStatus()),
        ("received", Progress("received", None)),
        ("Received 41 73", Progress("received", CODE)),
        ("Sent", Progress("sent", None)),
        ("on scene", Progress("on scene", None)),
        ("On scene. Two units", Progress("on scene", None)),
        ("On-scene 41 73", Progress("on scene", CODE)),
        ("Onscene", Progress("on scene", None)),
        ("closed", Progress("closed", None)),
        ("going", Progress("going", None)),
        ("On my way, 2 min", Progress("going", None)),
        ("Need help!", Progress("need help", None)),
        ("help", Other()),
        ("I am driving and will answer later", Other()),
        ("background", Other()),
        ("ackward", Other()),
        ("sentence", Other()),
        ("", Other()),
        ("\N{POLICE CARS REVOLVING LIGHT}", Other()),
    ],
)
def test_meanings(text: str, meaning: Meaning) -> None:
    """However it is typed, on the run."""
    assert understood(text) == meaning


@given(st.text(max_size=2000))
def test_anything_is_understood_or_isnt(text: str) -> None:
    """Never a fault, and what is kept is a line."""
    understood(text)
    assert len(kept(text)) <= 300
    assert kept(text).isprintable() or kept(text) == ""


@given(st.integers(1, 9_999_999), st.integers(10, 99))
def test_the_code_of_a_text_is_read_as_it_was_written(number: int, code: int) -> None:
    """As the text asks for it."""
    assert understood(f"ACK {number} {code}") == Acknowledges(Code(number, str(code)))
