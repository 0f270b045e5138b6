"""``tocsin-hub backup``, ``backup-key`` and ``restore``, as a technician types them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.cli import main
from hub.store import chain
from hub.store.engine import open_engine, sqlite_url
from hub.store.journal import Journal
from hub.store.people import People
from tests.hub.making import event_bytes, new_site, take
from tests.scenarios.rig import site_settings

HUB = Path(sys.executable).with_name("tocsin-hub")
SETTINGS = """\
site = "lincoln"
name = "Lincoln"
data = "{data}"

[console]
port = {port}

[backup]
to = "{to}"
recipient = "{recipient}"

[[rooms]]
device = "room-101"
room = "Room 101"

[channels.phones]
type = "apprise"
targets_file = "{phones}"
"""


class Box:
    """A machine: its settings, its record, and a disk for backups."""

    def __init__(self, folder: Path, recipient: str, port: int = 1) -> None:
        self.folder = folder
        self.data, self.to = folder / "data", folder / "to"
        self.to.mkdir(parents=True)
        self.config, self.phones = folder / "etc" / "hub.toml", folder / "etc" / "phones"
        self.config.parent.mkdir()
        self.phones.touch(0o600)
        self.phones.write_text("Reyes = ntfy://a-secret-topic\n")
        words = {
            "data": self.data,
            "to": self.to,
            "recipient": recipient,
            "phones": self.phones,
            "port": port,
        }
        self.config.write_text(SETTINGS.format(**words))

    def backups(self) -> list[Path]:
        return sorted(self.to.glob("*.age"))

    def press(self, event: str = "e1") -> None:
        journal = Journal(open_engine(sqlite_url(self.data)), "lincoln")
        journal.commit([take(new_site(site_settings()), event_bytes(id=event), 0, device="room-101")])
        journal.close()

    def command(self, *words: Any) -> list[str]:
        return [str(HUB), str(words[0]), "--config", str(self.config), *map(str, words[1:])]


@pytest.fixture
def key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    file = tmp_path / "key"
    assert main(["backup-key", "--to", str(file)]) == 0
    capsys.readouterr()
    return file


def recipient_of(key: Path) -> str:
    found = re.search(r"age1\w+", key.read_text())
    assert found
    return found[0]


@pytest.fixture
def box(tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> Box:
    made = Box(tmp_path / "old", recipient_of(key))
    password = tmp_path / "password"
    password.write_text("a long password\n")
    words = ["user", "add", "reyes", "--config", str(made.config), "--password-file", str(password)]
    assert main(words) == 0
    made.press()
    capsys.readouterr()
    return made


def test_a_key_is_printed_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The secret on standard output alone, for the printer; the lines of the settings beside it."""
    assert main(["backup-key"]) == 0
    said = capsys.readouterr()
    assert re.search(r"^AGE-SECRET-KEY-1[0-9A-Z]{58}$", said.out, re.MULTILINE)
    public = re.search(r"age1\w+", said.out)
    assert public
    assert f'recipient = "{public[0]}"' in said.err
    assert "AGE-SECRET-KEY" not in said.err
    file = tmp_path / "key"
    assert main(["backup-key", "--to", str(file)]) == 0
    assert file.stat().st_mode & 0o077 == 0
    assert main(["backup-key", "--to", str(file)]) == 1
    assert "File exists; no key was made" in capsys.readouterr().err


