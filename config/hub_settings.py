"""The settings of a hub: its site, rooms, people to be told, channels and plans."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from config import credentials
from config.agreement_settings import AgreementSettings, check_agreement
from config.authority_settings import AuthoritySettings, check_authority
from config.backup_settings import BackupSettings, check_backup
from config.channel_checks import check_channels
from config.channel_settings import ChannelSettings
from config.channel_tests_settings import ChannelTestsSettings
from config.console_settings import ConsoleSettings, check_console
from config.contract import Kind
from config.door_checks import check_doors, rules
from config.door_settings import DoorRule, DoorsSettings, OpenMax
from config.drill_checks import check_drills
from config.drill_settings import DrillsSettings
from config.enrolment_settings import EnrolmentSettings, check_enrolment, profile_file
from config.not_known import where_known
from config.outside_ping_settings import OutsidePingSettings, check_outside_ping
from config.people_checks import PeopleTables, check_people
from config.people_settings import AudienceSettings, CalendarSettings, PersonSettings, ScheduleSettings
from config.plan_checks import Names, check_plans, check_postures
from config.plan_settings import (
    DEFAULT_CALL_PLANS,
    DEFAULT_DOOR_PLANS,
    PlanSettings,
    PostureSettings,
    RemindersSettings,
)
from config.record_settings import RecordSettings, RetentionSettings
from config.secret_check import check_secret
from config.settings import Report, SecretFile
from config.shared_settings import (
    LOOPBACK,
    Broker,
    Key,
    Log,
    Name,
    Seconds,
    check_broker,
    check_device,
    check_site,
)
from config.topics import is_id
from config.trouble_settings import TroublesSettings, check_audiences, check_troubles
from config.zone_number_checks import check_zone_numbers

DISPATCH: Final = "dispatch"
"""The audience that stands for the dispatch centre."""
EMERGENCIES: Final = frozenset({"panic", "duress", "medical"})
"""Kinds of calls for which somebody calls the emergency number, if dispatch isn't told."""


class ZoneSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A zone the hub expects in a room; an alarm from any other is taken and is a trouble."""

    zone: Key
    kind: Kind
    label: Name | None = None
    number: Name | None = None
    """Of a door: the number that stands on it, inside and out, for those who come to help."""
    exterior: bool = False
    """Of a door: it leads out of the house."""
    open_max_s: OpenMax | None = None
    """Of a door: seconds for which it may stand open, 0 for ever; none: as ``[doors]`` has it."""
    closed_during: tuple[Key, ...] | None = None
    """Of a door: schedules while which it is to be closed; none: as ``[doors]`` has it."""
    closed_in_secure: bool | None = None
    """Of a door: it is to be closed while the school is secure; none: where it is exterior."""


class RoomSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A room and the agent in it."""

    device: str
    room: Name
    building: Name | None = None
    floor: Annotated[str, Meta(max_length=128)] | None = None
    zones: tuple[ZoneSettings, ...] = ()
    """Empty: whatever zones its agent tells of."""
    profile: Key | None = None
    """What its agent's settings are made of when it enrols; none: as ``[enrolment]`` has it."""


