"""A site's authority: its key, which never leaves this folder, its certificate, and what it signs.

>>> authority = Authority.open(settings.data / FOLDER, settings.site)
>>> issued = authority.sign_agent(csr, agent_name("lincoln", "room-101"))

What it signs is valid from 1950 to 9999 (RFC 5280, 4.1.2.5): no date, and no clock however wrong, ever
silences a school. Certificates are ended by revocation.
"""

from __future__ import annotations

import hashlib
import ipaddress
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.atomic import as_its_folder, write_whole

FOLDER: Final = "authority"
"""In the hub's data folder."""
KEY_FILE: Final = "authority.key"
CERTIFICATE_FILE: Final = "authority.pem"
REVOKED: Final = "revoked.pem"
"""The last list of what was revoked: the broker's is made of it."""
BEGINS: Final = datetime(1950, 1, 1, tzinfo=UTC)
ENDS: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""RFC 5280's own "no date" (4.1.2.5)."""

# What openssl's and cryptography's readers say of a common name over X.520's 64 characters: ids may be
# so long (CONTRACT.md), and mosquitto takes names of any length.
warnings.filterwarnings("ignore", message="Attribute's length must be", category=UserWarning)


class AuthorityError(ValueError):
    """This can't be signed, or the authority's own files can't be used; its words say why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that the authority signed."""

    name: str
    """Its common name."""
    serial: int
    """Up to 159 bits, never given twice; it is by this that a certificate is revoked."""
    pem: bytes


class Authority:
    """Signs for one site. Its methods may be called from any thread."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self.certificate = certificate
        self.pem = certificate.public_bytes(Encoding.PEM)
        self.der = certificate.public_bytes(Encoding.DER)
        self.fingerprint = hashlib.sha256(self.der).digest()
        """SHA-256 of its certificate in DER form."""

    @classmethod
    def open(cls, folder: Path, site: str) -> Self:
        """Return the authority in ``folder``, made there first where there is none.

        Raises :class:`AuthorityError` where its files don't fit together (they are never replaced:
        whoever it signed for would be shut out) and ``OSError``.
        """
        key_file, certificate_file = folder / KEY_FILE, folder / CERTIFICATE_FILE
        if not key_file.exists():
            if certificate_file.exists():
                raise AuthorityError(
                    f"{certificate_file} is there and its key {key_file} is not; restore the folder from a "
                    "backup, or move it away to make a new authority, for which every agent is enrolled again"
                )
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            as_its_folder(folder)
            write_private(key_file, key_pem(new_key()))
        key = _read_key(key_file)
        if not certificate_file.exists():  # a crash between the two, or the first time
            write_private(certificate_file, _self_signed(key, site).public_bytes(Encoding.PEM))
        try:
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        except ValueError as error:
            raise AuthorityError(
                f"{certificate_file} is no certificate ({error}); restore it from a backup"
            ) from None
        if certificate.public_key() != key.public_key():
            raise AuthorityError(
                f"{key_file} does not belong to {certificate_file}; restore both from one backup"
            )
        return cls(key, certificate)

    def sign_agent(self, csr_der: bytes, name: str) -> Issued:
        """Sign the key of a request (PKCS #10, DER) for a client of this name.

        Nothing but the key is taken from the request. Raises :class:`AuthorityError`.
        """
        try:
            request = x509.load_der_x509_csr(csr_der)
            key = request.public_key()
            proved = request.is_signature_valid
        except Exception as error:  # noqa: BLE001 - whatever a stranger's bytes make the parser raise
            raise AuthorityError(f"this is no certificate request: {error}") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
            key.curve, ec.SECP256R1 | ec.SECP384R1
        ):
            raise AuthorityError("the request's key is of another kind; allowed: EC on P-256 or P-384")
        if not proved:
            raise AuthorityError("the request isn't signed by the key that it is for")
        return self.sign_client(key, name)

    def sign_client(self, key: ec.EllipticCurvePublicKey, name: str) -> Issued:
        """Sign a key for a client of this name: an agent, or a connection of the hub."""
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._sign(key, name, usage, None)

    def sign_server(self, key: ec.EllipticCurvePublicKey, names: Iterable[str]) -> Issued:
        """Sign a key for a server of these host names and addresses; the first is its common name.

        It is no client's: who holds it can't speak on the broker, nor can an agent pose as a server.
        """
        hosts = list(dict.fromkeys(names))
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return self._sign(key, hosts[0], usage, x509.SubjectAlternativeName([_host(host) for host in hosts]))

    def sign_revocations(self, builder: x509.CertificateRevocationListBuilder) -> bytes:
        """Sign a list of what is revoked (:mod:`hub.authority.revocation`); returns it in PEM form."""
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        whole = builder.issuer_name(self.certificate.subject).add_extension(identifier, critical=False)
        return whole.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def signed(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate is this authority's."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _sign(
        self,
        key: ec.EllipticCurvePublicKey,
        name: str,
        usage: x509.ExtendedKeyUsage,
        hosts: x509.SubjectAlternativeName | None,
    ) -> Issued:
        builder = (
            _builder(name, key)
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if hosts is not None:
            builder = builder.add_extension(hosts, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return Issued(name, signed.serial_number, signed.public_bytes(Encoding.PEM))


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a key as the authority, the hub and the broker have one: EC on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key in PEM form, without a passphrase: services start without anybody there."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_private(path: Path, data: bytes) -> None:
    """Write a file for its folder's user alone; raises ``OSError``."""
    write_whole(path, data, as_folder=True)


def _read_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise AuthorityError(f"{file} is no key ({error}); restore it from a backup") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError(f"{file} is a key of another kind; restore it from a backup")
    return key


def _self_signed(key: ec.EllipticCurvePrivateKey, site: str) -> x509.Certificate:
    return (
        _builder(f"Tocsin {site}", key.public_key())
        .issuer_name(_subject(f"Tocsin {site}"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(name: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _subject(name: str) -> x509.Name:
    # Unchecked, since X.520 ends a common name at 64 characters; see the warning above.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name, _validate=False)])


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(**uses: bool) -> x509.KeyUsage:
    all_uses = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**{**all_uses, **uses})
