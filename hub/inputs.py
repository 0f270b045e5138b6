"""What the recorder is told: messages, a person's word, what came of a delivery. Frozen facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from msgspec import Struct

from config.clock import Now
from config.contract import PANIC_KINDS, Event, MessageError, Posture, Readable
from config.hub_settings import HubSettings
from hub.asking import Action, Reply
from hub.delivery import Outcome, Target
from hub.directory import Directory
from hub.enrolment.asking import SessionOver
from hub.quota import Over
from hub.shape import Shapes


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
    over: Over | None = None
    """The quota that it is over, if any."""

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
    over: Over | None = None
    """The quota that it is over, if any."""


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
    unpinged: str | None = None
    """Why the ping outside did not come through; empty where it did, or none is set."""
    too_open: tuple[str, ...] | None = None
    """Files and folders of the hub with which others may do too much, each with its cure."""


class Probed(Struct, frozen=True):
    """Whether a channel's far side can be reached; nothing was told to it."""

    channel: str
    outcome: Outcome


class Attempted(Struct, frozen=True):
    """What came of one attempt at a delivery."""

    delivery: str
    outcome: Outcome


class TextReported(Struct, frozen=True):
    """What a network reports of a text that it had taken: whether it has come to its phone."""

    incident: str
    """Empty where the text told of none."""
    target: Target
    reached: bool
    words: str


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


class Asked(Struct, frozen=True):
    """A person's word, and where the answer goes."""

    action: Action
    answer: Reply


class Reload(Struct, frozen=True):
    """Settings that were read anew and are right, with all that could be made of them beforehand."""

    settings: HubSettings
    directory: Directory
    shapes: Shapes
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


class DoorTried(Struct, frozen=True):
    """Somebody came to the agents' door with what opens nothing."""

    what: Literal["code", "certificate"]
    times: int
    """Since it was last said."""
    address: str
    """The last from where."""
    detail: str = ""


class AccountChanged(Struct, frozen=True):
    """Something was done to an account, or with it: it is written down already."""

    what: Literal["signed-in", "signed-out", "account-changed"]
    by: str
    via: str
    person: str
    """Whose account it is; of a token, its name."""
    address: str
    words: str


class ConsoleCertificate(Struct, frozen=True):
    """Whether the console serves by the certificate that it should."""

    why: str | None
    """Why it doesn't; None where it does."""


class SignInGuessed(Struct, frozen=True):
    """Somebody goes on guessing at the password or the code of one name."""

    what: Literal["password", "code"]
    person: str
    times: int
    """In a row, from one place."""
    address: str


class ListsTaken(Struct, frozen=True):
    """Whether the broker goes by the newest lists of who may speak and who is revoked."""

    why: str | None
    """Why it doesn't; None where it does."""


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
    | TextReported
    | Asked
    | TimeOver
    | ClockTrust
    | HeadRead
    | SessionOver
    | DoorTried
    | AccountChanged
    | SignInGuessed
    | ConsoleCertificate
    | ListsTaken
    | RawOver
    | Reload
    | ReloadRefused
)
