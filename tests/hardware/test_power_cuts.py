"""The power is cut twenty times while a button is pressed, and no press is lost.

Each cut is real to the guest: the machine is reset through sysrq with nothing written out, and its
next life finds the data disk as it was left, ext4's journal and SQLite's log to be replayed. What the
guest's kernel hadn't handed to the disk is gone. What it had handed over stays, also without a flush:
a card that lies about its flushes isn't shown here.

Two fates are promised. A press that lasted ``PROMISED_MS`` before the cut is told, by the broker or,
where that was down, out of the outbox. A press whose button is still down when the machine is back is
told however short before the cut it began. Shorter presses that ended with the power are only counted.
"""

from __future__ import annotations

import itertools
import json
from typing import Any, NamedTuple

import pytest

from tests.hardware.conftest import Switch

pytestmark = [pytest.mark.long, pytest.mark.vm, pytest.mark.root]

PROMISED_MS = 300
"""The settle time of 40 ms, and what an emulated and busy machine may take to decide and to commit."""
PINS = {"wall": 17, "desk": 27}


class Cut(NamedTuple):
    """One press that ends with a cut of the power."""

    zone: str
    after_ms: int
    """From the press to the cut."""
    connected: bool
    """Whether the broker is there to take it."""
    held: bool
    """Whether the button is still down when the machine is back."""

    @property
    def is_promised(self) -> bool:
        """Whether the press must be told."""
        return self.held or self.after_ms >= PROMISED_MS


# The zones take turns, so that an alarm of a zone belongs to one cut without a doubt.
CUTS = tuple(
    Cut(("wall", "desk")[n % 2], *row)
    for n, row in enumerate(itertools.product((20, 60, 120, 300, 1000), (True, False), (False, True)))
)


class History(NamedTuple):
    """All that happened: the agent's boot in each life of the machine, and every copy the hub heard."""

    boots: list[str]
    events: list[dict[str, Any]]


@pytest.fixture(scope="module")
def history(new_machine: Switch) -> History:
    """Cut the power after each press, and switch on again; the last life only looks back."""
    machine = new_machine()
    boots: list[str] = []
    before: Cut | None = None
    for cut in (*CUTS, None):
        machine.boot(pressed=[PINS[before.zone]] if before and before.held else [])
        back = machine.ask(
            "cutting.come_back",
            deadline_s=300.0,
            pressed_before=before.zone if before else None,
            held=before is not None and before.held,
            wait=before is not None and before.is_promised,
        )
        boots.append(back["boot"])
        if cut is not None:
            machine.ask_for_cut("cutting.cut", zone=cut.zone, after_ms=cut.after_ms, connected=cut.connected)
        before = cut
    machine.off()
    lines = (machine.share / "record.jsonl").read_text().splitlines()
    heard = [json.loads(line) for line in lines]
    return History(boots, [line["body"] for line in heard if line["what"] == "event"])


def test_no_press_is_lost(history: History) -> None:
    """Each press that is promised came as an alarm: of its own life, or found at the next start."""
    told = {(event["boot"], event["zone"]) for event in history.events if event["what"] == "alarm"}
    lost, counted = [], [0, 0]
    for n, cut in enumerate(CUTS):
        came = (history.boots[n], cut.zone) in told
        found = cut.held and (history.boots[n + 1], cut.zone) in told
        print(f"{cut}: {'told' if came else 'found at the start' if found else 'not told'}")
        if cut.is_promised and not (came or found):
            lost.append(cut)
        if not cut.is_promised:
            counted[came] += 1
    print(f"not promised: {counted[True]} told, {counted[False]} not")
    print(history)
    assert lost == []


def test_no_id_is_given_twice(history: History) -> None:
    """Every start has a boot of its own, and all copies under one id are one event, age apart."""
    assert len(set(history.boots)) == len(CUTS) + 1
    contents: dict[str, set[str]] = {}
    for event in history.events:
        same = {key: value for key, value in event.items() if key not in ("age_ms", "at")}
        contents.setdefault(event["id"], set()).add(json.dumps(same, sort_keys=True))
    assert [found for found in contents.values() if len(found) > 1] == []
