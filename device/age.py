"""How long ago something happened, across restarts of the agent and of its machine.

The monotonic clock is the truth while the machine stays up; it starts afresh with the machine. So a
moment is kept by both clocks, with the kernel's boot id, and its age is reckoned anew for each copy
that is sent: one that could only be bounded at first comes out true once the clock is synchronised.
"""

from __future__ import annotations

from typing import NamedTuple

from config.contract import MAX_AGE_MS


class Moment(NamedTuple):
    """One moment by all the clocks an agent has."""

    kernel: str
    """The kernel's boot id: ``mono`` may only be compared within one."""
    mono: float
    """Seconds, by the monotonic clock."""
    wall: int
    """Milliseconds since 1970 by the wall clock, which may be wrong."""
    synced: bool | None
    """Whether the wall clock was synchronised; None where that can't be known."""


def age_ms(then: Moment, now: Moment) -> int:
    """Return how many milliseconds before ``now`` ``then`` was.

    Within one run of the machine: by the monotonic clock. Else by the wall clock, if it was
    synchronised at both ends. Else what is certain: it was before this machine started, so it is at
    least as old as the machine is up.
    """
    since_start = now.mono * 1000
    if then.kernel == now.kernel:
        age = (now.mono - then.mono) * 1000
    elif then.synced and now.synced:
        age = max(now.wall - then.wall, since_start)
    else:
        age = since_start
    return min(max(round(age), 0), MAX_AGE_MS)
