"""lgpio's C library, told to be silent, each time in a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SILENCE = "from device.lgpio_words import silence; silence()"
HAS_LGPIO = pytest.mark.skipif(importlib.util.find_spec("_lgpio") is None, reason="needs lgpio")


def heard(*script: str, folder: Path, work: Path) -> list[str]:
    """What Python statements, run in a folder, say on standard error; ``work`` is lgpio's."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(script)],
        cwd=folder,
        env={"LG_WD": str(work), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stderr.splitlines()


@HAS_LGPIO
def test_lines_that_cannot_be_switched_off_are(tmp_path: Path) -> None:
    """Two of the kind whose flood this is for, which ``set_internal`` leaves on: LG_WD is no folder."""
    nowhere = tmp_path / "nowhere"
    switch, speak = "import _lgpio; _lgpio._set_internal(0, 0)", "assert _lgpio._notify_open() < 0"
    said = heard(switch, speak, folder=tmp_path, work=nowhere)
    assert [line.split()[2] for line in said] == ["lguGetWorkDir:", "xCreatePipe:"]
    assert heard(switch, SILENCE, speak, folder=tmp_path, work=nowhere) == []


@HAS_LGPIO
def test_errors_are_still_returned(tmp_path: Path) -> None:
    """A thousand calls that fail, with every kind of line on before: none is heard, each is an error."""
    loud = "import lgpio; lgpio.set_internal(0, 0xFFF); lgpio.exceptions = False"
    fail = "assert {lgpio.gpiochip_open(99) for _ in range(1000)} == {lgpio.CANNOT_OPEN_CHIP}"
    assert len(heard(loud, fail, folder=tmp_path, work=tmp_path)) == 2000
    assert heard(loud, SILENCE, fail, folder=tmp_path, work=tmp_path) == []


@pytest.mark.parametrize("build", ["None", "Space(__file__=None)", "Space(__file__='/nowhere')"])
def test_a_build_that_cannot_be_told_is_no_error(build: str, tmp_path: Path) -> None:
    """Where lgpio is another, lines too many are no reason to be without pins."""
    other = f"import sys; from types import SimpleNamespace as Space; sys.modules['_lgpio'] = {build}"
    assert heard(other, SILENCE, folder=tmp_path, work=tmp_path) == []
