"""Known faults of what is pinned, as pip-audit knows them; what it could not ask is no pass."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple


class Verdict(NamedTuple):
    """What came of asking."""

    findings: tuple[str, ...]
    """Each fault that is known, with its package."""
    not_asked: tuple[str, ...]
    """Packages of which nothing could be learnt, or why nothing could be asked at all."""

    @property
    def words(self) -> str:
        """All of it, a line each."""
        if self.findings:
            return "\n".join(("KNOWN FAULTS:", *self.findings, *self._unknown()))
        return "\n".join(self._unknown()) if self.not_asked else "audited: no fault is known"

    def _unknown(self) -> tuple[str, ...]:
        return ("NOT AUDITED:", *self.not_asked) if self.not_asked else ()


def audit(programs: Path, locks: list[Path]) -> Verdict:
    """Ask about every package of these locks."""
    command = [str(programs / "pip-audit"), "--disable-pip", "--require-hashes", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "20"]
    for lock in locks:
        command += ["--requirement", str(lock)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return judge(done.stdout, done.stderr)


def judge(answer: str, said: str) -> Verdict:
    """Return what pip-audit's JSON means: its exit code is 0 also where it knew nothing."""
    try:
        packages: list[dict[str, Any]] = list(json.loads(answer)["dependencies"])
    except (ValueError, KeyError, TypeError):
        return Verdict((), ((said.strip().splitlines() or ["pip-audit said nothing"])[-1],))
    findings, not_asked = [], []
    for package in packages:
        for fault in package.get("vulns", ()):
            fixed = ", ".join(fault.get("fix_versions", ())) or "no version yet"
            findings.append(f"{package['name']} {package['version']}: {fault['id']}, mended in {fixed}")
        if "vulns" not in package:
            not_asked.append(f"{package['name']}: {package.get('skip_reason', 'no answer')}")
    return Verdict(tuple(findings), tuple(not_asked) if packages else ("no package was looked at",))
