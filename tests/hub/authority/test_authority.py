"""What the site's authority signs, and what it refuses to."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from config.certificate import read_certificate
from hub.authority.authority import CERTIFICATE_FILE, KEY_FILE, Authority, AuthorityError, Issued, new_key
from hub.authority.names import agent_name, server_name

BEGINS, ENDS = datetime(1950, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def request(key: Any = None, *, subject: str = "whatever", algorithm: Any = SHA256()) -> bytes:  # noqa: B008
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    asked = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return asked.sign(key or new_key(), algorithm).public_bytes(Encoding.DER)


def found(issued: Issued) -> x509.Certificate:
    return x509.load_pem_x509_certificate(issued.pem)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path / "authority", "lincoln")


def test_it_is_made_once_and_its_key_is_for_its_user_alone(tmp_path: Path, authority: Authority) -> None:
    folder = tmp_path / "authority"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    again = Authority.open(folder, "lincoln")
    assert again.der == authority.der
    assert again.fingerprint == authority.fingerprint
    assert len(authority.fingerprint) == 32


def test_a_crash_between_key_and_certificate_is_made_good(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "authority" / CERTIFICATE_FILE).unlink()
    again = Authority.open(tmp_path / "authority", "lincoln")
    assert again.certificate.public_key() == authority.certificate.public_key()


def test_files_that_do_not_fit_are_never_replaced(tmp_path: Path, authority: Authority) -> None:
    """Whoever it has signed for would be shut out."""
    folder = tmp_path / "authority"
    other = Authority.open(tmp_path / "other", "lincoln")
    (folder / CERTIFICATE_FILE).write_bytes(other.pem)
    with pytest.raises(AuthorityError, match=r"does not belong to .*; restore both from one backup"):
        Authority.open(folder, "lincoln")
    (folder / KEY_FILE).unlink()
    with pytest.raises(AuthorityError, match=r"its key .*authority\.key is not; restore the folder"):
        Authority.open(folder, "lincoln")
    (folder / KEY_FILE).write_text("junk")
    with pytest.raises(AuthorityError, match="is no key"):
        Authority.open(folder, "lincoln")
    assert (folder / CERTIFICATE_FILE).read_bytes() == other.pem


def test_no_date_ever_ends_anything(authority: Authority) -> None:
    """RFC 5280, 4.1.2.5: 9999 says that there is no end; each begins before any clock of a Pi."""
    signed = [
        authority.certificate,
        found(authority.sign_agent(request(), "lincoln.room-101")),
        found(authority.sign_client(new_key().public_key(), "tocsin-hub-lincoln")),
        found(authority.sign_server(new_key().public_key(), ["broker.lincoln.tocsin.internal"])),
    ]
    for certificate in signed:
        assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (BEGINS, ENDS)
    assert read_certificate(authority.pem).not_after == ENDS  # as the agent reads it


def test_an_agent_gets_the_name_that_the_hub_gives_and_nothing_it_asks_for(authority: Authority) -> None:
    """Its request's own subject and its wish to be an authority are not taken over."""
    key = new_key()
    issued = authority.sign_agent(request(key, subject="tocsin-hub-lincoln"), "lincoln.room-101")
    certificate = found(issued)
    assert read_certificate(issued.pem).common_name == issued.name == "lincoln.room-101"
    assert certificate.serial_number == issued.serial
    assert certificate.public_key() == key.public_key()
    extensions = certificate.extensions
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert authority.signed(certificate)


def test_another_authority_of_the_same_name_is_another(tmp_path: Path, authority: Authority) -> None:
    other = Authority.open(tmp_path / "other", "lincoln")
    assert other.certificate.subject == authority.certificate.subject
    assert not authority.signed(found(other.sign_agent(request(), "lincoln.room-101")))


def test_a_server_is_no_client_and_is_for_its_names(authority: Authority) -> None:
    names = ["broker.lincoln.tocsin.internal", "192.168.1.10", "fd00::1", "hub.lincoln.example"]
    issued = authority.sign_server(new_key().public_key(), [*names, names[1]])
    usage = found(issued).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert read_certificate(issued.pem).hosts == tuple(names)


def test_serials_are_never_given_twice(authority: Authority) -> None:
    csr = request()
    assert len({authority.sign_agent(csr, "lincoln.room-101").serial for _ in range(50)}) == 50


def broken(csr: bytes) -> bytes:
    """A request whose last byte, the signature's, was altered."""
    return csr[:-1] + bytes([csr[-1] ^ 1])


@pytest.mark.parametrize(
    ("csr", "words"),
    [
        (b"", "no certificate request"),
        (b"junk", "no certificate request"),
        (request()[:-20], "no certificate request"),
        (broken(request()), "isn't signed by the key"),
        (request(rsa.generate_private_key(65537, 2048)), "another kind; allowed: EC"),
        (request(ec.generate_private_key(ec.SECP521R1())), "another kind; allowed: EC"),
        (request(ed25519.Ed25519PrivateKey.generate(), algorithm=None), "another kind; allowed: EC"),
    ],
)
def test_what_is_no_proper_request_is_refused(authority: Authority, csr: bytes, words: str) -> None:
    with pytest.raises(AuthorityError, match=words):
        authority.sign_agent(csr, "lincoln.room-101")


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_names_may_be_as_long_as_the_contract_has_them(tmp_path: Path) -> None:
    """X.520 ends a common name at 64 characters, a DNS name ends each part at 63."""
    site, device = "s" * 64, "d" * 64
    authority = Authority.open(tmp_path / "authority", site)
    issued = authority.sign_agent(request(), agent_name(site, device))
    assert read_certificate(issued.pem).common_name == f"{site}.{device}"
    name = server_name("broker", site)
    assert name.replace(".", "") == "broker" + site + "tocsininternal"
    assert max(map(len, name.split("."))) <= 63
    assert read_certificate(authority.sign_server(new_key().public_key(), [name]).pem).hosts == (name,)
    assert server_name("door", "lincoln") == "door.lincoln.tocsin.internal"
