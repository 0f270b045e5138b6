"""Schema changes: applied at start, by a process of its own, after a backup.

Alembic weighs as much as half the hub, so it is imported in this module alone, and the hub runs it
as ``python -m hub.store.migrate`` only when the database is not at :data:`HEAD`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, make_url, text

from hub.store.engine import open_engine

HEAD: Final = "0005"
"""The newest migration; a test holds it against the files."""
URL_VARIABLE: Final = "TOCSIN_MIGRATE_URL"
PROGRESS: Final = "migrating: "
"""How the lines begin by which a long migration says how far it is."""


class MigrationError(RuntimeError):
    """The database could not be brought to this version's schema; it is as it was."""


def bring_up(engine: Engine, url: str, data: Path) -> str | None:
    """Bring the database to :data:`HEAD`; returns what was done, or None when nothing was needed.

    A database that holds anything is backed up into ``data/backups`` first. Raises
    :class:`MigrationError`.
    """
    current = revision(engine)
    if current == HEAD:
        return None
    if current is not None and current > HEAD:
        raise MigrationError(
            f"the database is at schema {current}, newer than this program's {HEAD}; install the newer one"
        )
    backup = None if current is None else _back_up(engine, url, data, current)
    if current is not None:
        _let_go_between(data / "backups", current)
    environment = {**os.environ, URL_VARIABLE: url}
    command = [sys.executable, "-m", "hub.store.migrate"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None  # noqa: S101 - asked for
        said: deque[str] = deque(maxlen=20)
        for line in running.stderr:
            if line.startswith(PROGRESS):
                sys.stderr.write(line)
                sys.stderr.flush()
            else:
                said.append(line)
    if running.returncode != 0:
        raise MigrationError(f"the migration to {HEAD} failed: {''.join(said).strip()[-800:]}")
    return f"schema {current or 'none'} -> {HEAD}" + (f", backup in {backup}" if backup else "")


def revision(engine: Engine) -> str | None:
    """Return the schema's revision; None for an empty database."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _let_go_between(folder: Path, current: str) -> None:
    """Keep the first backup of this form and the newest: a migration that fails at each start fills no card.

    The first is of before anything was tried; the newest has all that came since.
    """
    for stale in sorted(folder.glob(f"schema-{current}-*"))[1:-1]:
        stale.unlink(missing_ok=True)


def _back_up(engine: Engine, url: str, data: Path, current: str) -> Path:
    folder = data / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"schema-{current}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    if engine.dialect.name == "sqlite":
        target = folder / f"{name}.db"
        try:
            with engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None  # noqa: S101 - an open connection has its driver's
                raw.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.Error as error:
            raise MigrationError(f"the backup before the migration failed: {error}") from None
        return target
    dump = shutil.which("pg_dump")
    if dump is None:
        raise MigrationError("pg_dump is needed for the backup before a migration; install postgresql-client")
    target = folder / f"{name}.dump"
    where = make_url(url)
    plain = where._replace(drivername="postgresql", password=None).render_as_string()
    # The password goes by the environment: every user of the machine may read a command line.
    secret = {} if where.password is None else {"PGPASSWORD": where.password}
    done = subprocess.run(
        [dump, "--format=custom", f"--file={target}", f"--dbname={plain}"],
        env={**os.environ, **secret},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise MigrationError(f"the backup before the migration failed: {done.stderr.strip()[-400:]}")
    return target


def migrate_to(wanted: str, url: str) -> None:
    """Apply the migrations up to one to a database."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = open_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)
    engine.dispose()


if __name__ == "__main__":
    migrate_to("head", os.environ[URL_VARIABLE])
