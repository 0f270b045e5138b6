"""Links of the docs lead somewhere, and files they name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, pages

LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
SAID = re.compile(r"`([\w.]+)` in `([\w/]+\.py)`")
NAMED = re.compile(r"`((?:device|hub|config|scripts|systemd|tests|docs|bench)/[\w./-]*[\w/])`")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    """Relative ones; those to the web aren't followed."""
    text = page.read_text(encoding="utf-8")
    wanted = [one or other for one, other in LINK.findall(text)]
    local = [link.partition("#")[0] for link in wanted if "://" not in link and not link.startswith("#")]
    missing = [link for link in local if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_in_backquotes_are_there(page: Path) -> None:
    """A path from the checkout's root."""
    named = NAMED.findall(page.read_text(encoding="utf-8"))
    assert not [name for name in named if not (ROOT / name).exists()]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_name_said_to_be_in_a_file_is_there(page: Path) -> None:
    """As "`NAME` in `hub/file.py`"."""
    for name, file in SAID.findall(" ".join(page.read_text(encoding="utf-8").split())):
        assert re.search(rf"\b{re.escape(name)}\b", (ROOT / file).read_text(encoding="utf-8")), (name, file)


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("0*.md")), ids=lambda page: page.name)
def test_a_decision_fits_on_a_screen_and_is_in_the_list(page: Path) -> None:
    """Context, decision, what follows; 40 lines at most."""
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    for part in ("**Context.**", "**Decision.**", "**What follows.**"):
        assert part in text
    title = text.splitlines()[0].removeprefix("# ")
    assert f"[{title}]({page.name})" in (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
