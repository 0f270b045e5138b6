"""Whether a site that a start makes of the record is the one that wrote it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from config.clock import Now
from hub.kept_course import JUMP_MS, KeptCourse, keep
from hub.site import Site

NO_JUMP_MS = JUMP_MS + 2
"""A wall clock that is set by less than a jump moves what is stored by as much; and two roundings."""


def differences(running: Site, started: Site, now: Now) -> list[str]:
    """Return what differs: incidents, courses, owed deliveries, troubles, doors, bypasses, walk tests and
    what they proved, the posture, the record's end.

    Apart from what a start rightly knows less of: when a device was last heard, and when within the
    last 2 s somebody was told.
    """
    mine, other = _state(running, now), _state(started, now)
    return [
        f"{part} {name}: {mine[part].get(name)} after a start {other[part].get(name)}"
        for part in mine
        for name in sorted(mine[part].keys() | other[part].keys())
        if not _same(mine[part].get(name), other[part].get(name))
    ]


def _state(site: Site, now: Now) -> dict[str, dict[str, Any]]:
    courses = site.incidents.courses._courses
    return {
        "incident": dict(site.incidents._by_id),
        "group": dict(site.incidents._by_group),
        "course": {name: keep(course, now) for name, course in courses.items()},
        "delivery": dict(site.outbound._owed),
        "trouble": dict(site.troubles.open),
        # After a start nothing is known of any door, until it is heard of.
        "door": {"/".join(where): replace(door, unknown=None) for where, door in site.doors._states.items()},
        "bypass": {
            "/".join(where): (one.by, one.reason, one.boot) for where, one in site.bypasses._now.items()
        },
        "walk test": {
            test.id: (test.device, test.zones, test.ended)
            for kept in site.walk_tests._tests.values()
            for test in (timed.test for timed in kept)
        },
        "proofs": dict(site.proving._proofs),
        "posture": {"now": site.postures.current},
        "drill": {name: timed.drill for name, timed in site.drill_memory.drills.items()},
        "drill's presses": {name: dict(rooms) for name, rooms in site.drill_memory.presses.items()},
        "record": {"end": site._seq},
    }


def _same(mine: Any, other: Any) -> bool:
    if isinstance(mine, KeptCourse) and isinstance(other, KeptCourse):
        return _facts(mine) == _facts(other) and all(
            (a is None) is (b is None) and abs((a or 0) - (b or 0)) <= NO_JUMP_MS
            for a, b in zip(_moments(mine), _moments(other), strict=True)
        )
    return bool(mine == other)


def _facts(course: KeptCourse) -> Any:
    runs = [(one.plan, one.taken, one.kind, one.overtaken, len(one.due)) for one in course.runs]
    told = {(t.target, t.revision, t.nth, t.ask, t.by, t.failing) for t in course.told}
    return runs, told, course.confirmed, course.quiet and course.quiet.said


def _moments(course: KeptCourse) -> list[int | None]:
    quiet = course.quiet
    return [
        *(moment for one in course.runs for moment in (one.started, *one.due)),
        *(() if quiet is None else (quiet.since, quiet.due)),
    ]
