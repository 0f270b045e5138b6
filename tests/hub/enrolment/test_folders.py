"""What is copied onto a room's card: its code, and what has an ordinary image make a room of itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from config.hub_settings import RoomSettings
from device.enrol.command import read_file
from hub.enrolment.folders import CARD, write_folder
from hub.enrolment.wheels import Wheels
from scripts.parts import for_rooms

ROOM = RoomSettings(device="room-101", room='Room "101"')
CMDLINE = (
    "console=tty1 root=PARTUUID=x rootwait systemd.run=/boot/firmware/firstrun.sh "
    "systemd.run_success_action=reboot systemd.unit=kernel-command-line.target\n"
)


def test_a_folder_has_all_that_a_card_begins_with(tmp_path: Path) -> None:
    """Whoever reads its file gets hub and code; both images find what they run."""
    for_rooms.make(tmp_path / "rooms", [])
    folder = write_folder(tmp_path / "out", ROOM, "10.0.0.5", "CODE", Wheels(tmp_path / "rooms"))
    assert {path.name for path in folder.iterdir()} == {"enrol.toml", "fetch.py", "firstrun.sh", "user-data"}
    assert read_file(folder / "enrol.toml") == ("10.0.0.5", "CODE")
    assert "/boot/firmware/firstrun.sh" in (folder / "user-data").read_text()
    assert folder.stat().st_mode & 0o077 == 0


def test_a_hub_without_wheels_writes_the_code_alone(tmp_path: Path) -> None:
    """For a Pi that is installed already."""
    folder = write_folder(tmp_path / "out", ROOM, "10.0.0.5", "CODE", Wheels(tmp_path / "none"))
    assert [path.name for path in folder.iterdir()] == ["enrol.toml"]


def test_the_first_start_takes_the_code_off_the_card_and_runs_once(tmp_path: Path) -> None:
    """In a root of its own; cmdline.txt is as the image had it, and the service is there to do the rest."""
    root, boot = tmp_path / "root", tmp_path / "boot"
    for name in ("etc/systemd/system", "usr/local/lib"):
        (root / name).mkdir(parents=True)
    boot.mkdir()
    (boot / "enrol.toml").write_text('hub = "h"\ncode = "c"\n')
    (boot / "fetch.py").write_text("")
    (boot / "cmdline.txt").write_text(CMDLINE)
    script = (CARD / "firstrun.sh").read_text()
    script = re.sub(r"(?<![\w.])/(etc|usr/local|run)/", rf"{root}/\1/", script)
    (boot / "firstrun.sh").write_text(script)
    for _ in range(2):
        done = subprocess.run(["sh", boot / "firstrun.sh"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    assert (root / "etc/tocsin/enrol.toml").stat().st_mode & 0o777 == 0o600
    assert not (boot / "enrol.toml").exists()
    assert (boot / "cmdline.txt").read_text() == "console=tty1 root=PARTUUID=x rootwait\n"
    assert (root / "etc/systemd/system/multi-user.target.wants/tocsin-start.service").exists()
    start = root / "usr/local/lib/tocsin/start"
    assert subprocess.run(["sh", "-n", start], check=False).returncode == 0
    assert start.stat().st_mode & 0o111
