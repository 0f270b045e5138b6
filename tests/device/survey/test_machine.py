"""One look at each kind of machine, with exact answers; and at machines that aren't well."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from device.facts import Machine
from device.survey import kernel, survey
from device.survey.machine import disk_free_mb, look, machine_name, program_release, root_meant_read_only
from device.ups import UpsStatus
from tests.device.survey.roots import FSTAB, PC, PI_4, PI_4_PLAIN_KERNEL, STRICT, THROTTLED, build

WELL = Machine(
    clock_synced=True,
    up_s=35213.17,
    cpu_c=48.199,
    under_voltage=False,
    under_voltage_seen=False,
    throttled=False,
    throttled_seen=False,
    root_read_only=False,
    memory_free_mb=3230.9,
    load_1m=0.08,
    wifi_dbm=-48.0,
)


@pytest.fixture(autouse=True)
def _clock(mocker: MockerFixture) -> None:
    """The kernel of the machine that runs the tests has no say."""
    mocker.patch("config.kernel_clock.kernel_synced", return_value=True)


def test_a_pi_4_tells_everything(tmp_path: Path) -> None:
    assert look(build(tmp_path, PI_4)) == WELL


def test_a_kernel_without_get_throttled_knows_the_supply_alone(tmp_path: Path) -> None:
    expected = WELL._replace(under_voltage_seen=None, throttled=None, throttled_seen=None)
    assert look(build(tmp_path, PI_4_PLAIN_KERNEL)) == expected


def test_a_pc_has_no_such_sensors(tmp_path: Path) -> None:
    """Of its zones the processor's is taken, not the case's."""
    expected = Machine(
        clock_synced=True,
        up_s=35213.17,
        cpu_c=61.0,
        root_read_only=False,
        memory_free_mb=3230.9,
        load_1m=0.08,
    )
    assert look(build(tmp_path, PC)) == expected


def test_where_there_is_nothing_nothing_is_known(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch("config.kernel_clock.kernel_synced", return_value=None)
    assert look(tmp_path) == Machine()
    assert look(tmp_path / "not there") == Machine()


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\xff\xfe\x00", b"nan inf", b"-", b"9" * 400, b"x" * 1_000_000, b"ro - " * 10],
    ids=["empty", "blank", "bytes", "nan", "dash", "digits", "huge", "words"],
)
def test_garbage_in_every_file_is_null(tmp_path: Path, content: bytes) -> None:
    """But the names stay, so that the sensors are found."""
    keep = ("name", "type")
    files = {n: c.encode() if n.endswith(keep) else content for n, c in PI_4.items()}
    assert look(build(tmp_path, files)) == Machine(clock_synced=True)


@pytest.mark.parametrize("name", PI_4)
@pytest.mark.parametrize("fault", ["missing", "folder", "loop", "fifo"])
def test_one_bad_file_costs_its_own_reading(tmp_path: Path, name: str, fault: str) -> None:
    """Whatever is wrong with one file, most is still known, and what is known is right."""
    root = build(tmp_path, PI_4)
    (root / name).unlink()
    if fault == "folder":
        (root / name).mkdir()
    elif fault == "loop":
        (root / name).symlink_to(name)
    elif fault == "fifo":
        os.mkfifo(root / name)
    found = look(root)
    lost = [field for field in Machine._fields if getattr(found, field) != getattr(WELL, field)]
    assert all(getattr(found, field) is None for field in lost)
    # All four flags hang on the hwmon; anything else is one reading.
    assert len(lost) <= (4 if "hwmon1" in name else 3 if name == THROTTLED else 1)


def test_a_file_that_may_not_be_read_is_null(tmp_path: Path, mocker: MockerFixture) -> None:
    """Root may read everything, so the refusal is put in by hand."""
    mocker.patch("device.survey.reading.os.open", side_effect=PermissionError)
    mocker.patch("device.survey.reading.os.listdir", side_effect=PermissionError)
    assert look(build(tmp_path, PI_4)) == Machine(clock_synced=True)


def test_a_file_that_fails_while_read_is_null(tmp_path: Path, mocker: MockerFixture) -> None:
    """As sysfs does when a sensor doesn't answer: EIO, or a time-out."""
    mocker.patch("device.survey.reading.os.read", side_effect=OSError(5, "Input/output error"))
    assert look(build(tmp_path, PI_4)) == Machine(clock_synced=True)


def test_a_services_own_view_of_the_root_isnt_the_roots(tmp_path: Path) -> None:
    """``ProtectSystem=strict`` mounts everything read-only for the service; the filesystem is writable."""
    assert look(build(tmp_path, PI_4 | {"proc/self/mountinfo": STRICT})) == WELL


