"""Clocks that are wrong by decades: a press gets through all the same, certificates and all."""

from __future__ import annotations

import platform
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from config import broker
from tests.school_site import SchoolSite, at_clock

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(
        platform.machine() != "x86_64" or find_spec("libfaketime") is None,
        reason="libfaketime's wheel is for x86-64",
    ),
]


def lives_past_2038() -> bool:
    """Whether the broker does: from 2.0.19 to 2.0.21 it takes the wall clock for another (its issue 3238)."""
    found = broker.program()
    assert found is not None
    said = subprocess.run([found, "-h"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"version 2\.0\.(\d+)", said)
    return version is None or not 19 <= int(version[1]) <= 21


EPOCH, FAR = "1970-01-01 00:00:10", "2050-06-01 12:00:00"


@pytest.mark.parametrize(
    ("at_broker", "rooms", "hub"),
    [
        (EPOCH, EPOCH, None),
        (FAR, FAR, None),
        (EPOCH, FAR, None),
        (FAR, EPOCH, None),
        (EPOCH, EPOCH, EPOCH),
        (FAR, FAR, FAR),
        (FAR, EPOCH, FAR),
    ],
)
def test_a_press_gets_through(tmp_path: Path, at_broker: str, rooms: str, hub: str | None) -> None:
    """From the button to the webhook and back to the lamp, over TLS with both ends' certificates checked."""
    if at_broker == FAR and not lives_past_2038():
        pytest.skip("mosquitto 2.0.19 to 2.0.21 doesn't live past 2038")
    with SchoolSite(
        tmp_path,
        rooms=1,
        broker_clock=at_clock(at_broker),
        rooms_clock=at_clock(rooms),
        hub_clock=None if hub is None else at_clock(hub),
    ) as school:
        assert f"{at_broker[:4]}-" in school.broker.words()  # the broker's own log: it has that clock
        school.rooms["room-101"].tap("wall")
        post = school.sink.wait_for(lambda post: post.type == "incident.opened")
        assert [room["device"] for room in post.incident["rooms"]] == ["room-101"]
        school.rooms["room-101"].wait_lamp("Received: the hub has it")
