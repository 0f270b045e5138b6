"""What is told: the webhook's JSON of an incident, and the sentence a person hears. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from config.clock import read_stamp, stamp
from config.contract import shown
from hub.causes import doubts
from hub.incident import Incident, Press, Resolution, Room
from hub.response import RESPONSES

NoticeType = Literal["incident.opened", "incident.updated", "incident.acknowledged", "incident.resolved"]

STANDINGS: Final[dict[str, str]] = {
    "not-expected": "NOT EXPECTED",
    "real": "taken as REAL",
    "part-of-drill": "part of the drill",
}
"""What a press is in its drill, in words; what matters most first."""

_ENCODER = msgspec.json.Encoder()


def incident_json(incident: Incident) -> dict[str, Any]:
    """Return an incident as CONTRACT's webhook and API show it."""
    acknowledged, resolved = incident.acknowledged, incident.resolved
    response = RESPONSES[incident.kind]
    return {
        "id": incident.id,
        "number": incident.number,
        "revision": incident.revision,
        "kind": incident.kind,
        "response": {"posture": response.posture, "words": response.words},
        "state": incident.state,
        "drill": incident.drill,
        "drill_number": None if incident.drill_id is None else int(incident.drill_id),
        "confirmed": incident.confirmed,
        "late": incident.late,
        "opened_at": stamp(incident.opened_at),
        "from_backup": None if incident.restored is None else stamp(incident.restored),
        "acknowledged": None
        if acknowledged is None
        else {"by": acknowledged.by, "at": stamp(acknowledged.at), "via": acknowledged.via},
        "resolved": None if resolved is None else _resolution(resolved),
        "door": None if incident.rule is None else door_json(incident),
        "rooms": [room_json(room) for room in incident.rooms],
        "events": [_event(press) for press in incident.events],
    }


def notice_body(
    incident: Incident,
    kind: NoticeType,
    audience: str,
    at: int,
    *,
    test: bool = False,
    reminder: str | None = None,
    quiet: bool = False,
    real_after_s: float = 0,
    call: str | None = None,
) -> bytes:
    """Return the webhook's body, to the byte; kept with the delivery so that every try sends the same.

    ``real_after_s`` is after how long what was not expected in a drill is real, if nobody answers;
    ``call`` is the emergency number, where dispatch is told nothing.
    """
    return _ENCODER.encode(
        {
            "v": 1,
            "type": kind,
            "site": incident.site,
            "audience": audience,
            "at": stamp(at),
            "test": test,
            "reminder": reminder,
            "quiet": quiet,
            "call": call,
            "drill": None
            if incident.drill_id is None
            else _of_drill(incident, incident.drill_id, real_after_s),
            "incident": incident_json(incident),
        }
    )


def _of_drill(incident: Incident, drill: str, real_after_s: float) -> dict[str, Any]:
    """Return what a notice of a drill says beside its incident: what was expected, and what can be done."""
    waiting = incident.waiting
    path = f"/api/v1/drills/{drill}"
    last = waiting[-1] if waiting else incident.events[-1] if incident.events else None
    press = {} if last is None else {"device": last.place.device, "event": last.id}
    actions = [{"do": "real", "method": "POST", "path": f"{path}/real", "body": press}]
    if waiting:
        actions.append(
            {"do": "part-of-drill", "method": "POST", "path": f"{path}/part-of-drill", "body": press}
        )
    return {
        "id": drill,
        "number": int(drill),
        "expected": not waiting,
        "not_expected": [{"device": press.place.device, "event": press.id} for press in waiting],
        "real_at": None
        if not waiting
        else stamp(min(press.received_at for press in waiting) + round(real_after_s * 1000)),
        "actions": actions,
    }


def words_body(kind: str, site: str, audience: str, at: int, title: str, text: str, **more: object) -> bytes:
    """Return the body of a notice that tells of no incident: a title and a text, and the same as data."""
    head = {"v": 1, "type": kind, "site": site, "audience": audience, "at": stamp(at)}
    return _ENCODER.encode({**head, "title": title, "text": text, **more})


def alarms_of(body: bytes) -> set[tuple[str, ...]]:
    """Return the alarms that a notice carries, each by what no later reckoning of its time changes.

    A notice of troubles carries none.
    """
    events = msgspec.json.decode(body).get("incident", {}).get("events", ())
    return {(e["device"], e["zone"], e["kind"], str(e["id"] or e["received_at"])) for e in events}


def sentence(body: bytes, timezone: str) -> tuple[str, str]:
    """Return the title and text that a person is told, from a notice's body.

    Such as ``PANIC Room 101 (desk), Main bldg, floor 1, 10:02:11``, in the school's time zone.
    """
    return sentence_of(msgspec.json.decode(body), timezone)


