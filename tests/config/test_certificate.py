"""What is read from a certificate, held against the library that made it; and what is none."""

from __future__ import annotations

import contextlib
import functools
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from config.certificate import Certificate, CertificateError, read_certificate, read_der

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@functools.cache
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def made(
    subject: x509.Name,
    not_before: datetime = NOW,
    not_after: datetime = NOW + timedelta(days=30),
    *extensions: x509.ExtensionType,
) -> x509.Certificate:
    """A certificate signed by itself, issued by "The site"."""
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The site")])
    builder = x509.CertificateBuilder(issuer, subject, key().public_key(), 7, not_before, not_after)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key(), hashes.SHA256())


def named(*names: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def test_what_trustme_makes_is_read() -> None:
    authority = trustme.CA(organization_name="The site")
    end = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    issued = authority.issue_cert("broker.example", "10.1.2.3", "::1", common_name="demo.hub", not_after=end)
    read = read_certificate(issued.cert_chain_pems[0].bytes())
    assert (read.common_name, read.not_after) == ("demo.hub", end)
    assert read.not_before < NOW + timedelta(days=3650)
    assert read.issuer == "The site"
    assert read.hosts == ("broker.example", "10.1.2.3", "::1")
    assert read_certificate(authority.cert_pem.bytes()).not_before == datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("not_before", "not_after"),
    [
        (datetime(1950, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime(2000, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)),
        (datetime(2020, 2, 29, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_both_forms_of_time_are_read(not_before: datetime, not_after: datetime) -> None:
    """Up to 2049 a year has two digits, from 2050 on four; 9999 stands for no end."""
    read = read_certificate(pem(made(named("demo.room-101"), not_before, not_after)))
    assert (read.not_before, read.not_after) == (not_before, not_after)
    assert read == Certificate("demo.room-101", not_before, not_after, issuer="The site")


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (x509.Name([]), None),
        (x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "School")]), None),
        (named("demo.room-101", "second"), "demo.room-101"),
        (named("Raum 101 äöü 部屋"), "Raum 101 äöü 部屋"),
    ],
)
def test_the_common_name_is_the_first(subject: x509.Name, name: str | None) -> None:
    assert read_certificate(pem(made(subject))).common_name == name


def test_the_first_certificate_of_a_file_counts_and_text_around_it_does_not() -> None:
    first, second = pem(made(named("first"))), pem(made(named("second")))
    file = "# Schlüssel\r\n".encode() + first.replace(b"\n", b"\r\n") + second
    assert read_certificate(file).common_name == "first"


def test_days_left_are_whole_ones() -> None:
    certificate = read_certificate(pem(made(named("x"), NOW, NOW + timedelta(days=30))))
    assert certificate.days_left(NOW) == 30
    assert certificate.days_left(NOW + timedelta(seconds=1)) == 29
    assert certificate.days_left(NOW + timedelta(days=30)) == 0
    assert certificate.days_left(NOW + timedelta(days=30, seconds=1)) == -1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA",
        b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        b"-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ],
)
def test_what_is_no_certificate_says_so(data: bytes) -> None:
    with pytest.raises(CertificateError):
        read_certificate(data)


SAMPLE = made(
    named("demo.room-101"),
    NOW,
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    x509.SubjectAlternativeName([x509.DNSName("a.example")]),
).public_bytes(Encoding.DER)


@given(at=st.integers(0, len(SAMPLE) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(SAMPLE)))
def test_a_damaged_one_is_read_or_refused_and_nothing_else(at: int, byte: int, cut: int) -> None:
    damaged = bytearray(SAMPLE)
    damaged[at] = byte
    for data in (bytes(damaged), SAMPLE[:cut], bytes(damaged[:cut]), bytes(damaged) + SAMPLE[:cut]):
        with contextlib.suppress(CertificateError):
            assert isinstance(read_der(data), Certificate)


@given(st.binary(max_size=300))
def test_noise_is_read_or_refused_and_nothing_else(data: bytes) -> None:
    for read in (read_der, read_certificate):
        with contextlib.suppress(CertificateError):
            read(data)
