"""One-time codes, by the vectors of RFC 6238 and by hand."""

from __future__ import annotations

import base64

import pyotp
import pytest

from hub.console.sign_in import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at_s", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(at_s: int, code: str) -> None:
    """RFC 6238, appendix B, the last six digits of each."""
    assert totp.step_of(SECRET, code, at_s * 1000) == at_s // 30


@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_a_clock_may_be_off_by_one_step(off: int) -> None:
    """And the step is that of the code, not of now."""
    now = 1_790_000_010
    code = pyotp.TOTP(SECRET).at(now + off * 30)
    assert totp.step_of(SECRET, code, now * 1000) == (now // 30 + off if abs(off) < 2 else None)


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708x", "٢٨٧٠٨٢", "-87082", "287 082x"])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert totp.step_of(SECRET, code, 59_000) is None


def test_a_code_may_be_typed_in_two_halves() -> None:
    assert totp.step_of(SECRET, " 287 082 ", 59_000) == 1


def test_at_the_beginning_of_time_there_is_no_step_before() -> None:
    """A hub whose clock says 1970 still knows the codes of 1970."""
    assert totp.step_of(SECRET, pyotp.TOTP(SECRET).at(0), 0) == 0


def test_recovery_codes_are_read_however_they_are_typed() -> None:
    """Letters that are easily misread among them; none is another's."""
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES
    for code in codes:
        assert len(code.replace("-", "")) == 16
        for typed in (code, code.upper(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
            assert totp.tidy(typed) == code
        assert totp.tidy(code.replace("0", "O").replace("1", "l")) == code
    for wrong in ("", "287082", codes[0][:-1], codes[0] + "a", "u" * 16, "é" * 16):
        assert totp.tidy(wrong) is None
