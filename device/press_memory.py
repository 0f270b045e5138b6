"""What a room shows of its latest presses, as it is remembered over a restart."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Container, Iterable, Mapping
from typing import Final

from config.contract import MessageError, Posture, decode, encode
from device import walk_memory
from device.actions import Remember
from device.age import Moment, age_ms
from device.lamp import NOT_RECEIVED_S, STAGES, Press
from device.signals import CALL

_KEY: Final = "press"
_CALL: Final = f"{_KEY} {CALL}"
_STROBE: Final = "strobe"


def of_the_room(memory: Mapping[str, str], *, is_whole: bool) -> dict[str, str]:
    """Return the words that say what the room shows, which hold however old the file is that has them.

    Of a file that isn't whole a press may be lost, so no lamp is to say "received" where none is owed;
    that the room has called is believed. So is which walk tests a start has ended.
    """
    believed = (_CALL, _STROBE, walk_memory.KEY)
    return {
        key: word
        for key, word in memory.items()
        if key in believed or (is_whole and key.partition(" ")[0] == _KEY)
    }


def remember_strobe(shown: Posture) -> Remember:
    """Return the word to keep about the posture that the strobe shows."""
    return Remember(_STROBE, encode(shown).decode())


def strobe(memory: Mapping[str, str]) -> Posture | None:
    """Return the posture that the strobe showed before the restart; None where that isn't known."""
    try:
        return decode(Posture, memory[_STROBE].encode())
    except (KeyError, MessageError):
        return None


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
        "awaits": sorted(press.awaits),
        "beside": sorted(press.beside),
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
    presses = [_moved(press, _mono(at, now)) for press, at in owed]
    kept = _read(memory.get(f"{_KEY} {place}".strip()), now)
    if kept is not None:
        presses = [press for press in presses if not press.ids & kept.ids]
        presses.append(_settled(kept, still_owed))
    return max(presses, key=lambda press: press.at, default=None)


def _settled(kept: Press, still_owed: Container[str]) -> Press:
    """A receipt may have come just before the end: what is owed is the truth."""
    awaits = {event: at for event, at in kept.awaits.items() if event in still_owed}
    stage = "received" if kept.stage == "pressed" and not awaits else kept.stage
    return dataclasses.replace(kept, awaits=awaits, stage=stage)


def _moved(press: Press, at: float) -> Press:
    awaits = dict.fromkeys(press.awaits, at + NOT_RECEIVED_S)
    return dataclasses.replace(press, at=at, stage_at=at, awaits=awaits)


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
        awaits = memory.get("awaits", max(ids, default=""))  # older versions didn't say which
        awaits = [awaits] if isinstance(awaits, str) else awaits  # or knew of one at most
        owed, beside = dict.fromkeys(map(str, awaits), at), frozenset(memory.get("beside", ()))
    except (ValueError, KeyError, TypeError):
        return None
    if stage not in STAGES:
        return None
    return _moved(Press(ids, at, stage, at, str(zone), str(kind), bool(test), owed, beside), at)
