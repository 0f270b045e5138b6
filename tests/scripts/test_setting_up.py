"""Setting up: what is missing is named in one line, and nothing is done twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from scripts.parts import apt, places, run, tools, venv
from scripts.parts import python as python_check
from scripts.parts.progress import Progress, SetupError

ROOT = Path(__file__).resolve().parent.parent.parent


def test_an_old_python_is_told_so_in_one_line(mocker: MockerFixture) -> None:
    """Python 3.9 without a newer one beside it: the line names what is needed and what is here."""
    mocker.patch.object(sys, "version_info", (3, 9, 2))
    mocker.patch("scripts.parts.python.shutil.which", return_value=None)
    with pytest.raises(SystemExit) as ended:
        python_check.need_new_enough()
    words = str(ended.value.code)
    assert "needs Python 3.11 or newer" in words
    assert "\n" not in words


def test_an_old_python_goes_on_in_a_newer_one(mocker: MockerFixture) -> None:
    """python3 is old, but python3.12 is installed as well."""
    mocker.patch.object(sys, "version_info", (3, 9, 2))
    mocker.patch(
        "scripts.parts.python.shutil.which", lambda name: f"/usr/bin/{name}" if "12" in name else None
    )
    execv = mocker.patch("scripts.parts.python.os.execv", side_effect=SystemExit)
    with pytest.raises(SystemExit):
        python_check.need_new_enough()
    assert execv.call_args.args == ("/usr/bin/python3.12", ["/usr/bin/python3.12", *sys.argv])


@pytest.mark.parametrize("name", ["demo", "test", "check"])
def test_an_old_python_can_read_the_commands_as_far_as_that_line(name: str) -> None:
    """Nothing before the check of the version is newer than Python 3.6."""
    import ast

    for file in (ROOT / "scripts" / name, ROOT / "scripts" / "parts" / "python.py"):
        ast.parse(file.read_text(), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("release", "says"),
    [
        ("ID=debian\n", "sudo apt-get update && sudo apt-get install mosquitto"),
        ('ID=raspbian\nID_LIKE="debian"\n', "sudo apt-get update && sudo apt-get install mosquitto"),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", "sudo apt-get update && sudo apt-get install mosquitto"),
        ("ID=fedora\n", "sudo dnf install mosquitto"),
        ('ID="almalinux"\nID_LIKE="rhel centos fedora"\n', "sudo dnf install mosquitto"),
        ("ID=alpine\n", "sudo apk add mosquitto"),
        ("ID=manjaro\nID_LIKE=arch\n", "sudo pacman -S mosquitto"),
        ("ID=plan9\n", "install it with the package tool of this system"),
        ("not a release", "install it with the package tool of this system"),
    ],
)
def test_the_line_names_this_systems_own_command(mocker: MockerFixture, release: str, says: str) -> None:
    """/etc/os-release tells which."""
    mocker.patch.object(Path, "read_text", return_value=release)
    line = apt.how_to_install(["mosquitto"])
    assert says in line
    assert "\n" not in line


def test_packages_are_unpacked_with_what_they_miss_and_no_rights(tmp_path: Path) -> None:
    """A stand-in apt-get that knows two packages: both are unpacked, the installed one is left alone."""
    debs = tmp_path / "debs"
    for name in ("broker", "its-library"):
        build(debs, name)
    asked = tmp_path / "asked"
    fake(
        tmp_path,
        "apt-get",
        f"""
echo "$@" >> {asked}
case "$*" in
  *--simulate*)
    [ -e {tmp_path}/updated ] || exit 100
    echo "Inst its-library (1)"; echo "Inst broker (1)"; echo "Conf broker";;
  *update*) touch {tmp_path}/updated;;
  *download*) cp {debs}/"${{@: -1}}".deb .;;
