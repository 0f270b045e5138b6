"""The surveyor: what it knows and for how long, and what hangs without it."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from config.clock import Now
from device.facts import Machine
from device.survey import Surveyor
from device.survey.gauge import FRESH_S
from device.ups import UpsStatus
from tests.device.survey.roots import PI_4, THROTTLED, build
from tests.faults.sick_disk import SickDisk
from tests.site import until
from tests.tls import Authority


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.mono = 1000.0

    def now(self) -> Now:
        return Now(self.mono, 0)


class ScriptedUps:
    """A UPS that says what it is told to; it may hang."""

    def __init__(self) -> None:
        self.status: UpsStatus | None = UpsStatus(False, False)
        self.answers = threading.Event()
        self.answers.set()
        self.closed_by: str | None = None

    def read(self) -> UpsStatus | None:
        self.answers.wait()
        return self.status

    def close(self) -> None:
        self.closed_by = threading.current_thread().name


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def ups() -> ScriptedUps:
    return ScriptedUps()


@pytest.fixture
def surveyor(tmp_path: Path, clock: Hands, ups: ScriptedUps, mocker: MockerFixture) -> Surveyor:
    """A surveyor of a Pi 4 whose threads aren't started: the tests read by hand."""
    mocker.patch("config.kernel_clock.kernel_synced", return_value=True)
    return Surveyor(tmp_path, ups, root=build(tmp_path, PI_4), clock=clock)


@pytest.fixture
def impatient(mocker: MockerFixture) -> None:
    mocker.patch("device.survey.surveyor.END_S", 0.05)


def refresh(surveyor: Surveyor) -> None:
    for gauge in surveyor._gauges():
        gauge.refresh()


def test_before_the_first_look_nothing_is_known(surveyor: Surveyor, clock: Hands) -> None:
    assert surveyor.latest(clock.now()) == Machine()


def test_what_was_read_is_known_for_a_minute(surveyor: Surveyor, clock: Hands) -> None:
    refresh(surveyor)
    known = surveyor.latest(clock.now())
    assert known.cpu_c == 48.199
    assert known.disk_free_mb is not None
    assert known.on_battery is False
    clock.mono += FRESH_S
    assert surveyor.latest(clock.now()) == known
    clock.mono += 0.1
    assert surveyor.latest(clock.now()) == Machine()


def test_an_answer_that_came_late_is_as_old_as_its_question(
    surveyor: Surveyor, clock: Hands, mocker: MockerFixture
) -> None:
    def slow(_: Path) -> float:
        clock.mono += FRESH_S + 1
        return 5.0

    mocker.patch("device.survey.surveyor.disk_free_mb", slow)
    surveyor.disk.refresh()
    assert surveyor.latest(clock.now()).disk_free_mb is None


def test_a_dip_of_the_supply_is_remembered(surveyor: Surveyor, clock: Hands, tmp_path: Path) -> None:
    """The kernel's driver makes the firmware forget it."""
    refresh(surveyor)
    assert surveyor.latest(clock.now())[3:7] == (False, False, False, False)
    build(tmp_path, {"sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n", THROTTLED: "50005\n"})
    refresh(surveyor)
    assert surveyor.latest(clock.now())[3:7] == (True, True, True, True)
    build(tmp_path, {"sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n", THROTTLED: "0\n"})
    refresh(surveyor)
    assert surveyor.latest(clock.now())[3:7] == (False, True, False, True)
    (tmp_path / THROTTLED).unlink()
    refresh(surveyor)
    assert surveyor.latest(clock.now())[3:7] == (False, True, None, True)


def test_slowed_down_now_was_also_seen(surveyor: Surveyor, clock: Hands, tmp_path: Path) -> None:
    """Whatever the firmware has been made to forget."""
    build(tmp_path, {THROTTLED: "4\n"})
    refresh(surveyor)
    assert surveyor.latest(clock.now())[3:7] == (False, False, True, True)
    build(tmp_path, {THROTTLED: "0\n"})
    refresh(surveyor)
    assert surveyor.latest(clock.now())[3:7] == (False, False, False, True)


def test_a_ups_that_stops_answering_is_unknown(surveyor: Surveyor, clock: Hands, ups: ScriptedUps) -> None:
    refresh(surveyor)
    ups.status = None
    refresh(surveyor)
    known = surveyor.latest(clock.now())
    assert (known.on_battery, known.battery_low) == (None, None)
    assert known.cpu_c == 48.199


