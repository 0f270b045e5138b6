"""What the recorder is told: messages, a person's word, what came of a delivery. Frozen facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from msgspec import Struct

from config.clock import Now
from config.contract import PANIC_KINDS, Event, MessageError, PanicKind, Posture, PostureName, Readable
from config.hub_settings import HubSettings
from hub.delivery import Outcome
from hub.directory import Directory
from hub.door_week import DoorWeek
from hub.drill import Drill
from hub.incident import Disposition, Incident, Room
from hub.posture import SitePosture
from hub.view import Bypass, Trouble
from hub.walk_test import USUAL_S, WalkTest


class Ack(NamedTuple):
    """A message whose PUBACK is owed: to the broker that brought it, over the connection that did."""

    broker: int
    """Its place in :attr:`config.hub_settings.HubSettings.brokers`."""
    connection: int
    mid: int
    """0 for a message that needs none."""


class EventCame(Struct, frozen=True):
    """A message on a device's event topic, decoded or not."""

    topic: str
    device: str
    payload: bytes
    event: Event | MessageError
    arrived: Now
    waited_ms: int
    """How long it lay in the broker."""
    ack: Ack
    """Owed after the commit."""

    @property
    def is_alarm(self) -> bool:
        """It may be a press: it is decided before everything else."""
        return may_be_alarm(self.event if isinstance(self.event, Event) else self.event.readable)


def may_be_alarm(seen: Event | Readable) -> bool:
    """Tell whether an event may be a press, flaws and all: in doubt it is."""
    if isinstance(seen, Readable) and seen.is_alarm:
        return True
    return seen.what == "alarm" or (seen.kind in PANIC_KINDS and seen.what in ("open", "closed"))


class DeviceMessage(Struct, frozen=True):
    """A state or health message of a device."""

    device: str
    what: Literal["state", "health"]
    payload: bytes
    retained: bool
    arrived: Now
    broker: int = 0


class Link(Struct, frozen=True):
    """One of the hub's two connections to a broker came up or went down."""

    which: Literal["events", "rest"]
    up: bool
    why: str
    session_present: bool = False
    broker: int = 0


class PostureHeard(Struct, frozen=True):
    """What a broker keeps as the site's posture, and agents obey: said by this hub, or before it."""

    posture: Posture
    broker: int = 0


class BrokerDropped(Struct, frozen=True):
    """A broker's own count of the messages that it has dropped."""

    total: int
    broker: int = 0


class BackupState(Struct, frozen=True):
    """What is known of the backups."""

    at: int | None
    """Of what moment the newest good one is, in wall ms; None where there is none."""
    why: str | None
    """What is wrong: why a later one failed, or with what is in it."""


class Measured(Struct, frozen=True):
    """What the hub's shell found of its own machine; None is not known, or not looked at this time."""

    disk_free_mb: float | None = None
    cert_ends: dict[str, int] = {}
    """When certificates that the hub needs end, in wall ms, by what each is called."""
    backup: BackupState | None = None


class Probed(Struct, frozen=True):
    """Whether a channel's far side can be reached; nothing was told to it."""

    channel: str
    outcome: Outcome


class Attempted(Struct, frozen=True):
    """What came of one attempt at a delivery."""

    delivery: str
    outcome: Outcome


class ClockTrust(Struct, frozen=True):
    """How far the wall clock can be trusted, as the machine says."""

    synced: bool | None
    """Somebody keeps it right (chrony, timesyncd, …); None where that can't be known."""
    error_ms: int | None = None
    """By how much it may be wrong at most; None where that isn't known."""

    @property
    def words(self) -> str:
        """How the record says it."""
        return {True: "synchronised", False: "not synchronised", None: "not known"}[self.synced]

    @property
    def detail(self) -> dict[str, str | int | None]:
        """What the record keeps of it."""
        return {"clock": self.words, "error_ms": self.error_ms}


class Acknowledge(Struct, frozen=True):
    """A person takes an incident in hand."""

    incident: str
    by: str
    via: str
    revision: int | None = None
    note: str | None = None


