"""The example of a whole school, with the files of secrets that it names."""

from __future__ import annotations

import shutil
from pathlib import Path

SCHOOL = Path(__file__).resolve().parent.parent / "config" / "examples" / "school"


def example_school(folder: Path) -> Path:
    """Return a copy of its ``hub.toml`` that keeps its record and its secrets in this folder."""
    text = (SCHOOL / "hub.toml").read_text(encoding="utf-8")
    text = text.replace("/etc/tocsin/secrets", str(folder)).replace("/var/lib/tocsin/hub", f"{folder}/data")
    for name in ("phones", "webhook-url", "webhook-secret"):
        (folder / name).touch(0o600)
    (folder / "webhook-url").write_text("https://dispatch.example.org/hook\n")
    shutil.copyfile(SCHOOL / "phones", folder / "phones")
    (folder / "webhook-secret").write_text("whsec_" + "A" * 43 + "=\n")
    config = folder / "hub.toml"
    config.write_text(text, encoding="utf-8")
    return config
