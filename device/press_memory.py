"""The room's latest presses, as they are remembered over a restart for the lamps' sake."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Container, Iterable, Mapping

from device.actions import Remember
from device.age import Moment, age_ms
from device.lamp import STAGES, Press

_KEY = "press"


def remember(place: str, press: Press, now: Moment) -> Remember:
    """Return the word to keep about the latest press at a place (see :class:`device.signals.Signals`)."""
    wall = now.wall - round((now.mono - press.at) * 1000)
    at = Moment(now.kernel, press.at, wall, now.synced)
    word = {
        "ids": sorted(press.ids),
        "stage": press.stage,
        "at": at,
        "zone": press.zone,
        "kind": press.kind,
        "test": press.test,
    }
    return Remember(f"{_KEY} {place}".strip(), json.dumps(word))


def latest(
    memory: Mapping[str, str],
    place: str,
    owed: Iterable[tuple[Press, Moment]],
    still_owed: Container[str],
    now: Moment,
) -> Press | None:
    """Return the latest press at a place before the restart, out of the word kept and the presses owed."""
    presses = [dataclasses.replace(press, at=_mono(at, now), stage_at=_mono(at, now)) for press, at in owed]
    kept = _read(memory.get(f"{_KEY} {place}".strip()), now)
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
        zone, kind, test = memory.get("zone", ""), memory.get("kind", "panic"), memory.get("test", False)
    except (ValueError, KeyError, TypeError):
        return None
    return Press(ids, at, stage, at, str(zone), str(kind), bool(test)) if stage in STAGES else None
