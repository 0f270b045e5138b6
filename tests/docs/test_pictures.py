"""What the docs draw from the code is what the code says now."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from device import lamp
from docs.drawing import incident as drawn_incident
from docs.drawing import lamp as drawn_lamp
from docs.drawing import marks
from docs.drawing.__main__ import PICTURES, TABLES
from tests.docs.pages import DOCS

AGAIN = "run: .venv/bin/python -m docs.drawing"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_the_code_would_draw_it(name: str) -> None:
    """And it is well-formed, with a title for those who can't see it."""
    text = (DOCS / "pictures" / name).read_text(encoding="utf-8")
    assert text == PICTURES[name](), AGAIN
    root = ET.fromstring(text)
    assert root.find("{http://www.w3.org/2000/svg}title") is not None


@pytest.mark.parametrize(
    ("page", "mark", "draw"), [(page, mark, draw) for page in TABLES for mark, draw in TABLES[page].items()]
)
def test_a_table_is_as_the_code_would_write_it(page: str, mark: str, draw: Callable[[], str]) -> None:
    """Between its marks nothing was written by hand."""
    text = (DOCS / page).read_text(encoding="utf-8")
    assert marks.replaced(text, mark, draw()) == text, AGAIN


@pytest.mark.parametrize("name", lamp.PATTERNS)
def test_the_lamps_picture_is_lit_when_the_lamp_is(name: lamp.Name) -> None:
    """At every tenth of a second the drawn row agrees with what the lamp itself plays."""
    pattern = lamp.PATTERNS[name]
    lit = list(drawn_lamp.lit(pattern, 16.0))
    for tenth in range(160):
        at = tenth / 10 + 0.05
        shown = lamp.play(pattern, 0.0, at).light > 0
        assert any(start <= at < end for start, end in lit) == shown, f"{name} at {at} s"


def test_no_word_of_the_lamps_picture_runs_under_its_bars() -> None:
    """By the widest that a letter is on average: 7 px where they are small, 8.5 where they are bold."""
    for shape in ET.fromstring(drawn_lamp.picture()).iter("{http://www.w3.org/2000/svg}text"):
        left, letters = float(shape.attrib["x"]), len(shape.text or "")
        if left < drawn_lamp.LEFT and "Orange" not in (shape.text or ""):
            assert left + letters * (8.5 if "font-weight" in shape.attrib else 7) < drawn_lamp.LEFT, (
                shape.text
            )


def test_the_incidents_table_has_every_state_and_what_opens_it_again() -> None:
    """The rows are those of the table that decides: an acknowledged incident is opened again by six."""
    rows = drawn_incident.rows()
    assert {row.state for row in rows} == {"none", "open", "acknowledged", "resolved"}
    again = [row for row in rows if (row.state, row.becomes) == ("acknowledged", "open")]
    assert len(again) == 6
    assert all("the plan of its present kind starts again" in row.does for row in again)
    assert {row.becomes for row in rows if row.state == "resolved"} == {"refused"}
