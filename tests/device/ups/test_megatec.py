"""The protocol: what an answer says, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.ups import UpsStatus, megatec

DOCUMENTS_OWN = b"(208.4 140.0 208.4 034 59.9 2.05 35.0 00110000"
"""The example of the document: neither utility fail nor battery low."""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (DOCUMENTS_OWN, UpsStatus(False, False)),
        (b"(000.0 230.0 229.8 021 50.0 13.1 25.0 10001001", UpsStatus(True, False)),
        (b"(000.0 230.0 229.8 021 50.0 10.9 --.- 11001001", UpsStatus(True, True)),  # no thermometer
        (b"(230.1 230.1 230.1 010 50.0 13.6 25.0 01001000", UpsStatus(False, True)),
        (b"(230.1 230.1 230.1 010 50.0 13.6 25.0  00001000", UpsStatus(False, False)),
        (b"Q1(230.1 230.1 230.1 010 50.0 13.6 25.0 10001000", UpsStatus(True, False)),
        (b"(230.1 23" + DOCUMENTS_OWN, UpsStatus(False, False)),
    ],
)
def test_an_answer(line: bytes, expected: UpsStatus) -> None:
    assert megatec.read(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"Q1",
        b"NAK",
        DOCUMENTS_OWN[1:],
        DOCUMENTS_OWN[:-1],
        DOCUMENTS_OWN + b"0",
        DOCUMENTS_OWN + b" 00",
        DOCUMENTS_OWN + b"\r",
        DOCUMENTS_OWN.replace(b"00110000", b"0011000x"),
        DOCUMENTS_OWN.replace(b"034 ", b""),
        b"#230.0 4.3 12.0 50.0",
        b" " * 64 + DOCUMENTS_OWN,
    ],
)
def test_no_answer(line: bytes) -> None:
    assert megatec.read(line) is None


@given(st.binary())
def test_noise_is_no_answer(line: bytes) -> None:
    assert megatec.read(line) is None


@given(st.data())
def test_a_spoilt_answer_is_none_or_says_what_its_bits_say(data: st.DataObject) -> None:
    """One byte lost, added or changed before the bits can't make mains of battery."""
    true = b"(000.0 230.0 229.8 021 50.0 13.1 25.0 10001001"
    at = data.draw(st.integers(0, len(true) - 9))
    keep = data.draw(st.integers(0, 1))
    line = true[:at] + data.draw(st.binary(max_size=1)) + true[at + keep :]
    assert megatec.read(line) in (None, UpsStatus(True, False))
