"""Reading what an API call asks for: its query and its body. Pure; raises ApiError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from config.contract import MAX_INT, POSTURES, PostureName
from config.topics import is_device_id
from hub.bypass import LONGEST_H
from hub.console.api.errors import bad_input
from hub.incident import Disposition, State
from hub.walk_test import LONGEST_S, USUAL_S

STATES: Final[tuple[str, ...]] = get_args(State)
DISPOSITIONS: Final[tuple[Disposition, ...]] = get_args(Disposition)
LIMIT: Final = 50
LIMIT_MOST: Final = 500
NOTE_LONGEST: Final = 2000
ZONES_MOST: Final = 64
KEY_LONGEST: Final = 512
TARGET_LONGEST: Final = 64
REASON_LONGEST: Final = 200


def states(query: Mapping[str, str]) -> tuple[str, ...]:
    """Return the states asked for; empty is all of them."""
    text = query.get("state", "")
    if not text:
        return ()
    wanted = tuple(dict.fromkeys(text.split(",")))
    for state in wanted:
        if state not in STATES:
            raise bad_input(f"state: found {state[:64]!r}", *STATES)
    return wanted


def limit(query: Mapping[str, str]) -> int:
    """Return how many incidents at most."""
    text = query.get("limit")
    if text is None:
        return LIMIT
    number = _number(text)
    if number is None or not 1 <= number <= LIMIT_MOST:
        raise bad_input(f"limit: found {text[:64]!r}", f"a number from 1 to {LIMIT_MOST}")
    return number


def before(query: Mapping[str, str]) -> int | None:
    """Return the number under which incidents are wanted, or None."""
    text = query.get("before")
    if text is None:
        return None
    number = _number(text)
    if number is None:
        raise bad_input(f"before: found {text[:64]!r}", "an incident's number")
    return number


def last_event_id(headers: Mapping[str, str]) -> int | None:
    """Return the change after which a stream resumes; None is from now on."""
    text = headers.get("last-event-id")
    if not text:
        return None
    number = _number(text)
    if number is None:
        raise bad_input(f"Last-Event-ID: found {text[:64]!r}", "an id of an event of this stream")
    return number


def json_object(body: bytes) -> dict[str, Any]:
    """Return a body as an object; an empty body is an empty one."""
    if not body.strip():
        return {}
    try:
        value = msgspec.json.decode(body)
    except Exception as error:  # noqa: BLE001 - msgspec lets UnicodeDecodeError and RecursionError out too
        raise bad_input(f"the body is not JSON: {error}", "a JSON object") from None
    if not isinstance(value, dict):
        raise bad_input(f"the body is {json_type(value)}", "a JSON object")
    return value


def revision(body: Mapping[str, Any]) -> int | None:
    """Return the revision that the person was shown, or None for the present one."""
    return _number_shown(body, "revision")


def version(body: Mapping[str, Any]) -> int | None:
    """Return the version of a week that the person was shown, or None for the present one."""
    return _number_shown(body, "version")


def _number_shown(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_INT:
        raise bad_input(f"{name}: found {str(value)[:64]}", "a number from 1, or none")
    return value


def key(body: Mapping[str, Any]) -> str:
    """Return a trouble's key."""
    value = body.get("key")
    if not isinstance(value, str) or not 0 < len(value) <= KEY_LONGEST:
        raise bad_input("key: found none, or no text", "a trouble's key, as the list of troubles has it")
    return value


def target(body: Mapping[str, Any]) -> str | None:
    """Return the one end of a channel that is meant, or None where all are."""
    value = body.get("target")
    if value is not None and (not isinstance(value, str) or not 0 < len(value) <= TARGET_LONGEST):
        raise bad_input("target: found no text, or too much", f"1 to {TARGET_LONGEST} letters, or none")
    return value


def note(body: Mapping[str, Any]) -> str | None:
    """Return the note, or None where it is absent or blank."""
    value = body.get("note")
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad_input(f"note: found {json_type(value)}", "text, or none")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise bad_input("note: holds U+0000 or half a character", "text without them")
    if len(value) > NOTE_LONGEST:
        raise bad_input(f"note: {len(value)} characters", f"at most {NOTE_LONGEST}")
    return value.strip() or None


def note_needed(body: Mapping[str, Any]) -> str:
    """Return the note of a request that is nothing else."""
    text = note(body)
    if text is None:
        raise bad_input("note: none", f"text of 1 to {NOTE_LONGEST} characters")
    return text


def exceptions(body: Mapping[str, Any]) -> str:
    """Return what a person says of a week's exceptions; empty where they say nothing."""
    return note({"note": body.get("exceptions")}) or ""


def zones(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the zones that are asked for; empty is all of them."""
    value = body.get("zones")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(zone, str) for zone in value):
        raise bad_input(f"zones: found {json_type(value)}", "an array of zones, or none")
    if not value:
        raise bad_input("zones: found none in it", "an array of one zone or more; without it all buttons")
    if len(value) > ZONES_MOST:
        raise bad_input(f"zones: found {len(value)}", f"at most {ZONES_MOST}")
    return tuple(value)


def for_s(body: Mapping[str, Any]) -> float:
    """Return for how many seconds a walk test is asked for."""
    value = body.get("for_s")
    if value is None:
        return USUAL_S
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_S:
        raise bad_input(f"for_s: found {str(value)[:64]}", f"more than 0 and at most {LONGEST_S:.0f} seconds")
    return float(value)


def reason(body: Mapping[str, Any]) -> str:
    """Return why a zone is bypassed."""
    value = body.get("reason")
    text = note({"note": value}) if isinstance(value, str) else None
    if text is None or len(text) > REASON_LONGEST:
        raise bad_input("reason: none, or too long", f"text of 1 to {REASON_LONGEST} characters")
    return text


def hours(body: Mapping[str, Any]) -> float:
    """Return for how many hours a zone is bypassed."""
    value = body.get("hours")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_H:
        raise bad_input(f"hours: found {str(value)[:64]}", f"a number above 0, up to {LONGEST_H:.0f}")
    return float(value)


def posture(body: Mapping[str, Any]) -> PostureName:
    """Return the posture that is to hold."""
    value = body.get("posture")
    for known in POSTURES:
        if value == known:
            return known
    found = "none" if value is None else repr(value)[:64]
    raise bad_input(f"posture: found {found}", *POSTURES)


def confirm(body: Mapping[str, Any]) -> int | None:
    """Return the number of the posture that is given up, where that is confirmed."""
    value = body.get("confirm")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_INT:
        raise bad_input(f"confirm: found {str(value)[:64]}", "the n of the posture that holds, or none")
    return value


def device(body: Mapping[str, Any]) -> str:
    """Return the room's device that a spare is for."""
    value = body.get("device")
    if not isinstance(value, str) or not is_device_id(value):
        raise bad_input(f"device: found {str(value)[:64]!r}", "the device of a room")
    return value


def is_true(body: Mapping[str, Any], name: str) -> bool:
    """Return what is false where it is left out."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise bad_input(f"{name}: found {json_type(value)}", "true or false")
    return value


def disposition(body: Mapping[str, Any]) -> Disposition:
    """Return what the incident turned out to be."""
    value = body.get("disposition")
    for known in DISPOSITIONS:
        if value == known:
            return known
    found = "none" if value is None else repr(value)[:64]
    raise bad_input(f"disposition: found {found}", *DISPOSITIONS)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or int(text) > MAX_INT:
        return None
    return int(text)


def json_type(value: object) -> str:
    names = {list: "an array", dict: "an object", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