def test_an_empty_machine_takes_over_with_the_file_and_the_key(
    box: Box, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings, secrets, people and the record come back; the words say what is lost."""
    assert main(["backup", "--config", str(box.config)]) == 0
    said = capsys.readouterr()
    (file,) = box.backups()
    head = chain.head(open_engine(sqlite_url(box.data), read_only=True), "lincoln")
    assert head is not None
    assert f"{file}: " in said.out
    assert "read back" in said.out
    assert f"record head {head[0]}:{head[1]}" in said.out
    assert said.err.splitlines()[0].startswith("rows copied: ")

    box.config.parent.rename(box.folder / "gone")
    box.data.rename(box.folder / "dead")
    words = ["restore", str(file), "--key-file", str(key), "--config", str(box.config), "--settings-to", "/"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert f"{box.config}: written" in said.out
    assert box.phones.read_text() == "Reyes = ntfy://a-secret-topic\n"
    assert "Restored: epoch 2 of site lincoln begins when the hub starts." in said.out
    assert "comes again by itself" in said.out
    assert "is lost with its disk" in said.out
    engine = open_engine(sqlite_url(box.data))
    assert chain.head(engine, "lincoln") == head
    assert People(engine, "lincoln").check("reyes", "a long password") is not None
    # Once more: there is something now.
    assert main(words) == 1
    said = capsys.readouterr()
    assert f"{box.config}: is there already" in said.out
    assert f"tocsin.db holds a record up to row {head[0]} and 1 people of site lincoln" in said.err
    assert main([*words, "--replace"]) == 0
    assert len(list((box.data / "backups").glob("before-restore-*/tocsin.db"))) == 1


def test_settings_that_are_others_are_left_alone(
    box: Box, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are named; with ``--replace`` they are kept beside."""
    assert main(["backup", "--config", str(box.config)]) == 0
    (file,) = box.backups()
    box.phones.write_text("Okafor = ntfy://another\n")
    capsys.readouterr()
    words = ["restore", str(file), "--key-file", str(key), "--config", str(box.config), "--settings-to", "/"]
    assert main(words) == 1
    assert f"{box.phones}: there, and not as in the backup; nothing was changed" in capsys.readouterr().err
    assert "Okafor" in box.phones.read_text()
    assert main([*words, "--replace"]) == 0
    assert "Reyes" in box.phones.read_text()
    assert "Okafor" in box.phones.with_name("phones.before-restore").read_text()


def test_a_backup_is_only_looked_at_where_that_is_asked(
    box: Box, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The yearly trial: nothing is changed, and every fault has its words."""
    assert main(["backup", "--config", str(box.config)]) == 0
    (file,) = box.backups()
    capsys.readouterr()
    look = ["restore", str(file), "--only-check", "--key-file"]
    assert main([*look, str(key)]) == 0
    said = capsys.readouterr().out
    assert "The backup is whole, and this key opens it. Nothing was changed." in said
    assert "a-secret-topic" not in said
    other = tmp_path / "other"
    assert main(["backup-key", "--to", str(other)]) == 0
    assert main([*look, str(other)]) == 1
    assert f"{file}: it is sealed for another key" in capsys.readouterr().err
    assert main([*look, str(tmp_path / "none")]) == 1
    assert "can't be read: No such file" in capsys.readouterr().err
    cut = tmp_path / "cut.age"
    cut.write_bytes(file.read_bytes()[:-10])
    assert main(["restore", str(cut), "--only-check", "--key-file", str(key)]) == 1
    assert f"{cut}: it is cut or altered" in capsys.readouterr().err
    lost = ["--head", "5000:" + "a" * 64]
    assert main([*look, str(key), *lost]) == 1
    said = capsys.readouterr()
    assert "row 5000, of the head that was noted, is missing" in said.out
    assert "its record is not whole, see above; nothing was changed. --accept-faults" in said.err


def test_where_none_is_set_up_it_says_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault for a person, and nothing at all for the timer."""
    config = tmp_path / "hub.toml"
    config.write_text(f'site = "lincoln"\nname = "Lincoln"\ndata = "{tmp_path}"\n')
    assert main(["backup", "--config", str(config)]) == 2
    assert "no [backup] is set in the settings: tocsin-hub backup-key makes a key" in capsys.readouterr().err
    assert main(["backup", "--config", str(config), "--scheduled"]) == 0
    assert main(["check", "--config", str(config)]) == 0
    assert "note: no [backup] is set: a dead disk takes the record" in capsys.readouterr().out


def test_check_says_when_backups_are_on_the_records_own_disk(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    box.data.chmod(0o700)
    assert main(["check", "--config", str(box.config)]) == 0
    assert "on the disk of the record: a dead disk takes both with it" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["rows copied", "bytes written", "rows read back"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_backup_that_is_killed_leaves_nothing_that_looks_whole(box: Box, what: str, how: int) -> None:
    """At any stage; the next one takes away what is left, and is taken."""
    stop_at = (
        "import sys, os, signal, hub.cli_backup as c\n"
        "from hub.cli import main\n"
        f"def at(self, what, done, whole):\n    if what == {what!r}: os.kill(os.getpid(), {int(how)})\n"
        "c.Progress.at = at\n"
        f"sys.exit(main(['backup', '--config', {str(box.config)!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", stop_at], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert box.backups() == []
    if how == signal.SIGTERM:
        assert list(box.to.iterdir()) == []
        assert not (box.data / "backup.work").exists()
    assert subprocess.run(box.command("backup"), capture_output=True, check=False).returncode == 0
    assert len(list(box.to.iterdir())) == 1


@pytest.mark.parametrize("when", [1, 5, 9])
def test_a_restore_that_is_killed_leaves_no_half_record(
    box: Box, key: Path, tmp_path: Path, when: int
) -> None:
    """It can be run again, and then it is there."""
    assert main(["backup", "--config", str(box.config)]) == 0
    (file,) = box.backups()
    box.data.rename(box.folder / "dead")
    stop_at = (
        "import sys, os, signal, hub.cli_backup as c\n"
        "from hub.cli import main\n"
        "from hub.store import snapshot\n"
        "snapshot.ROWS = 1\n"
        "def at(self, what, done, whole):\n"
        f"    if what == 'rows restored' and done >= {when}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "c.Progress.at = at\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["restore", str(file), "--key-file", str(key), "--config", str(box.config)]
    killed = subprocess.run([sys.executable, "-c", stop_at, *words], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (box.data / "tocsin.db").exists()
    assert main(words) == 0
    assert chain.verify(open_engine(sqlite_url(box.data), read_only=True), "lincoln").faults == []
