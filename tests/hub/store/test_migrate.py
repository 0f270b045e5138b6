"""Schema changes: from nothing, after a backup, and never backwards."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from hub.store import migrate
from hub.store.migrate import HEAD, MigrationError, bring_up, revision
from hub.store.people import People, Person
from hub.store.tables import metadata
from hub.store.tokens import Token, Tokens
from tests.hub.store.conftest import Store

ROOT = Path(__file__).parent.parent.parent.parent
VERSIONS = ROOT / "hub" / "store" / "migrations" / "versions"
NEXT = f"{int(HEAD) + 1:04}"
"""The schema of a release to come."""
MORE = f'''"""A table more, as a release to come may have."""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{HEAD}"


def upgrade() -> None:
    op.create_table("more", sa.Column("x", sa.Integer(), nullable=False))
    FAULT
'''


def test_the_newest_migration_is_the_one_the_program_asks_for() -> None:
    """The constant and the files are held together."""
    assert sorted(path.stem.split("_")[0] for path in VERSIONS.glob("[0-9]*.py"))[-1] == HEAD


def test_from_nothing_to_the_newest(empty: Store) -> None:
    """Nothing is backed up where there is nothing; a second start has nothing to do."""
    assert revision(empty.engine) is None
    assert bring_up(empty.engine, empty.url, empty.data) == f"schema none -> {HEAD}"
    assert revision(empty.engine) == HEAD
    assert bring_up(empty.engine, empty.url, empty.data) is None
    assert not (empty.data / "backups").exists()


def test_the_migrations_make_the_tables_of_the_code(empty: Store) -> None:
    """Alembic finds no difference: tables, columns, types, keys, indexes."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    bring_up(empty.engine, empty.url, empty.data)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert set(inspect(empty.engine).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_a_newer_schema_is_refused_and_left_alone(store: Store) -> None:
    """An older program must not write into it."""
    at_schema(store, "9999")
    with pytest.raises(MigrationError, match=f"at schema 9999, newer than this program's {HEAD}"):
        bring_up(store.engine, store.url, store.data)
    assert revision(store.engine) == "9999"
    assert not (store.data / "backups").exists()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The program of a release to come: one migration more."""
    folder = tmp_path / "release"
    for name in ("config", "hub"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    program = folder / "hub" / "store" / "migrate.py"
    program.write_text(program.read_text().replace(f'HEAD: Final = "{HEAD}"', f'HEAD: Final = "{NEXT}"'))
    (folder / "hub" / "store" / "migrations" / "versions" / f"{NEXT}_more.py").write_text(
        MORE.replace("FAULT", "")
    )
    return folder


def bring_up_by(release: Path, store: Store) -> subprocess.CompletedProcess[str]:
    """Start the release's program on this database."""
    code = (
        "import sys; from pathlib import Path; from hub.store.engine import open_engine;"
        f"from hub.store import migrate; assert migrate.HEAD == '{NEXT}';"
        "print(migrate.bring_up(open_engine(sys.argv[1]), sys.argv[1], Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, store.url, str(store.data)]
    environment = {**os.environ, "PYTHONPATH": str(release)}
    return subprocess.run(command, cwd=release, env=environment, capture_output=True, text=True, check=False)


def test_a_backup_is_taken_before_a_migration(release: Path, empty: Store) -> None:
    """It holds what was there, at the schema that was; the database keeps all of it at the new one."""
    bring_up(empty.engine, empty.url, empty.data)
    People(empty.engine, "lincoln").add("reyes", "correct horse")
    done = bring_up_by(release, empty)
    assert done.returncode == 0, done.stderr
    assert f"schema {HEAD} -> {NEXT}, backup in {empty.data}/backups/schema-{HEAD}-" in done.stdout
    assert revision(empty.engine) == NEXT
    assert People(empty.engine, "lincoln").check("reyes", "correct horse") is not None
    assert inspect(empty.engine).has_table("more")
    (backup,) = (empty.data / "backups").iterdir()
    if empty.is_sqlite:
        kept = create_engine(f"sqlite:///{backup}")
        assert revision(kept) == HEAD
        assert People(kept, "lincoln").check("reyes", "correct horse") is not None
    else:
        listed = subprocess.run(["pg_restore", "--list", backup], capture_output=True, text=True, check=True)
        assert "TABLE DATA public people" in listed.stdout


def test_who_could_sign_in_and_every_token_go_on_so(empty: Store) -> None:
    """They could do everything: they are administrators. A token is without end. A role has no default."""
    bring_up_to(empty, "0003")
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")
    digest = hashlib.sha256(b"tocsin_old").hexdigest()
    with empty.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO people VALUES ('lincoln', 'reyes', :hashed, 3, 1)"), {"hashed": hashed}
        )
        connection.execute(
            text("INSERT INTO tokens VALUES ('lincoln', 'pager', :digest, 'acknowledge,read', 1)"),
            {"digest": digest},
        )
    bring_up(empty.engine, empty.url, empty.data)
    found = People(empty.engine, "lincoln").check("reyes", "correct horse")
    assert found == Person("reyes", 3, "administrator")
    token = Tokens(empty.engine, "lincoln").token("tocsin_old")
    assert token == Token("pager", frozenset({"acknowledge", "read"}), None, 1)
    with pytest.raises(IntegrityError), empty.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO people (site, name, password, epoch, created_at)"
                " VALUES ('lincoln', 'new', 'x', 1, 1)"
            )
        )


