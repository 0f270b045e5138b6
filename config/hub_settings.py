"""The settings of a hub: its site, rooms, people to be told, channels and plans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from config.contract import Kind, is_device_id, is_id, is_site_id
from config.people_checks import PeopleTables, check_people
from config.people_settings import AudienceSettings, CalendarSettings, PersonSettings, ScheduleSettings
from config.plan_checks import Names, check_plans
from config.plan_settings import DEFAULT_PLANS, PlanSettings, RemindersSettings
from config.settings import Report, secret
from config.shared_settings import LOOPBACK, Broker, Key, Log, Name, Port, Seconds, check_broker


class ZoneSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A zone the hub expects in a room; an alarm from any other is taken and is a trouble."""

    zone: Key
    kind: Kind
    label: Name | None = None


class RoomSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A room and the agent in it."""

    device: str
    room: Name
    building: Name | None = None
    floor: Annotated[str, Meta(max_length=128)] | None = None
    zones: tuple[ZoneSettings, ...] = ()
    """Empty: whatever zones its agent tells of."""


class WebhookSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="webhook"
):
    """A channel that posts CONTRACT's signed JSON to a URL."""

    url: str | None = None
    url_file: Path | None = None
    url_env: str | None = None
    secret_file: Path | None = None
    secret_env: str | None = None
    timeout_s: Annotated[float, Meta(ge=0.5, le=60, description="seconds, 0.5 to 60")] = 10.0


class AppriseSettings(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type", tag="apprise"
):
    """A channel of people's phones, mail and chat, by Apprise URLs: one a line, ``Name = url``."""

    targets_file: Path | None = None
    targets_env: str | None = None
    timeout_s: Annotated[float, Meta(ge=0.5, le=60, description="seconds, 0.5 to 60")] = 10.0


class ConsoleSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the console and the API are served."""

    host: Name = "127.0.0.1"
    port: Port = 8080
    session_h: Annotated[float, Meta(ge=0.25, le=24 * 90, description="hours, 0.25 to 2160")] = 24 * 7
    """Hours until a person must sign in again."""


class NamedBroker(Broker, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A broker, with a name for people and for the record."""

    name: Key = "main"


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the record is kept: a SQLite file in ``data``, or PostgreSQL by its URL."""

    url_file: Path | None = None
    url_env: str | None = None


class HubSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All a hub needs to know; see ``config/examples/hub.toml``."""

    site: str
    name: Name
    """The school's name, for people."""
    hub: str = "hub-1"
    data: Path
    timezone: Name = "UTC"
    """The school's IANA time zone, such as America/Chicago, for times that people are shown."""
    late_after_s: Seconds = 60
    """An alarm that arrives more than this after its press is told as LATE."""
    broker: NamedBroker = NamedBroker()
    more_brokers: tuple[NamedBroker, ...] = ()
    """Others beside it: what agents send to any of them is taken."""
    store: StoreSettings = StoreSettings()
    console: ConsoleSettings = ConsoleSettings()
    log: Log = Log()
    rooms: tuple[RoomSettings, ...] = ()
    channels: dict[Key, WebhookSettings | AppriseSettings] = {}
    calendar: CalendarSettings = CalendarSettings()
    schedules: dict[Key, ScheduleSettings] = {}
    people: dict[Key, PersonSettings] = {}
    audiences: dict[Key, AudienceSettings] = {}
    plans: dict[Key, PlanSettings] = {}
    reminders: RemindersSettings = RemindersSettings()

    @property
    def brokers(self) -> tuple[NamedBroker, ...]:
        """All brokers, the one that must be set first."""
        return self.broker, *self.more_brokers

    @property
    def plans_in_order(self) -> dict[str, PlanSettings]:
        """Return the plans as they are looked at; those of a school that has set none."""
        return self.plans or DEFAULT_PLANS

    def plan_for(self, kind: str) -> tuple[str, PlanSettings] | None:
        """Return the name and plan of a panic kind that asks for nothing else; None where there is none."""
        found = self.plans_in_order.items()
        return next(((name, plan) for name, plan in found if kind in plan.kinds and plan.is_general), None)


