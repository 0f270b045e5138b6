"""Looking at the hub's own machine, on threads of its own: the recorder only takes what is found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from config.certificate import first_end
from config.dialling import their_certificate
from config.disk_free import disk_free_mb
from config.file_rights import Guarded, guarded, too_open
from config.hub_settings import HubSettings, NamedBroker
from hub.authority.authority import FOLDER
from hub.authority.beginning import broker_folder
from hub.authority.broker_files import KEY
from hub.backup.result import read_result
from hub.inputs import BackupState, Measured

DISK_EVERY_S: Final = 15.0
CERTIFICATES_EVERY_S: Final = 3600.0
BACKUP_EVERY_S: Final = 60.0
FILES_EVERY_S: Final = 60.0


class Measuring:
    """A thread for each look, because each may hang by itself: in the disk, in a name server."""

    def __init__(
        self, settings: Callable[[], HubSettings], config: Path, put: Callable[[Measured], None]
    ) -> None:
        """``settings`` returns those that hold now, of the file ``config``.

        ``put`` takes each finding on the thread that found it; it must not wait.
        """
        self._put = put
        self._stopping = threading.Event()
        self._log = structlog.get_logger(part="measuring")
        self._threads = [
            self._thread("disk", DISK_EVERY_S, lambda: look_at_disk(settings().data)),
            self._thread("backup", BACKUP_EVERY_S, lambda: look_at_backup(settings().data)),
            self._thread("certificates", CERTIFICATES_EVERY_S, lambda: look_at_certificates(settings())),
            self._thread("files", FILES_EVERY_S, lambda: look_at_files(settings(), config)),
        ]

    def start(self) -> None:
        """Look for the first time, and from now on."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Look no more; a look that hangs ends with the process."""
        self._stopping.set()

    def _thread(self, name: str, every_s: float, look: Callable[[], Measured]) -> threading.Thread:
        def run() -> None:
            while not self._stopping.is_set():
                try:
                    self._put(look())
                except Exception:  # noqa: BLE001 - what can't be looked at says nothing
                    self._log.exception("can't look", at=name)
                self._stopping.wait(every_s)

        return threading.Thread(target=run, name=f"measuring {name}", daemon=True)


def look_at_disk(data: Path) -> Measured:
    """Return what is free where the record is kept."""
    return Measured(disk_free_mb=disk_free_mb(data))


def look_at_backup(data: Path) -> Measured:
    """Return what came of the backups, as they have left it beside the record."""
    found = read_result(data)
    return Measured(backup=BackupState(found.at, found.why))


def look_at_files(settings: HubSettings, config: Path) -> Measured:
    """Return with which of the hub's files others may do too much."""
    return Measured(too_open=tuple(map(str, too_open(of_hub(settings, config)))))


def of_hub(settings: HubSettings, config: Path) -> list[Guarded]:
    """Return what of the hub is to be guarded, its own keys among it."""
    authority = sorted((settings.data / FOLDER).glob("*.key"))
    own = (settings.data / "session.key", *authority, broker_folder(settings) / KEY)
    return guarded(settings, config, settings.data, own)


def look_at_certificates(settings: HubSettings) -> Measured:
    """Return when the certificates end that the hub's connections to its brokers, and its console, need."""
    ends: dict[str, int] = {}
    for broker in settings.brokers:
        ends |= _of(broker)
    https = settings.console.https
    if https is not None and https.cert_file is not None and (end := first_end([https.cert_file])):
        ends["the console's certificate"] = round(end.timestamp() * 1000)
    return Measured(cert_ends=ends)


def _of(broker: NamedBroker) -> dict[str, int]:
    if broker.tls is None:
        return {}
    theirs = their_certificate(broker)
    found = {
        f"the hub's certificate for broker {broker.name}": first_end([broker.tls.cert_file]),
        f"the authority's certificate for broker {broker.name}": first_end([broker.tls.ca_file]),
        f"the certificate of broker {broker.name}": None if theirs is None else theirs.not_after,
    }
    return {name: round(end.timestamp() * 1000) for name, end in found.items() if end is not None}
