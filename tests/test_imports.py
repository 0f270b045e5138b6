"""Who may import whom: held by import-linter's contracts in pyproject.toml, and these by it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
LINT = Path(sys.executable).with_name("lint-imports")
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "importlinter"
]["contracts"]
DECIDING: list[str] = next(c for c in CONTRACTS if c["name"].startswith("what decides"))["source_modules"]
FROM_THE_CLOCK = {"Now", "stamp", "read_stamp"}
"""What of config.clock a deciding module may take: values and how they are written, never a clock."""


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def module_file(name: str) -> Path:
    return ROOT / Path(*name.split(".")).with_suffix(".py")


def imported_from(file: Path, module: str) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    }
    whole = {
        "*"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == module
    }
    return found | whole


def test_the_rules_hold() -> None:
    """import-linter finds nothing in this tree."""
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("where", "line", "broken"),
    [
        ("hub/incident.py", "import socket", "what decides"),
        ("hub/notice.py", "import threading", "what decides"),
        ("hub/directory.py", "from hub.store.engine import open_engine", "what decides"),  # at second hand
        ("device/lamp.py", "import time", "what decides"),
        ("device/zone.py", "from device import pins", "what decides"),
        ("hub/committer.py", "from sqlalchemy import text", "SQL lives"),
        ("hub/deeds.py", "from device import lamp", "device and hub"),
        ("device/lamp.py", "from hub import incident", "device and hub"),
        ("config/clock.py", "import hub.view", "config imports"),
    ],
)
def test_a_planted_violation_is_caught(tmp_path: Path, where: str, line: str, broken: str) -> None:
    """One forbidden import, direct or at second hand, breaks the contract that is about it."""
    for name in ("config", "device", "hub"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file = tmp_path / where
    text = file.read_text(encoding="utf-8")
    future = "from __future__ import annotations\n"
    assert future in text
    file.write_text(text.replace(future, f"{future}\n{line}\n", 1), encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    rows = [row for row in done.stdout.splitlines() if row.startswith(broken)]
    assert any("BROKEN" in row for row in rows), done.stdout


def test_every_module_that_says_it_is_pure_is_held_to_it() -> None:
    """A module whose docstring says "Pure." is among those that the contract names."""
    pure = [
        f"{side}.{file.stem}"
        for side in ("hub", "device")
        for file in (ROOT / side).glob("*.py")
        if re.search(r"\bPure[.:]", ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "")
    ]
    assert set(pure) <= set(DECIDING)


@pytest.mark.parametrize("name", DECIDING)
def test_what_decides_takes_no_clock_and_reads_no_file(name: str) -> None:
    """Of the shared modules that hold a clock or read files, it takes values alone."""
    file = module_file(name)
    assert imported_from(file, "config.clock") <= FROM_THE_CLOCK
    for module in ("config.settings", "config.shared_settings", "config.logs"):
        assert imported_from(file, module) == set()


@pytest.mark.parametrize("name", DECIDING)
def test_what_decides_never_asks_for_the_present(name: str) -> None:
    """No ``now()``, ``today()`` or ``utcnow()`` of anything is called in it."""
    for node in ast.walk(ast.parse(module_file(name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("now", "today", "utcnow"), f"{name}:{node.lineno}"
