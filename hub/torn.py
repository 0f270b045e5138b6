"""Rows of the hub's tables that can't be read as what they are: what is made of them all the same. Pure.

Part of one may be damaged, or a newer release wrote it. Its columns are read apart, and whatever of it
can be read is used; what an incident's row doesn't say, the record says. An unresolved incident is open
then, and told anew: in doubt nobody has it in hand.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import fields, replace

from config.clock import Now, read_stamp
from config.contract import INCIDENT_KINDS
from hub.delivery import Delivery
from hub.directory import Directory
from hub.enrolment.identity import SPARE, Code, Identity
from hub.incident import Incident, Place, Press, Room, numbered_ahead, rank
from hub.incidents import GROUP_OF_DRILL, door_group
from hub.kept_course import KeptCourse
from hub.reckoning import plain_key
from hub.trouble_words import HEADINGS
from hub.view import DeviceView, DoorView, Trouble

NAME: Final = 100
"""Characters of the name under which a row is set aside; a longer one is named by its digest."""
SHOWN_WITHIN_MS: Final = 86_400_000
"""How long the agent of an identity may take to show that it has it, where what was set can't be read."""
NO_ROOM: Final = Place("unread", "a room that could not be read", known=False)
_T = TypeVar("_T")


class Torn(Struct, frozen=True):
    """A row that can't be read as what it is, and what else the store has of it."""

    table: str
    key: str
    text: str
    columns: dict[str, Any] = {}
    said: tuple[dict[str, Any], ...] = ()
    """Of an incident: the details of the rows of the record that changed it, oldest first."""

    @property
    def whole(self) -> str:
        """All that is set aside of it."""
        course = self.columns.get("course")
        return f"{self.text}\n{course}" if course else self.text

    @property
    def name(self) -> str:
        """What it is called where it is told of, and set aside."""
        whole = f"{self.table} {self.key}"
        if len(whole) <= NAME:
            return whole
        return f"{self.table} {blake2b(self.key.encode('utf-8', 'replace'), digest_size=12).hexdigest()}"


class Mended:
    """What was made of the rows of a start that could not be read."""

    def __init__(self, torn: Sequence[Torn], site: str, directory: Directory, now: Now) -> None:
        self.torn = torn
        self.incidents: list[tuple[Incident, KeptCourse]] = []
        """Unresolved ones: open, with plans that begin."""
        self.deliveries: list[Delivery] = []
        self.untold: set[str] = set()
        """Incidents of which something was owed that can't be read: nobody knows to whom."""
        self.troubles: list[Trouble] = []
        self.devices: dict[str, DeviceView] = {}
        self.doors: list[DoorView] = []
        self.identities: list[Identity] = []
        for one in torn:
            found = readable(one.text, _KINDS[one.table])
            if one.table == "incidents" and one.columns["state"] != "resolved":
                self.incidents.append(_unresolved(one, site, directory, now))
            elif one.table == "deliveries":
                delivery = _made(Delivery, found, one.columns)
                if delivery is None:
                    self.untold.add(one.columns["incident"])
                else:
                    self.deliveries.append(delivery)
            elif one.table == "troubles":
                key, since = one.columns["key"], one.columns["since"]
                self.troubles.append(pieced_trouble(key, since, found, now.wall, directory.rooms))
            elif one.table == "devices":
                place = directory.place(one.key)
                view = _made(DeviceView, found, {"place": place})
                assert view is not None  # noqa: S101 - it needs nothing more
                self.devices[one.key] = view
            elif one.table == "doors":
                door = _made(DoorView, found, {"zone": one.columns["zone"]})
                self.doors += [] if door is None else [door]
            elif one.table == "identities":
                self.identities.append(_identity(one, found, site, now))


_KINDS: Final[Mapping[str, type[Struct]]] = {
    "incidents": Incident,
    "deliveries": Delivery,
    "troubles": Trouble,
    "devices": DeviceView,
    "doors": DoorView,
    "codes": Code,  # one that can't be read holds no more
    "identities": Identity,
}


def readable(text: str, kind: type[Struct]) -> dict[str, Any]:
    """Return the fields of a row that can be read, by their names."""
    found = {}
    with contextlib.suppress(msgspec.MsgspecError, RecursionError):
        whole = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        for field in fields(kind):
            if field.encode_name in whole:
                with contextlib.suppress(msgspec.MsgspecError, RecursionError):
                    found[field.name] = msgspec.json.decode(whole[field.encode_name], type=field.type)
    return found


