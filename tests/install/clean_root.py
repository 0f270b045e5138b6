"""A clean Debian in a folder: made by mmdebstrap, entered by chroot, booted by systemd-nspawn.

Nothing of it is of this machine but where packages come from: apt's sources and settings, and wheels
that this Python's pip fetched.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.install import ROOT

NEEDS = ("mmdebstrap", "systemd-nspawn", "mount", "chroot")
RELEASE = os.environ.get("TOCSIN_RELEASE", "bookworm")
INCLUDE = "systemd,systemd-sysv,udev,dbus,python3,ca-certificates"
TRIAL = """[Unit]
After=multi-user.target
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/bash -c '/bin/bash /root/trial >/root/log 2>&1; echo $? >/root/code'
ExecStopPost=/bin/systemctl poweroff --force
"""


class CleanRoot:
    """One Debian, with the checkout in /root/tocsin and wheels in /root/wheels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Fetch and unpack it; takes about a minute."""
        command = ["mmdebstrap", "--quiet", "--variant=minbase", '--aptopt=APT::Sandbox::User "root"']
        command += [f"--include={INCLUDE}", RELEASE, str(self.folder), *mirror()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        for name in Path("/etc/apt/apt.conf.d").iterdir():
            if "Acquire::" in name.read_text(errors="replace"):
                shutil.copy(name, self.folder / "etc/apt/apt.conf.d")
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        self.bring_checkout()
        self.bring_wheels()

    def bring_checkout(self) -> None:
        """Copy what git would have of this checkout, with what isn't committed yet."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        target = self.folder / "root/tocsin"
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target / name)

    def bring_bare(self) -> None:
        """Put a second one, which has nothing of ours, into its folder ``bare``."""
        bare = self.folder.with_name("bare")
        subprocess.run(["cp", "-a", str(self.folder), str(bare)], check=True)
        for name in ("tocsin", "wheels"):
            shutil.rmtree(bare / "root" / name)
        bare.rename(self.folder / "bare")

    def bring_wheels(self) -> None:
        """Fetch what a box without network needs, as docs/first-box.md says."""
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes"]
        for lock in ("hub", "agent", "build"):
            command += ["-r", str(ROOT / f"scripts/locks/{lock}.txt")]
        done = subprocess.run(
            [*command, "-d", str(self.folder / "root/wheels")], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]

    def chroot(self, *words: str) -> tuple[int, str]:
        """Run a command in it, without systemd."""
        mounts = (("proc", "-t", "proc", "proc"), ("dev", "--bind", "/dev"))
        done_mounts: list[Path] = []
        try:
            for place, *how in mounts:
                subprocess.run(["mount", *how, str(self.folder / place)], check=True)
                done_mounts.append(self.folder / place)
            env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
            done = subprocess.run(
                ["chroot", str(self.folder), *words],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, check=False,
            )  # fmt: skip
        finally:
            for mounted in reversed(done_mounts):
                subprocess.run(["umount", str(mounted)], check=True)
        return done.returncode, done.stdout + done.stderr

    def boot(self, trial: str, deadline_s: float = 420.0, network: Path | None = None) -> tuple[int, str]:
        """Boot it with a loopback of its own and no other network, run ``trial`` in bash, power it off.

        ``network`` is a network namespace that it shares with another one.
        """
        units = self.folder / "etc/systemd/system"
        (units / "trial.service").write_text(TRIAL)
        wants = units / "multi-user.target.wants"
        wants.mkdir(exist_ok=True)
        link = wants / "trial.service"
        link.unlink(missing_ok=True)
        link.symlink_to("../trial.service")
        (self.folder / "root/trial").write_text(trial)
        for name in ("log", "code"):
            (self.folder / "root" / name).unlink(missing_ok=True)
        name = f"tocsin-{self.folder.parent.name[-12:]}-{self.folder.name}"
        own = "--private-network" if network is None else f"--network-namespace-path={network}"
        command = ["systemd-nspawn", "-q", "-b", "-D", str(self.folder), own, "--register=no"]
        process = subprocess.Popen(
            [*command, "--keep-unit", "--console=pipe", f"--machine={name}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            console, _ = process.communicate(timeout=deadline_s)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(20)
        log, code = self.folder / "root/log", self.folder / "root/code"
        assert code.exists(), (
            f"it never got through:\n{console[-2000:]}\n{log.read_text() if log.exists() else ''}"
        )
        return int(code.read_text()), log.read_text(errors="replace")


def bring_clash(root: CleanRoot) -> None:
    """Make the checkout ask for a distribution that brings a top-level ``config``."""
    source = root.folder / "root/clash"
    (source / "config").mkdir(parents=True)
    (source / "config/__init__.py").write_text("")
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "clash"\nversion = "1"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["config"]\n'
    )
    wheels = root.folder / "root/wheels"
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(wheels), str(source)]
    subprocess.run(command, check=True)
    [wheel] = wheels.glob("clash-1-*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with (root.folder / "root/tocsin/scripts/locks/hub.txt").open("a") as lock:
        lock.write(f"clash==1 --hash=sha256:{digest}\n")


def mirror() -> list[str]:
    """Return where this machine's apt gets Debian from; nothing for mmdebstrap's own choice."""
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*.sources")]
    for file in files:
        if file.exists():
            found = re.search(
                r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(http\S*/debian)/?\s", file.read_text(), re.MULTILINE
            )
            if found:
                return [found[1]]
    return []
