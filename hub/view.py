"""What the hub knows now, for those who look: the console, the API, metrics.

The recorder writes it, anybody reads it, and it lives in memory alone, so that a board shows a
press even while the disk is sick. What is in it are frozen values; a reader takes a list and keeps it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from config.clock import stamp
from config.door_settings import DoorRule
from hub.door_week import DoorCount, DoorWeek
from hub.drill import Drill, DrillPress
from hub.drills_due import Due
from hub.enrolment.identity import Code, Identity
from hub.incident import Incident, Place
from hub.notice import NoticeType
from hub.posture import SitePosture
from hub.upgrading.asking import UpgradeRun
from hub.walk_test import Proof, WalkTest

TURNS_S: Final = 20.0
"""The recorder looks at itself once a second; a disk that hangs holds it up no longer than this."""


class ZoneView(Struct, frozen=True):
    """A zone as its agent last told it."""

    zone: str
    label: str | None
    kind: str
    circuit: str | None = None
    condition: str | None = None
    walk_test: bool = False


class Bypass(Struct, frozen=True):
    """A zone whose faults a person has silenced."""

    device: str
    zone: str
    by: str
    via: str
    reason: str
    since: int
    until: int
    """Both in wall ms."""
    press_alarms: bool = True
    """False while it reads what it read when it was set, active or a fault: see :mod:`hub.bypass`."""
    was_active: bool = False
    """It read active then: a contact that is stuck."""
    boot: str | None = None
    """Its agent's boot then."""


class DeviceView(Struct, frozen=True):
    """A device, and how sure the hub is of it."""

    place: Place
    standing: str = "not heard yet"
    """``heard``, ``silent``, ``offline`` or ``not heard yet`` (since the hub started)."""
    last_heard: int | None = None
    """Wall ms of the last live message; a retained copy never counts."""
    boot: str | None = None
    version: str | None = None
    zones: tuple[ZoneView, ...] = ()
    health: dict[str, Any] | None = None
    machine: str | None = None
    """Which machine its agent runs on; None where it doesn't say."""


class DoorView(Struct, frozen=True):
    """A door contact as last told."""

    place: Place
    zone: str
    label: str | None
    state: str
    """``open`` or ``closed``: what it is, or was when that was last known."""
    since: int
    due: int | None = None
    """When it will have stood open for too long, in wall ms; None where it may, or it was told."""
    unknown: str | None = None
    """Why it is not known now; None where it is."""
    told: DoorRule | None = None
    """The gravest that was told of this opening."""


class ChannelView(Struct, frozen=True):
    """A channel, and when it last truly delivered."""

    name: str
    kind: str
    last_success: int | None = None
    last_failure: int | None = None
    last_said: str | None = None
    owed: int = 0
    unasked: tuple[str, ...] = ()
    """Targets whose far side can't be asked: only what was delivered shows that they can be told."""
    reached: int | None = None
    """When a probe last reached the far side of the others, since the hub started."""
    far_side: str = ""
    """What it then said of itself: a modem's network and signal."""


class Trouble(Struct, frozen=True):
    """Something that is not as it should be, from when it was first seen until it is restored."""

    key: str
    """What it is about, such as ``silent room-101``; at most one is open under a key."""
    what: str
    device: str | None
    zone: str | None
    detail: str
    since: int
    last: int
    count: int = 1
    restored: int | None = None
    cause: str | None = None
    """Of a zone's tamper or trouble: which fault, as its agent named it."""
    flapping: bool = False
    """It came and went again and again, and is held open until it has been quiet."""
    well_since: int | None = None
    """Of one that is held: since when it is well, if it is."""
    told_at: int | None = None
    """When people were last told of it; None: not yet, or to be told anew."""
    tellings: int = 0
    """How often they were told of it."""


class Progress(Struct, frozen=True):
    """How far somebody has come, by their own word."""

    by: str
    word: str
    at: int


class StreamEvent(Struct, frozen=True):
    """One change of one incident, as the API's stream sends it."""

    seq: int
    """The number of its row in the record; a stream resumes after it."""
    type: NoticeType
    incident: Incident


Watcher = Callable[[StreamEvent | None], None]
"""Called on the hub's threads at each change; None where no incident changed. Must only enqueue."""


