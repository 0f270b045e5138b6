"""Protocol data units, from tables, there and back, and against two libraries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sms import alphabet, network, parts, pdu
from hub.sms.parts import Concat, Part
from hub.sms.pdu import Deliver, PduError, StatusReport

NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400)


@pytest.mark.parametrize(
    ("number", "field", "source"),
    [
        ("+46708251358", "0B916407281553F8", "smspdudecoder's README: an odd count, filled with F"),
        ("+3581234567", "0A915318325476", "TS 23.040 9.1.2.3: semi-octets swapped"),
        ("12345", "05812143F5", "TS 23.040 9.1.2.5: type 1000 0001, unknown numbering"),
    ],
)
def test_addresses(number: str, field: str, source: str) -> None:
    """Digits in swapped halves of octets."""
    assert pdu.address(number).hex().upper() == field, source


@pytest.mark.parametrize(
    ("coding", "kind", "source"),
    [
        (0x00, "gsm-7", "TS 23.038 clause 4, group 00xx"),
        (0x04, "8-bit", "TS 23.038 clause 4, bits 3 and 2 are 01"),
        (0x08, "ucs-2", "TS 23.038 clause 4, bits 3 and 2 are 10"),
        (0x0C, "gsm-7", "TS 23.038 clause 4: reserved, to be read as the default alphabet"),
        (0x11, "gsm-7", "TS 23.038 clause 4, class 1"),
        (0x18, "ucs-2", "TS 23.038 clause 4, class 0"),
        (0x40, "gsm-7", "TS 23.038 clause 4, group 01xx: deleted by itself"),
        (0x48, "ucs-2", "TS 23.038 clause 4, group 01xx"),
        (0xC8, "gsm-7", "TS 23.038 clause 4, group 1100: message waiting"),
        (0xE0, "ucs-2", "TS 23.038 clause 4, group 1110: message waiting, UCS-2"),
        (0xF0, "gsm-7", "TS 23.038 clause 4, group 1111"),
        (0xF5, "8-bit", "TS 23.038 clause 4, group 1111, bit 2"),
        (0x80, "gsm-7", "TS 23.038 clause 4, a reserved group"),
    ],
)
def test_codings(coding: int, kind: str, source: str) -> None:
    """Which alphabet a TP-DCS names."""
    assert pdu.alphabet_of(coding) == kind, source


def test_a_compressed_text_is_refused() -> None:
    """TS 23.038 clause 4, bit 5: nobody sends any, and we couldn't read it."""
    with pytest.raises(PduError, match="compressed"):
        pdu.alphabet_of(0x20)


@pytest.mark.parametrize(
    ("status", "progress", "source"),
    [
        (0x00, "delivered", "TS 23.040 9.2.3.15: received by the SME"),
        (0x01, "trying", "TS 23.040 9.2.3.15: the centre is unable to confirm delivery"),
        (0x02, "trying", "TS 23.040 9.2.3.15: replaced by the centre: no phone has it"),
        (0x03, "trying", "TS 23.040 9.2.3.15: reserved"),
        (0x10, "trying", "TS 23.040 9.2.3.15: each centre's own"),
        (0x20, "trying", "TS 23.040 9.2.3.15: congestion, still trying"),
        (0x3F, "trying", "TS 23.040 9.2.3.15: still trying, each centre's own"),
        (0x40, "failed", "TS 23.040 9.2.3.15: remote procedure error, for good"),
        (0x46, "failed", "TS 23.040 9.2.3.15: validity period expired"),
        (0x5F, "failed", "TS 23.040 9.2.3.15: for good, each centre's own"),
        (0x60, "failed", "TS 23.040 9.2.3.15: congestion, tried no more"),
        (0x7F, "failed", "TS 23.040 9.2.3.15: tried no more, each centre's own"),
        (0x80, "trying", "TS 23.040 9.2.3.15: bit 7 is reserved"),
    ],
)
def test_what_a_status_means(status: int, progress: str, source: str) -> None:
    """Only one of 256 is a delivery."""
    assert pdu.progress(status) == progress, source
    assert [value for value in range(256) if pdu.progress(value) == "delivered"] == [0]


def test_a_submit_by_hand() -> None:
    """Every octet of one, as TS 23.040 clause 9.2.2.2 orders them."""
    unit, length = pdu.submit("+46708251358", Part("hellohello"))
    fields = [
        "00",  # the service centre's address: the SIM's
        "31",  # SMS-SUBMIT (01), relative validity (10), report wanted (20)
        "00",  # TP-MR: the modem's
        "0B916407281553F8",  # TP-DA
        "00",  # TP-PID
        "00",  # TP-DCS: default alphabet
        "0B",  # TP-VP: an hour
        "0A",  # TP-UDL: ten septets
        "E8329BFD4697D9EC37",
    ]
    assert unit.hex().upper() == "".join(fields)
    assert length == len(unit) - 1


@pytest.mark.parametrize(
    ("unit", "sender", "text", "source"),
    [
        (
            "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37",
            "27838890001",
            "hellohello",
            "dreamfabric.com, SMS and the PDU format: received on a Nokia 6110",
        ),
        (
            "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
            "+31641600986",
            "How are you?",
            "the AT command manuals' and Wikipedia's example of +CMGR in PDU mode",
        ),
    ],
)
def test_delivers_of_real_phones(unit: str, sender: str, text: str, source: str) -> None:
    """As they were published."""
    assert pdu.read(bytes.fromhex(unit)) == Deliver(sender, Part(text)), source


