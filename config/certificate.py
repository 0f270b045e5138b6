"""What a certificate says of itself: whose it is, from when until when, by whom.

A reader of the few fields of X.509 that a technician is told about. It proves nothing (OpenSSL does
that at each connection), and it is here so that the agent needs no library for it.
"""

from __future__ import annotations

import binascii
import contextlib
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from pathlib import Path
from typing import Final

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"

# ASN.1's tags (X.690, 8.1.2), as they stand in a certificate (RFC 5280, 4.1).
_OCTETS: Final = 0x04
_OID: Final = 0x06
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_DNS_NAME: Final = 0x82
_IP_ADDRESS: Final = 0x87
_CHARACTERS: Final = {
    0x0C: "utf-8",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_COMMON_NAME: Final = bytes.fromhex("550403")
_ORGANIZATION: Final = bytes.fromhex("55040a")
_ALTERNATIVE_NAMES: Final = bytes.fromhex("551d11")


class CertificateError(ValueError):
    """This is no certificate that can be read."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate's own words, unproved."""

    common_name: str | None
    """The first common name of its subject."""
    not_before: datetime
    not_after: datetime
    """Both in UTC."""
    issuer: str | None = None
    """The first common name of whoever signed it, or its organization where it has none."""
    hosts: tuple[str, ...] = ()
    """The host names and addresses that it is for."""

    @property
    def is_endless(self) -> bool:
        """Tell whether it never ends (RFC 5280, 4.1.2.5)."""
        return self.not_after.year == MAXYEAR

    def days_left(self, now: datetime) -> int:
        """Return the whole days until it ends; below 0 once it has."""
        return (self.not_after - now).days


def read_certificate(pem: bytes) -> Certificate:
    """Read the first certificate of a PEM file. Raises :class:`CertificateError`."""
    begin = pem.find(_BEGIN)
    end = pem.find(_END, begin)
    if begin < 0 or end < 0:
        raise CertificateError("there is no certificate in PEM form in it")
    try:
        der = binascii.a2b_base64(pem[begin + len(_BEGIN) : end])
    except binascii.Error as error:
        raise CertificateError(f"its base64 is broken: {error}") from None
    return read_der(der)


def read_der(der: bytes) -> Certificate:
    """Read a certificate in DER form. Raises :class:`CertificateError`."""
    certificate = _only(der, _SEQUENCE)
    fields = list(_elements(_first(certificate, _SEQUENCE)))
    if fields and fields[0][0] == _VERSION:
        del fields[0]
    # serial number, signature algorithm, issuer, validity, subject, key, then what is optional
    if len(fields) < 6 or any(tag != _SEQUENCE for tag, _ in fields[1:6]):
        raise CertificateError("its fields are not those of a certificate")
    times = [_time(tag, content) for tag, content in _elements(fields[3][1])]
    if len(times) != 2:
        raise CertificateError("it does not say from when until when it is valid")
    return Certificate(
        common_name=_named(fields[4][1], _COMMON_NAME),
        not_before=times[0],
        not_after=times[1],
        issuer=_named(fields[2][1], _COMMON_NAME) or _named(fields[2][1], _ORGANIZATION),
        hosts=tuple(host for tag, content in fields[6:] if tag == _EXTENSIONS for host in _hosts(content)),
    )


def first_end(files: Iterable[Path]) -> datetime | None:
    """Return when the first of some PEM files' first certificates ends; None where none can be read."""
    ends = []
    for file in files:
        with contextlib.suppress(OSError, CertificateError):
            ends.append(read_certificate(file.read_bytes()).not_after)
    return min(ends, default=None)


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Take apart what stands one after the other, as tag and content."""
    at = 0
    while at < len(content):
        tag = content[at]
        if tag & 0x1F == 0x1F or at + 1 >= len(content):
            raise CertificateError(f"no element at byte {at}")
        size, at = content[at + 1], at + 2
        if size & 0x80:
            width = size & 0x7F
            if not 1 <= width <= 4 or at + width > len(content):
                raise CertificateError(f"no length at byte {at}")
            size, at = int.from_bytes(content[at : at + width], "big"), at + width
        if at + size > len(content):
            raise CertificateError("it is cut short")
        yield tag, content[at : at + size]
        at += size


def _first(content: bytes, wanted: int) -> bytes:
    for tag, inner in _elements(content):
        if tag == wanted:
            return inner
        break
    raise CertificateError("its fields are not those of a certificate")


def _only(content: bytes, wanted: int) -> bytes:
    found = list(_elements(content))
    if len(found) != 1 or found[0][0] != wanted:
        raise CertificateError("it is no certificate")
    return found[0][1]


def _time(tag: int, content: bytes) -> datetime:
    """Read a time in the only form RFC 5280 allows: to the second, in UTC."""
    digits = content[:-1]
    width = {_UTC_TIME: 12, _GENERALIZED_TIME: 14}.get(tag)
    if len(digits) != width or not digits.isdigit() or content[-1:] != b"Z":
        raise CertificateError("its dates can't be read")
    if tag == _UTC_TIME:  # two digits: 1950 to 2049
        digits = (b"19" if digits[:2] >= b"50" else b"20") + digits
    parts = (digits[:4], *(digits[i : i + 2] for i in range(4, 14, 2)))
    try:
        year, month, day, hour, minute, second = (int(part) for part in parts)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise CertificateError(f"its dates are none: {error}") from None


def _named(name: bytes, what: bytes) -> str | None:
    for _, one_set in _elements(name):
        for _, pair in _elements(one_set):
            parts = list(_elements(pair))
            if len(parts) == 2 and parts[0] == (_OID, what):
                tag, text = parts[1]
                return text.decode(_CHARACTERS.get(tag, "latin-1"), "replace")
    return None


def _hosts(extensions: bytes) -> Iterator[str]:
    for _, extension in _elements(_only(extensions, _SEQUENCE)):
        parts = list(_elements(extension))
        if parts[:1] != [(_OID, _ALTERNATIVE_NAMES)] or parts[-1][0] != _OCTETS:
            continue
        for tag, content in _elements(_only(parts[-1][1], _SEQUENCE)):
            if tag == _DNS_NAME:
                yield content.decode("ascii", "replace")
            elif tag == _IP_ADDRESS and len(content) in {4, 16}:
                yield str(ipaddress.ip_address(content))
