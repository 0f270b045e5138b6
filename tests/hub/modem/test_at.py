"""Lines, answers and errors of a modem, by tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.modem import at, errors
from hub.modem.at import PROMPT, Answer, Command, Exchange, Splitter
from hub.modem.scripts import operator, registration, signal

UNIT = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"


@pytest.mark.parametrize(
    ("octets", "lines", "source"),
    [
        (b"\r\nOK\r\n", ["OK"], "TS 27.007 4.3"),
        (b"AT\r\r\nOK\r\n", ["AT", "OK"], "V.250 5.2.3: with echo"),
        (b"\r\n+CSQ: 18,99\r\n\r\nOK\r\n", ["+CSQ: 18,99", "OK"], "TS 27.007 8.5"),
        (b"\r\n> ", [PROMPT], "TS 27.005 3.5.1: no line's end behind a prompt"),
        (b"\r\n>", [PROMPT], "some say no space"),
        (b"AT+CMGS=23\r\r\n> ", ["AT+CMGS=23", PROMPT], "with echo"),
        (b"OK\n", ["OK"], "a line feed alone"),
        (b"\0\0\r\n+CREG: 1\r\n", ["+CREG: 1"], "a line that was just opened may begin with noise"),
        (b"\r\n\xff\xfe\r\n", ["\ufffd\ufffd"], "noise is a line that means nothing"),
        (b"\r\nhalf", [], "a line that hasn't ended"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines(octets: bytes, lines: list[str], source: str, size: int) -> None:
    """However a serial line cuts them."""
    splitter = Splitter()
    found = [line for i in range(0, len(octets), size) for line in splitter.feed(octets[i : i + size])]
    assert found == lines, source


@given(st.lists(st.binary(max_size=3000), max_size=20))
def test_any_octets_are_cut(pieces: list[bytes]) -> None:
    """Without a fault, each line bounded and printable, and nothing piles up."""
    splitter = Splitter()
    for piece in pieces:
        for line in splitter.feed(piece):
            assert 0 < len(line) <= at.LONGEST
            assert line.isprintable()
    assert len(splitter._held) <= at.LONGEST


@pytest.mark.parametrize(
    ("command", "lines", "answer"),
    [
        (Command("AT"), ["AT", "OK"], Answer("OK")),
        (Command("AT+CSQ", "+CSQ:"), ["+CSQ: 1,99", "RING", "OK"], Answer("OK", ("+CSQ: 1,99",))),
        (Command("AT+CSQ", "+CSQ:"), ['+CMTI: "SM",1', "+CSQ: 1,99", "OK"], Answer("OK", ("+CSQ: 1,99",))),
        (Command("AT+CSQ", "+CSQ:"), ["+CME ERROR: 10"], Answer("+CME ERROR: 10")),
        (Command("AT+CMGS=9", prompts=True), [PROMPT], Answer(PROMPT)),
        (Command("AT+CMGS=9", prompts=True), ["+CMS ERROR: 310"], Answer("+CMS ERROR: 310")),
        (
            Command("0031", "+CMGS:", is_unit=True),
            ["0031\ufffd", "+CMGS: 7", "OK"],
            Answer("OK", ("+CMGS: 7",)),
        ),
        (Command("AT"), [PROMPT, "OK"], Answer("OK")),
        (Command("ATD+1;", dials=True), ["NO CARRIER"], Answer("NO CARRIER")),
        (Command("AT"), ["NO CARRIER", "OK"], Answer("OK")),
        (
            Command("AT+CMGL=4", "+CMGL:", with_units=True),
            ["+CMGL: 1,0,,30", UNIT, "OK"],
            Answer("OK", ("+CMGL: 1,0,,30", UNIT)),
        ),
    ],
)
def test_answers(command: Command, lines: list[str], answer: Answer) -> None:
    """What belongs to an answer and what comes in its middle."""
    exchange = Exchange(command)
    found = [exchange.take(line) for line in lines]
    assert found[-1] == answer
    assert all(isinstance(one, bool) for one in found[:-1])


@pytest.mark.parametrize(
    ("final", "words", "source"),
    [
        ("+CMS ERROR: 310", "no SIM (+CMS ERROR: 310)", "TS 27.005 3.2.5"),
        (
            "+CMS ERROR: 330",
            "the SIM holds no address of a service centre (+CMS ERROR: 330)",
            "TS 27.005 3.2.5",
        ),
        ("+CMS ERROR: 331", "no network (+CMS ERROR: 331)", "TS 27.005 3.2.5"),
        ("+CMS ERROR: 1", "no such number (+CMS ERROR: 1)", "TS 24.011 annex E-2: unassigned number"),
        ("+CMS ERROR: 38", "the network is out of order (+CMS ERROR: 38)", "TS 24.011 annex E-2"),
        ("+CMS ERROR: 208", "the SIM's store of texts is full (+CMS ERROR: 208)", "TS 23.040 9.2.3.22: D0"),
        ("+CME ERROR: 10", "no SIM (+CME ERROR: 10)", "TS 27.007 9.2.1"),
        ("+CME ERROR: 16", "the wrong PIN (+CME ERROR: 16)", "TS 27.007 9.2.1"),
        ("+CME ERROR: 30", "no network (+CME ERROR: 30)", "TS 27.007 9.2.2"),
        ("+CME ERROR: SIM busy", "SIM busy", "TS 27.007 9.1: AT+CMEE=2 says it in words"),
        ("+CME ERROR: 4711", "error without a name (+CME ERROR: 4711)", "makers have their own"),
        ("ERROR", "ERROR", "without AT+CMEE=1"),
    ],
)
def test_errors_in_words(final: str, words: str, source: str) -> None:
    """A person reads them."""
    assert errors.words(final) == words, source


def test_only_a_number_that_is_none_is_for_good() -> None:
    """All else may pass."""
    every = [f"+{kind} ERROR: {code}" for kind in ("CMS", "CME") for code in range(600)]
    assert [final for final in every if errors.is_for_good(final)] == ["+CMS ERROR: 1"]


@pytest.mark.parametrize(
    ("line", "key", "source"),
    [
        ("+RXDTMF: 1", "1", "SIM7600: the key itself (AT+DDET)"),
        ("+RXDTMF: *", "*", "SIM7600"),
        ("+DTMF: 5", "5", "SIM800 Series_AT Command Manual_V1.05, 16.2.1, report mode 0"),
        (
            "+DTMF: 5,160",
            "5",
            "SIM800 Series_AT Command Manual_V1.09, 16.2.1, report mode 1: its length in ms",
        ),
        ("+DTMF: 1400", None, "SIM800: a single tone, no key"),
        ("+QTONEDET: 56", "8", "Quectel EC25 AT Commands Manual, AT+QTONEDET: the key's ASCII code"),
        ("+QTONEDET: 35", "#", "Quectel EC25 AT Commands Manual, AT+QTONEDET"),
        ("+QTONEDET: 7", None, "no key has that code"),
        ('+CMTI: "SM",1', None, "another line"),
    ],
)
def test_keys(line: str, key: str | None, source: str) -> None:
    """Each maker tells a key in its own way."""
    assert at.key_of(line) == key, source


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("+CREG: 0,1", 1),
        ("+CREG: 0,5", 5),
        ('+CREG: 2,1,"00C3","0002B1F8",7', 1),
        ("+CREG: 1", 1),
        ("+CREG: 2", 2),
        ('+CREG: 1,"00C3","0002B1F8"', 1),
        ("+CEREG: 0,6", 6),
        ("+CREG: ", None),
    ],
)
def test_registration(line: str, state: int | None) -> None:
    """TS 27.007 7.2: an answer has the mode first, an unasked line has none."""
    assert registration(line) == state


@pytest.mark.parametrize(("line", "dbm"), [("+CSQ: 0,99", -113), ("+CSQ: 31,0", -51), ("+CSQ: 99,99", None)])
def test_signal(line: str, dbm: int | None) -> None:
    """TS 27.007 8.5: 2 dBm a step from -113; 99 is not known."""
    assert signal(line) == dbm


@pytest.mark.parametrize(
    ("line", "name"), [('+COPS: 0,0,"A, B",7', "A, B"), ("+COPS: 0", ""), ('+COPS: 0,0,"AT&T"', "AT&T")]
)
def test_operator(line: str, name: str) -> None:
    """TS 27.007 7.3."""
    assert operator(line) == name


@given(st.text(max_size=100))
def test_any_line_is_read(line: str) -> None:
    """No field of a stranger's line is a fault."""
    at.fields(line)
    at.key_of(line)
    registration(f"+CREG:{line}")
    signal(f"+CSQ:{line}")
    operator(f"+COPS:{line}")
    errors.words(f"+CMS ERROR:{line}")