@given(NUMBERS, ANY, st.integers(0, 255), st.booleans())
def test_what_is_submitted_is_read_by_the_network(
    number: str, text: str, reference: int, report: bool
) -> None:
    """Whole, in every alphabet, in parts."""
    for part in parts.split(text, reference):
        unit, length = pdu.submit(number, part, report=report)
        assert length == len(unit) - 1
        assert len(unit) <= 1 + 164
        assert network.read_submit(unit) == network.Submit(number, part, report)


@given(NUMBERS, ANY, st.integers(0, 255))
def test_what_is_delivered_is_read(sender: str, text: str, reference: int) -> None:
    """The other way."""
    for part in parts.split(text, reference):
        assert pdu.read(network.deliver(sender, part)[0]) == Deliver(sender, part)


@given(st.integers(0, 255), NUMBERS, st.integers(0, 255))
def test_reports_are_read(reference: int, number: str, status: int) -> None:
    """Which text, whose, and what became of it."""
    unit, _ = network.status_report(reference, number, status)
    assert pdu.read(unit) == StatusReport(reference, number, status)


@given(NUMBERS, st.text(alphabet="abc €[]{}Ω", max_size=400))
def test_a_library_reads_what_we_submit(number: str, text: str) -> None:
    """python-gsmmodem-new, as an oracle (it loses a last @, which these texts have none of)."""
    from gsmmodem.pdu import Concatenation, decodeSmsPdu

    for part in parts.split(text, 9):
        found = decodeSmsPdu(pdu.submit(number, part)[0].hex().upper())
        assert found["number"] == number
        assert found["text"] == part.text
        headers = [one for one in found.get("udh", []) if isinstance(one, Concatenation)]
        told = [Concat(one.reference, one.parts, one.number) for one in headers]
        assert told == ([part.concat] if part.concat else [])


@given(NUMBERS, st.text(alphabet="abc €[]{}Ω学é", max_size=400))
def test_a_library_submits_the_same(number: str, text: str) -> None:
    """python-gsmmodem-new, as an oracle: the same user data, octet by octet."""
    from gsmmodem.pdu import encodeSmsSubmitPdu

    theirs = encodeSmsSubmitPdu(number, text, reference=0, requestStatusReport=True, rejectDuplicates=False)
    ours = parts.split(text, 0)
    assert len(theirs) == len(ours)
    for one, part in zip(theirs, ours, strict=True):
        unit, _ = pdu.submit(number, part)
        data = network.read_submit(bytes(one.data))
        assert data.part.text == part.text
        _, length, octets = pdu.user_data(part)
        if part.concat is None:
            assert bytes(one.data).endswith(bytes((length,)) + octets)
        assert bytes(unit).endswith(octets)


@given(NUMBERS, st.text(alphabet="abc xyzΩé", min_size=1, max_size=160))
def test_another_library_reads_what_the_network_delivers(number: str, text: str) -> None:
    """smspdudecoder, as an oracle: so the network's side, which tests stand on, isn't ours alone."""
    from io import StringIO

    from smspdudecoder.fields import SMSDeliver

    unit, _ = network.deliver(number, Part(text))
    found = SMSDeliver.decode(StringIO(unit.hex().upper()))
    assert found["sender"]["number"] == number.removeprefix("+")
    assert found["user_data"]["data"].rstrip("@") == text


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """Whatever a modem hands over: a unit, or the one error."""
    try:
        found = pdu.read(octets)
    except PduError:
        return
    if isinstance(found, StatusReport):
        assert found.progress in ("delivered", "trying", "failed")
    else:
        assert isinstance(found.part.text, str)


@given(NUMBERS, st.text(alphabet=alphabet.BASIC.replace("\x1b", ""), max_size=60), st.data())
def test_what_breaks_off_is_refused(number: str, text: str, data: st.DataObject) -> None:
    """Half a unit is no text."""
    unit, _ = network.deliver(number, Part(text))
    kept = data.draw(st.integers(0, len(unit) - 1))
    with pytest.raises(PduError):
        pdu.read(unit[:kept])


@pytest.mark.parametrize(
    ("header", "found", "source"),
    [
        ("050003070201", Concat(7, 2, 1), "TS 23.040 9.2.3.24.1: 8-bit reference"),
        ("06080400070201", Concat(7, 2, 1), "TS 23.040 9.2.3.24.8: 16-bit reference"),
        ("082401010003070201", Concat(7, 2, 1), "TS 23.040 9.2.3.24: another element comes first"),
        ("050003070203", None, "TS 23.040 9.2.3.24.1: a part beyond the last is to be ignored"),
        ("050003070200", None, "TS 23.040 9.2.3.24.1: part 0 is to be ignored"),
        ("03250101", None, "an element of another kind"),
    ],
)
def test_headers(header: str, found: Concat | None, source: str) -> None:
    """Which part of which message; what else a header says is passed over."""
    octets = bytes.fromhex(header)
    text, concat = pdu.read_user_data(octets + b"\0A", len(octets) + 2, "ucs-2", has_header=True)
    assert (text, concat) == ("A", found), source


def test_a_name_as_sender() -> None:
    """TS 23.040 9.1.2.5: type 101 is alphanumeric, in the default alphabet; 49 bits lie in 13 semi-octets."""
    packed = alphabet.pack(alphabet.encode("Telenor"))
    unit = b"\0\x04" + bytes((13, 0xD0)) + packed + bytes((0, 0)) + bytes(7) + b"\1" + b"\x41"
    found = pdu.read(unit)
    assert isinstance(found, Deliver)
    assert found.sender == "Telenor"
