"""The machine's kernel, initramfs and Debian: made once for each version of this file, kept in the cache.

Nothing is installed on the host. The kernel is unpacked from Debian's backports, since Debian 12's own
has no ``gpio-sim``; the root is Debian 12 without Tocsin, kept as an archive.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from tests.install.clean_root import mirror

GUEST: Final = Path(__file__).parent / "guest"
RELEASE: Final = "bookworm"
KERNEL_FROM: Final = "trixie-backports"
"""``CONFIG_GPIO_SIM`` is set in Debian's kernels from 7.2 on; 6.1 and 6.12 are without."""
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
INCLUDE: Final = (
    "systemd,systemd-sysv,udev,dbus,kmod,iproute2,procps,python3,python3-venv,mosquitto,openssl,"
    "ca-certificates,e2fsprogs,busybox-static"
)
AT_START: Final = ("virtio_blk", "ext4")
"""Modules that the initramfs loads before the root is mounted."""
MODULES: Final = (*AT_START, "gpio-sim", "configfs", "9p", "9pnet_virtio", "veth", "sch_netem", "virtio-rng")
NOT_NEEDED: Final = (  # what only makes a start longer
    "dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
    "sys-fs-fuse-connections.mount", "systemd-logind.service", "systemd-user-sessions.service",
    "modprobe@dm_mod.service", "modprobe@drm.service", "modprobe@efi_pstore.service", "modprobe@fuse.service",
    "modprobe@loop.service", "systemd-modules-load.service", "systemd-update-utmp.service",
    "systemd-random-seed.service", "systemd-journal-flush.service", "systemd-pstore.service",
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "getty@tty1.service", "mosquitto.service",
    "proc-sys-fs-binfmt_misc.automount", "proc-sys-fs-binfmt_misc.mount", "systemd-binfmt.service",
    "systemd-timesyncd.service",
)  # fmt: skip
INIT: Final = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc p /proc; $b mount -t devtmpfs d /dev
for m in /m/*.ko; do $b insmod $m; done
n=0; while [ ! -b /dev/vda ] && [ $n -lt 200 ]; do $b usleep 20000; n=$((n+1)); done
$b mount -t ext4 -o rw,noatime /dev/vda /root || exec $b sh
$b mount --move /dev /root/dev; $b umount /proc
exec $b switch_root /root /lib/systemd/systemd
"""


class Image(NamedTuple):
    """What a machine is booted from; ``root`` is a tar archive of the Debian."""

    kernel: Path
    initrd: Path
    root: Path


def get(cache: Path) -> Image:
    """Return the image out of the cache; where it isn't there, make it (about a minute, and a network)."""
    folder = cache / f"gpio-machine-{_version()}"
    image = Image(folder / "vmlinuz", folder / "initrd.gz", folder / "root.tar")
    if folder.exists():
        return image
    half = folder.with_name(folder.name + ".part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    modules = _fetch_kernel(half)
    root = half / "root"
    _make_root(root)
    in_order = _bring_modules(modules, root)
    _configure(root)
    shutil.copy(modules / "vmlinuz", half / "vmlinuz")
    _make_initrd(half / "initrd", root, modules, in_order, half / "initrd.gz")
    run("tar", "-C", root, "-cf", half / "root.tar", ".")
    for scratch in ("root", "kernel", "initrd", "apt"):
        shutil.rmtree(half / scratch)
    for old in cache.glob("gpio-machine-*"):
        if old != half:
            shutil.rmtree(old)
    half.rename(folder)
    return image


def run(*words: str | Path, cwd: Path | None = None) -> str:
    """Run a command to its end and return what it says; fails with its last words."""
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=cwd, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {(done.stdout + done.stderr)[-2000:]}"
    return done.stdout


def _version() -> str:
    files = [Path(__file__), *sorted(path for path in GUEST.rglob("*") if path.is_file())]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _fetch_kernel(folder: Path) -> Path:
    """Unpack the kernel's packages, by lists of our own; returns the folder of its modules."""
    apt = folder / "apt"
    for name in ("lists/partial", "archives/partial", "debs"):
        (apt / name).mkdir(parents=True)
    where = next(iter(mirror()), "http://deb.debian.org/debian")
    (apt / "sources.list").write_text(f"deb [signed-by={KEYRING}] {where} {KERNEL_FROM} main\n")
    options = [
        f"Dir::Etc::sourcelist={apt}/sources.list", "Dir::Etc::sourceparts=-", "APT::Sandbox::User=root",
        f"Dir::State::lists={apt}/lists", f"Dir::Cache={apt}", f"Dir::Cache::archives={apt}/archives",
    ]  # fmt: skip
    flags = ["-qq", *(word for option in options for word in ("-o", option))]
    run("apt-get", *flags, "update")
    said = run("apt-cache", *flags, "depends", "linux-image-amd64")
    found = re.search(r"Depends: linux-image-(\d\S+)", said)
    assert found, f"{KERNEL_FROM} names no kernel:\n{said}"
    version = found[1]
    packages = [f"linux-{part}-{version}" for part in ("binary", "modules", "base")]
    run("apt-get", *flags, "download", *packages, cwd=apt / "debs")
    for package in (apt / "debs").glob("*.deb"):
        run("dpkg-deb", "-x", package, folder / "kernel")
    return folder / "kernel/usr/lib/modules" / version


def _make_root(root: Path) -> None:
    excluded = ("man", "locale", "doc")
    run(
        "mmdebstrap", "--quiet", "--variant=minbase", '--aptopt=APT::Sandbox::User "root"',
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in excluded),
        f"--include={INCLUDE}", RELEASE, root, *mirror(),
    )  # fmt: skip


def _bring_modules(modules: Path, root: Path) -> list[Path]:
    """Copy the modules we use, and what they need; returns those of the initramfs in their order."""
    there = root / "usr/lib/modules" / modules.name
    # depmod is Debian's, so it is run in the root, over all modules at first: that tells who needs whom.
    shutil.copytree(modules, there)
    run("chroot", root, "depmod", modules.name)
    needs: dict[str, list[str]] = {}
    for line in (there / "modules.dep").read_text().splitlines():
        file, _, others = line.partition(":")
        needs[file] = others.split()
    files = {Path(file).name.partition(".")[0].replace("-", "_"): file for file in needs}

    def with_needs(names: tuple[str, ...]) -> list[str]:
        found: dict[str, None] = {}
        for name in names:
            file = files.get(name.replace("-", "_"))  # one that isn't there is built into the kernel
            if file is not None:
                found |= dict.fromkeys([*reversed(needs[file]), file])
        return list(found)

    kept = with_needs(MODULES)
    assert any("gpio-sim" in file for file in kept), f"kernel {modules.name} has no gpio-sim"
    shutil.rmtree(there / "kernel")
    (there / "vmlinuz").unlink()
    for file in kept:
        (there / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(modules / file, there / file)
    run("chroot", root, "depmod", modules.name)
    return [modules / file for file in with_needs(AT_START)]


def _configure(root: Path) -> None:
    shutil.copytree(GUEST, root, dirs_exist_ok=True)
    (root / "etc/hostname").write_text("room-101\n")
    # A machine with an id of its own has been started before: systemd needn't set it up.
    (root / "etc/machine-id").write_text("70c51270c51270c51270c51270c51270\n")
    (root / "etc/systemd/journald.conf").write_text("[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    run("chroot", root, "systemctl", "-q", "enable", "gpio-sim", "wires", "fake-pi", "trials")
    run("chroot", root, "systemctl", "-q", "mask", *NOT_NEEDED)
    for used_up in ("var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(root / used_up)
        (root / used_up / "partial").mkdir(parents=True)


def _make_initrd(folder: Path, root: Path, modules: Path, in_order: list[Path], initrd: Path) -> None:
    for name in ("bin", "proc", "dev", "root", "m"):
        (folder / name).mkdir(parents=True)
    shutil.copy(root / "bin/busybox", folder / "bin/busybox")
    for n, file in enumerate(in_order):
        unpacked = lzma.decompress(file.read_bytes()) if file.suffix == ".xz" else file.read_bytes()
        (folder / f"m/{n:02}-{file.name.removesuffix('.xz')}").write_bytes(unpacked)
    (folder / "init").write_text(INIT)
    (folder / "init").chmod(0o755)
    names = "\n".join(sorted(str(path.relative_to(folder)) for path in folder.rglob("*")))
    packed = subprocess.run(
        [folder / "bin/busybox", "cpio", "-o", "-H", "newc"],
        input=names.encode(), capture_output=True, cwd=folder, check=True,
    )  # fmt: skip
    with gzip.open(initrd, "wb", compresslevel=1) as file:
        file.write(packed.stdout)