class View:
    """The hub's live picture."""

    def __init__(self, site: str, name: str, timezone: str, started: int) -> None:
        self.site = site
        self.name = name
        self.timezone = timezone
        self.started = started
        self.ready = False
        self.turned = -math.inf
        """When the recorder's loop last turned, in monotonic seconds."""
        self.why: str | None = "starting"
        self.posture = SitePosture(started, "normal", drill=False, since=stamp(started))
        self.incidents: dict[str, Incident] = {}
        """Unresolved ones by id."""
        self.progress: dict[str, tuple[Progress, ...]] = {}
        """What people said last of unresolved incidents, by incident."""
        self.devices: dict[str, DeviceView] = {}
        self.doors: dict[tuple[str, str], DoorView] = {}
        self.channels: dict[str, ChannelView] = {}
        self.bypasses: dict[tuple[str, str], Bypass] = {}
        """By device and zone."""
        self.troubles: dict[str, Trouble] = {}
        """Open ones by key."""
        self.walk_tests: dict[str, WalkTest] = {}
        """Each device's latest, open or over."""
        self.proved: dict[tuple[str, str], Proof] = {}
        """The last proof of each button, by device and zone."""
        self.door_counts: dict[tuple[str, str], DoorCount] = {}
        """Each exterior door in the week that runs, by device and zone."""
        self.door_weeks: dict[str, DoorWeek] = {}
        """The latest weeks that are over, by name."""
        self.backup_at: int | None = None
        """Of what moment the newest backup is, in wall ms; None where there is none, or none is set up."""
        self.drills: dict[str, tuple[Drill, tuple[DrillPress, ...]]] = {}
        """Those planned, the one that runs and the latest that did, by id; each with its presses."""
        self.drills_due: tuple[Due, ...] = ()
        self.identities: dict[str, Identity] = {}
        """All that were ever signed, by serial."""
        self.codes: dict[str, Code] = {}
        """All that were made, by digest."""
        self.upgrade: UpgradeRun | None = None
        """The run of upgrades that stands, or the last that did."""
        self.upgrade_asks: dict[str, int] = {}
        """When each room's Pi asked last in a run, in wall ms, by device."""
        # Each step below is one of the interpreter's own, so that any thread may come and go.
        self._watchers: dict[object, Watcher] = {}

    def unresolved(self) -> list[Incident]:
        """Return the unresolved incidents: calls before doors, real ones, what still asks, the newest."""
        now = list(self.incidents.values())  # one step, so that the recorder may write meanwhile
        now.sort(key=lambda one: (one.kind == "door", one.drill, one.state != "open", -one.number))
        return now

    def drop_device(self, device: str) -> None:
        """Show a device no more."""
        self.devices.pop(device, None)

    def drill(self) -> Drill | None:
        """Return the drill that runs now."""
        return next((drill for drill, _ in list(self.drills.values()) if drill.state == "running"), None)

    def drop_trouble(self, key: str) -> None:
        """Show a trouble no more."""
        self.troubles.pop(key, None)

    def can_work(self, mono: float) -> bool:
        """Tell whether the hub is ready, and its recorder said so just now: one that hangs says nothing."""
        return self.ready and mono - self.turned < TURNS_S

    def drop_door(self, where: tuple[str, str]) -> None:
        """Show a door no more."""
        self.doors.pop(where, None)
        self.drop_door_count(where)

    def drop_door_count(self, where: tuple[str, str]) -> None:
        """Show no more what a door did this week: it counts for none."""
        self.door_counts.pop(where, None)

    def show_bypass(self, device: str, zone: str, bypass: Bypass | None) -> None:
        """Show a zone's bypass; None: none any more."""
        if bypass is None:
            self.bypasses.pop((device, zone), None)
        else:
            self.bypasses[device, zone] = bypass

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Be told of changes from now on; returns how to stop."""
        who = object()
        self._watchers[who] = watcher

        def stop() -> None:
            self._watchers.pop(who, None)

        return stop

    def watchers(self) -> int:
        """Return how many watch now."""
        return len(self._watchers)

    def tell(self, change: StreamEvent | None) -> None:
        """Tell all who watch that something changed."""
        for watcher in list(self._watchers.values()):
            watcher(change)
