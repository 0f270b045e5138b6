"""The readers of the kernel's files: what each says of real contents, and of any contents at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.survey import board, proc
from device.survey.reading import number
from tests.device.survey.roots import FSTAB, MEMINFO, MOUNTS, STRICT, WIRELESS

REAL = [FSTAB, MEMINFO, MOUNTS, STRICT, WIRELESS, "50005\n", "0.08 0.03 0.01 1/178 1312\n"]


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A real file with a piece of it replaced."""
    text = draw(st.sampled_from(REAL))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 20)))
    return text[:start] + draw(st.text(max_size=20)) + text[end:]


@given(spoilt() | st.text())
def test_no_content_is_too_much_for_any_reader(text: str) -> None:
    """Nothing raises, and an answer is in the range of answers."""
    free, first, level, degrees = (
        proc.memory_free_mb(text), proc.first_number(text), proc.wifi_dbm(text), number(text)
    )  # fmt: skip
    assert free is None or 0 <= free < 1e15
    assert first is None or 0 <= first < 1e15
    assert level is None or -200 < level < 0
    assert degrees is None or abs(degrees) < 1e15
    assert proc.root_read_only(text) in (None, True, False)
    assert proc.root_meant_read_only(text) in (None, True, False)
    assert set(board.flags(text)) <= {None, True, False}


@pytest.mark.parametrize(
    ("super_options", "expected"),
    [
        ("rw", False),
        ("ro", True),
        ("rw,errors=remount-ro", False),
        ("rw,errors=remount-ro,emergency_ro", True),
        ("rw,shutdown", True),
        ("ro,noload", True),
        ("discard", None),
        ("", None),
    ],
)
def test_the_filesystem_says_whether_it_can_be_written(super_options: str, expected: bool | None) -> None:
    """Not the mount: that it is ``ro`` here says nothing."""
    line = f"27 1 254:0 / / ro,relatime shared:1 - ext4 /dev/vda {super_options}\n"
    assert proc.root_read_only(MOUNTS.replace("/ / rw", "/ /elsewhere rw") + line) is expected


def test_of_several_roots_the_last_lies_on_top() -> None:
    """As with an overlay over a read-only card, which is a root that can be written."""
    overlay = "40 28 0:40 / / rw,relatime - overlay overlay rw,lowerdir=/media/root-ro,upperdir=/rw\n"
    assert proc.root_read_only(MOUNTS.replace("mmcblk0p2 rw", "mmcblk0p2 ro") + overlay) is False


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" wlan0: 0000   62.  -48.  -256  0 0 0 1 0 0\n", -48.0),
        (" wlan0: 0000   62.  -48.  -256  0 0 0 1 0 0\nwlan1: 0000 70. -31. -256 0\n", -31.0),
        ("wlan0: 0000    0     0     0   0 0 0 0 0 0\n", None),  # not connected
        ("wlan0: 0000    0  -256  -256   0 0 0 0 0 0\n", None),
        ("wlan0: 0000   54.   80.    0   0 0 0 0 0 0\n", None),  # a share of some whole, not dBm
        ("wlan0: 0000\n", None),
        ("0000 62. -48. -256\n", None),
    ],
)
def test_wifi_is_in_dbm_or_unknown(line: str, expected: float | None) -> None:
    assert proc.wifi_dbm(line) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("0\n", (False, False, False, False)),
        ("1\n", (True, False, False, False)),
        ("4\n", (False, False, True, False)),
        ("50005\n", (True, True, True, True)),
        ("50000\n", (False, True, False, True)),
        ("0x50000\n", (False, True, False, True)),
        ("a000a\n", (False, False, False, False)),  # frequency capped, soft limit: neither is shown
        ("ffffffff\n", (None, None, None, None)),
        ("throttled=0x0\n", (None, None, None, None)),
        ("123456789\n", (None, None, None, None)),
        (None, (None, None, None, None)),
    ],
)
def test_the_firmwares_bits(word: str | None, expected: tuple[bool | None, ...]) -> None:
    """In the order under-voltage now, seen, throttled now, seen."""
    assert board.flags(word) == expected


@pytest.mark.parametrize(
    "word", ["1_0", "\u0661", "1e3", "inf", "nan", "0x10", "1.", ".5", "1 2", "", "9" * 16]
)
def test_a_number_is_plain(word: str) -> None:
    assert number(word) is None
