"""The venv: made once, filled by pip, known by its stamp to be what pyproject.toml asks for."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from . import apt, places
from .progress import Progress, SetupError
from .run import answer, follow

_STAMP = "tocsin.json"


def ready(*extras: str) -> Path | None:
    """Return the venv's Python if ``extras`` of the present pyproject.toml are installed in it."""
    python = places.venv() / "bin" / "python"
    stamp = _read_stamp()
    if stamp.get("made_for") != _made_for() or not set(extras) <= set(stamp.get("extras", ())):
        return None
    return python if answer([str(python), "-I", "-c", "import config, msgspec"]) is not None else None


def make(progress: Progress, *extras: str) -> Path:
    """Make the venv with ``extras``, beside those it already has; returns its Python.

    Takes two steps of ``progress``. The checkout itself is installed, not a copy of it.
    """
    with places.alone():
        progress.step()
        folder = places.venv()
        python = folder / "bin" / "python"
        if answer([str(python), "-m", "pip", "--version"]) is None:
            _create(folder, progress)
        progress.step()
        stamp = _read_stamp()
        wanted = sorted({*extras, *(stamp.get("extras", ()) if _is_here(stamp) else ())})
        (folder / _STAMP).unlink(missing_ok=True)
        what = f"{places.ROOT}[{','.join(wanted)}]"
        command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        try:
            follow([*command, "--editable", what], _PipWords(progress).heard)
        except SetupError as error:
            raise SetupError(f"the Python packages can't be installed; {error}") from None
        (folder / _STAMP).write_text(json.dumps({"made_for": _made_for(), "extras": wanted}))
        return python


class _PipWords:
    """Turns what pip says into what is done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._found = 0

    def heard(self, line: str) -> None:
        if line.startswith("Collecting "):
            self._found += 1
            name = re.split(r"[^\w.-]", line.removeprefix("Collecting "))[0]
            self._progress.detail(f"{self._found} found, now {name}")
        elif line.startswith("Installing collected packages:"):
            self._progress.detail(f"all {line.count(',') + 1} here, now installing them")


def _create(folder: Path, progress: Progress) -> None:
    """Make a venv that has pip, whatever of Python this system has left out."""
    if folder.exists():
        shutil.rmtree(folder)
    if importlib.util.find_spec("venv") is None or (_no_pip_of_its_own() and apt.installer() is not None):
        progress.detail("installing python3-venv")
        apt.install(["python3-venv"], progress)
    if not _no_pip_of_its_own():
        follow([sys.executable, "-m", "venv", str(folder)], progress.detail)
        return
    follow([sys.executable, "-m", "venv", "--without-pip", str(folder)], progress.detail)
    python = str(folder / "bin" / "python")
    if answer([sys.executable, "-m", "pip", "--version"]) is not None:
        follow([sys.executable, "-m", "pip", "--python", python, "install", "--no-input", "pip"])
        return
    if not apt.here():
        raise apt.MissingError("python3-venv")
    unpacked = places.cache() / "pip"
    try:
        apt.unpack(["python3-pip-whl"], unpacked, progress)
    except apt.MissingError:
        raise apt.MissingError("python3-venv") from None
    wheel = next(unpacked.rglob("pip-*.whl"), None)
    if wheel is None:
        raise apt.MissingError("python3-venv")
    follow([python, f"{wheel}/pip", "install", "--no-input", "--no-index", str(wheel)])


def _no_pip_of_its_own() -> bool:
    """Tell whether this Python can't put pip into a venv: Debian keeps that in a package apart."""
    asked = [sys.executable, "-c", "import ensurepip; ensurepip.version()"]
    return answer(asked) is None


def _read_stamp() -> dict[str, Any]:
    try:
        stamp = json.loads((places.venv() / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _made_for() -> list[str]:
    """What the installed packages follow from; the root, because a venv can't be moved."""
    pyproject = (places.ROOT / "pyproject.toml").read_bytes()
    return [str(places.ROOT), hashlib.sha256(pyproject).hexdigest()]


def _is_here(stamp: dict[str, Any]) -> bool:
    made_for = stamp.get("made_for")
    return isinstance(made_for, list) and made_for[:1] == [str(places.ROOT)]
