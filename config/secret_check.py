"""Whether a secret that settings name can be had."""

from __future__ import annotations

from pathlib import Path

from config import credentials
from config.settings import Report, secret


def check_secret(key: str, file: Path | None, env: str | None, report: Report) -> str | None:
    """Return a secret; None where it can't be read: reported, unless the service alone is given it."""
    try:
        return secret(key.rsplit(".", 1)[-1], file, env)
    except LookupError as error:
        name = None if file is None else credentials.name_of(file)
        if file is None or name is None:
            report(key, str(error), f"set {key}_file or {key}_env to where it is kept")
        elif not credentials.is_with_service(file):
            report(key, str(error), credentials.cure(name))
        return None
