"""What goes out on a line, and what an answer means: pysiaalarm reads the one and gives the other."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pysiaalarm import SIAAccount, SIAEvent
from pysiaalarm.utils import ResponseType

from hub.dc09 import frame
from hub.dc09.cipher import CipherError, deciphered, enciphered
from hub.dc09.frame import packed, stamp, unpacked
from hub.dc09.line import NEAR_MS, ORDER_MS, Line, heard, of_null, of_signal
from hub.dc09.signal import CODES, Signal
from tests.hub.dc09.judge import KEYS, answered, judged
from tests.hub.dc09.test_codes import signals

NOW: Final = 1_795_485_731_000  # 2026-11-24T02:02:11Z
RANDOM: Final = bytes(range(16))
PANIC: Final = Signal("panic", 41, 17, text="Room 101, Main bldg, floor 1")
PLAIN: Final = Line("1234")
KEY: Final = bytes.fromhex("00112233445566778899aabbccddeeff")
SECRET: Final = Line("1234", key=KEY)

NIST: Final = [
    # NIST SP 800-38A, F.2: key, two blocks in the clear as hex, the same enciphered, with its own first block
    (
        "F.2.1, AES-128",
        "2b7e151628aed2a6abf7158809cf4f3c",
        "7649abac8119b246cee98e9b12e9197d",
    ),
    (
        "F.2.3, AES-192",
        "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
        "4f021db243bc633d7178183a9fa071e8",
    ),
    (
        "F.2.5, AES-256",
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "f58c4c04d6e5f1ba779eabfb5f7bfbd6",
    ),
]
IV: Final = bytes(range(16))
BLOCK_1: Final = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")


def ack(line: Line, sequence: int, at: int = NOW, *, key: bytes | None = None) -> bytes:
    """An ACK as the 2013 edition has it in 5.5.3.1, plain or enciphered."""
    key = key or line.key
    head = f"{sequence:04d}L{line.prefix}#{line.account}["
    if key is None:
        return packed(f'"ACK"{head}]')
    return packed(f'"*ACK"{head}{enciphered(key, f"]{stamp(at)}", RANDOM)}')


@pytest.mark.parametrize(("source", "key", "block"), NIST)
def test_the_cipher_is_aes_in_chained_blocks(source: str, key: str, block: str) -> None:
    """NIST's own vectors: with an initial block of zeros theirs is joined to the first block beforehand."""
    clear = bytes(a ^ b for a, b in zip(BLOCK_1, IV, strict=True))
    assert deciphered(bytes.fromhex(key), block) == clear.decode("latin-1"), source


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100), st.binary(min_size=16))
def test_padding_stands_in_front_and_makes_whole_blocks(text: str, random: bytes) -> None:
    """2013 edition, 5.4.4: 1 to 16 letters and a bar, none of them a bracket or a bar."""
    found = deciphered(KEY, enciphered(KEY, text, random))
    padding, bar, rest = found.partition("|")
    assert (bar, rest) == ("|", text)
    assert 1 <= len(padding) <= 16
    assert not set(padding) & set("[]|")
    assert len(found) % 16 == 0


@pytest.mark.parametrize("digits", ["", "zz", "AB", "é", "AB" * 15, "AB" * 17])
def test_what_is_not_enciphered_is_refused(digits: str) -> None:
    """Digits that are none, or not whole blocks."""
    with pytest.raises(CipherError):
        deciphered(KEY, digits)


@pytest.mark.parametrize("bits", [None, *KEYS])
@given(signal=signals)
def test_pysiaalarm_reads_every_signal_as_sia(bits: int | None, signal: Signal) -> None:
    """Code, area, number and text arrive as they were sent, plain and by every length of key."""
    key = None if bits is None else KEYS[bits]
    line = Line("12AB", "1", "2", partition=3, key=None if key is None else key.encode())
    event = judged(of_signal(line, signal, NOW, RANDOM), "12AB", key)
    code = CODES[signal.event]
    assert (event.code, event.ri, event.account) == (
        code.sia_restoral if signal.restoral else code.sia,
        "3",
        "12AB",
    )
    assert event.sequence == f"{signal.sequence:04d}"
    assert (event.message or "").startswith(str(signal.zone))
    assert (event.receiver, event.line) == ("R2", "L1")
    assert event.response is ResponseType.ACK


@pytest.mark.parametrize("bits", [None, *KEYS])
@given(signal=signals)
def test_pysiaalarm_reads_every_signal_as_contact_id(bits: int | None, signal: Signal) -> None:
    """Qualifier, event, partition and zone arrive as they were sent."""
    key = None if bits is None else KEYS[bits]
    line = Line("12AB", payload="ADM-CID", key=None if key is None else key.encode())
    event = judged(of_signal(line, signal, NOW, RANDOM), "12AB", key)
    assert event.event_qualifier == ("3" if signal.restoral else "1")
    assert event.event_type == CODES[signal.event].contact_id
    assert (event.partition, event.ri) == ("01", f"{signal.zone:03d}")
    assert event.response is ResponseType.ACK


@pytest.mark.parametrize("bits", [None, *KEYS])
def test_pysiaalarm_acknowledges_and_is_believed(bits: int | None) -> None:
    """Its ACK of a signal and of a supervision message is heard as one; with a key both are enciphered."""
    key = None if bits is None else KEYS[bits]
    line = Line("12AB", key=None if key is None else key.encode())
    at = SIAEvent._get_timestamp()
    now = frame.read_stamp(at)
    assert now is not None
    for raw, sequence in ((of_signal(line, PANIC, now, RANDOM), 41), (of_null(line, now, RANDOM), 0)):
        assert (b'"*' in raw) is (bits is not None)
        told = heard(line, sequence, answered(raw, "12AB", key), now)
        assert told.what == "ack", told


