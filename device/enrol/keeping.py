"""What an enrolled Pi keeps: its key, its certificate, the authority and its settings. Whole, or not at all.

``identity`` is a link to a folder of one enrolment's files, so that it changes in one step. The folder bears
a hash of the code: a run of the command that was cut off is gone on with by the next.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from device.enrol.door_words import EnrolError
from device.service import USER

LINK: Final = "identity"
SETTINGS: Final = "agent.toml"
BEFORE: Final = "agent.toml.before"
WHAT: Final = "what.json"
"""What this Pi is, for the command itself: device, site, room, spare, hub, its door, its code's mark."""


class Kept:
    """The folder of an agent's settings, and its identity in it."""

    def __init__(self, etc: Path) -> None:
        self.etc = etc
        self.identity = etc / LINK
        self.new = etc / f"{LINK}-"
        """What is not finished; named by :meth:`begin`."""

    def check(self) -> None:
        """Raise :class:`EnrolError` where nothing could be kept here."""
        if not os.access(self.etc, os.W_OK | os.X_OK, effective_ids=True):
            raise EnrolError(
                f"{self.etc} can't be written by this user, or isn't there: use sudo; "
                f"scripts/install makes it"
            )

    def what(self) -> dict[str, Any] | None:
        """Return what this Pi is; None where it is nothing yet."""
        try:
            found = json.loads((self.identity / WHAT).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    # --- what is not finished -----------------------------------------------------------------------

    def begin(self, mark: str) -> None:
        """Begin an enrolment by what has this mark, or go on with one."""
        self.new = self.etc / f"{LINK}-{mark}"

    def is_whole(self) -> bool:
        """Tell whether all that the hub gives was kept of what was begun."""
        return (self.new / WHAT).exists()

    def key(self, make: Callable[[], bytes]) -> bytes:
        """Return the key of what was begun, made once."""
        path = self.new / "key.pem"
        with contextlib.suppress(FileNotFoundError):
            return path.read_bytes()
        key = make()
        with _writing(self.new):
            self.new.mkdir(mode=0o700, exist_ok=True)
            _sync(self.etc)
        _write(path, key)
        return key

    def put(self, certificate: str, authority: str, settings: str | None, what: dict[str, Any]) -> None:
        """Keep what the hub gave: the note of what it is comes last, and says that all is here."""
        with _writing(self.new):
            (self.new / WHAT).unlink(missing_ok=True)
        _write(self.new / "certificate.pem", certificate.encode())
        _write(self.new / "authority.pem", authority.encode())
        if settings is not None:
            _write(self.new / SETTINGS, settings.encode())
        _write(self.new / WHAT, json.dumps(what, indent=1).encode())

    def finish(self) -> None:
        """Have what was begun be what this Pi is, from one moment to the next; all older is let go of."""
        with _writing(self.etc):
            for_service(self.new)
            fresh = self.etc / f".{LINK}.new"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self.new.name)
            fresh.replace(self.identity)
            _sync(self.etc)
            self.settle()
            for folder in self.etc.glob(f"{LINK}-*"):
                if folder != self.new:
                    shutil.rmtree(folder, ignore_errors=True)

    def settle(self) -> None:
        """Put settings that came along in their place, unless that is done."""
        with _writing(self.etc):
            settings = self.identity / SETTINGS
            if settings.exists():
                place = self.etc / SETTINGS
                if place.exists():
                    shutil.copy2(place, self.etc / BEFORE)
                settings.chmod(0o640)  # no secret: the hub's backup of its own machine is of its group
                if _service() is not None:
                    os.chown(settings, 0, -1)  # read by the service, changed by people
                settings.replace(place)
                _sync(self.etc)


def mark_of(voucher: str) -> str:
    """Return what a code, or what else an enrolment is by, can be told by; it can't be guessed from that."""
    return hashlib.sha256(voucher.encode()).hexdigest()[:16]


def for_service(folder: Path) -> None:
    """Give a folder's files to whoever the service runs as: the key for that user's eyes alone."""
    owner = _service()
    for path in (folder, *folder.iterdir()):
        if owner is not None:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        path.chmod(0o700 if path.is_dir() else 0o600)


def _service() -> pwd.struct_passwd | None:
    """Return whom the service runs as, where this is root or that user itself, as in tocsin-enrol.service."""
    with contextlib.suppress(KeyError):
        owner = pwd.getpwnam(USER)
        if os.geteuid() in (0, owner.pw_uid):
            return owner
    return None


def _write(path: Path, data: bytes) -> None:
    """Write a file whole, for this user's eyes alone; raises :class:`EnrolError`."""
    fresh = path.with_name(f".{path.name}.new")
    with _writing(path):
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync(path.parent)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raise :class:`EnrolError` where writing fails."""
    try:
        yield
    except OSError as error:
        raise EnrolError(
            f"{path} can't be written ({error.strerror}); is the card full, or failing?"
        ) from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
