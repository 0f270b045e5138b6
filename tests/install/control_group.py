"""A control group for each machine that is booted: two in one would end each other's services."""

from __future__ import annotations

import os

PLACES = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
"""Where control groups may be, of whichever version."""
ENTER = """for group in "${@:1:3}"; do
    [ ! -e "${group%/*}/cgroup.procs" ] || { mkdir -p "$group" && echo $$ >"$group/cgroup.procs"; }
done
exec "${@:4}"
"""


def within(name: str, *command: str) -> list[str]:
    """Return what runs a command in the group of this name."""
    return ["bash", "-c", ENTER, "boot", *_groups(name), *command]


def remove(name: str) -> None:
    """Remove the group, in which nothing runs any more."""
    for group in filter(os.path.isdir, _groups(name)):
        for folder, _, _ in os.walk(group, topdown=False):
            os.rmdir(folder)


def _groups(name: str) -> list[str]:
    return [f"{place}/{name}" for place in PLACES]
