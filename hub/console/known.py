"""What is known of the site's parts, and what is not: the board's answer to "is anything wrong?". Pure.

Nothing is called well that was not heard of; what isn't known is said as unknown.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from config.contract import shown
from config.hub_settings import HubSettings, RoomSettings
from config.wiring import unsupervised
from hub.console.words import Words, age
from hub.console.zones import zone_faults, zone_lines
from hub.door_rules import doors_of
from hub.incident import Place
from hub.trouble_words import line as trouble_line
from hub.trouble_words import troubles_of
from hub.view import ChannelView, DeviceView, Trouble, View, ZoneView

Grade = Literal["well", "wrong", "unknown"]

NOT_HEARD: Final = "not heard yet"
ROOMS_NAMED: Final = 12
CHANNELS: Final = "/channels"


class Line(Struct, frozen=True):
    """One thing that is known, or not."""

    key: str
    grade: Grade
    title: str
    said: str
    since: str
    """Since when it is so, in words; never empty."""
    details: tuple[str, ...] = ()
    link: str | None = None


class Door(Struct, frozen=True):
    """A door contact, and whether its state is live or only the last known."""

    place: Place
    zone: str
    label: str | None
    state: str
    since: int | None
    live: bool
    why: str | None = None
    """Why it is not known now; None where it is."""
    number: str | None = None
    """What stands on it."""
    exterior: bool = False
    held_open: bool = False
    """It has been open for longer than it may."""

    @property
    def is_closed(self) -> bool:
        """It is known to be closed."""
        return self.live and self.state == "closed"


def all_devices(settings: HubSettings, view: View) -> list[DeviceView]:
    """Return the devices of the site file in its order, then the others that were heard."""
    known: dict[str, DeviceView] = dict(view.devices)
    listed = [
        known.pop(room.device) if room.device in known else DeviceView(_place(room), zones=_zones(room))
        for room in settings.rooms
    ]
    return listed + [known[device] for device in sorted(known)]


def all_doors(settings: HubSettings, view: View, now: int) -> list[Door]:
    """Return every door that is expected or was told of; ``unknown`` is one not heard of yet."""
    told = dict(view.doors)
    heard = {device for device, shown in dict(view.devices).items() if shown.standing == "heard"}
    zones = {(room.device, zone.zone): zone for room in settings.rooms for zone in room.zones}
    set_up = doors_of(settings)
    rows: list[Door] = []
    for where, door in told.items():
        is_heard, zone = where[0] in heard, zones.get(where)
        why = door.unknown if is_heard else "its device is not heard now"
        limit = set_up[where].open_max_ms if where in set_up else 0
        rows.append(
            Door(
                door.place,
                door.zone,
                door.label,
                door.state,
                door.since,
                live=why is None,
                why=why,
                number=zone.number if zone is not None else None,
                exterior=zone is not None and zone.exterior,
                held_open=door.state == "open" and limit > 0 and now - door.since > limit,
            )
        )
    for where, one in set_up.items():
        if where not in told:
            why, zone = "not heard yet since the hub started", zones[where]
            unheard = Door(one.place, one.zone, one.name, "unknown", None, live=False, why=why)
            rows.append(replace(unheard, number=zone.number, exterior=one.exterior))
    return sorted(rows, key=lambda door: (door.place.building or "", door.place.room, door.zone))


class Building(Struct, frozen=True):
    """A building's doors that are not closed, as far as is known."""

    name: str
    doors: tuple[Door, ...]
    """Open ones, then those not known now."""
    closed: int


def not_closed(doors: list[Door]) -> list[Building]:
    """Return each building with its doors that are not known to be closed; those with most first."""
    found: dict[str, list[Door]] = {}
    for door in doors:
        found.setdefault(door.place.building or "no building", []).append(door)
    buildings = [
        Building(
            name,
            tuple(sorted((d for d in of if not d.is_closed), key=lambda d: (not d.live, not d.exterior))),
            sum(door.is_closed for door in of),
        )
        for name, of in found.items()
    ]
    return sorted(buildings, key=lambda one: (not one.doors, one.name))


def lines(settings: HubSettings, view: View, words: Words, now: int, ready_since: int) -> list[Line]:
    """Return all that the board says is known: hub, rooms, channels, doors, troubles."""
    channels = dict(view.channels)
    troubles = list(view.troubles.values())
    return [
        *_lifeless(troubles, settings, view, words, now),
        _hub(view, words, now, ready_since),
        _rooms(all_devices(settings, view), view, words, now),
        *(
            channel_line(channels.get(name), name, view, words, now)
            for name in (settings.channels or channels)
        ),
        *([] if settings.channels or channels else [_no_channel(words, view.started, now)]),
        _doors(all_doors(settings, view, now), view, words, now),
        _troubles(troubles, settings, view, words, now),
    ]


