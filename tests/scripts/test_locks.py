"""scripts/locks: what is installed, by version and hash."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.markers import Environment, default_environment
from packaging.requirements import Requirement

from scripts.parts.lock import FOLDER, LOCKS, MACHINES
from scripts.parts.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]


def pinned(name: str) -> Iterator[tuple[Requirement, list[str]]]:
    """Yield each package of a lock with its hashes."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\w)", text.replace("\\\n", "")):
        words = re.sub(r"^ *#.*", "", entry, flags=re.MULTILINE)
        head, *hashes = re.split(r"\s+--hash=", words.strip())
        yield Requirement(head), hashes


def environment(python: str, machine: str) -> Environment:
    """Return what markers are judged by on one of the machines that Tocsin runs on."""
    found = default_environment()
    found.update(
        python_version=python,
        python_full_version=f"{python}.0",
        platform_machine=machine.split("-")[0],
        sys_platform="linux",
    )
    return found


def holds(requirement: Requirement, where: Environment) -> bool:
    """Tell whether a requirement is one on such a machine."""
    return requirement.marker is None or requirement.marker.evaluate({**where, "extra": ""})


def wanted(name: str) -> list[str]:
    """Return what pyproject.toml asks for, of what a lock is made for."""
    if name in GROUPS:
        return list(GROUPS[name])
    return [*PROJECT["project"]["dependencies"], *EXTRAS["device" if name == "agent" else name]]


def test_there_is_a_file_for_each_and_no_other() -> None:
    """scripts/lock writes them; none is left over."""
    assert sorted(file.stem for file in FOLDER.iterdir()) == sorted(LOCKS)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_one_version_and_a_hash(name: str) -> None:
    """And no line names a host: where packages come from is each machine's own matter."""
    assert "://" not in (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    for requirement, hashes in pinned(name):
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        for one in hashes:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", one), (requirement.name, one)


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize(("python", "machine"), MACHINES)
def test_it_holds_what_the_project_asks_for(name: str, python: str, machine: str) -> None:
    """On each machine, in a version that pyproject.toml allows. Else: scripts/lock."""
    where = environment(python, machine)
    found = {one.name.lower(): one for one, _ in pinned(name) if holds(one, where)}
    for text in wanted(name):
        asked = Requirement(text)
        if holds(asked, where):
            [version] = [specifier.version for specifier in found[asked.name.lower()].specifier]
            assert asked.specifier.contains(version), f"{name}.txt has {version}, asked is {asked}"


def test_lgpio_is_pinned_wherever_it_comes_from() -> None:
    """Unpinned, pip would take an empty 0.0.0.2 on Python 3.13 and say success."""
    [of_agent] = [one for one in map(Requirement, EXTRAS["device"]) if one.name == "lgpio"]
    [to_build] = [Requirement(one) for one in GROUPS["lgpio"]]
    assert str(of_agent.specifier) == str(to_build.specifier) == "==0.2.2.0"
    for python, machine in MACHINES:
        there = [one for one, _ in pinned("agent") if holds(one, environment(python, machine))]
        assert ("lgpio" in {one.name for one in there}) == (python == "3.11")


def test_what_builds_the_wheel_is_what_the_project_names() -> None:
    """scripts/install builds without isolation, by what build.txt pins."""
    assert set(PROJECT["build-system"]["requires"]) <= set(GROUPS["build"])
