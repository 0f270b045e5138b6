"""docs/wiring.md and its pictures say what the program reads, and nothing that would kill a Pi."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from typing import Any

import pytest

from config.agent_checks import check_agent
from config.agent_settings import AgentSettings, UpsPins
from config.settings import read
from config.wiring import CHIP_SELECT, GROUNDS, HEADER, SPI_PINS
from docs.drawing import contacts, outputs, parts, resistors
from docs.drawing.__main__ import WIRING
from docs.drawing.sheet import VOLTS, WIDTH, named
from tests.docs.pages import DOCS, ROOT, section

PAGE = (DOCS / "wiring.md").read_text(encoding="utf-8")
DRAWN = sorted(set(WIRING) - {"first-box.svg"})
END = re.compile(r">position (\d+)</text>\n<text [^>]*>([^<]+)</text>")


def settings_of_the_page() -> AgentSettings:
    """Return all of the page's settings as those of one agent."""
    table: dict[str, Any] = {
        "site": "lincoln", "device": "room-101", "data": "/var/lib/tocsin/agent", "links": [{}], "zones": [],
    }  # fmt: skip
    for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        found = tomllib.loads(text)
        table["zones"] += found.pop("zones", [])
        table.update(found)
    return read(table, AgentSettings, check_agent)


def ends(name: str) -> dict[int, str]:
    """Return the positions that a picture connects, and what it calls them."""
    found = END.findall((DOCS / "wiring" / name).read_text(encoding="utf-8"))
    positions = [int(position) for position, _ in found]
    assert len(set(positions)) == len(positions), "two wires on one position"
    return dict(zip(positions, (words for _, words in found), strict=True))


def test_the_pages_settings_are_right_together() -> None:
    """What a reader copies passes check, all of it at once: no pin is used twice on the page."""
    settings = settings_of_the_page()
    assert {zone.circuit for zone in settings.zones} == {"no", "nc", "pair", "eol"}
    assert settings.adc
    assert settings.sounder
    assert settings.strobe
    assert isinstance(settings.ups, UpsPins)


def test_pictures_have_the_pins_of_the_pages_settings() -> None:
    """A reader who wires by the picture and copies the settings has a zone that reads."""
    settings = settings_of_the_page()
    zones = {zone.zone: zone for zone in settings.zones}
    assert settings.lamp
    assert settings.sounder
    assert settings.strobe
    assert isinstance(settings.ups, UpsPins)
    drawn = {
        "no.svg": [zones["wall"].pin], "nc.svg": [zones["door"].pin],
        "pair.svg": [zones["desk"].pin, zones["desk"].nc_pin], "lamp.svg": [settings.lamp.pin],
        "haptic.svg": [zones["assist"].haptic_pin], "sounder.svg": [settings.sounder.pin],
        "strobe.svg": [settings.strobe.pin],
        "ups.svg": [settings.ups.on_battery_pin, settings.ups.low_pin],
    }  # fmt: skip
    for name, pins in drawn.items():
        found = [words for words in ends(name).values() if words.startswith("GPIO")]
        assert sorted(found) == sorted(f"GPIO {pin}" for pin in pins), name


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_names_each_position_as_the_header_has_it(name: str) -> None:
    """And only loads of their own supply are on 5 V: nothing that leads to a pin."""
    found = ends(name)
    assert found
    for position, words in found.items():
        assert words == named(position)
    assert set(found.values()) & {"5 V"} == ({"5 V"} if name in FED_BY_5_V else set())
    assert "ground" in found.values()


FED_BY_5_V = {"haptic.svg", "sounder.svg", "strobe.svg"}


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_on_the_page(name: str) -> None:
    """With words for those who can't see it."""
    assert re.search(rf"!\[[^\]]{{15,}}\]\(wiring/{re.escape(name)}\)", PAGE)


def test_positions_of_the_page_are_the_headers() -> None:
    """Each "position N (what)" of the page."""
    said = re.findall(r"position (\d+) \(([^,)]+)", PAGE)
    assert len(said) > 25
    for position, words in said:
        assert words == named(int(position)), (position, words)
    assert sorted([*HEADER.values(), *VOLTS, *GROUNDS]) == list(range(1, 41))


