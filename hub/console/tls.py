"""The certificate by which the console is served: the school's own files, or the hub's own by its authority.

Files that change are taken at the next look, without a restart. Files that can't be used leave the last
good ones in place, and at a start the hub's own: a board behind a browser's warning is better than none.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from config import logs
from config.console_settings import HttpsSettings
from config.hub_settings import HubSettings
from hub.authority.authority import FOLDER, AuthorityError
from hub.authority.beginning import begin
from hub.authority.names import server_name
from hub.authority.own_files import keep_server
from hub.inputs import ConsoleCertificate

NAME = "console"

_log = logs.get(part="console")


class Certificate:
    """What the console shows who it is by; used from one thread."""

    def __init__(self, settings: HubSettings, tell: Callable[[ConsoleCertificate], None]) -> None:
        """``tell`` hears whether the right one is in use, once it is known and whenever that changes."""
        assert settings.console.https is not None  # noqa: S101 - whoever has none serves none
        self._settings = settings
        self._https: HttpsSettings = settings.console.https
        self._tell = tell
        self._seen: object = None
        self._said: object = self
        self.context = _new_context()
        """Another one after a look that took other files: connections begun then have those."""
        self._is_usable = False

    def look(self) -> bool:
        """Take the files if they have changed; False while no certificate can be had at all."""
        pair = self._pair()
        seen = [_stamp(file) for file in pair]
        if seen == self._seen and self._is_usable:
            return True
        self._seen = seen
        try:
            if self._https.cert_file is None:
                self._make_own(*pair)
                self._seen = [_stamp(file) for file in pair]
            self._take(*pair)
        except (OSError, AuthorityError) as error:  # ssl.SSLError is an OSError
            why = f"{pair[0]}: {_words(error)}"
            if not self._is_usable and self._https.cert_file is not None:
                why += "; the hub's own is in its place"
                self._fall_back()
            self._say(why)
        else:
            self._say(None)
        return self._is_usable

    def _pair(self) -> tuple[Path, Path]:
        if self._https.cert_file is not None and self._https.key_file is not None:
            return self._https.cert_file, self._https.key_file
        return self._own_pair()

    def _own_pair(self) -> tuple[Path, Path]:
        folder = self._settings.data / FOLDER
        return folder / f"{NAME}.pem", folder / f"{NAME}.key"

    def _make_own(self, cert_file: Path, key_file: Path) -> None:
        names = self._https.names or (server_name(NAME, self._settings.site),)
        keep_server(begin(self._settings), cert_file, key_file, names)

    def _fall_back(self) -> None:
        pair = self._own_pair()
        try:
            self._make_own(*pair)
            self._take(*pair)
        except (OSError, AuthorityError) as error:
            _log.error("no certificate of the hub's own for the console", why=_words(error))

    def _take(self, cert_file: Path, key_file: Path) -> None:
        # Into a context that nobody is served by yet: half of a pair, if for a moment, would let nobody in.
        context = _new_context()
        context.load_cert_chain(cert_file, key_file)
        self.context, self._is_usable = context, True

    def _say(self, why: str | None) -> None:
        if why != self._said:
            self._said = why
            self._tell(ConsoleCertificate(why))
            if why is not None:
                _log.error("the console's certificate can't be used", why=why)


def fault(https: HttpsSettings | None) -> str | None:
    """Return why the school's own files can't be used; None where they can, or there are none."""
    if https is None or https.cert_file is None or https.key_file is None:
        return None
    try:
        _new_context().load_cert_chain(https.cert_file, https.key_file)
    except OSError as error:
        return _words(error)
    return None


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """Return what tells that a file is another one; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"certificate and key can't be used together: {error.reason or error}"
    return str(getattr(error, "strerror", None) or error)
