"""What escalation.md quotes of the example school is what its commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hub.cli import main
from tests.docs.pages import DOCS
from tests.school_files import example_school

BLOCKS = re.findall(
    r"^```\n\$ (tocsin-hub [^\n]+)\n(.*?)^```$", (DOCS / "escalation.md").read_text(), re.M | re.S
)
SUNDAY = '"fri", "sat", "sun"], start = "16:30"'
"""What makes the nights of the example those of the whole week."""


@pytest.mark.parametrize(("command", "said"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_what_is_quoted_is_what_is_said(
    command: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Line by line; ``…`` leaves some out."""
    config = example_school(tmp_path)
    if "Monday to Friday alone" in command:
        text = config.read_text()
        assert SUNDAY in text
        config.write_text(text.replace(SUNDAY, '"fri"], start = "16:30"'))
    assert main([*shlex.split(command, comments=True)[1:], "--config", str(config)]) == 0
    printed = capsys.readouterr().out.replace(f"{tmp_path}/", "")
    wanted = "".join(
        "(?:.*\n)*?" if line.strip() == "…" else re.escape(line) + "\n" for line in said.splitlines()
    )
    assert re.fullmatch(wanted, printed), printed


def test_something_is_quoted() -> None:
    assert len(BLOCKS) == 8
