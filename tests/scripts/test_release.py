"""scripts/release: the same bytes twice, bills of what is pinned, an audit that claims what it knows."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.parts.audit import Verdict, judge
from scripts.parts.places import ROOT
from scripts.parts.release import sums
from tests.scripts.test_locks import pinned

RELEASE = ROOT / "scripts" / "release"
CLEAN = {"name": "a", "version": "1", "vulns": []}
FAULTY = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": []}]}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (3)"}


def answer(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_an_audit_without_a_finding_says_so() -> None:
    assert judge(answer(CLEAN), "").words == "audited: no fault is known"


def test_what_could_not_be_asked_is_no_pass() -> None:
    """pip-audit itself ends with 0 there."""
    found = judge(answer(CLEAN, UNKNOWN), "")
    assert found.not_asked == ("c: Dependency not found on PyPI and could not be audited: c (3)",)
    assert found.words.startswith("NOT AUDITED:")


def test_a_known_fault_is_named_with_its_cure() -> None:
    """Beside what could not be asked."""
    found = judge(answer(CLEAN, FAULTY, UNKNOWN), "")
    assert found.findings == ("b 2: PYSEC-1, mended in 2.1",)
    assert found.words.splitlines()[:2] == ["KNOWN FAULTS:", "b 2: PYSEC-1, mended in 2.1"]
    assert "NOT AUDITED:" in found.words


@pytest.mark.parametrize("said", ["", "no JSON", '{"dependencies": 1}', "[]", answer()])
def test_no_answer_is_no_pass(said: str) -> None:
    """With pip-audit's last word, where it had one."""
    found = judge(said, "first\nERROR: ConnectionError\n")
    assert found.not_asked
    assert found != Verdict((), ())
    assert "NOT AUDITED" in found.words


def test_checksums_are_as_sha256sum_reads_them(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "a.txt").write_text("a")
    (tmp_path / "b").write_text("b")
    sums(tmp_path)
    checked = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert checked.stdout.splitlines() == ["b: OK", "locks/a.txt: OK"]


@pytest.mark.parametrize("words", [("--to",), ("--frob",), ("--to", "a", "b")])
def test_a_wrong_word_makes_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, RELEASE, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "usage: scripts/release" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_release_is_made_twice_to_the_byte(tmp_path: Path) -> None:
    """Packages, locks, bills of materials, checksums; every pinned package is in a bill with its hashes."""
    found = []
    for name in ("one", "two"):
        to = tmp_path / name
        done = subprocess.run(
            [sys.executable, RELEASE, "--to", to],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        audited = (to / "audit.txt").read_text()
        assert done.returncode == (0 if audited.startswith("audited") else 3), done.stdout + done.stderr
        found.append(
            {str(file.relative_to(to)): file.read_bytes() for file in to.rglob("*") if file.is_file()}
        )
    assert found[0] == found[1]
    made = found[0]
    wheels = [name for name in made if name.endswith(".whl")]
    assert len(wheels) == 1
    assert {f"locks/{name}.txt" for name in ("hub", "agent", "build", "lgpio", "release")} <= set(made)
    for line in made["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(made[name]).hexdigest() == digest
    for part in ("hub", "agent"):
        bill = json.loads(made[f"sbom-{part}.cdx.json"])
        assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "tocsin")
        hashes = {
            (one["name"].lower(), one["version"]): {
                item["content"]
                for reference in one["externalReferences"]
                for item in reference.get("hashes", ())
            }
            for one in bill["components"]
        }
        for package, wanted in pinned(part):
            [version] = [specifier.version for specifier in package.specifier]
            assert hashes[package.name.lower(), version] == {one.removeprefix("sha256:") for one in wanted}
