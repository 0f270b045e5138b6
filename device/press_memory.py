"""The room's latest press, as it is remembered over a restart for the lamp's sake."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Container, Iterable

from device.actions import Remember
from device.age import Moment, age_ms
from device.lamp import STAGES, Press

KEY = "press"


def remember(press: Press, now: Moment) -> Remember:
    """Return the word to keep about a press."""
    wall = now.wall - round((now.mono - press.at) * 1000)
    at = Moment(now.kernel, press.at, wall, now.synced)
    return Remember(KEY, json.dumps({"ids": sorted(press.ids), "stage": press.stage, "at": at}))


def latest(
    text: str | None, owed: Iterable[tuple[str, Moment]], still_owed: Container[str], now: Moment
) -> Press | None:
    """Return the latest press before the restart, out of the word that was kept and the presses owed."""
    presses = [Press(frozenset((event,)), _mono(at, now), "pressed", _mono(at, now)) for event, at in owed]
    kept = _read(text, now)
    if kept is not None:
        presses = [press for press in presses if not press.ids & kept.ids]
        if kept.stage == "pressed" and not any(event in still_owed for event in kept.ids):
            # Its receipt came just before the end: what is owed is the truth.
            kept = dataclasses.replace(kept, stage="received")
        presses.append(kept)
    return max(presses, key=lambda press: press.at, default=None)


def _mono(at: Moment, now: Moment) -> float:
    return now.mono - age_ms(at, now) / 1000


def _read(text: str | None, now: Moment) -> Press | None:
    """Read the word that was kept; None when there is none or it can't be read."""
    if text is None:
        return None
    try:
        memory = json.loads(text)
        at = _mono(Moment(*memory["at"]), now)
        stage, ids = memory["stage"], frozenset(memory["ids"])
    except (ValueError, KeyError, TypeError):
        return None
    return Press(ids, at, stage, at) if stage in STAGES else None
