"""The event codes against their sources, and how a signal is written."""

from __future__ import annotations

from typing import Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysiaalarm.utils import ADM_MAPPING, SIA_CODES

from hub.dc09.contact_id import contact_id
from hub.dc09.sia import LONGEST_TEXT, ascii_text, sia
from hub.dc09.signal import CODES, SIGNAL_EVENTS, Signal, SignalEvent


class Row(NamedTuple):
    """A code, what its source calls it, and the source."""

    event: SignalEvent
    code: str
    called: str
    source: str


SPANDSP: Final = "spandsp, ademco_contactid.c: the table of SIA DC-05"
SCRIBD: Final = "Contact ID codes with explanation (scribd 455748022)"
CONTACT_ID: Final = [
    Row("panic", "120", "Panic", "pysiaalarm: 120 is PA"),
    Row("duress", "121", "Duress", "DSC PC5020 manual, appendix A: duress is (1) 21; pysiaalarm: 121 is HA"),
    Row("medical", "100", "Medical", "pysiaalarm: 100 is MA"),
    Row("assist", "101", "Personal emergency", "pysiaalarm: 101 is QA"),
    Row("door-open", "426", "Access door propped open", SPANDSP + "; Paradox E55 programming guide"),
    Row("door-secure", "423", "Forced access", "pysiaalarm: 423 is DF"),
    Row("tamper", "383", "Sensor tamper", SCRIBD + "; Intelbras AMT 8000 manual: 383 for sensors"),
    Row("trouble", "380", "Sensor trouble", SCRIBD + "; Bosch Solution manual: 380"),
    Row("supervision", "382", "Loss of supervision, remote polled module", SCRIBD),
    Row("bypass", "570", "Zone bypass", "Home Automation 20A00-1 manual, appendix A; Paradox E55"),
    Row("cancel", "406", "Cancel", SCRIBD + "; pysiaalarm: 406 is OC"),
    Row("periodic-test", "602", "Periodic test report", "Paradox E55 programming guide; pysiaalarm: RP"),
    Row("manual-test", "601", "Manual trigger test", "Paradox E55 programming guide; pysiaalarm: RX"),
    Row("on-test", "607", "Walk test mode", "Honeywell Vista-128BPT manual: walk test start is E607"),
    Row("tested", "615", "Panic zone walk tested", SPANDSP),
]

SIA: Final = [
    # event, as it begins, as it is over, what pysiaalarm's table of SIA DC-03 calls the two
    ("panic", "PA", "PH", "Panic Alarm", "Panic Alarm Restore"),
    ("duress", "HA", "HH", "Holdup Alarm", "Holdup Alarm Restore"),
    ("medical", "MA", "MH", "Medical Alarm", "Medical Alarm Restore"),
    ("assist", "QA", "QH", "Emergency Alarm", "Emergency Alarm Restore"),
    ("door-open", "DL", "DH", "Door Left Open - Alarm", "Door Left Open - Restoral"),
    ("door-secure", "DF", "DR", "Door Forced", "Door Restoral"),
    ("tamper", "TA", "TR", "Tamper Alarm", "Tamper Restoral"),
    ("trouble", "UT", "UJ", "Untyped Zone Trouble", "Untyped Trouble Restore"),
    ("supervision", "EM", "EN", "Expansion Device Missing", "Expansion Missing Restore"),
    ("bypass", "UB", "UU", "Untyped Zone Bypass", "Untyped Zone Unbypass"),
    ("cancel", "OC", "OC", "Cancel Report", "Cancel Report"),
    ("periodic-test", "RP", "RP", "Automatic Test", "Automatic Test"),
    ("manual-test", "RX", "RX", "Manual Test", "Manual Test"),
    ("on-test", "TS", "TE", "Test Start", "Test End"),
    ("tested", "TX", "TX", "Test Report", "Test Report"),
]

WRITTEN: Final = [
    # source, signal, partition, as ADM-CID, as SIA-DCS
    ("DC-07: Q EEE GG ZZZ", Signal("panic", 1, 17, text="Room 101"), 1, "1120 01 017", "Nri1/PA17^Room 101^"),
    ("qualifier 3 restores", Signal("panic", 1, 17, restoral=True), 1, "3120 01 017", "Nri1/PH17"),
    ("000 is no zone in particular", Signal("duress", 1), 0, "1121 00 000", "Nri0/HA0"),
    ("the user of a cancel", Signal("cancel", 9), 99, "1406 99 000", "Nri99/OC0"),
    ("off test", Signal("on-test", 9, restoral=True), 1, "3607 01 000", "Nri1/TE0"),
    ("a zone that three digits can't hold", Signal("panic", 1, 1000), 1, "1120 01 000", "Nri1/PA1000"),
]

signals = st.builds(
    Signal,
    st.sampled_from(SIGNAL_EVENTS),
    st.integers(1, 9999),
    st.integers(0, 999),
    st.booleans(),
    st.text(max_size=200),
)


@pytest.mark.parametrize("row", CONTACT_ID, ids=lambda row: f"{row.event}-{row.code}")
def test_contact_id_codes(row: Row) -> None:
    """Each event is sent by the code that its source has; pysiaalarm's map, where it has it, agrees."""
    code = CODES[row.event]
    assert code.contact_id == row.code, row.source
    if row.code in ADM_MAPPING and row.event not in ("bypass", "trouble", "supervision"):
        assert ADM_MAPPING[row.code] == {"1": code.sia, "3": code.sia_restoral} or row.code == "423"


@pytest.mark.parametrize(("event", "begins", "ends", "called", "called_at_end"), SIA)
def test_sia_codes(event: SignalEvent, begins: str, ends: str, called: str, called_at_end: str) -> None:
    """Each event is sent by the letters that stand for it, and for its end."""
    code = CODES[event]
    assert (code.sia, code.sia_restoral) == (begins, ends)
    assert SIA_CODES[begins].type.replace("\N{EN DASH}", "-") == called
    assert SIA_CODES[ends].type.replace("\N{EN DASH}", "-") == called_at_end


def test_every_event_has_its_rows() -> None:
    """No code without a source."""
    assert {row.event for row in CONTACT_ID} == {row[0] for row in SIA} == set(SIGNAL_EVENTS) == set(CODES)


@pytest.mark.parametrize(("source", "signal", "partition", "as_adm", "as_dcs"), WRITTEN)
def test_how_a_signal_is_written(
    source: str, signal: Signal, partition: int, as_adm: str, as_dcs: str
) -> None:
    """As ADM-CID and as SIA-DCS."""
    assert contact_id(signal, partition) == as_adm, source
    assert sia(signal, partition) == as_dcs, source


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Room 101 (desk), Main bldg, floor 1", "Room 101 (desk), Main bldg, floor 1"),
        ("Café Zoë, Straße", "Cafe Zoe, Strasse"),
        ('a [b] |c| ^d^ "e"\nf', "a b c d e f"),
        ("体育館", "???"),
        ("", ""),
        ("x" * 200, "x" * LONGEST_TEXT),
    ],
)
def test_texts(text: str, plain: str) -> None:
    """Nothing in a room's name ends a field of the frame."""
    assert ascii_text(text) == plain


@given(signals, st.integers(0, 99))
def test_no_signal_breaks_its_frame(signal: Signal, partition: int) -> None:
    """Whatever a room is called, one text and no bracket, bar or quote."""
    said = sia(signal, partition)
    assert said.isascii()
    assert said.isprintable()
    assert not set(said) & set('[]|"')
    assert said.count("^") in (0, 2)
    assert len(contact_id(signal, partition)) == 11
