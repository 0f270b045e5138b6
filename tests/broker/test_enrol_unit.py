"""The command as tocsin-enrol.service runs it: as the agent's user, with what root may do with files."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.enrol.command import NOT_NOW
from tests.enrol_site import PI_USER, EnrolSite, open_folder, python, remove_folder
from tests.install import SYSTEMD
from tests.mosquitto import HOST, free_port
from tests.site import ROOT

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv isn't installed"),
]
DEVICE = (
    "import pwd, sys;"
    "agent = pwd.struct_passwd(('tocsin-agent', 'x', {user}, {user}, '', '/', '/bin/false'));"
    "pwd.getpwnam = lambda _: agent;"
    "from device.cli import main; sys.exit(main(sys.argv[1:]))"
)
"""``tocsin-device`` on a machine where the agent's user is the one of the test."""


@pytest.fixture
def school(tmp_path: Path) -> Iterator[EnrolSite]:
    if python().users is None:
        pytest.skip("only root can be another user")
    folder = open_folder(tmp_path)
    try:
        with EnrolSite(folder) as made:
            yield made
    finally:
        remove_folder(folder)


def as_unit() -> list[str]:
    """Return what a command is started by, to have the user and the capabilities that the unit gives it."""
    words = dict(
        line.split("=", 1)
        for line in (SYSTEMD / "tocsin-enrol.service").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    assert words["User"] == "tocsin-agent"
    ambient = ",".join(
        f"+{name.removeprefix('CAP_').lower()}" for name in words["AmbientCapabilities"].split()
    )
    return [
        "setpriv", f"--reuid={PI_USER}", f"--regid={PI_USER}", "--clear-groups", "--no-new-privs",
        f"--inh-caps=-all,{ambient}", f"--ambient-caps=-all,{ambient}", f"--bounding-set=-all,{ambient}",
    ]  # fmt: skip


def run(*command: str, start: list[str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [*(start or []), python().program, *command],
        env=python().environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def device(etc: Path, port: int, code: str, start: list[str] | None = None) -> tuple[int, str]:
    """Run ``tocsin-device enrol``; as root, or as ``start`` has it."""
    words = ["enrol", "--etc", str(etc), "--hub", f"{HOST}:{port}", "--code", code]
    return run("-c", DEVICE.format(user=PI_USER), *words, start=start)


def check(etc: Path) -> None:
    """The key is the agent's alone; its settings are root's to change."""
    key, settings = (etc / "identity" / "key.pem").stat(), (etc / "agent.toml").stat()
    assert (key.st_uid, stat.S_IMODE(key.st_mode)) == (PI_USER, 0o600)
    assert (settings.st_uid, settings.st_gid, stat.S_IMODE(settings.st_mode)) == (0, PI_USER, 0o640)


def test_it_enrols_a_machine_whose_settings_are_roots(school: EnrolSite) -> None:
    etc = school.folder / "etc"
    etc.mkdir(mode=0o755)
    code = school.code("room-101")
    bare = [word for word in as_unit() if "caps" not in word]
    status, said = device(etc, school.door_port, code, bare)
    assert (status, "can't be written by this user" in said) == (1, True), said
    status, said = device(etc, school.door_port, code, as_unit())
    assert status == 0, said
    check(etc)


def test_it_goes_on_with_what_root_has_begun(school: EnrolSite) -> None:
    """By hand, with sudo, while the hub could not be reached."""
    etc = school.folder / "etc"
    etc.mkdir(mode=0o755)
    code = school.code("room-101")
    status, said = device(etc, free_port(), code)
    assert status == NOT_NOW, said
    status, said = device(etc, school.door_port, code, as_unit())
    assert status == 0, said
    check(etc)


def test_it_has_the_hub_on_this_machine_make_a_code(school: EnrolSite) -> None:
    """Into whose folder no other user may look."""
    words = ["-m", "hub.cli", "enrol", "--room", "101", "--config", str(school.hub_toml)]
    bare = [word for word in as_unit() if "caps" not in word]
    status, said = run(*words, start=bare)
    assert (status, "Permission denied" in said) == (2, True), said
    status, said = run(*words, start=as_unit())
    assert (status, "On its Pi, in the folder tocsin:" in said) == (0, True), said
