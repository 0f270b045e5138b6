"""The frame of DC-09 against frames of others' equipment, and there and back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysiaalarm.event import BaseEvent

from hub.dc09.frame import LONGEST, FrameError, crc, packed, read_stamp, stamp, unpacked

FRAMES = [
    # source, CRC and length as they were sent, the body
    ("Ajax hub, noted in a public receiver", "85420026", '"NULL"0000L0#000[]_21:58:31,08-08-2019'),
    ("Teknim panel, noted in a public parser", "59630027", '"NULL"0000L1#699F[]_23:50:57,02-20-2024'),
    (
        "Teknim panel, noted in a public parser",
        "39660039",
        '"SIA-DCS"0512L1#9764[#9764|Nri1/OP03]_00:41:51,06-13-2000',
    ),
    ("Prosec panel, noted in a public parser", "B0970029", '"NULL"0000L000#0809[]_21:00:01,02-20-2024'),
    ("a receiver's log", "D730002F", '"NULL"0000R7896L7896#3456[]_17:01:26,07-26-2024'),
    (
        "a receiver's log",
        "F92F0043",
        '"ADM-CID"0020R7896L7896#3456[#3456|1407 00 001]_17:01:14,07-26-2024',
    ),
]
"""Frames of equipment that is not ours, as others wrote them down: docs/dispatch.md, Sources."""

STAMPS = [
    # source, the stamp, wall ms
    ("2013 edition, 5.5.1.8: _HH:MM:SS,MM-DD-YYYY in UTC", "_21:58:31,08-08-2019", 1_565_301_511_000),
    ("the same, a leap day", "_00:00:00,02-29-2024", 1_709_164_800_000),
]

BODIES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=300)


@pytest.mark.parametrize(("source", "head", "body"), FRAMES)
def test_frames_of_others_are_made_to_the_byte(source: str, head: str, body: str) -> None:
    """CRC and length of frames that other makers' equipment sent."""
    assert packed(body) == b"\n" + head.encode() + body.encode() + b"\r", source
    found = unpacked(packed(body))
    assert found.sequence == int(body.split('"')[2][:4])
    assert found.rest == body.partition("[")[2]


@given(BODIES)
def test_the_crc_is_pysiaalarms(body: str) -> None:
    """Both reckon the same CRC of any body."""
    assert f"{crc(body.encode()):04X}" == BaseEvent._crc_calc(body)


@given(
    st.sampled_from(["ACK", "NAK", "DUH", "SIA-DCS", "ADM-CID", "NULL"]),
    st.booleans(),
    st.integers(0, 9999),
    st.none() | st.from_regex(r"[0-9A-F]{1,6}", fullmatch=True),
    st.from_regex(r"[0-9A-F]{1,6}", fullmatch=True),
    st.none() | st.from_regex(r"[0-9A-F]{3,16}", fullmatch=True),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
)
def test_there_and_back(
    token: str,
    encrypted: bool,
    sequence: int,
    receiver: str | None,
    prefix: str,
    account: str | None,
    rest: str,
) -> None:
    """Any frame is read as it was written."""
    star, r = "*" if encrypted else "", f"R{receiver}" if receiver else ""
    name = f"#{account}" if account else "A0"
    found = unpacked(packed(f'"{star}{token}"{sequence:04d}{r}L{prefix}{name}[{rest}'))
    assert found == (token, encrypted, sequence, receiver, prefix, account, rest)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\n\r", "it is empty"),  # pysiaalarm's answer to a wrong CRC
        (b'"NAK"', "too short"),  # pysiaalarm's answer to an account that it doesn't know
        (b"hello, who is there?", "begins with no CRC and length"),
        (b'\n85420027"NULL"0000L0#000[]_21:58:31,08-08-2019\r', "its length says 39 bytes and it has 38"),
        (b'\n85430026"NULL"0000L0#000[]_21:58:31,08-08-2019\r', "its CRC is wrong"),
        (packed("hello, who is there?"), "its body is none of DC-09"),
        (b"\n%04X0005" % crc(b'"AC\xc3\x8b') + b'"AC\xc3\x8b\r', "its body is none of DC-09"),
    ],
)
def test_what_is_no_frame_says_why(raw: bytes, why: str) -> None:
    """Nothing is read into bytes that are no frame."""
    with pytest.raises(FrameError, match=why):
        unpacked(raw)


def test_a_body_that_no_frame_holds_is_refused() -> None:
    """More than three hexadecimal digits of length, or letters that are not ASCII."""
    with pytest.raises(FrameError, match=str(LONGEST)):
        packed("x" * (LONGEST + 1))
    with pytest.raises(FrameError, match="ASCII"):
        packed("Café")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_none(raw: bytes) -> None:
    """Whatever comes, it is read or refused in words."""
    with contextlib.suppress(FrameError):
        assert unpacked(raw).sequence >= 0


@pytest.mark.parametrize(("source", "text", "at"), STAMPS)
def test_stamps(source: str, text: str, at: int) -> None:
    """A stamp is written and read in UTC, to the second."""
    assert stamp(at) == text, source
    assert read_stamp(f"]{text}") == at


@given(st.integers(0, 4_102_444_800))
def test_stamps_there_and_back(seconds: int) -> None:
    """Any moment up to 2100 is read as it was written."""
    assert read_stamp(stamp(seconds * 1000)) == seconds * 1000


@pytest.mark.parametrize("text", ["", "_25:00:00,01-01-2026", "_10:00:00,02-30-2026", "_10:00:00,01-01-26"])
def test_what_is_no_stamp(text: str) -> None:
    """A moment that there is not is none."""
    assert read_stamp(text) is None