def test_the_mcp3008_is_wired_as_its_data_sheet_and_spi_0_say() -> None:
    """DS21295, figure of the package: 1 to 8 the inputs, 16 VDD; and its supply is 3.3 V."""
    assert {resistors.CLOCK, resistors.MISO, resistors.MOSI} == SPI_PINS
    at = {resistors.PINOUT[pin]: position for pin, position in resistors.WIRED.items()}
    assert [VOLTS[at[pin]] for pin in ("VDD", "VREF")] == ["3.3 V", "3.3 V"]
    assert {at["AGND"], at["DGND"]} <= set(GROUNDS)
    assert (at["CLK"], at["DOUT"], at["DIN"], at["CS"]) == (23, 21, 19, HEADER[CHIP_SELECT[0]])
    assert [resistors.PINOUT[pin] for pin in (1, 8, 9, 16)] == ["CH0", "CH7", "DGND", "VDD"]
    for pin, position in resistors.WIRED.items():
        assert re.search(rf"\| {pin} {resistors.PINOUT[pin]} \| position {position} \(", PAGE), pin


def test_resistors_have_the_rings_of_their_values() -> None:
    """IEC 60062: yellow violet black brown, brown is 4.7 kilohm of 1 %; orange orange brown, gold is 330."""
    black, brown, red, orange, yellow, _, _, violet = parts.RINGS[:8]
    assert parts.rings(4700, one_percent=True) == [yellow, violet, black, brown, brown]
    assert parts.rings(330) == [orange, orange, brown, parts.GOLD]
    assert parts.rings(22) == [red, red, black, parts.GOLD]
    assert parts.rings(10_000) == [brown, black, orange, parts.GOLD]


def test_currents_are_what_a_pin_can_give() -> None:
    """The LED's 2 to 5 mA, the transistor's base 2 to 4 mA with a gain of 50 at most asked for."""
    assert 0.002 <= (3.3 - 2.0) / outputs.LAMP_OHMS <= 0.005
    base = (3.3 - 0.7) / outputs.BASE_OHMS
    assert 0.002 <= base <= 0.004
    assert 0.1 / base < 50
    # The motor: 3 V at 80 mA beside its resistor, and no more than the transistor's 100 mA and a bit
    # when it stands still (25 ohms).
    assert 2.7 <= 5 - 0.1 - 0.08 * outputs.MOTOR_OHMS <= 3.3
    assert (5 - 0.1) / (outputs.MOTOR_OHMS + 25) < 0.12
    # A closed contact behind the series resistor, against the pin's own pull-up of 50 kilohms.
    assert 3.3 * contacts.SERIES_OHMS / (contacts.SERIES_OHMS + 50_000) < 0.8


def test_words_fit_on_their_sheet() -> None:
    """No line is longer than the sheet is wide, in DejaVu Sans: 0.5 of its size a letter, bold 0.58."""
    for name in DRAWN:
        text = (DOCS / "wiring" / name).read_text(encoding="utf-8")
        for x, size, anchor, more, words in re.findall(
            r"<text x='([\d.]+)' y='[\d.]+' font-size='(\d+)' text-anchor='(\w+)'([^>]*)>([^<]*)</text>", text
        ):
            letter = int(size) * (0.58 if "weight" in more else 0.5)
            width = len(unescape(words)) * letter * {"start": 1, "middle": 0.5, "end": 0}[anchor]
            assert float(x) + width <= WIDTH + 6, (name, words)


def test_the_guide_quotes_what_check_says() -> None:
    """Every word in the first columns of its tables, apart from names and numbers, is in the code."""
    text = section(DOCS / "guide-maintenance.md", "Finish an installation with check")
    code = "".join(
        (ROOT / "device" / f"{name}.py").read_text(encoding="utf-8")
        for name in (
            "check",
            "walk",
            "walk_verdict",
            "wiring_words",
            "reach",
            "adc",
            "service",
            "data_folder",
        )
    )
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    quotes = [quote for row in rows for quote in re.findall(r"`([^`]+)`", row)]
    assert len(quotes) > 12
    for quote in quotes:
        parts = [part.strip(" :") for part in re.split(r"GPIO \d+ \(position \d+\)|\bwall\b|…", quote)]
        assert not [part for part in parts if part and part not in code], quote
