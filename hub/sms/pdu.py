"""Protocol data units of the short message service, by 3GPP TS 23.040. Pure.

What a terminal says and hears in the PDU mode of TS 27.005: it writes an SMS-SUBMIT, and reads an
SMS-DELIVER or an SMS-STATUS-REPORT behind the service centre's address.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from hub.sms import alphabet
from hub.sms.parts import Concat, Part

_SUBMIT: Final = 0x01
"""TP-MTI (clause 9.2.3.1) of what a terminal sends."""
_RELATIVE_VALIDITY: Final = 0x10
WANTS_REPORT: Final = 0x20
HAS_HEADER: Final = 0x40
_GSM_7: Final = 0x00
_UCS_2: Final = 0x08
_INTERNATIONAL: Final = 0x91
_UNKNOWN_TYPE: Final = 0x81
_DIGITS: Final = "0123456789*#abc"
"""Semi-octets of an address, TS 23.040 clause 9.1.2.3; 15 is the filler."""
VALID_FOR: Final = 11
"""TP-VP (clause 9.2.3.12.1): (11 + 1) x 5 minutes. A text that an hour's delay makes wrong is not to come."""

Alphabet = Literal["gsm-7", "8-bit", "ucs-2"]
Progress = Literal["delivered", "trying", "failed"]


class PduError(ValueError):
    """A unit that can't be read."""


class Deliver(NamedTuple):
    """An SMS-DELIVER: a text that came."""

    sender: str
    """``+`` and digits where it is an international number; a name where the network gives one."""
    part: Part


class StatusReport(NamedTuple):
    """An SMS-STATUS-REPORT: what became of a text that was sent."""

    reference: int
    """TP-MR of the text: what the modem's ``+CMGS`` gave."""
    recipient: str
    status: int
    """TP-ST, clause 9.2.3.15."""

    @property
    def progress(self) -> Progress:
        """What the status means."""
        return progress(self.status)


def progress(status: int) -> Progress:
    """Return what a TP-Status means (clause 9.2.3.15).

    Only 0 says that the phone has it: 1 is the word of a centre that can't tell, 2 that another took its
    place, and 3 to 31 are reserved or each centre's own. In doubt it is still trying.
    """
    if status == 0x00:
        return "delivered"
    return "failed" if 0x40 <= status <= 0x7F else "trying"


def submit(number: str, part: Part, *, report: bool = True) -> tuple[bytes, int]:
    """Return an SMS-SUBMIT behind an empty service centre's address, and its own length for ``+CMGS``.

    An empty address is the one that the SIM holds. ``number`` is ``+`` and digits.
    """
    concat = part.concat
    first = _SUBMIT | _RELATIVE_VALIDITY | (WANTS_REPORT if report else 0) | (HAS_HEADER if concat else 0)
    coding, length, data = user_data(part)
    # TP-MR 0: the modem counts by itself.
    head = bytes((first, 0)) + address(number) + bytes((0, coding, VALID_FOR, length))
    return b"\0" + head + data, len(head) + len(data)


def read(unit: bytes) -> Deliver | StatusReport:
    """Read what came, the service centre's address first; raises :class:`PduError` with the reason."""
    reader = Reader(unit)
    reader.take(reader.octet())
    first = reader.octet()
    kind = first & 0x03
    if kind == 0:
        return _deliver(reader, first)
    if kind == 2:
        return _status_report(reader)
    raise PduError(f"an SMS of type {kind}, which nobody sends to a terminal")


def address(number: str) -> bytes:
    """Return an address field: its digits' count, its type, its digits (clause 9.1.2.5)."""
    digits = number.removeprefix("+")
    kind = _INTERNATIONAL if number.startswith("+") else _UNKNOWN_TYPE
    codes = [_DIGITS.index(digit) for digit in digits] + [0x0F] * (len(digits) % 2)
    pairs = zip(codes[::2], codes[1::2], strict=True)
    return bytes((len(digits), kind, *(high << 4 | low for low, high in pairs)))