def sentence_of(notice: Mapping[str, Any], timezone: str) -> tuple[str, str]:
    """Return the same of a body that was read."""
    if "incident" not in notice:  # it brings its own: words_body
        return str(notice["title"]), str(notice["text"])
    incident = notice["incident"]
    zone = ZoneInfo(timezone)
    where = told(incident) if incident.get("door") else _where(_gravest(incident))
    title = f"{_headline(notice['type'], incident)} {where}"
    title = f"{'TEST ' if notice['test'] else ''}{title}"
    when = _clock(incident["opened_at"], zone)
    if incident["late"]:
        old = age(read_stamp(notice["at"]) - read_stamp(incident["opened_at"]))
        title = f"LATE {title}"
        when = f"{when} ({old} before this was sent)"
    title = f"{_drill_words(notice['type'], incident)}{title}"
    lines = [f"{title}, {when}"]
    if notice.get("reminder"):
        lines.insert(0, notice["reminder"])
    if incident.get("from_backup"):
        day = datetime.fromtimestamp(read_stamp(incident["from_backup"]) / 1000, UTC).astimezone(zone)
        lines.append(f"FROM A BACKUP of {day:%d %b %H:%M}: it was open then, and may have been closed since.")
    lines += _to_do(notice, zone)
    lines += _doors_below(incident, zone) if incident.get("door") else _rooms_below(incident, zone)
    if notice.get("call") and notice["type"] in ("incident.opened", "incident.updated"):
        lines.append(f"Dispatch is not connected: call {notice['call']}.")
    if notice["type"] == "incident.opened" and incident.get("response"):
        lines.append(incident["response"]["words"])
    for deed, verb in (("acknowledged", "Acknowledged"), ("resolved", "Resolved")):
        if incident[deed]:
            extra = f" as {incident[deed]['disposition']}" if deed == "resolved" else ""
            lines.append(f"{verb}{extra} by {incident[deed]['by']}, {_clock(incident[deed]['at'], zone)}")
    lines.append(f"Incident {incident['number']} at {notice['site']}, revision {incident['revision']}")
    return f"{title}, {when}", "\n".join(lines)


def in_doubt(incident: Mapping[str, Any]) -> bool:
    """Tell whether no alarm of an incident, as a body has it, is certain."""
    doubted = _doubts(incident)
    return all((event["device"], event["zone"]) in doubted for event in incident["events"])


def told(incident: dict[str, Any]) -> str:
    """Return what is told of a door, such as ``Door 3 (Gym), Main bldg: held open for 5 min``."""
    room, last = incident["rooms"][0], incident["events"][-1]
    building = f", {room['building']} bldg" if room["building"] else ""
    words = "closed again" if incident["door"]["closed_at"] else last["words"]
    return f"{last['label'] or last['zone']} ({room['room']}){building}: {words}"