def pieced(torn: Torn, site: str, directory: Directory | None = None) -> Incident:
    """Return an incident as far as its row and the record say what it is; its rooms by ``directory``."""
    found = readable(torn.text, Incident)
    events: tuple[Press, ...] = found.get("events") or tuple(_presses(torn.said, directory))
    rooms: tuple[Room, ...] = found.get("rooms") or tuple(_rooms(events))
    if not rooms:
        rooms = (Room(NO_ROOM, found.get("kind", "panic"), asks=True, asks_since=1, asked_at=0),)
    kind = found.get("kind") or min((room.kind for room in rooms), key=rank)
    drill = next((one["drill"] for one in torn.said if isinstance(one.get("drill"), str)), None)
    drill = found.get("drill_id") or drill
    revisions = [one["revision"] for one in torn.said if type(one.get("revision")) is int]
    group = "" if directory is None else directory.group(rooms[0].place)
    if kind == "door" and events:
        group = door_group(*events[-1].button)
    elif drill is not None:
        group = f"{GROUP_OF_DRILL}{drill} {group}"
    known: dict[str, Any] = {
        "group": group,
        "revision": max(revisions, default=1),
        "kind": kind,
        "drill": drill is not None,
        "drill_id": drill,
        "late": False,
        "opened_at": min((press.at for press in events), default=0),
        "rooms": rooms,
        "events": events,
        "has_causes": any(press.cause is not None for press in events),
        "rule": events[-1].rule if events else None,
    }
    columns = {name: torn.columns[name] for name in ("id", "number", "state")}
    return Incident(**known | found | columns | {"site": site})


def pieced_trouble(
    key: str, since: int, found: dict[str, Any], last: int, devices: Container[str] = ()
) -> Trouble:
    """Return an open trouble as far as it can be read; what it is, and of which device, its key says."""
    words = key.split()
    whats = (key.replace(" ", "-"), "-".join(words[:2]), words[0] if words else "")
    known: dict[str, Any] = {
        "what": next((what for what in whats if what in HEADINGS), "kept"),
        "device": next((word for word in words if word in devices), None),
        "zone": None,
        "detail": f"{key}: what it said could not be read",
        "last": last,
    }
    return Trouble(**known | found | {"key": key, "since": since, "restored": None})


def _unresolved(torn: Torn, site: str, directory: Directory, now: Now) -> tuple[Incident, KeptCourse]:
    """Return an unresolved incident as one that nobody has in hand, and its course: its plans begin anew."""
    try:
        was = msgspec.json.decode(torn.text, type=Incident)
        was = replace(was, id=torn.columns["id"], number=torn.columns["number"], site=site)
    except (msgspec.MsgspecError, RecursionError):
        was = numbered_ahead(pieced(torn, site, directory))
    revision, opened_at = was.following, was.opened_at or now.wall
    rooms = (replace(room, asks=True, asks_since=revision) for room in was.rooms)
    text = f"{was.trace}\0torn\0{torn.text}\0{torn.columns['course']}"
    after = replace(
        was,
        revision=revision,
        state="open",
        acknowledged=None,
        resolved=None,
        opened_at=opened_at,
        rooms=tuple(replace(room, asked_at=room.asked_at or opened_at) for room in rooms),
        trace=blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest(),
    )
    told = readable(torn.columns["course"], KeptCourse).get("told", ())
    older = tuple(replace(entry, revision=min(entry.revision, revision - 1)) for entry in told)
    return after, KeptCourse(told=older)


def _presses(said: Iterable[dict[str, Any]], directory: Directory | None) -> Iterable[Press]:
    """Yield the presses that the record tells of, as far as it can be read."""
    for one in said:
        device, zone, kind = one.get("device"), one.get("zone"), one.get("kind")
        if not isinstance(device, str) or not isinstance(zone, str) or kind not in INCIDENT_KINDS:
            continue
        place = Place(device, device, known=False) if directory is None else directory.place(device)
        event = one.get("id") if isinstance(one.get("id"), str) else None
        try:
            at = read_stamp(one["at"])
        except (KeyError, TypeError, ValueError):
            at = one["recorded_at"]
        key = f"?{device} {zone} {at}" if event is None else plain_key(event)
        press = Press(key, event, place, zone, None, kind, "alarm", at, one["recorded_at"])
        rest = readable(msgspec.json.encode(one).decode(), Press)
        yield replace(press, **{name: rest[name] for name in ("cause", "rule", "in_drill") if name in rest})


def _rooms(presses: Iterable[Press]) -> Iterable[Room]:
    by_device: dict[str, Room] = {}
    for press in presses:
        was = by_device.get(press.place.device)
        kind = press.kind if was is None else min(was.kind, press.kind, key=rank)
        called_at = press.at if was is None else min(was.waits_from, press.at)
        by_device[press.place.device] = Room(press.place, kind, True, 1, press.at, called_at)
    return by_device.values()


def _identity(torn: Torn, found: dict[str, Any], site: str, now: Now) -> Identity:
    """Return an identity that holds, or is revoked, as before: an agent that could speak still can."""
    known: dict[str, Any] = {
        "name": f"{site}.{torn.columns['device']}",
        "key": "",
        "certificate": "",
        "given": "code",
        "voucher": "",
        "signed": now.wall,
        "lapses": now.wall + SHOWN_WITHIN_MS,
        "by": "",
        "via": "",
        "is_spare": torn.columns["device"].startswith(SPARE),
    }
    return Identity(**known | found | torn.columns)


def _made(kind: type[_T], found: dict[str, Any], columns: dict[str, Any]) -> _T | None:
    """Return a row of what could be read of it; None where that is not enough."""
    try:
        return kind(**found | columns)
    except TypeError:
        return None