class NamedBroker(Broker, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A broker, with a name for people and for the record."""

    name: Key = "main"
    own_tls: bool = False
    """TLS by the site's own authority: the hub has a certificate of it for each of its two connections."""


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the record is kept: a SQLite file in ``data``, or PostgreSQL by its URL."""

    url_file: SecretFile | None = None
    url_env: str | None = None


class WalkTestSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often buttons are to be proved."""

    prove_every_days: Annotated[float, Meta(ge=0, le=3650, description="days, 0 to 3650")] = 30
    """A button not proved for longer is a trouble, as is one not proved since it was set up, rewired or
    its device replaced; 0: neither is."""


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
    authority: AuthoritySettings = AuthoritySettings()
    enrolment: EnrolmentSettings = EnrolmentSettings()
    store: StoreSettings = StoreSettings()
    record: RecordSettings = RecordSettings()
    retention: RetentionSettings = RetentionSettings()
    backup: BackupSettings = BackupSettings()
    mou: AgreementSettings = AgreementSettings()
    console: ConsoleSettings = ConsoleSettings()
    log: Log = Log()
    rooms: tuple[RoomSettings, ...] = ()
    rooms_file: Path | None = None
    """A table of more rooms; see :mod:`config.rooms_file`, which adds them to ``rooms``."""
    channels: dict[Key, ChannelSettings] = {}
    zone_numbers: dict[str, int] = {}
    """Numbers by which a monitoring station knows zones, as ``device/zone``; of a box, ``device/``."""
    outside_ping: OutsidePingSettings = OutsidePingSettings()
    channel_tests: ChannelTestsSettings = ChannelTestsSettings()
    calendar: CalendarSettings = CalendarSettings()
    schedules: dict[Key, ScheduleSettings] = {}
    people: dict[Key, PersonSettings] = {}
    audiences: dict[Key, AudienceSettings] = {}
    plans: dict[Key, PlanSettings] = {}
    posture: PostureSettings = PostureSettings()
    reminders: RemindersSettings = RemindersSettings()
    walk_tests: WalkTestSettings = WalkTestSettings()
    doors: DoorsSettings = DoorsSettings()
    drills: DrillsSettings = DrillsSettings()
    troubles: TroublesSettings = TroublesSettings()

    @property
    def brokers(self) -> tuple[NamedBroker, ...]:
        """All brokers, the one that must be set first."""
        return self.broker, *self.more_brokers

    @property
    def plans_in_order(self) -> dict[str, PlanSettings]:
        """Return the plans as they are looked at; those of a school that has set none.

        Where something is told of doors and no plan is of theirs, the default plans of doors follow.
        """
        plans = self.plans or DEFAULT_CALL_PLANS
        set_already = any("door" in plan.kinds for plan in plans.values())
        return {**plans, **({} if set_already or not self.door_rules else DEFAULT_DOOR_PLANS)}

    @property
    def door_rules(self) -> tuple[DoorRule, ...]:
        """Return what is told of any door, the gravest first."""
        return rules(self.rooms, self.doors)

    def reaches_police(self, channel: str, audience: str) -> bool:
        """Tell whether what goes to an audience by a channel reaches police or an emergency centre."""
        found = self.channels.get(channel)
        said = None if found is None else found.reaches
        return said == "police" or (said is None and audience == DISPATCH)

    @property
    def shared_ends(self) -> tuple[tuple[str, str], ...]:
        """Return each channel that an audience shares, with that audience."""
        return tuple((one, name) for name, found in self.audiences.items() for one in found.channels)

    def not_agreed(self, kind: str | None = None) -> str:
        """Return why nothing of this kind (none: of any) may go to the police by itself; else empty."""
        if missing := self.mou.missing:
            return f"dispatch is not connected: the settings don't name the agreement ({', '.join(missing)})"
        if kind is not None and kind not in self.mou.kinds:
            return f"the agreement with {self.mou.agency} is not for {kind}"
        return ""

    def call_instead(self, kind: str) -> str | None:
        """Return the number that people are to call, as dispatch is told nothing of this kind; else None.

        Of ``assist`` dispatch is told nothing anyway: discipline is the school's.
        """
        if kind not in EMERGENCIES:
            return None
        is_wanted = any(self.reaches_police(*end) for end in self.shared_ends)
        is_connected = is_wanted and not self.not_agreed(kind)
        return None if is_connected else self.mou.emergency_number

    def plan_for(self, kind: str) -> tuple[str, PlanSettings] | None:
        """Return the name and plan of a panic kind that asks for nothing else; None where there is none."""
        found = self.plans_in_order.items()
        return next(((name, plan) for name, plan in found if kind in plan.kinds and plan.is_general), None)


def check_hub(settings: HubSettings, report: Report) -> None:
    """Report the faults that lie between a hub's settings."""
    check_site(settings.site, report)
    with where_known:
        if not is_id(settings.hub):
            report("hub", f"found {settings.hub!r}", "must be an id of a-z 0-9 . _ -")
    for check in (
        _check_brokers,
        _check_authority,
        _check_enrolment,
        _check_timezone,
        _check_store,
        _check_rooms,
        _check_channels,
        _check_zone_numbers,
        _check_people,
        _check_plans,
        _check_doors,
        _check_troubles,
        _check_backup,
        _check_console,
        _check_agreement,
        _check_outside_ping,
        _check_drills,
    ):
        with where_known:
            check(settings, report)


def _check_brokers(settings: HubSettings, report: Report) -> None:
    names: set[str] = set()
    places: set[tuple[str, int]] = set()
    for key, broker in _keyed(settings):
        with where_known:
            check_broker(broker, key, report, is_own=broker.own_tls)
        with where_known:
            if broker.own_tls and broker.tls is not None:
                report(f"{key}.own_tls", f"true, and {key}.tls is set", "set one of the two")
        with where_known:
            if broker.name in names:
                report(f"{key}.name", f"{broker.name!r} is used twice", "give each broker a name of its own")
            names.add(broker.name)
        with where_known:
            place = ("127.0.0.1" if broker.host in LOOPBACK else broker.host, broker.port)
            if place in places:
                cure = "name each broker once: two sessions with one would throw each other out for ever"
                report(f"{key}.host", f"{broker.host}:{broker.port} is used twice", cure)
            places.add(place)


def _keyed(settings: HubSettings) -> Iterator[tuple[str, NamedBroker]]:
    """Yield every broker with its key; of several that aren't known, as far as they are."""
    yield "broker", settings.broker
    for i, broker in enumerate(settings.more_brokers):
        yield f"more_brokers[{i}]", broker


def check_broker_files(settings: HubSettings, report: Report) -> None:
    """Report the TLS files that can't be read now: what ``check`` asks, and ``run`` finds link by link."""
    for key, broker in _keyed(settings):
        if broker.tls is None:
            continue
        for name in ("ca_file", "cert_file", "key_file"):
            file: Path = getattr(broker.tls, name)
            if credentials.is_with_service(file):
                continue
            try:
                with file.open("rb"):
                    pass
            except OSError as error:
                found = f"{file} can't be read ({error.strerror})"
                report(f"{key}.tls.{name}", found, "name a readable PEM file")


def _check_timezone(settings: HubSettings, report: Report) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(settings.timezone)
    except (LookupError, ValueError, OSError):
        report(
            "timezone", f"found {settings.timezone!r}", "must be an IANA time zone, such as 'America/Chicago'"
        )


def _check_store(settings: HubSettings, report: Report) -> None:
    store = settings.store
    if store.url_file is None and store.url_env is None:
        return
    url = check_secret("store.url", store.url_file, store.url_env, report)
    if url is not None and not url.startswith(("postgresql://", "postgresql+psycopg://")):
        report("store.url", "found another kind of URL", "must be postgresql://; without it SQLite is used")


def _check_rooms(settings: HubSettings, report: Report) -> None:
    seen: set[str] = set()
    for i, room in enumerate(settings.rooms):
        key = f"rooms[{i}].device"
        with where_known:
            check_device(room.device, key, report)
            if room.device in seen:
                report(key, f"{room.device!r} is used twice", "give each room a device of its own")
            seen.add(room.device)
        with where_known:
            _check_room_zones(room, f"rooms[{i}].zones", report)


def _check_room_zones(room: RoomSettings, key: str, report: Report) -> None:
    seen: set[str] = set()
    twice: set[str] = set()
    for zone in room.zones:
        with where_known:
            if zone.zone in seen:
                twice.add(zone.zone)
            seen.add(zone.zone)
    for name in sorted(twice):
        report(key, f"zone {name!r} is used twice", "give each zone of a room its own id")


def _check_channels(settings: HubSettings, report: Report) -> None:
    check_channels(settings.channels, settings.people, report)


def _check_zone_numbers(settings: HubSettings, report: Report) -> None:
    rooms = {room.device: tuple(zone.zone for zone in room.zones) for room in settings.rooms}
    check_zone_numbers(settings.zone_numbers, rooms, report)


def _check_outside_ping(settings: HubSettings, report: Report) -> None:
    check_outside_ping(settings.outside_ping, report)


def _check_people(settings: HubSettings, report: Report) -> None:
    of_people = (settings.calendar, settings.schedules, settings.people, settings.audiences)
    check_people(PeopleTables(*of_people, frozenset(settings.channels)), report)


def _check_plans(settings: HubSettings, report: Report) -> None:
    known = Names(
        frozenset(settings.audiences),
        frozenset(settings.schedules),
        frozenset(room.device for room in settings.rooms),
        frozenset(room.building for room in settings.rooms if room.building),
    )
    check_plans(settings.plans, known, report)
    check_postures(settings.plans, settings.posture, report)


def _check_doors(settings: HubSettings, report: Report) -> None:
    check_doors(settings.rooms, settings.doors, frozenset(settings.schedules), report)


def _check_troubles(settings: HubSettings, report: Report) -> None:
    audiences = frozenset(settings.audiences)
    check_troubles(settings.troubles, audiences, report)
    check_audiences("record.head_to", settings.record.head_to, audiences, report)


def _check_console(settings: HubSettings, report: Report) -> None:
    check_console(settings.console, report)


def _check_backup(settings: HubSettings, report: Report) -> None:
    check_backup(settings.backup, report)


def _check_enrolment(settings: HubSettings, report: Report) -> None:
    own_tls = any(broker.own_tls for broker in settings.brokers)
    check_enrolment(settings.enrolment, own_tls, report)
    for i, room in enumerate(settings.rooms):
        with where_known:
            if room.profile is not None and profile_file(settings.enrolment, room.profile) is None:
                cure = f"put {room.profile}.toml into the folder that enrolment.profiles names"
                report(f"rooms[{i}].profile", f"there is no profile {room.profile!r}", cure)


def _check_authority(settings: HubSettings, report: Report) -> None:
    check_authority(settings.authority, report)


def _check_agreement(settings: HubSettings, report: Report) -> None:
    check_agreement(settings.mou, report)


def _check_drills(settings: HubSettings, report: Report) -> None:
    check_drills(settings.drills, report)