esac""",
    )
    code = (
        f"import os; os.environ['PATH'] = '{tmp_path}:' + os.environ['PATH']\n"
        "from pathlib import Path; from scripts.parts import apt\n"
        "from scripts.parts.progress import Progress\n"
        f"p = Progress(('broker',)); p.step(); apt.unpack(['broker'], Path('{tmp_path}/out'), p)\n"
        f"print(apt.libraries(Path('{tmp_path}/out')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    assert (out / "usr" / "share" / "broker.so.1").exists()
    assert done.stdout.strip() == str(out / "usr" / "share")
    assert "update" in asked.read_text()
    assert not list(tmp_path.glob("out.*"))


def build(debs: Path, name: str) -> None:
    """Make a tiny package with one file."""
    tree = debs / name
    (tree / "DEBIAN").mkdir(parents=True)
    control = f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: t <t@t>\nDescription: t\n"
    (tree / "DEBIAN" / "control").write_text(control)
    (tree / "usr" / "share").mkdir(parents=True)
    (tree / "usr" / "share" / f"{name}.so.1").write_text("x")
    subprocess.run(["dpkg-deb", "-b", str(tree), str(debs / f"{name}.deb")], check=True, capture_output=True)


def fake(folder: Path, name: str, script: str) -> None:
    """Put a program of that name into ``folder``."""
    file = folder / name
    file.write_text(f"#!/bin/bash\n{script}\n")
    file.chmod(0o755)


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    """What pip or apt said is not lost."""
    with pytest.raises(SetupError, match=r"failed with 3.*\n.*no such package"):
        run.follow(["bash", "-c", "echo no such package >&2; exit 3"])
    with pytest.raises(SetupError, match="can't be run"):
        run.follow(["/nowhere/pip"])


def test_the_stamp_follows_pyproject_and_the_place(tmp_path: Path, mocker: MockerFixture) -> None:
    """A change of pyproject.toml, a moved checkout, or an extra more asks for pip again."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\n")
    mocker.patch.object(places, "ROOT", root)
    mocker.patch.object(venv, "answer", return_value="")
    folder = places.venv()
    assert folder == root / ".venv"
    folder.mkdir()
    assert venv.ready("hub") is None
    (folder / "tocsin.json").write_text(
        json.dumps({"made_for": venv._made_for(), "extras": ["device", "hub"]})
    )
    mocker.patch.object(places, "venv", return_value=folder)
    assert venv.ready("hub") == folder / "bin" / "python"
    assert venv.ready("hub", "dev") is None
    (root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert venv.ready("hub") is None


def test_another_pythons_venv_is_left_alone(tmp_path: Path, mocker: MockerFixture) -> None:
    """.venv of another version stays; ours is named by its version."""
    mocker.patch.object(places, "ROOT", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    fake(tmp_path / ".venv" / "bin", "python", "echo 3.4")
    assert places.venv() == tmp_path / f".venv-{places.VERSION}"
    fake(tmp_path / ".venv" / "bin", "python", f"echo {places.VERSION}")
    assert places.venv() == tmp_path / ".venv"


def test_without_a_terminal_each_step_is_a_line_with_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, so that standard output holds the ready line alone."""
    progress = Progress(("a venv", "mosquitto"))
    progress.step()
    progress.step()
    progress.done()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "[1/2] a venv; left: mosquitto",
        "[2/2] mosquitto",
        "[2/2] everything is set up",
    ]


def test_only_the_long_tests_ask_for_a_virtual_machine(mocker: MockerFixture, tmp_path: Path) -> None:
    """Without --long no qemu is installed on anybody's machine; with it, what is missing is named."""
    mocker.patch.object(venv, "ready", return_value=tmp_path / "python")
    mocker.patch.object(tools, "_is_here", lambda program: program not in tools.LONG_PROGRAMS)
    mocker.patch.object(apt, "installer", return_value=None)
    assert tools.set_up(programs=True) == tmp_path / "python"
    assert tools.set_up(programs=False, long=True) == tmp_path / "python"
    with pytest.raises(apt.MissingError) as missing:
        tools.set_up(programs=True, long=True)
    assert missing.value.packages == (
        "qemu-system-x86",
        "mmdebstrap",
        "e2fsprogs",
        "systemd-container",
        "iproute2",
    )
