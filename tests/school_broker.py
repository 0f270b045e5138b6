"""A school's broker for tests: a real mosquitto as installed, with the site's own authority behind it.

>>> with SchoolBroker(tmp_path) as school:
...     school.enrol("room-101")
...     Broker(host=HOST, port=school.port, tls=school.tls["room-101"], tls_name=school.tls_name)
"""

from __future__ import annotations

import os
import signal
import ssl
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from config import broker as broker_settings
from config.shared_settings import Broker, Tls
from hub.authority.authority import CERTIFICATE_FILE, FOLDER, Authority, key_pem, new_key, write_private
from hub.authority.broker_files import BrokerFiles
from hub.authority.names import agent_name, server_name
from hub.authority.own_files import keep_own, own_tls
from tests.mosquitto import HOST, Mosquitto, Wire, free_port


class SchoolBroker(Mosquitto):
    """A mosquitto in ``folder`` that takes those alone whom its authority knows."""

    site = "school"

    def __init__(
        self, folder: Path, *, tls_version: str = "tlsv1.2", max_connections: int | None = None
    ) -> None:
        """``tls_version`` is the lowest that it takes; both are otherwise as installed."""
        self.data = folder / "hub"
        self.data.mkdir(parents=True)
        self.authority = Authority.open(self.data / FOLDER, self.site)
        keep_own(self.authority, self.data, self.site)
        self.tls_name = server_name("broker", self.site)
        self.files = BrokerFiles(self.authority, folder / "files", self.data, site=self.site, hub="hub-1")
        self.files.keep_certificate([self.tls_name])
        self.devices: set[str] = set()
        self.revoked: set[int] = set()
        self.tls: dict[str, Tls] = {}
        """The last certificate of each device that was enrolled."""
        self._issued = 0
        self.files.keep_lists((), ())
        port, store = free_port(), folder / "broker"
        store.mkdir()
        conf = broker_settings.settings(
            "school",
            port=port,
            folder=store,
            files=folder / "files",
            user=broker_settings.own_user(),
        )
        conf = conf.replace("tlsv1.2", tls_version)
        if max_connections is not None:
            conf = conf.replace(str(broker_settings.MAX_CONNECTIONS), str(max_connections))
        super().__init__(store, port=port, conf=conf)

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def enrol(self, device: str) -> Tls:
        """Give a device a certificate and its rights, and have the broker know."""
        self.devices.add(device)
        tls = self.tls[device] = self.issue(agent_name(self.site, device))
        self.keep()
        return tls

    def issue(self, name: str) -> Tls:
        """Sign a new certificate for any name, without giving it any right."""
        key = new_key()
        folder = self.data.parent / f"of-{name}-{self._issued}"
        self._issued += 1
        folder.mkdir()
        tls = Tls(
            ca_file=self.data / FOLDER / CERTIFICATE_FILE,
            cert_file=folder / "cert.pem",
            key_file=folder / "key.pem",
        )
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
        write_private(tls.key_file, key_pem(key))
        tls.cert_file.write_bytes(self.authority.sign_agent(request.public_bytes(Encoding.DER), name).pem)
        return tls

    def own(self, name: str) -> Tls:
        """Return the certificate of a connection of the hub."""
        return own_tls(self.data, name)

    def at(self, tls: Tls | None) -> Broker:
        """Return how somebody with this certificate reaches it."""
        return Broker(host=HOST, port=self.port, tls=tls, tls_name=self.tls_name)

    def wire(self, tls: Tls, *subscriptions: str, **how: Any) -> Wire:
        """Return a client with this certificate, which asks for no name of the broker's."""
        context = ssl.create_default_context(cafile=tls.ca_file)
        context.check_hostname = False
        context.load_cert_chain(tls.cert_file, tls.key_file)
        return Wire(self, *subscriptions, tls=context, **how)

    def revoke(self, tls: Tls, *devices: str) -> None:
        """Revoke a certificate, and take the rights of these devices away; nobody's session is ended."""
        self.revoked.add(x509.load_pem_x509_certificate(tls.cert_file.read_bytes()).serial_number)
        self.devices -= set(devices)
        self.keep()

    def keep(self) -> None:
        """Write the lists anew, and say so to the broker, as ``tocsin-broker-reload.path`` does."""
        if self.files.keep_lists(self.devices, self.revoked) and self.running:
            os.kill(self.pid, signal.SIGHUP)