class Resolve(Struct, frozen=True):
    """A person ends an incident."""

    incident: str
    by: str
    via: str
    disposition: Disposition
    note: str | None = None
    revision: int | None = None
    """What the person was shown; None is the present one."""


class Note(Struct, frozen=True):
    """A person says something of an incident: a progress reply, what was found."""

    incident: str
    by: str
    via: str
    note: str


class Confirm(Struct, frozen=True):
    """A person bears an incident out: what waits for that in its plan begins."""

    incident: str
    by: str
    via: str
    note: str | None = None


class OpenWalkTest(Struct, frozen=True):
    """A person is about to press a room's buttons, one at a time, to prove them."""

    device: str
    by: str
    via: str
    zones: tuple[str, ...] = ()
    """Empty: all of its buttons."""
    for_s: float = USUAL_S


class EndWalkTest(Struct, frozen=True):
    """A person is done with a walk test, or wants its room live again."""

    device: str
    by: str
    via: str


class BypassZone(Struct, frozen=True):
    """A person silences the faults of a zone, for so many hours."""

    device: str
    zone: str
    by: str
    via: str
    reason: str
    hours: float


class EndBypass(Struct, frozen=True):
    """A person ends the bypass of a zone."""

    device: str
    zone: str
    by: str
    via: str


class SetPosture(Struct, frozen=True):
    """A person says which posture holds."""

    posture: PostureName
    by: str
    via: str
    note: str | None = None
    confirm: int | None = None
    """The number of the posture that is given up: the person was shown it, and asked a second time."""


class SignDoorWeek(Struct, frozen=True):
    """A person has looked at a week of the exterior doors, and says what they found of the exceptions."""

    week: str
    by: str
    via: str
    exceptions: str = ""


class PlanDrill(Struct, frozen=True):
    """A person plans a drill, or starts one now."""

    name: str
    """What is drilled, such as ``lockdown``."""
    leader: str
    """A person's key or name, or a user of the console: told of every press."""
    by: str
    via: str
    for_s: float
    start: int | None = None
    """Wall ms; None: now."""
    rooms: tuple[str, ...] = ()
    """Devices; with ``buildings`` empty, too: every room."""
    buildings: tuple[str, ...] = ()
    kinds: tuple[PanicKind, ...] = ("panic",)
    posture: PostureName | None = None
    """Shown in the rooms with the word drill, while it lasts."""


class StartDrill(Struct, frozen=True):
    """A person starts a planned drill now."""

    drill: str
    by: str
    via: str


class EndDrill(Struct, frozen=True):
    """A person ends the drill that runs."""

    drill: str
    by: str
    via: str


class CancelDrill(Struct, frozen=True):
    """A person cancels a planned drill."""

    drill: str
    by: str
    via: str


class MakeReal(Struct, frozen=True):
    """A person says that a press of a drill is real; without a device, that all of it is."""

    drill: str
    by: str
    via: str
    device: str | None = None
    event: str | None = None


class PartOfDrill(Struct, frozen=True):
    """A person says that a press that was not expected is part of the drill.

    With an event, those of its room that came before it are, too; without, the only one that waits.
    """

    drill: str
    by: str
    via: str
    device: str | None = None
    event: str | None = None


class ClearTrouble(Struct, frozen=True):
    """A person has seen to something that happened: its trouble is over."""

    key: str
    by: str
    via: str
    note: str | None = None


IncidentAction = Acknowledge | Resolve | Note | Confirm
"""What a person may ask of an incident."""
WalkTestAction = OpenWalkTest | EndWalkTest
"""What a person may ask of a room's walk test."""
ZoneAction = BypassZone | EndBypass
"""What a person may ask of a zone."""
DrillAction = PlanDrill | StartDrill | EndDrill | CancelDrill | MakeReal | PartOfDrill
"""What a person may ask of drills."""
Action = IncidentAction | ZoneAction | WalkTestAction | SetPosture | SignDoorWeek | DrillAction | ClearTrouble
"""What a person may ask."""


def wish(action: IncidentAction) -> str:
    """Return what was asked, as a refusal names it: ``cannot … incident 41``."""
    words = {Acknowledge: "acknowledge", Resolve: "resolve", Note: "add a note to", Confirm: "confirm"}
    return words[type(action)]