def test_a_fault_of_a_reading_is_null_and_the_next_is_read(
    surveyor: Surveyor, clock: Hands, mocker: MockerFixture
) -> None:
    broken = mocker.patch("device.survey.surveyor.look", side_effect=RuntimeError("a bug"))
    refresh(surveyor)
    assert surveyor.latest(clock.now()).up_s is None
    broken.side_effect = None
    broken.return_value = Machine(up_s=7.0)
    refresh(surveyor)
    assert surveyor.latest(clock.now()).up_s == 7.0


@pytest.mark.usefixtures("impatient")
def test_a_hung_disk_hides_nothing_else_and_holds_nobody(
    surveyor: Surveyor, clock: Hands, ups: ScriptedUps, mocker: MockerFixture
) -> None:
    """Neither ``latest`` nor the end waits for it."""
    lets_go = threading.Event()
    mocker.patch("device.survey.surveyor.disk_free_mb", side_effect=lambda _: lets_go.wait() and 1.0)
    surveyor.start()
    until("all else is known", lambda: surveyor.latest(clock.now()).on_battery is not None)
    until("all else is known", lambda: surveyor.latest(clock.now()).cpu_c is not None)
    assert surveyor.latest(clock.now()).disk_free_mb is None
    surveyor.close()
    assert surveyor.disk._thread.is_alive()
    assert ups.closed_by == "ups"
    lets_go.set()
    surveyor.disk._thread.join(5)
    assert not surveyor.disk._thread.is_alive()


@pytest.mark.usefixtures("impatient")
def test_a_ups_that_hangs_is_closed_when_it_returns(
    surveyor: Surveyor, clock: Hands, ups: ScriptedUps
) -> None:
    """By its own thread: nobody closes a line under a reader."""
    ups.answers.clear()
    surveyor.start()
    until("the board is known", lambda: surveyor.latest(clock.now()).cpu_c)
    surveyor.close()
    assert ups.closed_by is None
    ups.answers.set()
    until("it is closed", lambda: ups.closed_by == "ups")


def test_one_that_never_started_lets_its_ups_go(surveyor: Surveyor, ups: ScriptedUps) -> None:
    surveyor.close()
    assert ups.closed_by is not None


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SickDisk]:
    if shutil.which("fusermount3") is None or not os.access("/dev/fuse", os.W_OK):
        pytest.skip("no FUSE here")
    with SickDisk(tmp_path / "sick") as disk:
        yield disk


def test_a_disk_that_is_stopped_blocks_only_its_own_thread(
    disk: SickDisk, clock: Hands, tmp_path: Path
) -> None:
    """A real one: its free space becomes unknown, and is known again when it goes on."""
    surveyor = Surveyor(disk.path, root=build(tmp_path / "root", PI_4), clock=clock)
    refresh(surveyor)
    assert surveyor.latest(clock.now()).disk_free_mb is not None
    disk.hang()
    reader = threading.Thread(target=surveyor.disk.refresh, daemon=True)
    reader.start()
    reader.join(0.5)
    assert reader.is_alive()
    clock.mono += FRESH_S + 1
    surveyor.board.refresh()
    known = surveyor.latest(clock.now())
    assert known.disk_free_mb is None
    assert known.cpu_c == 48.199
    disk.go_on()
    reader.join(10)
    surveyor.disk.refresh()
    assert surveyor.latest(clock.now()).disk_free_mb is not None


def test_the_end_of_the_first_certificate_is_known(tmp_path: Path, clock: Hands) -> None:
    """Of those that can be read; without any nothing is told, and nothing is read."""
    authority = Authority(tmp_path, "The site")
    tls = authority.issue("demo.room-101", not_after=dt.datetime(2031, 5, 6, 7, 8, 9, tzinfo=dt.UTC))
    gone = tmp_path / "gone.pem"
    surveyor = Surveyor(tmp_path, clock=clock, certificates=(tls.ca_file, tls.cert_file, gone))
    refresh(surveyor)
    assert surveyor.latest(clock.now()).cert_ends == "2031-05-06T07:08:09.000Z"
    without = Surveyor(tmp_path, clock=clock, certificates=(gone,))
    refresh(without)
    assert without.latest(clock.now()).cert_ends is None
    assert Surveyor(tmp_path, clock=clock).certificates is None


def test_a_health_says_which_of_the_hubs_releases_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was when the agent started, whatever is put in its place meanwhile."""
    (tmp_path / "release").write_text("n3w")
    monkeypatch.setattr("sys.prefix", str(tmp_path / "agent"))
    surveyor = Surveyor(tmp_path)
    (tmp_path / "release").write_text("newer")
    assert surveyor.latest(Now(0.0, 0)).release == "n3w"
