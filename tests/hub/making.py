"""Values for tests of the hub's core: presses, incidents, and a site without a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from config.clock import Now
from config.contract import Event, MessageError, decode
from config.hub_settings import HubSettings
from config.topics import device_topic
from hub.decision import Decision
from hub.incident import Incident, Place, Press
from hub.inputs import Ack, DeviceMessage, EventCame
from hub.loaded import Loaded
from hub.presses import Seen
from hub.shape import Shape
from hub.site import Site
from hub.transitions import opened
from hub.view import View
from tests.scenarios.rig import site_settings

T0 = 1_790_000_000_000


def at(seconds: float) -> Now:
    """This many seconds after the start, by both clocks."""
    return Now(1000.0 + seconds, T0 + round(seconds * 1000))


def place(number: int = 101) -> Place:
    return Place(f"room-{number}", f"Room {number}", "Main", "1")


def press(number: int = 101, kind: Any = "panic", second: float = 0, **more: Any) -> Press:
    """A press of this room so many seconds after the start."""
    when = T0 + round(second * 1000)
    facts: dict[str, Any] = {
        "key": f"={number}-{kind}-{second}", "id": f"{number}-{kind}-{second}", "place": place(number),
        "zone": "wall", "label": None, "kind": kind, "what": "alarm", "at": when, "received_at": when,
    }  # fmt: skip
    return Press(**(facts | more))


def incident(*presses: Press) -> Incident:
    """An incident of these presses: the first opens it."""
    from hub.transitions import joined

    first, *rest = presses or (press(),)
    made = opened("lincoln", "site", 41, first).incident
    for other in rest:
        made = joined(made, other).incident
    return made


def new_site(
    settings: HubSettings | None = None,
    loaded: Loaded | None = None,
    start: float = 0,
    kinds: Mapping[str, str] | None = None,
) -> Site:
    settings = settings or site_settings()
    shapes = {name: Shape((kinds or {}).get(name, "webhook"), ("-",)) for name in settings.channels}
    return Site(settings, shapes, loaded or Loaded(), View("lincoln", "Lincoln", "UTC", T0), at(start))


def event_bytes(**fields: Any) -> bytes:
    whole = {
        "v": 1, "id": "e1", "boot": "b", "seq": 1, "zone": "wall", "kind": "panic", "what": "alarm",
        "age_ms": 0, "test": False,
    } | fields  # fmt: skip
    return msgspec.json.encode({name: value for name, value in whole.items() if value is not ...})


def came(payload: bytes, device: str = "room-101", second: float = 0, waited_ms: int = 0) -> EventCame:
    """What the intake makes of a payload."""
    event: Event | MessageError
    try:
        event = decode(Event, payload)
    except MessageError as error:
        event = error
    topic = device_topic("lincoln", device, "event")
    return EventCame(topic, device, payload, event, at(second), waited_ms, Ack(0, 1, 7))


def take(
    site: Site, payload: bytes, second: float = 0, known: dict[str, Seen] | None = None, **more: Any
) -> Decision:
    """Let a site decide a message of an event topic, and let out what follows."""
    return shown(
        site.decide(came(payload, second=second, **more), at(second), {} if known is None else known)
    )


def heard(
    site: Site,
    what: Any,
    second: float,
    device: str = "room-101",
    *,
    retained: bool = False,
    broker: int = 0,
    **fields: Any,
) -> Decision:
    """Let a site decide a state or health message."""
    whole = {"v": 1, "boot": "b"} | fields
    if what == "health":
        whole = {"n": 1, "uptime_s": 1.0, "outbox": 0} | whole
    fact = DeviceMessage(device, what, msgspec.json.encode(whole), retained, at(second), broker)
    return shown(site.decide(fact, at(second)))


def tick(site: Site, second: float) -> Decision:
    """Do all that is due at a moment; returns the last of it."""
    return ticks(site, second)[-1]


def ticks(site: Site, second: float) -> list[Decision]:
    """Do all that is due at a moment, a part at a time as the recorder does."""
    done = [shown(site.tick(at(second)))]
    while (due := site.next_deadline()) is not None and due <= at(second).mono:
        done.append(shown(site.tick(at(second))))
    return done


def shown(decision: Decision) -> Decision:
    for show in decision.shown:
        show()
    return decision


def reasons(decision: Decision, what: str) -> list[str]:
    """Return the reasons of the record's lines of this kind."""
    return [row.reason for row in decision.record if row.what == what]