def bring_up_to(store: Store, revision: str) -> None:
    """Apply the migrations up to this one."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_a_migration_that_fails_changes_nothing(release: Path, empty: Store) -> None:
    """The database is as it was, the backup stands beside it, and the error names the fault."""
    bring_up(empty.engine, empty.url, empty.data)
    People(empty.engine, "lincoln").add("reyes", "correct horse")
    migration = release / "hub" / "store" / "migrations" / "versions" / f"{NEXT}_more.py"
    migration.write_text(MORE.replace("FAULT", 'raise RuntimeError("a planted fault")'))
    done = bring_up_by(release, empty)
    assert f"MigrationError: the migration to {NEXT} failed" in done.stderr
    assert "a planted fault" in done.stderr
    assert revision(empty.engine) == HEAD
    assert not inspect(empty.engine).has_table("more")
    assert People(empty.engine, "lincoln").check("reyes", "correct horse") is not None
    assert len(list((empty.data / "backups").iterdir())) == 1


def test_a_migration_that_fails_at_each_start_fills_no_card(release: Path, empty: Store) -> None:
    """The first backup stays, of before anything was tried, and the newest, with what came since."""
    bring_up(empty.engine, empty.url, empty.data)
    folder = empty.data / "backups"
    folder.mkdir()
    for hour in ("01", "02", "03"):
        (folder / f"schema-{HEAD}-20260101T{hour}0000Z.db").write_text(hour)
    (folder / "schema-0001-20250101T000000Z.db").write_text("of an older form")
    migration = release / "hub" / "store" / "migrations" / "versions" / f"{NEXT}_more.py"
    migration.write_text(MORE.replace("FAULT", 'raise RuntimeError("a planted fault")'))
    assert "a planted fault" in bring_up_by(release, empty).stderr
    left = sorted(path.name for path in folder.glob(f"schema-{HEAD}-*"))
    assert (len(left), left[0]) == (2, f"schema-{HEAD}-20260101T010000Z.db")
    assert (folder / "schema-0001-20250101T000000Z.db").exists()


def test_without_a_backup_nothing_is_migrated(store: Store, mocker: object) -> None:
    """Where it can't be written, the schema stays."""
    at_schema(store, "0000")
    (store.data / "backups").write_text("in the way")
    with pytest.raises((MigrationError, OSError)):
        bring_up(store.engine, store.url, store.data)
    assert revision(store.engine) == "0000"


def test_a_password_is_on_no_command_line(tmp_path: Path, mocker: object) -> None:
    """Every user of a machine may read those."""
    ran = mocker.patch("hub.store.migrate.subprocess.run", autospec=True)  # type: ignore[attr-defined]
    ran.return_value.returncode = 0
    mocker.patch("hub.store.migrate.shutil.which", return_value="/usr/bin/pg_dump")  # type: ignore[attr-defined]
    url = "postgresql+psycopg://tocsin:PLANTED@db.example.org/tocsin"
    engine = create_engine("postgresql+psycopg://")
    migrate._back_up(engine, url, tmp_path, "0001")
    command, options = ran.call_args.args[0], ran.call_args.kwargs
    assert "PLANTED" not in " ".join(map(str, command))
    assert options["env"]["PGPASSWORD"] == "PLANTED"
    assert "--dbname=postgresql://tocsin@db.example.org/tocsin" in command


def at_schema(store: Store, number: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:number)"), {"number": number})