def verdict(shown: list[Line]) -> tuple[Grade, str]:
    """Return what all the lines come to, in one sentence that claims no more than they do."""
    wrong = sum(line.grade == "wrong" for line in shown)
    unknown = sum(line.grade == "unknown" for line in shown)
    parts = []
    if wrong:
        parts.append("one thing is wrong" if wrong == 1 else f"{wrong} things are wrong")
    if unknown:
        parts.append("one is not known" if unknown == 1 else f"{unknown} are not known")
    if parts:
        sentence = " and ".join(parts)
        return ("wrong" if wrong else "unknown"), f"{sentence[0].upper()}{sentence[1:]}; see below."
    return "well", "Every part below was heard from."


def _hub(view: View, words: Words, now: int, ready_since: int) -> Line:
    since = f"since {words.when(ready_since, now)}"
    if view.ready:
        return Line("hub", "well", "Hub", "Ready: it records and tells.", since)
    return Line("hub", "wrong", "Hub", f"Not ready: {view.why or 'no reason is known'}", since)


def _lifeless(
    troubles: list[Trouble], settings: HubSettings, view: View, words: Words, now: int
) -> list[Line]:
    """Return the line of the rooms in which nobody could call: it stands above all others."""
    found = sorted((t for t in troubles if t.what == "unprotected"), key=lambda trouble: trouble.since)
    if not found:
        return []
    devices = {device.place.device: device for device in all_devices(settings, view)}
    said = "A press there may not be heard:" if len(found) == 1 else f"{len(found)} rooms:"
    details = tuple(
        f"{trouble_line(t, devices).sentence}, since {words.when(t.since, now)}" for t in found[:ROOMS_NAMED]
    )
    if len(found) > ROOMS_NAMED:
        details += (f"and {len(found) - ROOMS_NAMED} more",)
    since = f"the first since {words.when(found[0].since, now)}"
    return [Line("lifeless", "wrong", "No live button", said, since, details, "/devices")]


def _rooms(devices: list[DeviceView], view: View, words: Words, now: int) -> Line:
    if not devices:
        return Line(
            "rooms", "unknown", "Rooms", "No room is set up.", f"since {words.when(view.started, now)}"
        )
    heard = [d for d in devices if d.standing == "heard"]
    others = [d for d in devices if d.standing != "heard"]
    said = f"{len(heard)} of {len(devices)} heard from now"
    faults, wiring = _faults(devices, view), _walking(devices, view, words, now) + _wiring(devices)
    lasts = [d.last_heard for d in heard if d.last_heard is not None]
    if not others:
        oldest = f"each within the last {age(now - min(lasts))}" if lasts else "no time is known"
        grade: Grade = "wrong" if faults else "well"
        return Line("rooms", grade, "Rooms", f"{said}.", oldest, faults + wiring, "/devices")
    grade = "unknown" if not faults and all(d.standing == NOT_HEARD for d in others) else "wrong"
    details = tuple(f"{d.place.room}: {standing_words(d, words, now)}" for d in others)
    return Line(
        "rooms",
        grade,
        "Rooms",
        f"{said}; {len(others)} not:",
        f"hub watching since {words.when(view.started, now)}",
        faults + details + wiring,
        "/devices",
    )


def _faults(devices: list[DeviceView], view: View) -> tuple[str, ...]:
    """Name the zones that have a fault, and what a device tells of itself: heard is not yet well."""
    of_zones, of_devices = zone_faults(view.troubles.values()), troubles_of(view.troubles.values())
    found = []
    for device in devices:
        name = device.place.device
        found += [
            f"{device.place.room}, {line.labels}: {'; '.join(line.said)}"
            for line in zone_lines(device, of_zones.get(name, ()))
            if line.wrong
        ]
        found += [
            trouble_line(each, {name: device}).sentence
            for each in of_devices.get(name, ())
            if each.what != "unprotected"  # it has a line of its own, above
        ]
    return tuple(found)


def _walking(devices: list[DeviceView], view: View, words: Words, now: int) -> tuple[str, ...]:
    """Name the rooms whose buttons are being tested: the first press of each calls nobody."""
    tests = dict(view.walk_tests)
    found = ((device, tests.get(device.place.device)) for device in devices)
    return tuple(
        f"{device.place.room}: a walk test is open, by {test.by}, until {words.when(test.until, now)}"
        for device, test in found
        if test is not None and test.ended is None
    )