def test_a_null_message_to_the_byte() -> None:
    """2013 edition, 5.5.2.1.1: no data, and no number."""
    assert of_null(PLAIN, NOW, RANDOM)[9:-1] == b'"NULL"0000L0#1234[]'


def test_an_enciphered_message_bears_its_time() -> None:
    """2013 edition, 5.4.4.3: pad, data, bracket and stamp are what is enciphered."""
    raw = unpacked(of_signal(SECRET, PANIC, NOW, RANDOM))
    text = deciphered(KEY, raw.rest)
    assert text.partition("|")[2] == "#1234|Nri1/PA17^Room 101, Main bldg, floor 1^]_02:02:11,11-24-2026"


def test_a_time_out_of_its_bounds_is_refused_with_the_right_one() -> None:
    """pysiaalarm's NAK holds its time, by which the stamp is put right."""
    account = SIAAccount("1234", KEYS[128])
    line = replace(PLAIN, key=KEYS[128].encode())
    now = frame.read_stamp(SIAEvent._get_timestamp())
    assert now is not None
    event = SIAEvent.from_line(
        of_signal(line, PANIC, now - 120_000, RANDOM).strip().decode(), {"1234": account}
    )
    told = heard(line, 41, event.create_response(), now - 120_000)
    assert told.what == "wrong-time"
    assert told.at is not None
    assert abs(told.at - now) < 5000


@pytest.mark.parametrize(
    ("line", "raw", "what"),
    [
        (PLAIN, ack(PLAIN, 41), "ack"),
        (PLAIN, packed('"ACK"0041R1L00#1234[]'), "ack"),  # a receiver's own way of writing L
        (Line("12AB", "1A"), packed('"ACK"0041L1a#12ab[]'), "ack"),
        (PLAIN, ack(PLAIN, 40), "another"),
        (PLAIN, packed('"ACK"0041L0#1235[]'), "another"),
        (PLAIN, packed('"ACK"0041L1#1234[]'), "another"),
        (PLAIN, packed('"DUH"0040L0#1234[]'), "another"),
        (PLAIN, packed('"DUH"0041L0#1234[]'), "duh"),
        (PLAIN, packed('"NAK"0000R0L0A0[]'), "nak"),
        (PLAIN, packed('"NAK"0000R0L0A0[]_25:02:11,11-24-2026'), "nak"),
        (PLAIN, packed('"NAK"0000R0L0A0[]_02:02:11,11-24-2026'), "wrong-time"),
        (PLAIN, packed('"RSP"0041L0#1234[]'), "unreadable"),
        (PLAIN, of_signal(PLAIN, PANIC, NOW, RANDOM), "unreadable"),  # an echo
        (PLAIN, ack(PLAIN, 41, key=KEY), "unreadable"),
        (SECRET, ack(SECRET, 41), "ack"),
        (SECRET, ack(PLAIN, 41), "unreadable"),  # anybody can say that
        (SECRET, ack(SECRET, 41, key=KEY[::-1]), "unreadable"),
        (SECRET, packed('"*ACK"0041L0#1234[AB'), "unreadable"),
        (SECRET, ack(SECRET, 41, NOW - NEAR_MS - 1000), "unreadable"),  # somebody kept it
        (SECRET, packed('"DUH"0041L0#1234[]'), "duh"),
        (PLAIN, b'"NAK"', "unreadable"),
        (PLAIN, b"", "unreadable"),
    ],
)
def test_what_an_answer_means(line: Line, raw: bytes, what: str) -> None:
    """Only an ACK to this very message, by its key where there is one, is one."""
    told = heard(line, 41, raw, NOW)
    assert told.what == what, told
    assert told.words


def test_an_old_answer_counts_only_where_its_receiver_lives_in_that_time() -> None:
    """A receiver whose clock is wrong, and doesn't mind, is believed; what somebody kept is not."""
    yesterday = NOW - 86_400_000
    old = ack(SECRET, 41, yesterday)
    assert heard(SECRET, 41, old, NOW, newest=yesterday + ORDER_MS).what == "ack"
    assert heard(SECRET, 41, old, NOW, newest=yesterday + ORDER_MS + 1000).what == "unreadable"


pieces = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([ack(PLAIN, 41), ack(SECRET, 41), b'\n1234"NAK"\r', of_null(PLAIN, NOW, RANDOM)]),
)


@given(
    st.lists(pieces, max_size=4).map(b"".join),
    st.integers(0, 150),
    st.integers(0, 255),
    st.sampled_from([PLAIN, SECRET]),
)
def test_no_answer_is_taken_for_an_ack_that_is_none(raw: bytes, at: int, byte: int, line: Line) -> None:
    """Any bytes, and an ACK with one byte changed: no error, and no ACK where there is none."""
    told = heard(line, 41, raw, NOW)
    assert told.what != "ack" or raw.strip(b"\r\n") == ack(line, 41).strip(b"\r\n")
    good = bytearray(ack(line, 41))
    if at < len(good) and good[at] != byte and chr(good[at]).lower() != chr(byte).lower():
        good[at] = byte
        assert heard(line, 41, bytes(good), NOW).what != "ack" or at in (0, len(good) - 1)
