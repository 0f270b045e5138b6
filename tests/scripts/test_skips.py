"""In CI a skip fails unless it is allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import ALLOWED, Allowed, is_allowed, read_allowed

ROOT = Path(__file__).resolve().parent.parent.parent
NAMED = Allowed("tests/faults/test_disk.py::test_hung*", "FUSE", "it can't be mounted everywhere")


def run_pytest(folder: Path, allowed: str, ci: str | None) -> tuple[int, str]:
    """Run pytest on a suite of one skipped test, with the plugin; returns its code and words."""
    (folder / "skips.toml").write_text(allowed)
    (folder / "conftest.py").write_text(
        "from pathlib import Path\nfrom tests import skips\nfrom tests.skips import *\n"
        "from tests.skips import pytest_make_collect_report, pytest_runtest_makereport\n"
        "skips.ALLOWED = Path(__file__).with_name('skips.toml')\n"
    )
    (folder / "test_one.py").write_text(
        "import pytest\n\ndef test_passes():\n    pass\n\n"
        "@pytest.mark.skip(reason='no FUSE here')\ndef test_skipped():\n    pass\n\n"
        "@pytest.mark.xfail\ndef test_expected_to_fail():\n    assert False\n"
    )
    (folder / "test_two.py").write_text(
        "import pytest\npytest.skip('no FUSE here', allow_module_level=True)\n"
        if "test_two" in allowed
        else ""
    )
    env = {name: value for name, value in os.environ.items() if name != "CI"}
    env |= {"PYTHONPATH": str(ROOT)} | ({"CI": ci} if ci is not None else {})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", ".", "."],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("allowed", "ci", "code"),
    [
        ("", None, 0),
        ("", "true", 1),
        ('[[skip]]\ntest = "test_one.py::test_skipped"\nreason = "FUSE"\nwhy = "w"', "true", 0),
        ('[[skip]]\ntest = "test_one.py::test_skipped"\nreason = "root"\nwhy = "w"', "true", 1),
        ('[[skip]]\ntest = "test_one.py::test_other"\nreason = "FUSE"\nwhy = "w"', "true", 1),
        ('[[skip]]\ntest = "test_[!t]*"\nreason = "FUSE"\nwhy = "not test_two"', "true", 2),
    ],
)
def test_a_skip_fails_in_ci_unless_named_with_its_reason(
    tmp_path: Path, allowed: str, ci: str | None, code: int
) -> None:
    """Outside CI skips are free; in it the test's id and its reason must both be named; files count, too."""
    got, words = run_pytest(tmp_path, allowed, ci)
    assert got == code, words
    assert ("may not be skipped: " in words) == (code != 0), words


def test_a_name_may_hold_wildcards_and_the_reason_is_part_of_it() -> None:
    """One entry can stand for a test's parameters, and for no other reason than its own."""
    assert is_allowed("tests/faults/test_disk.py::test_hung[3]", "no FUSE mount here", (NAMED,))
    assert not is_allowed("tests/faults/test_disk.py::test_hung[3]", "not root", (NAMED,))
    assert not is_allowed("tests/faults/test_disk.py::test_full", "no FUSE mount here", (NAMED,))


def test_an_entry_without_its_why_is_refused(tmp_path: Path) -> None:
    """Each allowed skip says why."""
    file = tmp_path / "skips.toml"
    file.write_text('[[skip]]\ntest = "a"\nreason = "b"\nwhy = ""\n')
    with pytest.raises(ValueError, match="needs a test, a reason and a why"):
        read_allowed(file)


def test_the_projects_own_list_can_be_read() -> None:
    """Its entries are whole, and name tests that are there."""
    for row in read_allowed(ALLOWED):
        assert (ROOT / row.test.partition("::")[0]).exists(), row
