"""The agent as scripts/install puts it on a machine: real systemd, its real unit, real GPIO by lgpio.

What fails is made to fail inside the machine, and what the hub heard is asserted here. The machine is
emulated and slow, so no bound on a time is tight; what was measured is printed (``pytest -rP``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hardware.conftest import Switch
from tests.hardware.machine import Machine

pytestmark = [pytest.mark.long, pytest.mark.vm, pytest.mark.root]

AGE_WRONG_MS = 1000
"""How far an age may be off: all that the emulated machine may take to hear an edge, or to take a copy."""


@pytest.fixture(scope="module")
def machine(new_machine: Switch) -> Iterator[Machine]:
    """One machine for all tests here; each trial begins with an empty outbox and wires at rest."""
    with new_machine() as running:
        yield running


def test_its_unit_starts_it_and_a_press_arrives(machine: Machine) -> None:
    """Ready by its own word (Type=notify), it publishes its birth with all three zones, and a press."""
    report = machine.ask("starting.press_after_start")
    _tell(report, "ready_s", "memory_mb", "alarm_after_ms", "age_wrong_by_ms")
    assert report["type"] == "notify"
    assert report["user"] == "tocsin-agent"
    assert report["restarts"] == 0
    assert {zone["zone"]: zone["condition"] for zone in report["birth"]["zones"]} == {
        "wall": "normal", "desk": "normal", "door": "normal",
    }  # fmt: skip
    assert report["birth"]["boot"] == report["alarm"]["boot"]
    assert report["alarm"]["kind"] == "panic"
    assert abs(report["age_wrong_by_ms"]) < AGE_WRONG_MS


def test_systemd_finds_nothing_wrong_with_the_installed_unit(machine: Machine) -> None:
    """No unknown key, no bad value; exposure 2.0 of 10 at most. One drop-in is the machine's own."""
    report = machine.ask("starting.judged_by_systemd")
    _tell(report, "exposure")
    assert (report["verify"], report["verify_says"]) == (0, "")
    assert report["exposure"] <= 2.0
    assert [path.rpartition("/")[2] for path in report["drop_ins"]] == ["vm.conf"]


def test_of_a_thousand_presses_none_is_missed_and_none_is_doubled(machine: Machine) -> None:
    """Two buttons side by side, presses and rests of 90 to 130 ms: 500 alarms each, and no gap in ``seq``."""
    report = machine.ask("pressing.many", 420, presses=1000, seed=1)
    _tell(report, "took_s", "late_s", "alarms", "restorals", "held", "copies", "oldest_ms", "lost_edges")
    assert report["by_zone"] == {"wall": 500, "desk": 500}
    assert report["restorals"] == 1000
    assert len(report["boots"]) == 1
    assert report["gaps"] == []
    assert report["highest_seq"] == 2000 + report["held"]


def test_an_unplugged_chip_is_told_and_taken_back(machine: Machine) -> None:
    """A trouble in 10 s, no flood in the journal, no thread that spins, a press within 15 s of its return."""
    report = machine.ask("failing.chip_unplugged", 180, away_s=10)
    _tell(
        report, "told_after_s", "lines", "busy", "works_after_s", "same_process", "chips", "said", "troubles"
    )
    assert report["told_after_s"] is not None
    assert report["told_after_s"] < 10
    assert report["works_after_s"] is not None
    assert report["works_after_s"] < 15
    assert report["lines"] < 50
    assert report["busy"] < 0.3


def test_a_hung_loop_is_found_by_the_watchdog(machine: Machine) -> None:
    """Its process is stopped (SIGSTOP): systemd ends it and starts another, and a press arrives."""
    report = machine.ask("failing.loop_hung", 240)
    _tell(report, "found_after_s")
    assert "Watchdog timeout" in report["journal"]
    assert report["restarts"] == 1
    assert report["event"]["what"] == "alarm"
    # WatchdogSec=20, what a start takes, and room for a slow machine.
    assert report["found_after_s"] < 45


def test_a_press_that_is_owed_outlives_kill_9_with_its_age(machine: Machine) -> None:
    """Pressed without a broker, killed, started again: it arrives, as old as it is, under its own id."""
    report = machine.ask("failing.killed_owing", 180, away_s=12)
    _tell(report, "pressed_before_s", "age_wrong_by_ms")
    assert report["pressed_before_s"] > 11
    assert report["age_wrong_by_ms"] < AGE_WRONG_MS
    assert not report["reused"]


def test_ages_stay_true_when_the_clock_goes_back_a_day(machine: Machine) -> None:
    """Presses before, after and across the step, with a kill between, keep their ages; none is lost."""
    report = machine.ask("failing.clock_set_back", 240, away_s=12)
    for told in report["set_back"]:
        _tell(told, "pressed_before_s", "age_wrong_by_ms")
        assert told["age_wrong_by_ms"] < AGE_WRONG_MS
    assert report["gaps"] == []


def test_every_press_arrives_over_a_link_that_loses_packets(machine: Machine) -> None:
    """Three in ten packets are dropped each way (netem), over TLS: 100 presses are 100 alarms."""
    report = machine.ask("pressing.on_a_lossy_link", 420, presses=100, percent=30, seed=2)
    _tell(report, "all_here_after_s", "copies", "oldest_ms", "packets")
    assert report["alarms"] == 100
    assert report["restorals"] == 100
    assert report["gaps"] == []
    assert "dropped 0," not in report["packets"]


def _tell(report: dict[str, Any], *keys: str) -> None:
    """Print what was measured; pytest shows it with -rP, and where the test fails."""
    for key in keys:
        found = report.get(key)
        print(f"{key}: {found:.2f}" if isinstance(found, float) else f"{key}: {found}")
