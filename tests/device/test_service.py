"""``check`` with the rights of the service: root's word for what the service may read is worth nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.this_user import this_user
from device import service
from device.service import Service, ask_systemd, read_properties, take_rights

OTHER = "nobody"
CHECK = f"""
import sys
import gpiozero, gpiozero.pins.mock  # OTHER may not be let into the folders of this Python
from device import check, cli, service, walk_terminal
take = service.take_rights
service.take_rights = lambda: take({OTHER!r})
sys.exit(cli.main(["check", "--config", sys.argv[1]]))
"""
SETTINGS = """
site = "s"
device = "r1"
data = "{folder}/data"
pins = "mock"
[[links]]
host = "10.255.255.1"
[links.tls]
ca_file = "{folder}/open"
cert_file = "{folder}/open"
key_file = "{folder}/key.pem"
[[zones]]
zone = "wall"
kind = "panic"
circuit = "no"
pin = 17
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may look into."""
    made = Path(tempfile.mkdtemp(prefix="tocsin-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_tries_as_the_services_user(folder: Path) -> None:
    """What is root's alone is found: the key, the outbox's folder, the settings themselves."""
    for name in ("open", "key.pem", "agent.toml"):
        (folder / name).touch()
    (folder / "key.pem").chmod(0o600)
    (folder / "data").mkdir(mode=0o755)
    settings = folder / "agent.toml"
    settings.write_text(SETTINGS.format(folder=folder))
    command = [sys.executable, "-c", CHECK, str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert f"tried as {OTHER}, the service's user" in done.stdout.splitlines()
    assert f"NOT READY: link hub: key_file {folder}/key.pem may not be read by user {OTHER}; sudo chgrp" in (
        done.stdout
    )
    assert f"NOT READY: data {folder}/data: {OTHER} may not write in it: sudo chown {OTHER}:" in done.stdout
    settings.chmod(0o600)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"{settings}: may not be read by user {OTHER}; sudo chgrp {OTHER} {settings}" in done.stderr


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_rights_are_given_up_for_good() -> None:
    """User, groups and the way back; lgpio gets a folder of its own."""
    code = (
        "import os; from pathlib import Path; from device.service import take_rights\n"
        f"take_rights({OTHER!r})\n"
        "assert 0 not in (*os.getresuid(), *os.getresgid(), *os.getgroups()), os.getgroups()\n"
        "assert Path(os.environ['LG_WD']).owner() == Path(os.environ['LG_WD']).owner()\n"
        "(Path(os.environ['LG_WD']) / 'fifo').touch()\n"
        "try:\n    os.setuid(0)\n"
        "except PermissionError:\n    print(os.environ['LG_WD'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).exists()


def test_without_that_user_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root; and anybody else is told what sudo would add."""
    monkeypatch.setattr(service.os, "geteuid", lambda: 0)
    assert take_rights("no-such-user").startswith("note: there is no user no-such-user here")
    monkeypatch.undo()
    monkeypatch.setattr(service.os, "geteuid", lambda: 12345)
    assert take_rights("no-such-user") == (
        f"note: tried as {this_user()}; with sudo it is tried as the service's user, no-such-user"
    )
    assert take_rights(this_user()) == f"tried as {this_user()}, the service's user"


SHOWN = """LoadState=loaded
ActiveState=inactive
StateDirectory=tocsin/agent
ReadWritePaths=-/srv/tocsin /var/spool/x
ProtectHome=yes
PrivateTmp=yes
"""


def test_what_systemd_says_of_the_unit() -> None:
    """Where the service may write, what it doesn't see, and whether it is stopped for sure."""
    found = read_properties(SHOWN)
    assert found is not None
    assert found.stopped
    assert found.may_write(Path("/var/lib/tocsin/agent"))
    assert found.may_write(Path("/srv/tocsin/agent"))
    assert not found.may_write(Path("/opt/data"))
    assert "hides /home" in (found.hidden(Path("/home/pi/key.pem")) or "")
    assert "hides /tmp" in (found.hidden(Path("/tmp/key.pem")) or "")
    assert found.hidden(Path("/etc/tocsin/key.pem")) is None
    for state in ("active", "activating", "deactivating", "reloading"):
        running = read_properties(SHOWN.replace("=inactive", f"={state}"))
        assert running is not None
        assert not running.stopped
    open_to_all = read_properties(SHOWN.replace("=yes", "=no"))
    assert open_to_all == Service(True, found.makes, found.writes)


@pytest.mark.parametrize("text", ["", "LoadState=not-found\nActiveState=inactive\n", "nonsense"])
def test_a_unit_that_isnt_there(text: str) -> None:
    """Nothing is known, so nothing is said of it and nobody signs in."""
    assert read_properties(text) is None


def test_without_systemd_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container, a developer's machine."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert ask_systemd() is None
