"""What scripts/install refuses before it touches anything; the rest is test_clean_root.py."""

from __future__ import annotations

import re
import subprocess

import pytest

from scripts.parts.clash import clashes
from tests.install import ROOT

INSTALL = ROOT / "scripts" / "install"


def install(*words: str) -> tuple[int, str]:
    """Run it without a terminal; returns its exit code and what it said."""
    done = subprocess.run(
        [str(INSTALL), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_it_is_bash_that_bash_can_read() -> None:
    """No syntax error waits in a branch that no test takes."""
    assert subprocess.run(["bash", "-n", str(INSTALL)], check=False).returncode == 0


@pytest.mark.parametrize("words", [(), ("room",)])
def test_without_a_part_it_says_how_it_is_used(words: tuple[str, ...]) -> None:
    """And installs nothing."""
    code, said = install(*words)
    assert code == 2
    assert "scripts/install hub" in said


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("agent", "--hub", "10.0.0.5", "--from", "/etc/hostname"), "--from FILE has both"),
        (("agent", "--from", "/nowhere/at/all"), "--from names no file"),
        (("hub", "--site", "Two Words"), "--site Two Words is none"),
        (("hub", "--site", "with.dot"), "--site with.dot is none"),
        (("hub", "--pins", "rpigpio"), "allowed: lgpio, mock"),
        (("hub", "--ready-within", "0"), "is no number of seconds"),
        (("hub", "--wheels", "/nowhere/at/all"), "--wheels names no folder"),
        (("hub", "--code", "x"), "--code is only for agent"),
        (("back", "--hub", "x"), "--hub is only for agent"),
        (("agent", "--to", "3"), "--to is only for back"),
        (("back", "--ask-first", "x"), "--ask-first is only for agent"),
        (("back", "--user", "x"), "--user is only for hub"),
        (("agent", "--address", "10.0.0.5"), "--address is only for hub"),
        (("agent", "--password-file", "x"), "--password-file is only for hub"),
        (("hub", "--name"), "--name needs a value"),
        (("hub", "--frobnicate"), "no flag --frobnicate"),
    ],
)
def test_a_flag_that_cannot_be_used_is_refused_first(words: tuple[str, ...], answer: str) -> None:
    """In one line that says what is allowed, before it asks who runs it or changes anything."""
    code, said = install(*words)
    assert code == 1
    assert answer in said


def test_every_flag_is_in_the_help() -> None:
    """And the help knows no flag that there isn't."""
    _, said = install("--help")
    code = INSTALL.read_text(encoding="utf-8").partition("# ---- what was asked for")[2]
    cases = code.partition("done\n")[0]
    known = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", cases))
    shown = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", said))
    assert shown | {"--help"} == known


def test_our_packages_by_us_alone_are_no_clash() -> None:
    """Other packages of other distributions don't matter."""
    found = {"config": ["tocsin"], "device": ["tocsin"], "hub": ["Tocsin"], "yaml": ["PyYAML"]}
    assert list(clashes(found)) == []


def test_a_clash_names_the_package_and_who_brings_it() -> None:
    """Also where two bring it, and where ours is missing."""
    found = {"config": ["config"], "device": ["tocsin", "device-lib"]}
    assert list(clashes(found)) == [
        "the package 'config' comes from config; allowed: tocsin alone",
        "the package 'device' comes from device-lib and tocsin; allowed: tocsin alone",
        "the package 'hub' comes from no distribution; allowed: tocsin alone",
    ]
