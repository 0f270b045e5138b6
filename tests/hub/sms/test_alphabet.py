"""The GSM alphabet, row by row from 3GPP TS 23.038, and against two libraries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sms import alphabet

LETTERS = "".join(letter for letter in alphabet.BASIC if letter != "\x1b") + "".join(
    alphabet.EXTENSION.values()
)
TEXTS = st.text(alphabet=LETTERS, max_size=200)

# Septets, text, where the row is from.
CODES = [
    ([0x00], "@", "TS 23.038 6.2.1, row 0 column 0"),
    ([0x01, 0x02, 0x03], "£$¥", "TS 23.038 6.2.1, rows 1 to 3 column 0"),
    ([0x04, 0x05, 0x06, 0x07, 0x08], "èéùìò", "TS 23.038 6.2.1, rows 4 to 8 column 0"),
    ([0x09], "Ç", "TS 23.038 6.2.1, row 9 column 0 and its note: the capital letter"),
    ([0x0A, 0x0D], "\n\r", "TS 23.038 6.2.1, LF and CR"),
    ([0x0B, 0x0C, 0x0E, 0x0F], "ØøÅå", "TS 23.038 6.2.1, column 0"),
    ([0x10, 0x12, 0x13, 0x14, 0x15], "ΔΦΓΛΩ", "TS 23.038 6.2.1, column 1"),
    ([0x16, 0x17, 0x18, 0x19, 0x1A], "ΠΨΣΘΞ", "TS 23.038 6.2.1, column 1"),
    ([0x11], "_", "TS 23.038 6.2.1, row 1 column 1"),
    ([0x1C, 0x1D, 0x1E, 0x1F], "ÆæßÉ", "TS 23.038 6.2.1, column 1"),
    ([0x24], "¤", "TS 23.038 6.2.1, row 4 column 2: the currency sign, no dollar"),
    ([0x30, 0x41, 0x61], "0Aa", "TS 23.038 6.2.1, as in ASCII"),
    ([0x40], "¡", "TS 23.038 6.2.1, row 0 column 4"),
    ([0x5B, 0x5C, 0x5D, 0x5E, 0x5F], "ÄÖÑÜ§", "TS 23.038 6.2.1, column 5"),
    ([0x60], "¿", "TS 23.038 6.2.1, row 0 column 6"),
    ([0x7B, 0x7C, 0x7D, 0x7E, 0x7F], "äöñüà", "TS 23.038 6.2.1, column 7"),
    ([0x1B, 0x0A], "\f", "TS 23.038 6.2.1.1, page break"),
    ([0x1B, 0x14], "^", "TS 23.038 6.2.1.1"),
    ([0x1B, 0x28, 0x1B, 0x29], "{}", "TS 23.038 6.2.1.1"),
    ([0x1B, 0x2F], "\\", "TS 23.038 6.2.1.1"),
    ([0x1B, 0x3C, 0x1B, 0x3D, 0x1B, 0x3E], "[~]", "TS 23.038 6.2.1.1"),
    ([0x1B, 0x40], "|", "TS 23.038 6.2.1.1"),
    ([0x1B, 0x65], "€", "TS 23.038 6.2.1.1"),
]


@pytest.mark.parametrize(("codes", "text", "source"), CODES)
def test_each_row_of_the_table(codes: list[int], text: str, source: str) -> None:
    """It is written and read as the standard has it."""
    assert alphabet.encode(text) == codes, source
    assert alphabet.decode(codes) == text, source


def test_the_whole_table_is_the_tables() -> None:
    """Every other code is ASCII's own, so that the rows above are all that differ."""
    assert len(alphabet.BASIC) == 128
    assert len(set(alphabet.BASIC)) == 128
    listed = {code for codes, _, _ in CODES if codes[0] != alphabet.ESCAPE for code in codes}
    for code in set(range(128)) - listed - {alphabet.ESCAPE}:
        assert alphabet.BASIC[code] == chr(code)


