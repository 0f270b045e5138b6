"""A course as the store keeps it: by the wall clock, so that another process can take it up. Pure."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now
from config.contract import IncidentKind
from hub.course import UPDATE_EVERY_S, Course, Run, Told
from hub.kept_facts import KeptFacts
from hub.reminder import Quiet

JUMP_MS: Final = 2000
"""The wall clock jumped when it and the monotonic clock disagree by more than this."""
ANCHOR: Final = "anchor"
"""The fact that says how the two clocks stood to each other."""


class Anchor(Struct, frozen=True):
    """How the wall clock and the monotonic clock of one start of the kernel stood to each other."""

    boot: str | None
    mono: float
    wall: int

    def kept(self) -> str:
        """Return what to store."""
        return msgspec.json.encode(self).decode()


def kept_clock(kept: str | None, boot: str | None, now: Now) -> Now:
    """Return this moment by the clock that stored deadlines were written by.

    While the kernel runs on, its monotonic clock tells how long the hub was away, however the wall
    clock was set meanwhile. After another start of the kernel the wall clock is all there is; one that
    went back tells nothing, and no time at all is the least that can have passed.
    """
    anchor = None if kept is None else KeptFacts({ANCHOR: kept}).read(ANCHOR, Anchor)
    if anchor is None:
        return now
    if boot is None or anchor.boot != boot or anchor.mono > now.mono:
        then = Now(now.mono, max(now.wall, anchor.wall))
    else:
        then = then_by(Now(anchor.mono, anchor.wall), now)
    return then if abs(jumped_ms(then, now)) > JUMP_MS else now


def jumped_ms(then: Now, now: Now) -> int:
    """Return by how much the wall clock jumped between two moments of one start of the kernel."""
    return now.wall - then_by(then, now).wall


def then_by(then: Now, now: Now) -> Now:
    """Return this moment by the wall clock as it stood at another moment."""
    return Now(now.mono, then.wall + round((now.mono - then.mono) * 1000))


class KeptRun(Struct, frozen=True):
    """A run with its moments in wall-clock ms."""

    plan: str
    started: int
    due: tuple[int | None, ...]
    taken: tuple[int, ...]
    kind: IncidentKind = "panic"
    overtaken: bool = False
    asked: tuple[int | None, ...] = ()


class KeptQuiet(Struct, frozen=True):
    """Since when nothing was heard, in wall-clock ms."""

    since: int
    due: int
    said: int


class KeptCourse(Struct, frozen=True):
    """A course with its moments in wall-clock ms, but who was told."""

    runs: tuple[KeptRun, ...] = ()
    told: tuple[Told, ...] = ()
    confirmed: bool = False
    quiet: KeptQuiet | None = None
    kept_at: int | None = None
    """When this was written: what remained then is the most that can remain."""
    plan: str | None = None
    """Of a release that knew but one plan an incident; with ``started`` and ``due``."""
    started: int = 0
    due: tuple[int | None, ...] = ()


def keep(course: Course, now: Now) -> KeptCourse:
    """Turn a course into what is stored."""
    runs = tuple(
        KeptRun(
            one.plan,
            to_wall(one.started, now),
            tuple(None if at is None else to_wall(at, now) for at in one.due),
            one.taken,
            one.kind,
            one.overtaken,
            tuple(None if at is None else to_wall(at, now) for at in one.asked),
        )
        for one in course.runs
    )
    quiet = None if course.quiet is None else _kept_quiet(course.quiet, now)
    return KeptCourse(runs, course.told, course.confirmed, quiet, now.wall)


def recall(kept: KeptCourse, now: Now) -> Course:
    """Turn what was stored into a course by this process's clock; what passed meanwhile is due now.

    A wall clock that went back meanwhile delays nothing: no time at all is the least that can have passed.
    """
    now = now if kept.kept_at is None else Now(now.mono, max(now.wall, kept.kept_at))
    runs = kept.runs
    if kept.plan is not None:
        taken = tuple(int(at is None) for at in kept.due)
        runs = (KeptRun(kept.plan, kept.started, kept.due, taken),)
    told = tuple(replace(entry, at=now.mono - UPDATE_EVERY_S) for entry in kept.told)
    quiet = None if kept.quiet is None else _recalled_quiet(kept.quiet, now)
    return Course(tuple(_recalled(one, now) for one in runs), told, kept.confirmed, quiet)


def _kept_quiet(quiet: Quiet, now: Now) -> KeptQuiet:
    return KeptQuiet(to_wall(quiet.since, now), to_wall(quiet.due, now), quiet.said)


def _recalled_quiet(kept: KeptQuiet, now: Now) -> Quiet:
    return Quiet(to_mono(kept.since, now), to_mono(kept.due, now), kept.said)


def _recalled(one: KeptRun, now: Now) -> Run:
    due = tuple(None if at is None else to_mono(at, now) for at in one.due)
    asked = tuple(None if at is None else to_mono(at, now) for at in one.asked)
    return Run(one.plan, to_mono(one.started, now), due, one.taken, one.kind, one.overtaken, asked)


def to_wall(mono: float, now: Now) -> int:
    """Return a monotonic moment as wall ms, by both clocks of this moment."""
    return now.wall + round((mono - now.mono) * 1000)


def to_mono(wall: int, now: Now) -> float:
    """Return a wall moment in ms as monotonic seconds, by both clocks of this moment."""
    return now.mono + (wall - now.wall) / 1000