def alphabet_of(coding: int) -> Alphabet:
    """Return the alphabet of a TP-DCS (TS 23.038 clause 4); raises :class:`PduError` if it is compressed."""
    group = coding >> 4
    if group <= 0x07:
        if coding & 0x20:
            raise PduError("a compressed text")
        return _by_bits(coding >> 2 & 0x03)
    if group == 0x0E:
        return "ucs-2"
    if group == 0x0F:
        return "8-bit" if coding & 0x04 else "gsm-7"
    return "gsm-7"  # message waiting, and reserved groups: to be read as the default alphabet


def _by_bits(bits: int) -> Alphabet:
    by_bits: dict[int, Alphabet] = {1: "8-bit", 2: "ucs-2"}
    return by_bits.get(bits, "gsm-7")


def user_data(part: Part) -> tuple[int, int, bytes]:
    """Return TP-DCS, TP-UDL and TP-UD of a part."""
    header = b""
    if part.concat is not None:
        header = bytes((5, 0, 3, part.concat.reference, part.concat.total, part.concat.number))
    if not alphabet.fits(part.text):
        data = header + part.text.encode("utf-16-be", "replace")
        return _UCS_2, len(data), data
    codes = alphabet.encode(part.text)
    before = _septets_of(len(header))
    data = header + alphabet.pack(codes, before * 7 - len(header) * 8)
    return _GSM_7, before + len(codes), data


def _septets_of(octets: int) -> int:
    """Return how many septets a header fills, the bits up to the next whole one included."""
    return (8 * octets + 6) // 7


def _deliver(reader: Reader, first: int) -> Deliver:
    sender = reader.address()
    reader.octet()  # TP-PID
    coding = reader.octet()
    reader.take(7)  # TP-SCTS
    length = reader.octet()
    text, concat = read_user_data(
        reader.rest(), length, alphabet_of(coding), has_header=bool(first & HAS_HEADER)
    )
    return Deliver(sender, Part(text, concat))


def _status_report(reader: Reader) -> StatusReport:
    reference = reader.octet()
    recipient = reader.address()
    reader.take(14)  # TP-SCTS, TP-DT
    return StatusReport(reference, recipient, reader.octet())


def read_user_data(
    data: bytes, length: int, kind: Alphabet, *, has_header: bool
) -> tuple[str, Concat | None]:
    header = b""
    if has_header:
        if not data or data[0] + 1 > len(data):
            raise PduError("a header longer than its text")
        header = data[: data[0] + 1]
    if kind == "gsm-7":
        before = _septets_of(len(header))
        codes = alphabet.unpack(data[len(header) :], max(0, length - before), before * 7 - len(header) * 8)
        if len(codes) < length - before:
            raise PduError("a text shorter than it says")
        return alphabet.decode(codes), _concat(header)
    if len(data) < length:
        raise PduError("a text shorter than it says")
    octets = data[len(header) : length]
    text = octets.decode("utf-16-be" if kind == "ucs-2" else "latin-1", "replace")
    return text, _concat(header)


def _concat(header: bytes) -> Concat | None:
    """Find in a header (clause 9.2.3.24) which part this is; whatever else it holds is passed over."""
    at = 1
    while at + 2 <= len(header):
        kind, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        at += 2 + size
        if kind == 0 and len(value) == 3:
            found = Concat(value[0], value[1], value[2])
        elif kind == 8 and len(value) == 4:
            found = Concat(value[0] << 8 | value[1], value[2], value[3])
        else:
            continue
        # By clause 9.2.3.24.1 one that counts wrong is to be ignored.
        return found if 0 < found.number <= found.total else None
    return None


class Reader:
    """Octets, from the first to the last."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self._at = octets, 0

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._octets):
            raise PduError("a unit that breaks off")
        self._at += count
        return self._octets[self._at - count : self._at]

    def octet(self) -> int:
        return self.take(1)[0]

    def rest(self) -> bytes:
        return self.take(len(self._octets) - self._at)

    def address(self) -> str:
        """Read an address field; a name is in the default alphabet, as long as its semi-octets hold it."""
        count, kind = self.octet(), self.octet()
        octets = self.take((count + 1) // 2)
        if kind & 0x70 == 0x50:
            return alphabet.decode(alphabet.unpack(octets, count * 4 // 7))
        codes = [code for octet in octets for code in (octet & 0x0F, octet >> 4)][:count]
        digits = "".join(_DIGITS[code] for code in codes if code < len(_DIGITS))
        return ("+" if kind & 0x70 == 0x10 else "") + digits
