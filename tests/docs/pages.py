"""The docs as the tests read them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"


def pages() -> list[Path]:
    """Return every Markdown page of ours."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def section(page: Path, heading: str) -> str:
    """Return what stands under a ``##`` heading, up to the next one."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert found, f"{page.name} has no section {heading!r}"
    return found[1]


def typed(text: str, language: str = "") -> list[str]:
    """Return what is to be typed: each block of code that is in no language, or in this one."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def steps(text: str) -> list[str]:
    """Return the steps of a numbered list, each as one line."""
    found = re.findall(r"^\d+\. (.*?)(?=^\d+\. |^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    return [" ".join(step.split()) for step in found]
