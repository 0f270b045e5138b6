"""A clean Debian in a folder: made by mmdebstrap, entered by chroot, booted by systemd-nspawn.

Nothing of it is of this machine but where packages come from: apt's sources and settings, whom TLS trusts,
and the pip that fetches wheels for the Python that is there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pip

from tests.docs.pages import DOCS, section, typed
from tests.install import ROOT, control_group

PAGE = DOCS / "installation.md"
NEEDS = ("mmdebstrap", "systemd-nspawn", "unshare", "mount", "chroot")
RELEASE = os.environ.get("TOCSIN_RELEASE", "bookworm")
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
INCLUDE = "systemd,systemd-sysv,udev,dbus,python3,ca-certificates,sudo"
TRIAL = """[Unit]
After=multi-user.target
[Service]
Type=oneshot
Environment=HOME=/root
ExecStart=/bin/bash -c '/bin/bash /root/trial >/root/log 2>&1; echo $? >/root/code'
ExecStopPost=/bin/systemctl poweroff --force
"""

ASK = """
ask() { # ask PATH: what the API says of it
    local add=(runuser -u tocsin-hub -- tocsin-hub token add trial --scopes all)
    [ -n "${TOKEN:-}" ] || TOKEN=$("${add[@]}" | tail -n 1)
    python3 -I - "$1" "$TOKEN" <<'END'
import sys, urllib.request
url, token = "http://127.0.0.1:8080/api/v1/" + sys.argv[1], "Bearer " + sys.argv[2]
asked = urllib.request.Request(url, headers={"Authorization": token})
print(urllib.request.urlopen(asked, timeout=10).read().decode())
END
}
await() { # await WORDS COMMAND...: until it says them, $WITHIN s at most
    local words=$1 end=$((SECONDS + ${WITHIN:-20})); shift
    until "$@" | grep -q "$words"; do
        ((SECONDS < end)) || { echo "never: $words"; "$@"; exit 1; }
        sleep 0.2
    done
}
refused() { # refused COMMAND...: `set -e` doesn't mind a "!"
    if "$@"; then echo "not refused: $*"; exit 1; fi
}
cd /var/lib/tocsin
"""
"""To be run by root on a hub."""


class CleanRoot:
    """One Debian, with the checkout in /root/tocsin and wheels in /root/wheels, if nothing else is said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Unpack it, and bring the checkout and wheels."""
        self.unpack()
        self.bring_checkout()
        self.bring_wheels()

    def unpack(self) -> None:
        """Fetch and unpack Debian alone; takes about a minute."""
        command = ["mmdebstrap", "--quiet", "--variant=minbase", '--aptopt=APT::Sandbox::User "root"']
        command += [f"--include={INCLUDE}", RELEASE, str(self.folder), *mirror()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        for name in Path("/etc/apt/apt.conf.d").iterdir():
            if "Acquire::" in name.read_text(errors="replace"):
                shutil.copy(name, self.folder / "etc/apt/apt.conf.d")
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        shutil.copy(TRUSTED, self.folder / TRUSTED.relative_to("/"))
        (self.folder / "etc/pip.conf").write_text(f"[global]\ncert = {TRUSTED}\n")

    def bring_checkout(self, to: str = "/root/tocsin") -> None:
        """Copy what git would have of this checkout, with what isn't committed yet."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        target = self.folder / to[1:]
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

    def bring_wheels(self, checkout: str = "/root/tocsin") -> None:
        """Fetch ``wheels``, beside its checkout, as docs/installation.md says; there is no pip there yet."""
        shutil.copytree(Path(pip.__file__).parent, self.folder / "root/pip/pip")
        own_pip = 'pip() { PYTHONPATH=/root/pip python3 -m pip "$@"; }'
        [line] = typed(section(PAGE, "Without internet at the hub"))
        code, said = self.chroot("bash", "-ec", f"cd {checkout}\n{own_pip}\n{line}\nmv wheels ..")
        assert code == 0, said[-2000:]
        shutil.rmtree(self.folder / "root/pip")

    def chroot(self, *words: str) -> tuple[int, str]:
        """Run a command in it, without systemd.

        What is mounted for it is so in a namespace of its own alone: killed at any moment, nothing of this
        machine's /dev lies in a folder that is to be removed.
        """
        inside = 'cd "$0" && mount -t proc proc proc && mount --bind /dev dev && exec chroot . "$@"'
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside, str(self.folder), *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def boot(self, trial: str, deadline_s: float = 420.0) -> tuple[int, str]:
        """Boot it with a loopback of its own and no other network, run ``trial`` in bash, power it off."""
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
        name = f"tocsin-{os.getpid()}-{self.folder.name}"
        command = ["systemd-nspawn", "-q", "-b", "-D", str(self.folder), "--private-network", "--register=no"]
        process = subprocess.Popen(
            control_group.within(name, *command, "--keep-unit", "--console=pipe", f"--machine={name}"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            console, _ = process.communicate(timeout=deadline_s)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(20)
        control_group.remove(name)
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
