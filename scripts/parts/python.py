"""Is this Python new enough? Written so that Python 3.6 can read it and say so."""

import os
import shutil
import sys

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")


def need_new_enough():  # type: ignore[no-untyped-def]  # an old Python reads this
    """Go on in a newer Python where this one is too old and there is one; else say so and exit 1."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found] + sys.argv)  # noqa: RUF005 (an old Python reads this line)
    sys.exit(
        f"{sys.argv[0]} needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable})."
        " Install a newer one, such as Debian 12's or Raspberry Pi OS's own python3."
    )
