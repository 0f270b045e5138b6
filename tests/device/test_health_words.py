"""The troubles that a machine's health makes: when each begins, when it ends, and what can't decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.agent_settings import UpsPins, UpsSerial
from device.facts import Machine
from device.health_words import LASTS_S, UPS_SILENT_S, HealthWords
from device.troubles import Troubles

WELL = Machine(
    cpu_c=48.0,
    under_voltage=False,
    throttled=False,
    disk_free_mb=20_000.0,
    root_read_only=False,
    memory_free_mb=3000.0,
    on_battery=False,
    battery_low=False,
    too_open=(),
)
PINS = UpsPins(on_battery_pin=5, low_pin=6)
SERIAL = UpsSerial(port=Path("/dev/ttyUSB0"))


def troubles(words: HealthWords, machine: Machine, mono: float = 0.0) -> set[str]:
    return {what for what, why in words.judge(machine, mono).items() if why is not None}


def test_every_trouble_has_its_key_whatever_is_known() -> None:
    """So that the agent can end each."""
    keys = {"supply", "heat", "processor", "disk space", "memory", "root", "files"}
    assert set(HealthWords().judge(Machine(), 0.0)) == keys
    assert set(HealthWords(PINS).judge(Machine(), 0.0)) == keys | {"ups", "ups battery"}
    assert not any(HealthWords(PINS).judge(WELL, 0.0).values())


def test_a_clock_that_isnt_synchronised_is_no_trouble() -> None:
    assert troubles(HealthWords(), WELL._replace(clock_synced=False)) == set()


@pytest.mark.parametrize(
    ("field", "steps"),
    [
        ("cpu_c", [(79.9, None), (80.0, "80 °C"), (75.0, "80 °C"), (74.9, None), (79.9, None)]),
        ("cpu_c", [(85.0, "85 °C"), (80.0, "85 °C"), (79.9, "80 °C"), (84.9, "80 °C"), (85.0, "85 °C")]),
        ("cpu_c", [(90.0, "85 °C"), (40.0, None)]),
        ("disk_free_mb", [(100.0, None), (99.9, "100 MB"), (149.9, "100 MB"), (150.0, None), (100.0, None)]),
        ("memory_free_mb", [(50.0, None), (49.9, "50 MB"), (74.9, "50 MB"), (75.0, None), (50.0, None)]),
    ],
)
def test_a_mark_is_crossed_once(field: str, steps: list[tuple[float, str | None]]) -> None:
    """Back across it isn't enough to end the trouble; and what isn't known changes nothing."""
    what = {"cpu_c": "heat", "disk_free_mb": "disk space", "memory_free_mb": "memory"}[field]
    words = HealthWords()
    for value, expected in steps:
        for machine in (WELL._replace(**{field: value}), WELL._replace(**{field: None})):
            why = words.judge(machine, 0.0)[what]
            assert (expected is None) == (why is None), (value, why)
            assert expected is None or expected in str(why)


@pytest.mark.parametrize(("field", "what"), [("under_voltage", "supply"), ("throttled", "processor")])
def test_what_comes_and_goes_is_one_trouble(field: str, what: str) -> None:
    """It lasts for a minute after it was last seen, and where nothing is known any more."""
    words = HealthWords()
    low, well, unknown = (WELL._replace(**{field: value}) for value in (True, False, None))
    assert troubles(words, low, 100.0) == {what}
    assert troubles(words, well, 130.0) == {what}
    assert troubles(words, low, 140.0) == {what}
    assert troubles(words, well, 140.0 + LASTS_S - 0.1) == {what}
    assert troubles(words, unknown, 140.0 + LASTS_S) == {what}
    assert troubles(words, well, 141.0 + LASTS_S) == set()
    assert troubles(words, unknown, 142.0 + LASTS_S) == set()


def test_a_slowed_processor_is_said_where_its_cause_isnt() -> None:
    words = HealthWords()
    assert troubles(words, WELL._replace(throttled=True, under_voltage=True)) == {"supply"}
    assert troubles(words, WELL._replace(throttled=True, cpu_c=82.0), LASTS_S) == {"heat"}
    assert troubles(words, WELL._replace(throttled=True), LASTS_S) == {"processor"}


def test_a_root_that_became_read_only_is_a_trouble() -> None:
    words = HealthWords()
    read_only = WELL._replace(root_read_only=True)
    assert troubles(words, WELL) == set()
    assert troubles(words, read_only) == {"root"}
    assert troubles(words, WELL._replace(root_read_only=None)) == {"root"}
    assert troubles(words, WELL) == set()


@pytest.mark.parametrize(("meant", "expected"), [(True, set()), (None, set()), (False, {"root"})])
def test_a_root_that_is_read_only_from_the_start_may_be_meant_so(
    meant: bool | None, expected: set[str]
) -> None:
    """But not where the table of mounts wants it writable: then the check at the start has failed."""
    words = HealthWords(meant_read_only=meant)
    assert troubles(words, WELL._replace(root_read_only=True)) == expected


def test_a_ups_on_battery_and_low() -> None:
    words = HealthWords(PINS)
    assert troubles(words, WELL._replace(on_battery=True)) == {"ups"}
    assert troubles(words, WELL._replace(on_battery=True, battery_low=True)) == {"ups", "ups battery"}
    assert troubles(words, WELL) == set()


def test_without_a_ups_nothing_is_said_of_one() -> None:
    assert troubles(HealthWords(), WELL._replace(on_battery=True, battery_low=True)) == set()


def test_a_silent_ups_is_a_trouble_after_a_minute() -> None:
    """Also one that never answered; one that was on battery stays so until then."""
    silent = WELL._replace(on_battery=None, battery_low=None)
    never = HealthWords(SERIAL)
    assert troubles(never, silent, 10.0) == set()
    assert troubles(never, silent, 10.0 + UPS_SILENT_S - 0.1) == set()
    assert "/dev/ttyUSB0" in str(never.judge(silent, 10.0 + UPS_SILENT_S)["ups"])
    assert troubles(never, WELL, 100.0) == set()
    once = HealthWords(SERIAL)
    assert troubles(once, WELL._replace(on_battery=True), 0.0) == {"ups"}
    assert once.judge(silent, UPS_SILENT_S - 1)["ups"] == "on battery: no mains"
    assert "no answer" in str(once.judge(silent, UPS_SILENT_S)["ups"])


def test_a_ups_that_answers_between_is_not_silent() -> None:
    words = HealthWords(PINS)
    silent = WELL._replace(on_battery=None, battery_low=None)
    for mono in range(0, 1000, 50):
        assert troubles(words, silent if mono % 100 else WELL, float(mono)) == set()


def test_a_reading_that_moves_makes_no_news() -> None:
    """Each word is said once, however the temperature wanders."""
    words, noted = HealthWords(), Troubles()
    said = []
    for degrees in (81.0, 81.7, 82.4, 80.9, 81.3):
        for what, why in words.judge(WELL._replace(cpu_c=degrees), 0.0).items():
            said += noted.note(what, why)
    assert len(said) == 1


known = st.none() | st.booleans()
numbers = st.none() | st.floats(allow_nan=False)


@given(
    st.lists(
        st.builds(
            Machine,
            cpu_c=numbers,
            under_voltage=known,
            throttled=known,
            disk_free_mb=numbers,
            root_read_only=known,
            memory_free_mb=numbers,
            on_battery=known,
            battery_low=known,
        ),
        max_size=20,
    )
)
def test_any_history_ends_well(history: list[Machine]) -> None:
    """Whatever was: a machine that is well for long enough has no trouble, and no key is ever lost."""
    words = HealthWords(SERIAL)
    keys = set(words.judge(Machine(), 0.0))
    for n, machine in enumerate(history):
        assert set(words.judge(machine, float(n))) == keys
    assert troubles(words, WELL, len(history) + LASTS_S) == set()