def _doors_below(incident: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """Say what the door did lately, and since when it is closed again."""
    lines = []
    for event in incident["events"][-5:]:
        line = f"- {event['words']}, {_clock(event['at'], zone)}"
        if event["late"]:
            line += f", LATE: heard {age(read_stamp(event['received_at']) - read_stamp(event['at']))} later"
        lines.append(line)
    closed = incident["door"]["closed_at"]
    return lines + ([f"- closed again, {_clock(closed, zone)}"] if closed else [])


def _drill_words(kind: NoticeType, incident: dict[str, Any]) -> str:
    """Return how the notice of a drill begins, so that it is known for one before anything else is read."""
    if not incident["drill"]:
        return ""
    number = incident.get("drill_number")
    if number is None:
        return "DRILL "
    over, standing = kind == "incident.resolved", _standing(incident["events"])
    if standing == "not-expected":
        return f"DRILL {number} resolved, NOT EXPECTED: " if over else f"NOT EXPECTED in drill {number}: "
    if standing == "real":
        return f"DRILL {number} resolved, taken as REAL: " if over else f"Taken as REAL in drill {number}: "
    return f"DRILL {number}, EXPECTED: "


def _to_do(notice: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    """Say of a drill's notice what becomes of its presses, and where a person says what they are."""
    incident, drill = notice["incident"], notice.get("drill")
    if not drill or notice["test"]:
        return []
    standing = _standing(incident["events"])
    if standing == "not-expected":
        at = f" at {_clock(drill['real_at'], zone)}" if drill.get("real_at") else ""
        return [f"It is REAL{at}, unless somebody says on the board that it is part of the drill."]
    if standing == "real":
        return ["The call that is real is an incident of its own, told by itself: this ends nothing of it."]
    if incident["resolved"]:
        return []
    return ["Is it real all the same? Say so on the board, under Drills."]


def _standing(events: list[dict[str, Any]]) -> str | None:
    """Return what matters most of what presses are in their drill."""
    found = {event.get("in_drill") for event in events}
    return next((standing for standing in STANDINGS if standing in found), None)


def _gravest(incident: dict[str, Any]) -> dict[str, Any]:
    """Return a drill's incident with only the rooms whose press wants an answer, or is real."""
    standing = _standing(incident["events"])
    if standing not in ("not-expected", "real"):
        return incident
    devices = {e["device"] for e in incident["events"] if e.get("in_drill") == standing}
    return incident | {"rooms": [room for room in incident["rooms"] if room["device"] in devices]}


def _rooms_below(incident: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """Say each room by itself where there are several, one came late or is no drill's: when, and how late."""
    some_answered = any(room["acknowledged"] for room in incident["rooms"])
    in_doubt = _doubts(incident)
    lines = []
    for room, place in zip(incident["rooms"], _places(incident), strict=True):
        pressed = [event for event in incident["events"] if event["device"] == room["device"]]
        late = [event for event in pressed if event["late"]]
        line = f"- {place}"
        if pressed:
            certain = any((event["device"], event["zone"]) not in in_doubt for event in pressed)
            line += f", {'pressed ' if certain else ''}{_clock(_presses(pressed)[-1]['at'], zone)}"
            line += ", held" if pressed[-1].get("held") else ""
        standing = _standing(pressed)
        line += f", {STANDINGS[standing]}" if standing else ""
        if late:
            waited = read_stamp(late[-1]["received_at"]) - read_stamp(late[-1]["at"])
            line += f", LATE: heard {age(waited)} later"
        if some_answered and not room["acknowledged"]:
            line += ", NOT ACKNOWLEDGED"
        if len(incident["rooms"]) > 1 or late or standing in ("not-expected", "real"):
            lines.append(line)
    return lines


def _presses(alarms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the alarms that are presses of their own: that a press was held is no other press."""
    return [alarm for alarm in alarms if not alarm.get("held")] or alarms


def _headline(kind: NoticeType, incident: dict[str, Any]) -> str:
    name = str(incident["kind"]).upper()
    if kind == "incident.resolved" and _standing(incident["events"]) in ("not-expected", "real"):
        return name  # that only the drill's part of it is over stands before it
    return {
        "incident.opened": name,
        "incident.updated": f"{name} (update)",
        "incident.acknowledged": f"{name} acknowledged:",
        "incident.resolved": f"{name} resolved:",
    }[kind]


def _where(incident: dict[str, Any]) -> str:
    places = _places(incident)
    more = f" and {len(places) - 1} more rooms" if len(places) > 2 else ""
    return (places[0] if places else "unknown room") + (f" and {places[1]}" if len(places) == 2 else more)


def _places(incident: dict[str, Any]) -> list[str]:
    in_doubt = _doubts(incident)
    pressed: dict[str, list[str]] = {}
    events = sorted(incident["events"], key=lambda e: (e["device"], e["zone"]) in in_doubt)
    for event in events:  # a certain one first
        labels = pressed.setdefault(event["device"], [])
        label = event["label"] or event["zone"]
        if words := in_doubt.get((event["device"], event["zone"])):
            label += f" {words}"
        if label not in labels:
            labels.append(label)
    return [_place(room, pressed.get(room["device"], [])) for room in incident["rooms"]]


def _doubts(incident: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return what is told of the buttons in doubt; a notice of an older release has no causes."""
    return doubts(((e["device"], e["zone"]), e.get("cause")) for e in incident["events"])


def _place(room: dict[str, Any], labels: list[str]) -> str:
    parts = [room["room"] + (f" ({', '.join(labels)})" if labels else "")]
    parts += [f"{room['building']} bldg"] if room["building"] else []
    parts += [f"floor {room['floor']}"] if room["floor"] else []
    parts += [] if room["known"] else ["not a known device"]
    return ", ".join(parts)


def _clock(text: str, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(read_stamp(text) / 1000, UTC).astimezone(zone).strftime("%H:%M:%S")


def age(ms: int) -> str:
    """Return a length of time in words, as it is told aloud: ``14 s``, ``3 min``, ``2 h``."""
    seconds = ms // 1000
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _resolution(resolution: Resolution) -> dict[str, Any]:
    return {
        "by": resolution.by,
        "at": stamp(resolution.at),
        "via": resolution.via,
        "disposition": resolution.disposition,
    }


def room_json(room: Room) -> dict[str, Any]:
    """Return a room of an incident as the contract's ``rooms`` has it."""
    place = room.place
    return {
        "room": shown(place.room),
        "building": place.building,
        "floor": place.floor,
        "device": place.device,
        "known": place.known,
        "acknowledged": not room.asks,
    }


def door_json(incident: Incident) -> dict[str, Any]:
    """Return what is told of an incident's door: by which rule, and since when it is closed again."""
    closed = incident.closed_at
    return {"rule": incident.rule, "closed_at": None if closed is None else stamp(closed)}


def _event(press: Press) -> dict[str, Any]:
    return {
        "id": press.id,
        "device": press.place.device,
        "zone": shown(press.zone),
        "label": None if press.label is None else shown(press.label),
        "kind": press.kind,
        "what": press.what,
        "at": stamp(press.at),
        "received_at": stamp(press.received_at),
        "held": press.held,
        "late": press.late,
        "cause": press.cause,
        "rule": press.rule,
        "words": press.words,
        "in_drill": press.in_drill,
        "expected": None if press.in_drill is None else press.in_drill in ("expected", "part-of-drill"),
    }
