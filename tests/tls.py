"""An authority for tests, what it issues as files, and a mosquitto that takes nobody without a certificate.

>>> site = Authority(tmp_path, "The site")
>>> with tls_mosquitto(tmp_path / "broker", site) as broker:
...     Broker(host="localhost", port=broker.port, tls=site.issue("demo.room-101"))
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from config import broker as broker_settings
from config.shared_settings import Tls
from tests.mosquitto import HOST, Mosquitto, free_port

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
PAST, FUTURE = NOW - 30 * DAY, NOW + 30 * DAY


class Authority:
    """A certificate authority whose files lie in a folder of its name."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name.replace(" ", "-")
        self.folder.mkdir(parents=True)
        self.name = name
        self._authority = trustme.CA(organization_name=name)
        self.ca_file = self.folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))

    def issue(
        self,
        name: str,
        *hosts: str,
        not_before: dt.datetime = PAST - DAY,
        not_after: dt.datetime = FUTURE,
        ca_file: Path | None = None,
    ) -> Tls:
        """Issue a certificate to a common name, for these hosts (``localhost`` and ``127.0.0.1``)."""
        issued = self._authority.issue_cert(
            *(hosts or ("localhost", HOST)), common_name=name, not_before=not_before, not_after=not_after
        )
        cert_file, key_file = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        cert_file.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        key_file.touch(0o600)
        issued.private_key_pem.write_to_path(str(key_file))
        return Tls(ca_file=ca_file or self.ca_file, cert_file=cert_file, key_file=key_file)

    def revoke(self, *certificates: Path) -> Path:
        """Return a list of what is revoked, as a file."""
        key = load_pem_private_key(self._authority.private_key_pem.bytes(), None)
        authority = x509.load_pem_x509_certificate(self._authority.cert_pem.bytes())
        builder = x509.CertificateRevocationListBuilder(authority.subject, PAST, FUTURE)
        for file in certificates:
            serial = x509.load_pem_x509_certificate(file.read_bytes()).serial_number
            one = x509.RevokedCertificateBuilder(serial, NOW - DAY).build()
            builder = builder.add_revoked_certificate(one)
        path = self.folder / "crl.pem"
        signed = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]  # trustme's own: an EC key
        path.write_bytes(signed.public_bytes(Encoding.PEM))
        return path


def tls_mosquitto(
    folder: Path, authority: Authority, *lines: str, own: Tls | None = None, clients: Path | None = None
) -> Mosquitto:
    """Make a mosquitto that wants certificates of ``authority``, and shows ``own``."""
    own = own or authority.issue("the-broker")
    port = free_port()
    user = broker_settings.own_user()
    conf = [
        f"listener {port} {HOST}",
        f"cafile {clients or authority.ca_file}",
        f"certfile {own.cert_file}",
        f"keyfile {own.key_file}",
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous false",
        "set_tcp_nodelay true",
        *([f"user {user}"] if user else []),
        *lines,
    ]
    return Mosquitto(folder, port=port, conf="\n".join(conf) + "\n")
