"""Is this Python new enough? Written so that any Python 3 can read it and say so."""

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
    wanted = ".".join(str(number) for number in OLDEST)
    here = ".".join(str(number) for number in sys.version_info[:3])
    sys.exit(
        "{} needs Python {} or newer; this is {} ({}). Install a newer one, such as Debian 12's or"
        " Raspberry Pi OS's own python3.".format(sys.argv[0], wanted, here, sys.executable)
    )
