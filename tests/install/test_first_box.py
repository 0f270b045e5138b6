"""docs/first-box.md and its picture say what the program reads."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from docs.drawing import first_box
from docs.drawing.__main__ import WIRING
from tests.install import ROOT

PAGE = ROOT / "docs" / "first-box.md"
LABELS = {"wall": "wall button", "desk": "desk button", "door": "front door", "lamp": "lamp"}


def test_the_picture_is_as_the_settings_would_draw_it() -> None:
    """A pin changed in the example changes the picture, or this fails."""
    for name, draw in WIRING.items():
        text = (ROOT / "docs" / "wiring" / name).read_text(encoding="utf-8")
        assert text == draw(), "run: .venv/bin/python -m docs.drawing"
        assert ET.fromstring(text).find("{http://www.w3.org/2000/svg}title") is not None


def test_the_pages_table_has_the_examples_pins() -> None:
    """Position and GPIO of each part, and a ground that is one."""
    text = PAGE.read_text(encoding="utf-8")
    for part, gpio in first_box.gpios().items():
        signal = rf"position {first_box.POSITIONS[gpio]} \(GPIO {gpio}\)"
        found = re.search(rf"\| {LABELS[part]}[^|]*\| {signal} \| position (\d+) \|", text)
        assert found, part
        assert int(found[1]) == first_box.GROUND_OF[part]
        assert int(found[1]) in first_box.GROUNDS


def test_no_two_wires_share_a_position() -> None:
    """And none is on a supply."""
    positions = [wire.position for wire in first_box.wires()]
    assert len(set(positions)) == len(positions) == 8
    assert not set(positions) & set(first_box.VOLTS)


def test_the_header_is_whole() -> None:
    """40 positions: 28 GPIOs, 4 supplies, 8 grounds, each once."""
    all_of_them = [*first_box.POSITIONS.values(), *first_box.VOLTS, *first_box.GROUNDS]
    assert sorted(all_of_them) == list(range(1, 41))


def test_there_are_ten_steps_each_with_what_is_seen_and_what_if_not() -> None:
    """A technician is never left at a step without either."""
    text = PAGE.read_text(encoding="utf-8").partition("## Ten steps")[2].partition("\n## ")[0]
    steps = re.split(r"^\*\*\d+\. ", text, flags=re.MULTILINE)[1:]
    assert len(steps) == 10
    for step in steps:
        assert "*You see:*" in step, step
        assert "*If not:*" in step, step
