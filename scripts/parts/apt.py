"""Debian's packages: installed where we may, else downloaded and unpacked beside the venv."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from .progress import Progress, SetupError
from .run import answer, follow

_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


class MissingError(SetupError):
    """Packages that a person must install; the text says how on this system."""

    def __init__(self, *packages: str) -> None:
        super().__init__(how_to_install(packages))
        self.packages = packages


def here() -> bool:
    """Tell whether this is a system with apt."""
    return shutil.which("apt-get") is not None


def installer() -> list[str] | None:
    """Return what to write before ``apt-get`` to install: nothing for root, a sudo that asks nothing.

    None where installing isn't ours to do.
    """
    if not here():
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and answer(["sudo", "-n", "true"]) is not None:
        return ["sudo", "-n"]
    return None


def install(packages: list[str], progress: Progress) -> None:
    """Install ``packages``; reads the lists of packages anew only if it doesn't work without."""
    before = installer()
    if before is None:
        raise MissingError(*packages)
    env = ["env", *(f"{name}={value}" for name, value in _QUIET.items())]
    apt = [*before, *env, "apt-get", "-o", "DPkg::Lock::Timeout=120"]
    wanted = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    try:
        follow(wanted, progress.detail)
    except SetupError:
        progress.detail("reading the lists of packages")
        try:
            follow([*apt, "update"], progress.detail)
            follow(wanted, progress.detail)
        except SetupError as error:
            raise SetupError(f"{how_to_install(packages)}\n{error}") from None


def unpack(packages: list[str], folder: Path, progress: Progress) -> None:
    """Download ``packages`` and what they miss on this system, and unpack them in ``folder``.

    Needs no rights: apt's own lists are used, or, where they are empty, a copy of our own.
    """
    if not here() or shutil.which("dpkg-deb") is None:
        raise MissingError(*packages)
    downloads = folder.with_name(folder.name + ".debs")
    downloads.mkdir(parents=True, exist_ok=True)
    try:
        _download(packages, downloads, [], progress)
    except SetupError:  # no lists of packages here, or old ones
        progress.detail("reading the lists of packages")
        options = _own_lists(downloads)
        try:
            follow(["apt-get", *options, "update"], progress.detail, env=_QUIET)
            _download(packages, downloads, options, progress)
        except SetupError:
            raise MissingError(*packages) from None
    half = folder.with_name(folder.name + ".part")
    shutil.rmtree(half, ignore_errors=True)
    for package in sorted(downloads.glob("*.deb")):
        follow(["dpkg-deb", "-x", str(package), str(half)])
    shutil.rmtree(folder, ignore_errors=True)
    half.rename(folder)
    shutil.rmtree(downloads)


def libraries(folder: Path) -> str:
    """Return the folders under ``folder`` that hold shared libraries, as LD_LIBRARY_PATH wants them."""
    return os.pathsep.join(sorted({str(file.parent) for file in folder.rglob("*.so*")}))


def how_to_install(packages: Sequence[str]) -> str:
    """Return the one line that says what to install on this system."""
    release = _os_release()
    kin = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    names = " ".join(packages)
    commands = (
        ({"debian", "ubuntu", "raspbian"}, f"sudo apt-get update && sudo apt-get install {names}"),
        ({"fedora", "rhel", "centos"}, f"sudo dnf install {names}"),
        ({"arch"}, f"sudo pacman -S {names}"),
        ({"alpine"}, f"sudo apk add {names}"),
        ({"suse", "opensuse"}, f"sudo zypper install {names}"),
        ({"darwin"}, f"brew install {names}"),
    )
    for names_of_kin, command in commands:
        if kin & names_of_kin:
            return f"{names} is missing and can't be installed from here; run: {command}"
    return f"{names} is missing; install it with the package tool of this system"


def _download(packages: list[str], folder: Path, options: list[str], progress: Progress) -> None:
    """Download ``packages`` and all they need that isn't installed."""
    simulated = answer(
        ["apt-get", *options, "install", "--simulate", "--no-install-recommends", *packages], _QUIET
    )
    missing = re.findall(r"^Inst (\S+)", simulated or "", re.MULTILINE)
    if not missing:
        raise MissingError(*packages)
    for name in missing:
        progress.detail(f"downloading {name}")
        follow(["apt-get", *options, "download", name], progress.detail, env=_QUIET, cwd=str(folder))


def _own_lists(folder: Path) -> list[str]:
    lists, cache = folder / "lists", folder / "cache"
    for place in (lists / "partial", cache / "archives" / "partial"):
        place.mkdir(parents=True, exist_ok=True)
    return ["-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={cache}"]


def _os_release() -> dict[str, str]:
    if os.uname().sysname == "Darwin":
        return {"ID": "darwin"}
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {name: value.strip("\"'") for name, _, value in (line.partition("=") for line in lines)}
