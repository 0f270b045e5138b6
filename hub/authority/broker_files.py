"""The files that the broker reads, in a folder that the hub writes: who it is, who may come in and say what.

Each is whole at any moment. The broker takes both lists anew on SIGHUP: as installed, systemd sends it
when one of them has changed (``tocsin-broker-reload.path``).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hub.atomic import write_whole
from hub.authority.authority import FOLDER, REVOKED, Authority, write_private
from hub.authority.own_files import keep_server, new_probe, probe_serial
from hub.authority.revocation import read_list, revocation_list
from hub.authority.rights import rights

CA: Final = "ca.pem"
CERTIFICATE: Final = "broker.pem"
KEY: Final = "broker.key"
RIGHTS: Final = "acl"
ASKED: Final = "reload/asked"
"""A file whose being there asks for the lists to be taken anew; whoever has the broker do it removes it."""
READABLE: Final = 0o640
"""For the hub's user, and the folder's group: the broker's."""


class BrokerFiles:
    """One broker's folder. Not for two threads at once."""

    def __init__(self, authority: Authority, folder: Path, data: Path, *, site: str, hub: str) -> None:
        """``data`` is the hub's data folder: the last list of revocations is kept there, too."""
        self._authority = authority
        self._folder = folder
        self._data = data
        self._kept = data / FOLDER / REVOKED
        self._site = site
        self._hub = hub

    def keep_certificate(self, names: Iterable[str]) -> bool:
        """Have the authority's certificate there, and a broker's for just these names; True where changed."""
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        changed = self._keep(CA, self._authority.pem)
        certificate, key = self._folder / CERTIFICATE, self._folder / KEY
        changed = keep_server(self._authority, certificate, key, names, _write) or changed
        return self._asked(changed)

    def begin_lists(self) -> bool:
        """Have both lists there: the broker needs them to start. Rights of nobody only where there are none.

        True where they were written now.
        """
        if not (self._folder / RIGHTS).exists():
            return self.keep_lists((), ())
        if _read(self._folder / REVOKED)[0]:
            return False
        return self._asked(self._keep_revoked(frozenset(), probe_serial(self._authority, self._data), None))

    def keep_lists(self, devices: Iterable[str], revoked: Iterable[int]) -> bool:
        """Have the lists say that these devices may speak, and certificates of these serials are void.

        ``revoked`` is all that were ever revoked; one that is on the list is never taken off. True where
        a list changed. Raises ``OSError``.
        """
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        wanted, there = rights(self._site, self._hub, devices).encode(), self._folder / RIGHTS
        probe, fresh = probe_serial(self._authority, self._data), None
        if not _holds(there, wanted):
            # First: cut off after it, the probe is on no list, and so the list is written anew.
            fresh = new_probe(self._authority, self._data)
            _write(there, wanted)
        # Last, and with other rights always anew: a broker that goes by this list has read both.
        return self._asked(self._keep_revoked(frozenset(revoked), probe, fresh))

    def ask(self) -> None:
        """Ask for all of it to be taken anew, where somebody is there to be asked. Raises ``OSError``.

        For whoever can't know whether the last change was followed by that.
        """
        self._asked(True)

    def _keep_revoked(self, serials: frozenset[int], probe: int | None, fresh: int | None) -> bool:
        """Write the list where it says something else, with a number above that of any list before it.

        It also holds a certificate made for it, the probe: once the broker refuses that, it goes by
        this list (:mod:`hub.authority.closing`). ``probe`` is the last list's; ``fresh`` this one's, where
        it was made already: then the list is written whatever it says.
        """
        there, kept = _read(self._folder / REVOKED), _read(self._kept)
        # Who was revoked stays so, also where an older record was restored that doesn't know it.
        known = serials | ((there[1] | kept[1]) - {probe})
        if fresh is None:
            if there == kept and probe is not None and there[1] == known | {probe}:
                return False
            fresh = new_probe(self._authority, self._data)
        pem = revocation_list(self._authority, known | {fresh}, max(there[0], kept[0]) + 1)
        write_private(self._kept, pem)
        _write(self._folder / REVOKED, pem)
        return True

    def _asked(self, changed: bool) -> bool:
        """Ask for all of it to be taken anew, where something changed and somebody is there to be asked."""
        asked = self._folder / ASKED
        if changed and asked.parent.is_dir():
            asked.touch()
        return changed

    def _keep(self, name: str, data: bytes) -> bool:
        path = self._folder / name
        if _holds(path, data):
            return False
        _write(path, data)
        return True


def _read(file: Path) -> tuple[int, frozenset[int]]:
    """Return a list's number and serials; 0 and none where there is no list."""
    try:
        return read_list(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return 0, frozenset()


def _holds(file: Path, data: bytes) -> bool:
    return file.exists() and file.read_bytes() == data


def _write(path: Path, data: bytes) -> None:
    write_whole(path, data, READABLE, as_folder=True)
