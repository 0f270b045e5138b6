"""The tour names files, classes and functions that are there, in at most ten stops."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

TOUR = DOCS / "tour.md"
PLACE = re.compile(r"`(\w[\w/]*\.py)`: ((?:`[\w.]+`(?:, )?)+)")


def places() -> list[tuple[str, str]]:
    """Return each (file, name) that the tour sends a reader to."""
    found = PLACE.findall(TOUR.read_text(encoding="utf-8"))
    return [(file, name) for file, names in found for name in re.findall(r"`([\w.]+)`", names)]


def names_in(file: Path) -> set[str]:
    """Return the top-level names of a module, and its classes' methods as ``Class.method``."""
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{deed.name}"
                for deed in node.body
                if isinstance(deed, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return names


@pytest.mark.parametrize(("file", "name"), places())
def test_what_the_tour_names_is_there(file: str, name: str) -> None:
    """A class, a function, or a method of a class, in that very file."""
    assert (ROOT / file).is_file()
    assert name in names_in(ROOT / file)


def test_it_has_at_most_ten_stops_and_each_names_a_place() -> None:
    """Each stop has a file and a name; they are numbered from 1."""
    text = TOUR.read_text(encoding="utf-8")
    stops = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert 1 <= len(stops) <= 10
    for number, stop in enumerate(stops, 1):
        assert stop.startswith(f"{number}. ")
        assert PLACE.search(stop), stop.splitlines()[0]