def check_hub(settings: HubSettings, report: Report) -> None:
    """Report the faults that lie between a hub's settings."""
    if not is_site_id(settings.site):
        report("site", f"found {settings.site!r}", "must be 1 to 64 of a-z 0-9 _ -, without a dot")
    if not is_id(settings.hub):
        report("hub", f"found {settings.hub!r}", "must be an id of a-z 0-9 . _ -")
    if not settings.data.is_absolute():
        report("data", f"found {str(settings.data)!r}", "must be an absolute path")
    _check_brokers(settings, report)
    _check_timezone(settings, report)
    _check_store(settings.store, report)
    _check_rooms(settings, report)
    _check_channels(settings, report)
    of_people = (settings.calendar, settings.schedules, settings.people, settings.audiences)
    check_people(PeopleTables(*of_people, frozenset(settings.channels)), report)
    buildings = dict.fromkeys(room.building for room in settings.rooms if room.building)
    devices = tuple(room.device for room in settings.rooms)
    names = Names(tuple(settings.audiences), tuple(settings.schedules), devices, tuple(buildings))
    check_plans(settings.plans, names, report)


def _check_brokers(settings: HubSettings, report: Report) -> None:
    names: set[str] = set()
    places: set[tuple[str, int]] = set()
    for i, broker in enumerate(settings.brokers):
        key = f"more_brokers[{i - 1}]" if i else "broker"
        check_broker(broker, key, report)
        if broker.name in names:
            report(f"{key}.name", f"{broker.name!r} is used twice", "give each broker a name of its own")
        place = ("127.0.0.1" if broker.host in LOOPBACK else broker.host, broker.port)
        if place in places:
            cure = "name each broker once: two sessions with one would throw each other out for ever"
            report(f"{key}.host", f"{broker.host}:{broker.port} is used twice", cure)
        names.add(broker.name)
        places.add(place)


def _check_timezone(settings: HubSettings, report: Report) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(settings.timezone)
    except (LookupError, ValueError, OSError):
        report(
            "timezone", f"found {settings.timezone!r}", "must be an IANA time zone, such as 'America/Chicago'"
        )


def _check_store(store: StoreSettings, report: Report) -> None:
    if store.url_file is None and store.url_env is None:
        return
    url = _check_secret("store.url", store.url_file, store.url_env, report)
    if url is not None and not url.startswith(("postgresql://", "postgresql+psycopg://")):
        report("store.url", "found another kind of URL", "must be postgresql://; without it SQLite is used")


def _check_rooms(settings: HubSettings, report: Report) -> None:
    seen: set[str] = set()
    for i, room in enumerate(settings.rooms):
        key = f"rooms[{i}].device"
        if not is_device_id(room.device):
            report(key, f"found {room.device!r}", "must be an id of a-z 0-9 . _ -, not 'hub' or 'posture'")
        if room.device in seen:
            report(key, f"{room.device!r} is used twice", "give each room a device of its own")
        seen.add(room.device)
        zones = [zone.zone for zone in room.zones]
        for zone in sorted({zone for zone in zones if zones.count(zone) > 1}):
            report(f"rooms[{i}].zones", f"zone {zone!r} is used twice", "give each zone of a room its own id")


def _check_channels(settings: HubSettings, report: Report) -> None:
    for name, channel in settings.channels.items():
        key = f"channels.{name}"
        if isinstance(channel, WebhookSettings):
            _check_webhook(channel, key, report)
        elif channel.targets_file is None and channel.targets_env is None:
            report(key, "no targets", "set targets_file or targets_env: Apprise URLs, one a line")
        else:
            _check_secret(f"{key}.targets", channel.targets_file, channel.targets_env, report)


def _check_webhook(channel: WebhookSettings, key: str, report: Report) -> None:
    if channel.url is None:
        url = _check_secret(f"{key}.url", channel.url_file, channel.url_env, report)
    else:
        url = channel.url
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            report(f"{key}.url", "found no http or https URL", "must be http:// or https:// with a host")
    whsec = _check_secret(f"{key}.secret", channel.secret_file, channel.secret_env, report)
    if whsec is not None and not whsec.startswith("whsec_"):
        report(f"{key}.secret", "doesn't begin with whsec_", "must be whsec_ and the base64 of 32 bytes")


def _check_secret(key: str, file: Path | None, env: str | None, report: Report) -> str | None:
    try:
        return secret(key.rsplit(".", 1)[-1], file, env)
    except LookupError as error:
        report(key, str(error), f"set {key}_file or {key}_env to where it is kept")
        return None
