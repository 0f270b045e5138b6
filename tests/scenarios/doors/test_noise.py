"""Whatever doors do, calls are told as if there were none: the same notices, at the same moments."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import delivery
from hub.asking import Acknowledge, Note, Resolve, SetPosture
from tests.scenarios.doors.house import GYM, HALL, KITCHEN, at, begun, door, doors_settings
from tests.scenarios.rig import Rig

ROOMS = st.sampled_from([GYM, KITCHEN, HALL])
BUTTONS = st.sampled_from([("wall", "panic"), ("quiet", "duress")])
CALLS = st.one_of(
    st.tuples(st.just("press"), ROOMS, BUTTONS, st.sampled_from([0.0, 5.0, 90.0])),
    st.tuples(st.just("person"), st.sampled_from(["acknowledge", "note", "resolve"])),
    st.tuples(st.just("far"), st.sampled_from(["sro", "dispatch"]), st.sampled_from(["down", "takes"])),
    st.tuples(st.just("posture"), st.sampled_from(["normal", "secure", "lockdown"])),
    st.tuples(st.just("clock"), st.sampled_from([-3600.0, 40_000.0])),
    st.tuples(st.just("restart"), st.sampled_from([0.0, 3.0])),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 4.0, 61.0, 400.0])),
)
DOORS = st.tuples(
    st.just("door"), ROOMS, st.sampled_from(["open", "closed"]), st.sampled_from([0.0, 0.0, 30.0, 4000.0])
)
HISTORIES = st.lists(st.one_of(CALLS, DOORS, DOORS), min_size=5, max_size=40)


def play(rig: Rig, history: list[tuple[Any, ...]], *, doors: bool) -> list[dict[str, Any]]:
    """Let it happen, with or without what the doors do; return what was told of calls."""
    at(begun(rig), 18, 30)
    rig.press(HALL)
    for what, *rest in history:
        if what == "door":
            if doors:
                door(rig, rest[0], rest[1], age_s=rest[2])
        elif what == "press":
            rig.press(rest[0], *rest[1], age_s=rest[2])
        elif what == "person":
            person(rig, rest[0])
        elif what == "far":
            rig.far[rest[0]] = rest[1]
        elif what == "posture":
            rig.ask(SetPosture(rest[0], "Reyes", "board", confirm=rig.site.postures.current.n))
        elif what == "clock":
            rig.wall_jumps(rest[0])
        elif what == "restart":
            rig.restart(rest[0])
        else:
            rig.wait(rest[0])
    rig.wait(200)
    return [told(notice) for notice in rig.notices if notice.incident["kind"] != "door"]


def person(rig: Rig, what: str) -> None:
    """A person does something with the oldest call that is not resolved."""
    calls = sorted(rig.site.incidents.calls(), key=lambda one: one.opened_at)
    if not calls:
        return
    one = calls[0].id
    rig.ask(
        {
            "acknowledge": Acknowledge(one, "Reyes", "board"),
            "note": Note(one, "Reyes", "board", "all is well"),
            "resolve": Resolve(one, "Reyes", "board", "real"),
        }[what]
    )


def told(notice: Any) -> dict[str, Any]:
    """All that a notice says but the number, of which doors take some."""
    incident = {name: value for name, value in notice.incident.items() if name != "number"}
    events = [{k: v for k, v in event.items() if k != "id"} for event in incident["events"]]
    return {
        "at": notice.at,
        "to": (notice.audience, notice.channel, notice.type, notice.quiet, notice.reminder),
        "incident": incident | {"events": events, "id": None},
    }


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=HISTORIES)
def test_no_door_changes_what_is_told_of_a_call(empty_record: Path, history: list[tuple[Any, ...]]) -> None:
    """But by how much a pause differs from the next delivery's: that follows ids, and they the numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "JITTER", 0.0)
        quiet, noisy = (played(empty_record, history, doors=doors) for doors in (False, True))
    assert noisy == quiet


def played(empty_record: Path, history: list[tuple[Any, ...]], *, doors: bool) -> list[dict[str, Any]]:
    """Play a history on a record of its own."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_record, Path(folder) / "tocsin.db")
        return play(Rig(Path(folder), doors_settings()), history, doors=doors)
