"""Makes what a release is of, the same bytes from the same commit."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from . import places, release_tools
from .audit import audit
from .lock import FOLDER, LOCKS
from .progress import SetupError
from .run import answer, follow
from .streams import open_closed, remark, say

USAGE = """usage: scripts/release [--to DIR]

Makes in DIR (dist/), which must be empty or not there:
  tocsin-*.whl, .tar.gz   the program, built by pinned tools, with the commit's time
  locks/                  what scripts/install takes beside it, by version and hash
  sbom-*.cdx.json         what is in hub and agent, as CycloneDX has it
  audit.txt               known faults of all of it, or that nobody could be asked
  SHA256SUMS              of all of these

Ends with 0 where all is audited and no fault is known, 1 where a fault is known or something failed,
and 3 where everything is made and the audit could not be had."""

PARTS = ("hub", "agent")
NOT_AUDITED = 3


def main(words: list[str]) -> int:
    """Make all of it; returns the exit code."""
    open_closed()
    if words not in ([], words[:1] and ["--to", *words[1:2]]) or words == ["--to"]:
        remark(USAGE)
        return 0 if words[0] in ("-h", "--help") else 2
    to = Path(words[1]).absolute() if words else places.ROOT / "dist"
    if to.exists() and any(to.iterdir()):
        remark(f"scripts/release: {to} is not empty")
        return 1
    try:
        programs = release_tools.ready()
        _warn()
        make(programs, to)
        verdict = audit(programs, [FOLDER / f"{name}.txt" for name in LOCKS])
    except SetupError as error:
        remark(f"scripts/release: {error}")
        return 1
    (to / "audit.txt").write_text(verdict.words + "\n", encoding="utf-8")
    sums(to)
    say(f"made in {to}: {', '.join(sorted(str(file.relative_to(to)) for file in _files(to)))}")
    say(verdict.words)
    if verdict.findings:
        return 1
    return NOT_AUDITED if verdict.not_asked else 0


def make(programs: Path, to: Path) -> None:
    """Make all but the audit and the checksums."""
    epoch = {"SOURCE_DATE_EPOCH": commit_time()}
    build = [str(programs / "hatchling"), "build", "--directory", str(to)]
    follow(build, env=epoch, cwd=str(places.ROOT))
    (to / "locks").mkdir()
    for name in LOCKS:
        shutil.copyfile(FOLDER / f"{name}.txt", to / "locks" / f"{name}.txt")
    for part in PARTS:
        bill = [str(programs / "cyclonedx-py"), "requirements", str(FOLDER / f"{part}.txt")]
        bill += [
            "--pyproject",
            str(places.ROOT / "pyproject.toml"),
            "--output-reproducible",
            "--spec-version",
            "1.6",
        ]
        follow(
            [*bill, "--output-format", "JSON", "--output-file", str(to / f"sbom-{part}.cdx.json")], env=epoch
        )


def sums(folder: Path) -> None:
    """Write the SHA-256 of every file, as ``sha256sum --check`` reads it."""
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n"
        for file in _files(folder)
    ]
    (folder / "SHA256SUMS").write_text("".join(sorted(lines, key=lambda line: line[66:])), encoding="utf-8")


def commit_time() -> str:
    """Return when the present commit was made, in seconds since 1970; the year 1980 where none is known."""
    git = ["git", "-C", str(places.ROOT), "-c", "safe.directory=*"]
    return (answer([*git, "log", "-1", "--format=%ct"]) or "").strip() or "315532800"


def _warn() -> None:
    git = ["git", "-C", str(places.ROOT), "-c", "safe.directory=*"]
    if (answer([*git, "status", "--porcelain"]) or "x").strip():
        remark("note: the checkout is not as committed, so this is no release of any commit")


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())