class Done(Struct, frozen=True):
    """The answer to a person's word that was taken."""

    incident: Incident
    open_rooms: tuple[Room, ...] = ()
    recorded: bool = True
    """False when the disk has not confirmed it in time; it holds all the same."""


class Bypassed(Struct, frozen=True):
    """The answer to a person's word on a zone that was taken."""

    device: str
    zone: str
    bypass: Bypass | None
    """None: it has ended."""
    lifeless: str | None = None
    """Why the room has no live button now; None where it has one."""
    recorded: bool = True


class Refused(Struct, frozen=True):
    """The answer to a person's word that was not taken."""

    error: Literal["not-found", "not-in-this-state", "bad-input"]
    detail: str
    state: str | None = None
    allowed: tuple[str, ...] = ()
    open_rooms: tuple[Room, ...] = ()
    """Rooms whose call came after what the person was shown."""
    confirm: int | None = None
    """What is to be confirmed: the number of the posture that would be given up."""


class WalkTestDone(Struct, frozen=True):
    """The answer to a person who opened or ended a walk test."""

    walk_test: WalkTest
    recorded: bool = True
    """As in :class:`Done`."""


class PostureSet(Struct, frozen=True):
    """The answer to a person who said which posture holds."""

    posture: SitePosture
    changed: bool
    """False where it held already."""
    recorded: bool = True
    """As in :class:`Done`."""


class DoorWeekSigned(Struct, frozen=True):
    """The answer to a person who signed a week of the exterior doors."""

    week: DoorWeek
    recorded: bool = True
    """As in :class:`Done`."""


class DrillDone(Struct, frozen=True):
    """The answer to a person's word on a drill that was taken."""

    drill: Drill
    incidents: tuple[Incident, ...] = ()
    """The real incidents that it opened or joined."""
    recorded: bool = True


class TroubleCleared(Struct, frozen=True):
    """The answer to a person's word that a trouble is over."""

    trouble: Trouble
    recorded: bool = True
    """As in :class:`Done`."""


class Reloaded(Struct, frozen=True):
    """The answer to settings that were read anew and are taken."""

    changes: tuple[str, ...]
    recorded: bool = True
    """As in :class:`Done`."""


Answer = (
    Done
    | Bypassed
    | WalkTestDone
    | PostureSet
    | DrillDone
    | DoorWeekSigned
    | TroubleCleared
    | Reloaded
    | Refused
)
Reply = Callable[[Answer], None]
"""Where an answer goes; called once."""


class Asked(Struct, frozen=True):
    """A person's word, and where the answer goes."""

    action: Action
    answer: Reply


class Reload(Struct, frozen=True):
    """Settings that were read anew and are right, with all that could be made of them beforehand."""

    settings: HubSettings
    directory: Directory
    kinds: dict[str, str]
    """Each channel's kind."""
    changes: tuple[str, ...]
    """What differs, in words without secrets."""
    hash: str
    """Of the settings: see :func:`config.settings_changes.settings_hash`."""
    retune: Callable[[], None]
    """The shell's part, done when this is let out."""
    answer: Reply


class ReloadRefused(Struct, frozen=True):
    """Settings that were read anew and can't be taken."""

    file: str
    faults: tuple[str, ...]
    """Each in words, without secrets."""


class TimeOver(Struct, frozen=True):
    """Values beside the chain whose time is over."""

    why: str
    values: tuple[tuple[int, str], ...]
    """Number of the row, and field."""


class RawOver(Struct, frozen=True):
    """Messages in quarantine whose time is over."""

    why: str
    before: int
    """Those from before this go (wall ms)."""
    count: int


class HeadRead(Struct, frozen=True):
    """The record's newest committed row: its number and its hash."""

    seq: int
    hash: str


Input = (
    EventCame
    | DeviceMessage
    | Link
    | PostureHeard
    | BrokerDropped
    | Measured
    | Probed
    | Attempted
    | Asked
    | TimeOver
    | ClockTrust
    | HeadRead
    | RawOver
    | Reload
    | ReloadRefused
)
