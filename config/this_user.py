"""Whom this process works as, and what lets that user at a file, in words."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def this_user() -> str:
    """Return the name of the user whose rights this process has."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"number {number}"


def cure_of_reading(file: Path, user: str) -> str:
    """Return what lets a user read a file that it may not."""
    return f"sudo chgrp {user} {file} && sudo chmod g+r {file}; each folder above must let {user} in, too"
