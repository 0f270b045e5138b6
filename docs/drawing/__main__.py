"""Write every drawn picture, and every table between ``drawn`` marks, anew."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from docs.drawing import contacts, first_box, incident, lamp, marks, outputs, plans, resistors

DOCS = Path(__file__).resolve().parent.parent
PICTURES = {"lamp.svg": lamp.picture, "incident.svg": incident.picture}
WIRING = {
    "first-box.svg": first_box.picture,
    "no.svg": contacts.no,
    "nc.svg": contacts.nc,
    "pair.svg": contacts.pair,
    "mcp3008.svg": resistors.mcp3008,
    "eol-no.svg": resistors.eol_no,
    "eol-nc.svg": resistors.eol_nc,
    "long-wire.svg": contacts.long_wire,
    "lamp.svg": outputs.lamp,
    "haptic.svg": outputs.haptic,
    "sounder.svg": outputs.sounder,
    "strobe.svg": outputs.strobe,
    "ups.svg": contacts.ups,
}
TABLES = {
    "guide-teacher.md": {"lamp": lamp.table},
    "escalation.md": {"default-plans": plans.table},
    "how-it-works.md": {"incident": incident.table},
    "wiring.md": {
        "eol-no": partial(resistors.bands_table, "no"),
        "eol-nc": partial(resistors.bands_table, "nc"),
    },
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
