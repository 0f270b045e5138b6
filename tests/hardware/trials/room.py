"""The room: its wires, and its agent as a unit of systemd."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
UNIT = "tocsin-agent.service"
DATA = Path("/var/lib/tocsin/agent")
SIM = Path("/run/gpio/sim")
WIRES = Path("/run/wires")
CHIP = Path("/sys/kernel/config/gpio-sim/pi")
PINS = {"wall": 17, "desk": 27, "door": 22}
AT_REST = {"wall": "pull-up", "desk": "pull-up", "door": "pull-down"}


def wait_for(condition: Callable[[], T | None], deadline_s: float, what: str) -> T:
    """Return what ``condition`` comes to, once that is something; fails after the deadline."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {deadline_s} s: {what}")
        time.sleep(0.02)
    return found


# --- the wires ------------------------------------------------------------------------------------


def press(zone: str) -> float:
    """Close a button's contact, or open the door; returns when, by the monotonic clock."""
    return _wire(zone, "pull-up" if AT_REST[zone] == "pull-down" else "pull-down")


def release(zone: str) -> float:
    """Let a button go, or shut the door."""
    return _wire(zone, AT_REST[zone])


def _wire(zone: str, pull: str) -> float:
    (WIRES / str(PINS[zone])).write_text(pull)
    at = time.monotonic()
    (SIM / f"sim_gpio{PINS[zone]}/pull").write_text(pull)
    return at


def unplug() -> None:
    """Take the whole chip away."""
    (CHIP / "live").write_text("0")


def plug_in() -> None:
    """Bring the chip back; by which number is the kernel's choice."""
    (CHIP / "live").write_text("1")
    chip = Path("/sys/devices/platform", (CHIP / "dev_name").read_text().strip())
    SIM.unlink()
    SIM.symlink_to(chip / (CHIP / "bank0/chip_name").read_text().strip())


# --- the agent ------------------------------------------------------------------------------------


def systemctl(*words: str) -> str:
    """Run systemctl and return what it says."""
    return said("systemctl", *words)


def said(*command: str) -> str:
    """Run a command to its end; fails with its words."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def shown(key: str) -> str:
    """Return one property of the agent's unit."""
    return systemctl("show", "--value", "-p", key, UNIT)


def main_pid() -> int:
    """Return the process that systemd takes for the agent; 0 while there is none."""
    return int(shown("MainPID"))


def wait_restarted(old: int, deadline_s: float) -> int:
    """Wait until another process than ``old`` is the agent, and ready."""

    def other() -> int | None:
        pid = main_pid()
        return pid if pid not in (0, old) and shown("ActiveState") == "active" else None

    return wait_for(other, deadline_s, "the agent started again")


def start_anew() -> float:
    """Start the agent with an empty outbox and every wire at rest; returns how long until it was ready."""
    systemctl("stop", UNIT)
    if not Path("/dev/gpiochip0").exists():  # a chip that came back while the old one was still held
        unplug()
        plug_in()
    for file in DATA.iterdir():
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    for zone in PINS:
        release(zone)
    systemctl("reset-failed", UNIT)
    began = time.monotonic()
    systemctl("start", UNIT)  # Type=notify: returns once it says that it is ready
    return time.monotonic() - began


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def cpu_s(pid: int) -> float:
    """Return the seconds of a processor that a process and its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def journal(*, after: str | None = None, last: int | None = None) -> str:
    """Return the agent's lines, after a cursor or only the last ones."""
    command = ["journalctl", "-q", "--no-pager", "-o", "cat", "-u", UNIT]
    command += ["--after-cursor", after] if after else []
    command += ["-n", str(last)] if last else []
    with contextlib.suppress(RuntimeError):
        return said(*command)
    return ""


def cursor() -> str:
    """Return where the journal's end is now."""
    said("journalctl", "--sync")
    return said("journalctl", "-q", "-n", "0", "--show-cursor").rpartition("-- cursor: ")[2]