@pytest.mark.parametrize(
    ("codes", "text", "source"),
    [
        ([0x1B, 0x41], "A", "TS 23.038 6.2.1.1: no symbol there: that of the default table is shown"),
        ([0x1B, 0x1B], " ", "TS 23.038 6.2.1.1 note 1: a second escape is shown as a space"),
        ([0x41, 0x1B], "A ", "TS 23.038 6.2.1: a terminal that knows no extension shows a space"),
    ],
)
def test_what_is_not_in_the_table_is_read_all_the_same(codes: list[int], text: str, source: str) -> None:
    """As the standard tells a receiver to."""
    assert alphabet.decode(codes) == text, source


@pytest.mark.parametrize(
    ("text", "packed", "source"),
    [
        ("hello", "E8329BFD06", "five septets in five octets, spare bits 0: TS 23.038 6.1.2.1.1"),
        ("hellohello", "E8329BFD4697D9EC37", "python-gsmmodem-new's and every SMS primer's example"),
        ("1234567", "31D98C56B3DD00", "seven septets leave 7 spare bits: TS 23.038 6.1.2.1.1"),
    ],
)
def test_packing(text: str, packed: str, source: str) -> None:
    """Septets lie in octets as the standard draws them."""
    codes = alphabet.encode(text)
    assert alphabet.pack(codes) == bytes.fromhex(packed), source
    assert alphabet.unpack(bytes.fromhex(packed), len(codes)) == codes


@given(TEXTS, st.integers(0, 6))
def test_what_is_packed_is_unpacked(text: str, skip: int) -> None:
    """At every place at which a header may leave it."""
    assert alphabet.fits(text)
    codes = alphabet.encode(text)
    packed = alphabet.pack(codes, skip)
    assert alphabet.decode(alphabet.unpack(packed, len(codes), skip)) == text


@given(TEXTS)
def test_a_library_packs_the_same(text: str) -> None:
    """python-gsmmodem-new, as an oracle; it lacks the page break, and the section sign."""
    from gsmmodem.pdu import encodeGsm7, packSeptets

    text = text.replace("\f", "").replace("§", "")
    codes = encodeGsm7(text)
    assert bytes(alphabet.encode(text)) == bytes(codes)
    assert alphabet.pack(alphabet.encode(text)) == bytes(packSeptets(codes))


@given(TEXTS)
def test_another_library_reads_it(text: str) -> None:
    """smspdudecoder, as an oracle; where it knows no extension (it adds an @), the text has none."""
    from smspdudecoder.codecs import GSM

    plain = "".join(letter for letter in text if letter in alphabet.BASIC)
    packed = alphabet.pack(alphabet.encode(plain)).hex()
    assert GSM.decode(packed).startswith(plain) if packed else plain == ""


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 6))
def test_any_octets_are_read(octets: bytes, count: int, skip: int) -> None:
    """Without a fault, and never more than was asked for."""
    codes = alphabet.unpack(octets, count, skip)
    assert len(codes) <= count
    assert len(alphabet.decode(codes)) <= count + 1


@pytest.mark.parametrize(
    ("typeset", "typed"),
    [("\u2019", "'"), ("\u201cx\u201d", '"x"'), ("a\u2013b\u2014c", "a-b-c"), ("\u2026", "...")],
)
def test_typeset_signs_become_typed_ones(typeset: str, typed: str) -> None:
    """So that one of them doesn't halve what a message holds."""
    assert alphabet.plainer(typeset) == typed
    assert alphabet.fits(alphabet.plainer(typeset))


@pytest.mark.parametrize("text", ["Łódź", "学校", "🚨", "\x1b"])
def test_what_is_of_another_alphabet_does_not_fit(text: str) -> None:
    """It goes as UCS-2; an escape by itself is no character."""
    assert not alphabet.fits(text)