def _wiring(devices: list[DeviceView]) -> tuple[str, ...]:
    """Say how many buttons have wires whose faults don't show: no part of being well, nor of being wrong."""
    found: dict[str, list[str]] = {}
    for device in devices:
        for zone in device.zones:
            if (words := unsupervised(zone.kind, zone.circuit)) is not None:
                found.setdefault(words, []).append(device.place.device)
    return tuple(
        f"{_count(len(of), 'button')} in {_count(len(set(of)), 'room')}: {words}"
        for words, of in found.items()
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def standing_words(device: DeviceView, words: Words, now: int) -> str:
    """Return how sure the hub is of a device, with since when."""
    if device.standing == NOT_HEARD:
        return "not heard yet since the hub started"
    if device.last_heard is None:
        return f"{device.standing}, no time is known"
    heard = device.last_heard
    return f"{device.standing}, last heard {words.when(heard, now)} ({age(now - heard)} ago)"


def channel_line(channel: ChannelView | None, name: str, view: View, words: Words, now: int) -> Line:
    """Return how a channel fares: well only where its far side can be asked for, and it has delivered."""
    key, title = f"channel-{name}", f"Channel {name}"
    started = f"since the hub started at {words.when(view.started, now)}"
    if channel is None:
        return Line(key, "unknown", title, "Nothing is known of it.", started, link=CHANNELS)
    owed = (f"{channel.owed} waiting to be delivered",) if channel.owed else ()
    success = channel.last_success
    of_it = (f"channel {name} ", f"channel-impaired {name}")
    trouble = next(
        (t for key, t in dict(view.troubles).items() if key.startswith(of_it[0]) or key == of_it[1]), None
    )
    last = "never yet" if success is None else f"{words.when(success, now)} ({age(now - success)} ago)"
    failed = channel.last_failure
    if failed is not None and (success is None or failed > success):
        said = f"Failing: {channel.last_said or 'no reason is known'}"
        details = (f"last success: {last}", *owed)
        return Line(key, "wrong", title, said, f"last failure {words.when(failed, now)}", details, CHANNELS)
    if trouble is not None:
        said, details = shown(trouble.detail, 300), (f"last success: {last}", *owed)
        return Line(
            key,
            "wrong",
            title,
            f"In trouble: {said}",
            f"since {words.when(trouble.since, now)}",
            details,
            CHANNELS,
        )
    if channel.unasked:
        said = f"Not supervised: whether it works, only what it delivers shows. Last delivered {last}."
        since = started if success is None else f"since {words.when(success, now)}"
        return Line(key, "unknown", title, said, since, owed, CHANNELS)
    reached = channel.reached
    word = "last NULL acknowledged" if channel.kind == "dc-09" else "reached"
    asked = () if reached is None else (f"{word} {words.when(reached, now)} ({age(now - reached)} ago)",)
    if channel.kind == "modem" and channel.far_side:
        asked = (shown(channel.far_side), *asked)
    if success is None:
        return Line(key, "unknown", title, "Last delivered: never yet.", started, (*asked, *owed), CHANNELS)
    since = f"since {words.when(success, now)}"
    return Line(key, "well", title, f"Last delivered {last}.", since, (*asked, *owed), CHANNELS)


def _no_channel(words: Words, started: int, now: int) -> Line:
    said = "None is set up: nobody is told but those who look at a board."
    return Line("channels", "wrong", "Channels", said, f"since {words.when(started, now)}")


def _doors(doors: list[Door], view: View, words: Words, now: int) -> Line:
    started = f"hub watching since {words.when(view.started, now)}"
    if not doors:
        return Line("doors", "well", "Doors", "No door contact is set up.", started, link="/doors")
    stale = [door for door in doors if not door.live]
    opened = [door for door in doors if door.live and door.state == "open"]
    closed = len(doors) - len(stale) - len(opened)
    said = f"{closed} closed, {len(opened)} open" + (f", {len(stale)} not known now" if stale else "")
    details = tuple(
        f"{door.place.room} ({door.label or door.zone}): open since {words.when(door.since or now, now)}"
        for door in opened
    )
    times = [door.since for door in doors if door.live and door.since is not None]
    since = f"last change {words.when(max(times), now)}" if times else started
    return Line("doors", "unknown" if stale else "well", "Doors", f"{said}.", since, details, "/doors")


def _troubles(troubles: list[Trouble], settings: HubSettings, view: View, words: Words, now: int) -> Line:
    if not troubles:
        since = f"hub watching since {words.when(view.started, now)}"
        return Line("troubles", "well", "Troubles", "None is open.", since, link="/troubles")
    newest = sorted(troubles, key=lambda trouble: (trouble.what == "unprotected", -trouble.since))
    devices = {device.place.device: device for device in all_devices(settings, view)}
    details = tuple(
        f"{trouble_line(t, devices).sentence}, since {words.when(t.since, now)}" for t in newest[:6]
    )
    if len(newest) > 6:
        details += (f"and {len(newest) - 6} more",)
    since = f"the oldest since {words.when(min(t.since for t in newest), now)}"
    return Line("troubles", "wrong", "Troubles", f"{len(troubles)} open:", since, details, "/troubles")


def _place(room: RoomSettings) -> Place:
    return Place(room.device, room.room, room.building, room.floor)


def _zones(room: RoomSettings) -> tuple[ZoneView, ...]:
    return tuple(ZoneView(zone.zone, zone.label, zone.kind) for zone in room.zones)
