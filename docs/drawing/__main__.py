"""Write every drawn picture, and every table between ``drawn`` marks, anew."""

from __future__ import annotations

from pathlib import Path

from docs.drawing import first_box, incident, lamp, marks

DOCS = Path(__file__).resolve().parent.parent
PICTURES = {"lamp.svg": lamp.picture, "incident.svg": incident.picture}
WIRING = {"first-box.svg": first_box.picture}
TABLES = {
    "guide-teacher.md": {"lamp": lamp.table},
    "how-it-works.md": {"incident": incident.table},
}


def main() -> None:
    """Write them."""
    for name, draw in PICTURES.items():
        (DOCS / "pictures" / name).write_text(draw(), encoding="utf-8")
    for name, draw in WIRING.items():
        (DOCS / "wiring" / name).write_text(draw(), encoding="utf-8")
    for name, tables in TABLES.items():
        page = DOCS / name
        text = page.read_text(encoding="utf-8")
        for mark, draw in tables.items():
            text = marks.replaced(text, mark, draw())
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
