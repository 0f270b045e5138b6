"""Whether the wall clock is synchronised: timesyncd's word, the kernel's, and neither."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from config import kernel_clock

WALL = 1_790_000_000.0


@pytest.mark.parametrize(
    ("long", "size", "status", "seconds", "tick"),
    [(ctypes.c_int64, 208, 40, 72, 88), (ctypes.c_int32, 128, 20, 36, 44)],
)
def test_the_layout_is_the_kernels(long: Any, size: int, status: int, seconds: int, tick: int) -> None:
    """Offsets by linux/timex.h for a ``long`` of 8 and of 4 bytes."""
    form = kernel_clock.timex(long)
    assert ctypes.sizeof(form) == size
    assert (form.status.offset, form.sec.offset, form.tick.offset) == (status, seconds, tick)


def told(*, status: int = 0, sec: int = int(WALL), tick: int = 10_000) -> Any:
    return kernel_clock.timex(ctypes.c_long)(status=status, sec=sec, tick=tick)


@pytest.mark.parametrize(
    ("state", "answer", "expected"),
    [
        (0, told(), True),
        (0, told(status=0x2001), True),  # STA_NANO, STA_PLL
        (1, told(), True),  # a leap second is to come
        (5, told(status=0x40), False),
        (5, told(), False),
        (0, told(status=0x40), False),
        (-1, told(), None),
        (6, told(), None),
        (0, told(sec=int(WALL) - 60), None),
        (0, told(tick=0), None),
    ],
)
def test_the_kernels_word(state: int, answer: Any, expected: bool | None) -> None:
    """Unknown where the answer isn't plainly one."""
    assert kernel_clock.judge(state, answer, WALL) is expected


def test_this_kernel_answers() -> None:
    """Sandboxes may forbid the call; then it isn't known, and nothing is raised."""
    assert kernel_clock.kernel_synced() in (None, True, False)


def test_asking_needs_no_privilege_and_setting_isnt_possible_without() -> None:
    """As the service is: nobody, and without any capability."""
    script = (
        "import ctypes, os\n"
        "from config import kernel_clock\n"
        "if os.geteuid() == 0: os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3)\n"
        "room = ctypes.create_string_buffer(1024)\n"
        "print(kernel_clock.kernel_synced())\n"
        "room[0] = 0x10\n"  # ADJ_STATUS
        "print(kernel_clock._adjtimex()(room), ctypes.get_errno())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    asked, was_set = done.stdout.splitlines()
    assert asked in ("None", "True", "False")
    assert was_set == "-1 1"  # EPERM


@pytest.mark.parametrize("error", [OSError("no libc"), AttributeError("no adjtimex")])
def test_a_c_library_without_it_is_unknown(mocker: MockerFixture, error: Exception) -> None:
    mocker.patch("config.kernel_clock._adjtimex", side_effect=error)
    assert kernel_clock.kernel_synced() is None


def test_a_call_that_is_forbidden_is_unknown(mocker: MockerFixture) -> None:
    """As under a filter of system calls: -1 and EPERM."""
    mocker.patch("config.kernel_clock._adjtimex", return_value=lambda _: -1)
    assert kernel_clock.kernel_synced() is None


def test_an_unknown_layout_isnt_tried(mocker: MockerFixture) -> None:
    mocker.patch("config.kernel_clock.SIZES", {})
    call = mocker.patch("config.kernel_clock._adjtimex")
    assert kernel_clock.kernel_synced() is None
    call.assert_not_called()


@pytest.mark.parametrize(
    ("timesyncd", "kernel", "expected"),
    [
        ("yes", None, True),
        ("yes", False, True),
        ("no", True, True),  # another service keeps the clock
        ("no", False, False),
        ("no", None, False),
        ("absent", True, True),
        ("absent", False, False),
        ("absent", None, None),
    ],
)
def test_timesyncds_yes_stands_then_the_kernels_word(
    tmp_path: Path, mocker: MockerFixture, timesyncd: str, kernel: bool | None, expected: bool | None
) -> None:
    mocker.patch("config.kernel_clock.kernel_synced", return_value=kernel)
    if timesyncd != "absent":
        (tmp_path / kernel_clock.TIMESYNC).mkdir(parents=True)
    if timesyncd == "yes":
        (tmp_path / kernel_clock.TIMESYNC / "synchronized").touch()
    assert kernel_clock.clock_synced(tmp_path) is expected


def test_how_far_it_may_be_wrong(mocker: MockerFixture) -> None:
    """The kernel's own bound, in whole ms, where it is synchronised; timesyncd knows none."""
    answer = told()
    answer.maxerror = 12_345
    mocker.patch("time.time", return_value=WALL)
    mocker.patch("config.kernel_clock._adjtimex", return_value=lambda room: _answer(room, answer))
    assert kernel_clock.kernel_trust() == kernel_clock.Trust(True, 13)
    answer.status = 0x40
    assert kernel_clock.kernel_trust() == kernel_clock.Trust(False)
    assert kernel_clock.clock_trust(Path("/nowhere")) == kernel_clock.Trust(False)


def _answer(room: Any, answer: Any) -> int:
    ctypes.memmove(room, ctypes.byref(answer), ctypes.sizeof(answer))
    return 0


def test_the_kernels_start_has_an_id(tmp_path: Path, mocker: MockerFixture) -> None:
    assert kernel_clock.boot_id() is not None
    mocker.patch("config.kernel_clock.BOOT_ID", tmp_path / "not there")
    assert kernel_clock.boot_id() is None
