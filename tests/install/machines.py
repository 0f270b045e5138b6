"""Clean Debians, booted at once on a network of their own, with a person in each who may use sudo.

The network is a bridge in a namespace: nothing of it is on this machine's own.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.install import control_group
from tests.install.clean_root import CleanRoot

NEEDS = ("ip", "nsenter")
PERSON = "pi"
BRIDGE = "school"


def add_person(root: CleanRoot) -> None:
    """Give it a user as Raspberry Pi OS has, who may use sudo without a password."""
    code, said = root.chroot("useradd", "--create-home", "--shell", "/bin/bash", PERSON)
    assert code == 0, said
    (root.folder / "etc/sudoers.d/person").write_text(f"{PERSON} ALL=(ALL) NOPASSWD: ALL\n")


@contextlib.contextmanager
def network() -> Iterator[str]:
    """Make a network to which nothing but machines is connected; yields its namespace's name."""
    name = f"tocsin-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for words in (f"link add {BRIDGE} type bridge", f"link set {BRIDGE} up", "link set lo up"):
            subprocess.run(["ip", "-n", name, *words.split()], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


class Machine:
    """One of them, running."""

    def __init__(self, root: CleanRoot, host: str, network: str, address: str) -> None:
        """Boot it; takes a few seconds. ``address`` is its own in the network, a /24."""
        self.host = host
        (root.folder / "etc/hostname").write_text(f"{host}\n")
        (root.folder / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {host}\n")
        self._name = f"{network}-{host}"
        boot = ["systemd-nspawn", "-q", "-b", "-D", str(root.folder), f"--machine={self._name}"]
        boot += [f"--network-bridge={BRIDGE}", "--register=no", "--keep-unit", "--console=pipe"]
        self._process = subprocess.Popen(
            control_group.within(self._name, "nsenter", f"--net=/run/netns/{network}", *boot),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._first = self._when_up()
            for words in (f"address add {address}/24 dev host0", "link set host0 up"):
                subprocess.run(["nsenter", "-t", self._first, "-n", "ip", *words.split()], check=True)
        except BaseException:
            self.stop()
            raise

    def run(self, words: str, deadline_s: float = 300.0, who: str = PERSON) -> str:
        """Have the person type it, in bash and at home; returns what was said. Fails where it does."""
        done = subprocess.run(
            [*self._enter(), "runuser", "-l", who, "-c", words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=deadline_s, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{self.host}$ {words}\n{done.stdout}"
        return done.stdout

    def stop(self) -> None:
        """Switch it off."""
        if self._process.poll() is None:
            self._process.terminate()  # as its power button
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        control_group.remove(self._name)

    def _enter(self) -> list[str]:
        return ["nsenter", "-t", self._first, "-a"]

    def _when_up(self) -> str:
        """Return its first process, once that has started what belongs to its start."""
        until = time.monotonic() + 60
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        while time.monotonic() < until:
            assert self._process.poll() is None, "it doesn't boot"
            self._first = children.read_text().strip()
            if self._first:
                asked = [*self._enter(), "systemctl", "is-system-running"]
                found = subprocess.run(asked, capture_output=True, text=True, check=False)
                if found.stdout.strip() in ("running", "degraded"):
                    return self._first
            time.sleep(0.2)
        raise AssertionError(f"{self.host} never got through its start")


def copied(root: CleanRoot, name: str) -> CleanRoot:
    """Return another machine that is as this one is."""
    folder = root.folder.with_name(name)
    subprocess.run(["cp", "-a", str(root.folder), str(folder)], check=True)
    return CleanRoot(folder)