def test_a_table_of_mounts_comes_in_pieces(tmp_path: Path) -> None:
    """Longer than one page, the root's line last."""
    many = "".join(f"{n} 1 0:{n} / /m/{n} rw - tmpfs tmpfs rw\n" for n in range(900))
    root = build(tmp_path, {"proc/self/mountinfo": many + "9 1 8:1 / / rw - ext4 /dev/sda1 ro\n"})
    assert look(root).root_read_only is True


def test_another_model_names_its_firmware_otherwise(tmp_path: Path) -> None:
    """The driver's link leads to it, as on models whose ``soc`` has an address in its name."""
    root = build(tmp_path, PI_4_PLAIN_KERNEL | {"sys/devices/platform/soc@10/fw/get_throttled": "50005\n"})
    driver = root / "sys/bus/platform/drivers/raspberrypi-firmware"
    driver.mkdir(parents=True)
    (driver / "uevent").write_text("")
    (driver / "soc@10:firmware").symlink_to(root / "sys/devices/platform/soc@10/fw")
    found = look(root)
    assert found[3:7] == (True, True, True, True)


def test_throttled_bits_without_the_driver_that_asks_are_not_believed(tmp_path: Path) -> None:
    """They would be as old as the start."""
    files = {name: content for name, content in PI_4.items() if "hwmon1" not in name}
    assert look(build(tmp_path, files))[3:7] == (None, None, None, None)


def test_under_voltage_now_was_also_seen(tmp_path: Path) -> None:
    alarm = {"sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"}
    assert look(build(tmp_path, PI_4 | alarm))[3:7] == (True, True, False, False)


class OnBattery:
    """A UPS that answers."""

    def read(self) -> UpsStatus:
        return UpsStatus(True, False)

    def close(self) -> None: ...


def test_a_survey_is_all_of_it(tmp_path: Path) -> None:
    root = build(tmp_path, PI_4)
    found = survey(tmp_path, OnBattery(), root)
    assert found._replace(disk_free_mb=None) == WELL._replace(on_battery=True, battery_low=False)
    there = os.statvfs(tmp_path)
    assert found.disk_free_mb == pytest.approx(there.f_bavail * there.f_frsize / 1e6, rel=0.1)


def test_this_machine_can_be_surveyed(tmp_path: Path) -> None:
    found = survey(tmp_path)
    assert found.up_s is not None
    assert found.memory_free_mb is not None
    assert found.root_read_only is not None


def test_a_data_folder_that_is_not_there_has_no_free_disk(tmp_path: Path) -> None:
    assert disk_free_mb(tmp_path / "not there") is None


@pytest.mark.parametrize(
    ("fstab", "meant"),
    [
        (FSTAB, False),
        (FSTAB.replace("defaults,noatime", "noatime,ro"), True),
        ("#/dev/sda1 / ext4 ro 0 1\n", None),
        ("", None),
        ("/dev/sda1 /\n", None),
    ],
)
def test_the_table_tells_what_was_meant(tmp_path: Path, fstab: str, meant: bool | None) -> None:
    assert root_meant_read_only(build(tmp_path, {"etc/fstab": fstab})) is meant


def test_another_machine_has_another_name(tmp_path: Path) -> None:
    """The board's serial number comes first: the same card in another board is another machine."""
    serial, ident = "sys/firmware/devicetree/base/serial-number", "etc/machine-id"
    names = {
        machine_name(build(tmp_path / str(n), files))
        for n, files in enumerate(
            [
                {serial: "10000000abcdef01\0", ident: "aa\n"},
                {serial: "10000000abcdef02\0", ident: "aa\n"},
                {ident: "aa\n"},
                {ident: "bb\n"},
            ]
        )
    }
    assert len(names) == 4
    assert machine_name(build(tmp_path / "5", {serial: "10000000abcdef01", ident: "cc"})) in names
    assert machine_name(build(tmp_path / "6", {ident: "\n"})) is None
    assert machine_name(tmp_path / "not there") is None


def test_the_kernels_start_has_an_id() -> None:
    assert len(kernel(otherwise="unknown")) == 36


def test_an_id_that_cant_be_read_is_replaced(mocker: MockerFixture, tmp_path: Path) -> None:
    mocker.patch("config.kernel_clock.BOOT_ID", tmp_path / "not there")
    assert kernel(otherwise="unknown-1") == "unknown-1"


def test_a_program_that_a_hub_handed_out_knows_which_it_is(tmp_path: Path) -> None:
    """By the file beside its own venv; any other says nothing, and a file that is odd costs nothing."""
    venv = tmp_path / "agent"
    assert program_release(venv) is None
    (tmp_path / "release").write_text("0123456789abcdef\n")
    assert program_release(venv) == "0123456789abcdef"
    (tmp_path / "release").write_text("\n")
    assert program_release(venv) is None
    (tmp_path / "release").write_text("x" * 5000)
    assert program_release(venv) == "x" * 64
