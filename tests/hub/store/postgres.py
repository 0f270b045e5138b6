"""A PostgreSQL of the tests' own: a private cluster on a socket in a folder, gone when they end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

ACCOUNTS = ("postgres", "nobody")
"""Whom the server runs as where the tests run as root: it refuses root."""


def find(program: str) -> Path:
    """Return a server's program: on the PATH, or where Debian keeps them by version."""
    if found := shutil.which(program):
        return Path(found).resolve()
    by_version = Path("/usr/lib/postgresql").glob(f"*/bin/{program}")
    newest = sorted(by_version, key=lambda path: int(path.parts[-3].split(".")[0]))
    if not newest:
        raise FileNotFoundError(f"no {program}: install Debian's postgresql, as scripts/test does")
    return newest[-1]


class Postgres:
    """One cluster."""

    def __init__(self, *, durable: bool = False) -> None:
        """``durable``: it waits for the disk, as no test needs and every figure does."""
        self._fsync = "on" if durable else "off"
        self.folder = Path(
            tempfile.mkdtemp(prefix="tocsin-pg-")
        )  # short: a socket's path is at most 107 bytes
        self._data = self.folder / "data"
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = next(name for name in ACCOUNTS if _is_account(name))
            shutil.chown(self.folder, self._user)

    def __enter__(self) -> Self:
        try:
            options = ["--username=tocsin", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
            self._do([str(find("initdb")), f"--pgdata={self._data}", *options])
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = f"-k {self.folder} -c listen_addresses= -c fsync={self._fsync} -c max_connections=40"
        log = f"--log={self.folder}/log"
        self._do([str(find("pg_ctl")), "start", "--wait", f"--pgdata={self._data}", log, "-o", settings])

    def stop(self) -> None:
        """End the server as a power cut would; nothing to do where it isn't running."""
        if (self._data / "postmaster.pid").exists():
            self._do([str(find("pg_ctl")), "stop", "--mode=immediate", f"--pgdata={self._data}"])

    def url(self, database: str) -> str:
        """Return a database's URL."""
        return f"postgresql+psycopg://tocsin@/{database}?host={self.folder}"

    def _do(self, command: list[str]) -> None:
        done = subprocess.run(
            command,
            user=self._user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            text=True,
            check=False,
        )
        if done.returncode != 0:
            log = self.folder / "log"
            raise RuntimeError(f"{command[0]}: {done.stdout}\n{log.read_text() if log.exists() else ''}")


def _is_account(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
