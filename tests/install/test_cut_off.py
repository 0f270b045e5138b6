"""scripts/install cut off in the middle: by a terminal that goes, or a new hub that has taken presses."""

from __future__ import annotations

import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.site import ROOT, until

INSTALL = (ROOT / "scripts/install").read_text()


def function(name: str) -> str:
    """Return one of its functions, as it stands."""
    found = re.search(rf"^{name}\(\) \{{.*?^\}}$|^{name}\(\) \{{.*\}}$", INSTALL, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found[0]


def script(*names: str, more: str) -> str:
    return "\n".join(["set -euo pipefail", *(function(name) for name in names), more])


def test_a_terminal_that_goes_leaves_no_new_program_that_nobody_waits_for(tmp_path: Path) -> None:
    """A lost SSH session: the way back is gone to its end, though nobody reads what it says."""
    more = f"""
LOG={tmp_path}/log SWAPPED=1 SAID=0 STEP=1 PART=hub NEW= OPT={tmp_path}
roll_back() {{ detail "going back" && echo rolled >{tmp_path}/rolled; }}
trap finish EXIT
trap 'exit 130' INT TERM HUP
echo $$ >{tmp_path}/pid
while :; do sleep 0.1; done
"""
    pid, master = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "-c", script("say", "detail", "finish", more=more)])
    until("it runs", (tmp_path / "pid").exists)
    os.close(master)
    try:
        until("it has gone back", (tmp_path / "rolled").exists)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def store(path: Path, events: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE events (id TEXT)")
        db.executemany("INSERT INTO events VALUES (?)", [(f"e{n}",) for n in range(events)])
    return path


def rolled_back(folder: Path, before: int, now: int, *, hub_is_ready: bool) -> str:
    """Roll back over a raised schema, with so many events in the record of before and of now; what it did."""
    backup = store(folder / "hub/backups/schema-7.db", before)
    store(folder / "hub/tocsin.db", now)
    (folder / "releases/1").mkdir(parents=True)
    more = f"""
PYTHON={sys.executable} DATA={folder} OPT={folder} OLD=1 NEW=2 RELEASE={folder}/releases/2 MOVES=0 SWAPPED=1
backup_before() {{ echo {backup}; }}
ready() {{ {"true" if hub_is_ready else "false"}; }}
activate() {{ echo "ACTIVATED $1"; }}
restore_store() {{ echo RESTORED; }}
restart_all() {{ true; }}
SAID=0
roll_back
"""
    words = script("say", "detail", "die", "taken_since", "roll_back", more=more)
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stdout + done.stderr


def test_a_new_hub_that_has_taken_a_press_is_not_taken_back(tmp_path: Path) -> None:
    """The agent that sent it keeps it no more; the record of before doesn't have it."""
    said = rolled_back(tmp_path, 5, 6, hub_is_ready=True)
    assert "has taken 1 event(s) since the swap: it stays" in said
    assert "RESTORED" not in said
    assert "ACTIVATED" not in said


def test_a_new_hub_that_took_nothing_goes_with_its_record(tmp_path: Path) -> None:
    said = rolled_back(tmp_path, 5, 5, hub_is_ready=True)
    assert "ACTIVATED 1" in said
    assert "RESTORED" in said


def test_of_a_new_hub_that_died_with_presses_it_is_said_where_they_are(tmp_path: Path) -> None:
    """A hub that doesn't run at all is worse: the old one comes back."""
    said = rolled_back(tmp_path, 5, 7, hub_is_ready=False)
    assert "2 event(s) that the new hub took are not in the record of before" in said
    assert "RESTORED" in said


def test_units_that_are_the_same_are_not_written_again(tmp_path: Path) -> None:
    """What isn't written can't be empty after a power cut; what is comes in one rename."""
    unit, new = tmp_path / "unit", tmp_path / "new"
    unit.write_text("[Unit]\n")
    new.write_text("[Unit]\n")
    before = unit.stat()
    subprocess.run(["bash", "-c", script("put", more=f"put {new} {unit}")], check=True)
    assert unit.stat().st_mtime_ns == before.st_mtime_ns
    new.write_text("[Service]\n")
    subprocess.run(["bash", "-c", script("put", more=f"put {new} {unit}")], check=True)
    assert unit.read_text() == "[Service]\n"
    assert unit.stat().st_ino != before.st_ino
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "unit"]
