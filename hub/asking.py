"""What people ask of the hub, and what they are answered. Frozen words.

How a word reaches the recorder stands in :mod:`hub.inputs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from config.contract import PanicKind, PostureName
from hub.door_week import DoorWeek
from hub.drill import Drill
from hub.enrolment.asking import IdentityAction, IdentityAnswer
from hub.incident import Disposition, Incident, Room
from hub.posture import SitePosture
from hub.text_words import TextCame, TextTaken
from hub.upgrading.asking import UpgradeAction, UpgradeAnswer
from hub.view import Bypass, Trouble
from hub.walk_test import USUAL_S, WalkTest


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
    version: int | None = None
    """Of the week as the person was shown it; None: as it is now."""


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

    With a device and an event, those of its room that came before it are, too; without, the only one
    that waits.
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


class ProveChannel(Struct, frozen=True):
    """A person has a channel's ends told that this is a test."""

    channel: str
    by: str
    via: str
    target: str | None = None
    """One of its ends; without it all."""


class Forget(Struct, frozen=True):
    """A person asks that what names or describes people goes before its time."""

    values: tuple[tuple[int, str], ...]
    """Number of the row, and field; of no unresolved incident, by the store."""
    by: str
    via: str
    note: str
    """Why; it lies beside the chain, too."""
    incident: str | None = None
    person: str | None = None
    """Whose name goes, from what is kept outside the record, too; None where an incident's words do."""


IncidentAction = Acknowledge | Resolve | Note | Confirm
"""What a person may ask of an incident."""
WalkTestAction = OpenWalkTest | EndWalkTest
"""What a person may ask of a room's walk test."""
ZoneAction = BypassZone | EndBypass
"""What a person may ask of a zone."""
DrillAction = PlanDrill | StartDrill | EndDrill | CancelDrill | MakeReal | PartOfDrill
"""What a person may ask of drills."""
Action = (
    IncidentAction
    | ZoneAction
    | WalkTestAction
    | SetPosture
    | SignDoorWeek
    | DrillAction
    | TextCame
    | ClearTrouble
    | ProveChannel
    | Forget
    | IdentityAction
    | UpgradeAction
)
"""What a person may ask, and an agent of its identity and its program."""


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
    leader_told: bool = True
    """The settings give its leader a channel."""


class TroubleCleared(Struct, frozen=True):
    """The answer to a person's word that a trouble is over."""

    trouble: Trouble
    recorded: bool = True
    """As in :class:`Done`."""


class ChannelTested(Struct, frozen=True):
    """The answer to a person who has a channel tested: what became of it is in the record."""

    about: str
    """The name under which its rows stand there."""
    deliveries: tuple[str, ...]
    recorded: bool = True
    """As in :class:`Done`."""


class Forgotten(Struct, frozen=True):
    """The answer to a person who had words removed."""

    values: int
    left: tuple[str, ...] = ()
    """Where a name is needed still, and is to be removed later, in words."""
    recorded: bool = True


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
    | TextTaken
    | TroubleCleared
    | ChannelTested
    | Forgotten
    | IdentityAnswer
    | UpgradeAnswer
    | Reloaded
    | Refused
)
Reply = Callable[[Answer], None]
"""Where an answer goes; called once."""
