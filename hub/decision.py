"""What came of one input: rows to commit as a whole, and what may leave the hub once they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from config.contract import Command, Posture
from hub.asking import Answer, Refused, Reply
from hub.delivery import Delivery
from hub.enrolment.identity import Code, Identity, Rights
from hub.incident import Incident
from hub.inputs import Ack
from hub.kept_course import KeptCourse
from hub.view import DeviceView, DoorView, StreamEvent, Trouble


class RecordRow(Struct, frozen=True):
    """One line of the append-only record."""

    seq: int
    at: int
    what: str
    reason: str
    incident: str | None = None
    stream: str | None = None
    detail: dict[str, Any] = {}


class EventRow(Struct, frozen=True):
    """One message of an event topic, as kept."""

    digest: str
    device: str
    key: str
    content: str
    seq: int
    at: int
    received_at: int
    what: str | None
    kind: str | None
    zone: str | None
    flaws: str | None
    incident: str | None
    size: int
    payload_hash: str
    payload: bytes


class KeptRaw(NamedTuple):
    """A message that is kept as it came, beside what is in quarantine."""

    at: int
    topic: str
    payload: bytes
    why: str


class Removal(Struct, frozen=True):
    """Values beside the chain that go; the row ``seq`` says why."""

    seq: int
    values: tuple[tuple[int, str], ...]
    """Number of the row, and field."""
    person: str | None = None
    """Whose name goes, and nobody else's; None: whoever these rows name."""


@dataclass(slots=True)
class Decision:
    """Everything that follows from one input. Committed whole, then released."""

    decided: float
    """Monotonic seconds."""
    raw: tuple[str, bytes] | None = None
    """Topic and payload of the message it came from, for quarantine."""
    # Rows.
    record: list[RecordRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    earlier: dict[str, int] = field(default_factory=dict)
    """An earlier reckoning of a recorded event's time (wall ms), by its digest."""
    incidents: dict[str, tuple[Incident, KeptCourse]] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    devices: dict[str, DeviceView] = field(default_factory=dict)
    doors: dict[tuple[str, str], DoorView | None] = field(default_factory=dict)
    """None: the door is no more."""
    identities: dict[str, Identity] = field(default_factory=dict)
    """By serial."""
    codes: dict[str, Code] = field(default_factory=dict)
    """By digest."""
    facts: dict[str, str] = field(default_factory=dict)
    removals: list[Removal] = field(default_factory=list)
    kept_raw: list[KeptRaw] = field(default_factory=list)
    raw_over: int | None = None
    """Messages in quarantine from before this go, in wall ms."""
    # What the shell does first of all, after the commit or from memory.
    retuned: Callable[[], None] | None = None
    """The shell's part of a change of settings: what leaves after it leaves by the new ones."""
    # What leaves after the commit.
    ack: Ack | None = None
    counted: list[Ack] = field(default_factory=list)
    """Of messages that were counted only, before this."""
    receipts: list[tuple[str, str]] = field(default_factory=list)
    """(device, event id)."""
    rights: Rights | None = None
    """What the broker is to go by from now on."""
    # What leaves after the commit, or from memory when the disk is sick.
    owed: list[Delivery] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    commands: list[tuple[str, Command]] = field(default_factory=list)
    """(device, command)."""
    posture: Posture | None = None
    stream: list[StreamEvent] = field(default_factory=list)
    shown: list[Callable[[], None]] = field(default_factory=list)
    """Changes of the live view."""
    answer: tuple[Reply, Answer] | None = None
    replied: bool = False
    """The answer has gone out."""
    quarantined: bool = False
    """The database refused its rows; the message is kept raw."""
    told: bool = False
    """What may leave from memory has left."""

    @property
    def is_empty(self) -> bool:
        """Nothing to write and nothing to release."""
        return not (
            self.record
            or self.events
            or self.earlier
            or self.incidents
            or self.deliveries
            or self.troubles
            or self.devices
            or self.doors
            or self.identities
            or self.codes
            or self.facts
            or self.removals
            or self.kept_raw
            or self.raw_over
            or self.retuned
            or self.ack
            or self.counted
            or self.receipts
            or self.rights
            or self.owed
            or self.withdrawn
            or self.commands
            or self.posture
            or self.stream
            or self.shown
            or self.answer
        )

    @property
    def is_answered(self) -> bool:
        """Nobody waits for its answer."""
        return self.answer is None or self.replied

    def reply(self, *, recorded: bool) -> None:
        """Answer the person whose word this was, once."""
        if self.answer is None or self.replied:
            return
        self.replied = True
        reply, answer = self.answer
        if not isinstance(answer, Refused) and not recorded:
            answer = replace(answer, recorded=False)
        reply(answer)
