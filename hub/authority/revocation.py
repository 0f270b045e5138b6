"""The list of certificates that were revoked, as the broker reads it.

mosquitto refuses everybody once a list's next update has passed, so it never does. OpenSSL keeps the
lists it read before and goes by the one with the newest last update, so that rises by a second with
each list, from 1950 on: always newer, and in the past by any clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from cryptography import x509

from hub.authority.authority import BEGINS, ENDS, Authority


def revocation_list(authority: Authority, serials: Iterable[int], number: int) -> bytes:
    """Return the list in PEM form; ``number``, from 1, must be greater than that of any before it."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .last_update(BEGINS + timedelta(seconds=number))
        .next_update(ENDS)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for serial in sorted(set(serials)):
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(BEGINS)
        builder = builder.add_revoked_certificate(one.build())
    return authority.sign_revocations(builder)


def read_list(pem: bytes) -> tuple[int, frozenset[int]]:
    """Return a list's number and its serials; raises ``ValueError`` where it is none."""
    found = x509.load_pem_x509_crl(pem)
    number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return number, frozenset(one.serial_number for one in found)
