"""Certificates that the hub gives itself and its broker, as files; made as often as asked, where need be.

One is made anew where it isn't the authority's or isn't for the names it should be for; else the files
stay as they are, so that nothing is to be started again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from config.hub_settings import HubSettings, NamedBroker
from config.shared_settings import Broker, Tls
from hub.authority.authority import (
    CERTIFICATE_FILE,
    FOLDER,
    Authority,
    Issued,
    key_pem,
    new_key,
    write_private,
)
from hub.authority.names import event_name, rest_name, server_name

PROBE: Final = "probe"
"""A common name that no party has."""

Write = Callable[[Path, bytes], None]


def own_tls(data: Path, name: str) -> Tls:
    """Return where the hub's certificate of this name lies in its data folder."""
    folder = data / FOLDER
    return Tls(
        ca_file=folder / CERTIFICATE_FILE,
        cert_file=folder / f"{name}.pem",
        key_file=folder / f"{name}.key",
    )


def as_hub(broker: NamedBroker, settings: HubSettings, name: str) -> Broker:
    """Return a broker as the hub's connection of this name reaches it."""
    if not broker.own_tls:
        return broker
    return replace(
        broker,
        tls=own_tls(settings.data, name),
        tls_name=broker.tls_name or server_name("broker", settings.site),
    )


def keep_own(authority: Authority, data: Path, site: str) -> list[Path]:
    """Have a certificate for each of the hub's two connections; returns those made. Raises ``OSError``."""
    made = []
    for name in (event_name(site), rest_name(site)):
        files = own_tls(data, name)
        if not _fits(authority, files.cert_file, files.key_file, partial(_is_named, name)):
            _write(files.cert_file, files.key_file, authority.sign_client, name, write_private)
            made.append(files.cert_file)
    return made


def new_probe(authority: Authority, data: Path) -> int:
    """Make a certificate that is void from its birth, in the place of the last one; returns its serial."""
    files = own_tls(data, PROBE)
    _write(files.cert_file, files.key_file, authority.sign_client, PROBE, write_private)
    return _serial(files.cert_file)


def probe_serial(authority: Authority, data: Path) -> int | None:
    """Return the serial of the last such certificate; None where there is none that can be used."""
    files = own_tls(data, PROBE)
    if not _fits(authority, files.cert_file, files.key_file, lambda _: True):
        return None
    return _serial(files.cert_file)


def keep_server(
    authority: Authority, cert_file: Path, key_file: Path, names: Iterable[str], write: Write = write_private
) -> bool:
    """Have a server's certificate for just these names; True where it was made now. Raises ``OSError``.

    ``write`` writes a file whole, with the rights that whoever reads it needs.
    """
    wanted = list(dict.fromkeys(names))
    if _fits(authority, cert_file, key_file, lambda found: _hosts(found) == set(wanted)):
        return False
    _write(cert_file, key_file, lambda key, _: authority.sign_server(key, wanted), wanted[0], write)
    return True


def _write(
    cert_file: Path,
    key_file: Path,
    sign: Callable[[ec.EllipticCurvePublicKey, str], Issued],
    name: str,
    write: Write,
) -> None:
    key = new_key()
    issued = sign(key.public_key(), name)
    # A crash between the two leaves a pair that doesn't fit, and both are made anew.
    write(key_file, key_pem(key))
    write(cert_file, issued.pem)


def _fits(
    authority: Authority, cert_file: Path, key_file: Path, right: Callable[[x509.Certificate], bool]
) -> bool:
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        certificate = x509.load_pem_x509_certificate(cert_file.read_bytes())
        key = load_pem_private_key(key_file.read_bytes(), None)
        return (
            key.public_key() == certificate.public_key()
            and authority.signed(certificate)
            and right(certificate)
        )
    return False


def _serial(file: Path) -> int:
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


def _is_named(name: str, certificate: x509.Certificate) -> bool:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [one.value for one in names] == [name]


def _hosts(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(host.value) for host in found}
