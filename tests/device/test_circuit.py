"""What each circuit's readings mean, and what voltage a contact puts on a pin."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.agent_settings import ZoneSettings
from config.wiring import LEAST_GAP, Condition, bands, least_gap, read_band, unsupervised
from device.circuit import TABLES, Pull, Reading, Wiring, level

ZONES = {
    "no": ZoneSettings(zone="z", kind="panic", circuit="no", pin=17),
    "nc": ZoneSettings(zone="z", kind="panic", circuit="nc", pin=17),
    "pair": ZoneSettings(zone="z", kind="panic", circuit="pair", pin=17, nc_pin=23),
    "eol": ZoneSettings(zone="z", kind="panic", circuit="eol", channel=0),
}


@pytest.mark.parametrize(
    ("circuit", "reading", "means"),
    [
        ("no", False, "normal"),
        ("no", True, "active"),
        ("nc", True, "normal"),
        ("nc", False, "active"),
        ("pair", (False, True), "normal"),
        ("pair", (True, False), "active"),
        ("pair", (False, False), "cut"),
        ("pair", (True, True), "short"),
        ("eol", 0.0, "short"),
        ("eol", 1 / 3, "active"),
        ("eol", 0.5, "normal"),
        ("eol", 1.0, "cut"),
    ],
)
def test_reading_means(circuit: str, reading: Reading, means: Condition) -> None:
    """Each position, and each voltage, has one meaning; and what means it reads as it."""
    wiring = Wiring(ZONES[circuit])
    assert wiring.condition(reading) == means
    assert wiring.condition(wiring.reading(means)) == means


def test_every_reading_has_a_meaning() -> None:
    """No position of any contact is without a meaning."""
    for name, table in TABLES.items():
        assert len(table) == (4 if name == "pair" else 2)
        assert {"normal", "active"} <= set(table.values())


@pytest.mark.parametrize("circuit", ["no", "nc"])
def test_one_contact_reads_no_fault(circuit: str) -> None:
    """A plain contact can't show a cut wire."""
    with pytest.raises(KeyError):
        Wiring(ZONES[circuit]).reading("cut")


def test_what_is_not_supervised_is_said() -> None:
    """Of a button whose wiring can't show a fault that is said; a door's wire shows as an open door."""
    assert unsupervised("panic", "no") == "wiring not supervised"
    assert unsupervised("duress", "nc") == "wiring not supervised for a short"
    assert unsupervised("panic", "pair") is unsupervised("assist", "eol") is None
    assert unsupervised("door", "no") is None


def test_bands_of_three_equal_resistors() -> None:
    """4.7 kilohm at the end, at the contact and at the supply: short, pressed, at rest, cut."""
    found = bands(contact="no", eol_ohms=4700, contact_ohms=4700, pull_ohms=4700)
    assert [(band.condition, round(band.expected, 3)) for band in found] == [
        ("short", 0.0),
        ("active", 0.333),
        ("normal", 0.5),
        ("cut", 1.0),
    ]
    assert [round(band.volts, 2) for band in found] == [0.0, 1.1, 1.65, 3.3]


def test_bands_of_a_door() -> None:
    """A contact that opens adds its resistor: the order of rest and activity is the other way round."""
    found = bands(contact="nc", eol_ohms=4700, contact_ohms=4700, pull_ohms=4700)
    assert [band.condition for band in found] == ["short", "normal", "active", "cut"]


def test_near_an_edge_the_last_condition_stays() -> None:
    """A reading that trembles on an edge doesn't flutter."""
    found = bands(contact="no", eol_ohms=4700, contact_ohms=4700, pull_ohms=4700)
    edge = found[1].high  # between pressed and at rest
    assert read_band(found, edge - 0.01, "normal") == "normal"
    assert read_band(found, edge + 0.01, "active") == "active"
    assert read_band(found, edge - 0.02, "normal") == "active"
    assert read_band(found, edge + 0.02, "active") == "normal"


resistors = st.sampled_from([470, 1000, 2200, 3300, 4700, 5600, 10_000, 22_000])


@given(st.sampled_from(["no", "nc"]), resistors, resistors, resistors, st.floats(0, 1))
def test_any_resistors_leave_no_gap(contact: str, eol: int, series: int, pull: int, reading: float) -> None:
    """Whatever the resistors: the bands touch, hold every reading, and each holds what it expects."""
    found = bands(contact=contact, eol_ohms=eol, contact_ohms=series, pull_ohms=pull)  # type: ignore[arg-type]
    assert found[0].low == 0.0
    assert found[-1].high == 1.0
    assert all(one.high == two.low for one, two in pairwise(found))
    assert read_band(found, reading, None) in {band.condition for band in found}
    if least_gap(found) >= LEAST_GAP:
        for band in found:
            assert read_band(found, band.expected, None) == band.condition
            # One per cent of each resistor, in the worst directions, changes nothing.
            assert all(read_band(found, band.expected + d, last.condition) == band.condition
                       for d in (-0.02, 0.02) for last in found)  # fmt: skip


@pytest.mark.parametrize(
    ("pull", "closed", "high"),
    [("up", True, False), ("up", False, True), ("down", True, True), ("down", False, False)],
)
def test_voltage(pull: Pull, closed: bool, high: bool) -> None:
    """Pulled up, a closed contact takes the pin to ground; pulled down, to 3.3 V."""
    assert level(pull, closed=closed) is high
