"""What the recorder needs of the world: the broker, the channels, the record's memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from config.contract import Command, Posture
from hub.delivery import Delivery
from hub.enrolment.identity import Rights
from hub.inputs import Ack
from hub.presses import Seen


class Wire(Protocol):
    """The brokers: :class:`hub.intake.Intake`."""

    def committed(self, acks: list[Ack]) -> None:
        """Send the PUBACKs of committed messages."""

    def receipt(self, device: str, ids: list[str]) -> None:
        """Tell an agent what is committed."""

    def command(self, device: str, command: Command) -> None:
        """Ask something of an agent."""

    def posture(self, posture: Posture) -> None:
        """Publish the site's posture."""

    def beat(self, *, ready: bool, why: str | None, reach: bool | None) -> None:
        """Publish the hub's beat."""


class Post(Protocol):
    """The channels: :class:`hub.channels.dispatcher.Dispatcher`."""

    def submit(self, deliveries: Sequence[Delivery]) -> None:
        """Take deliveries to be attempted."""

    def withdraw(self, ids: Sequence[str]) -> None:
        """Drop those that have not begun."""


class Doorman(Protocol):
    """Who lets agents in: :class:`hub.enrolment.broker_lists.BrokerLists`."""

    def take(self, rights: Rights) -> None:
        """Have the brokers go by this from now on."""


class Memory(Protocol):
    """The record's memory of events: :class:`hub.recall.Recall`."""

    def ask(self, digests: Sequence[str]) -> dict[str, Seen] | None:
        """Return what is known of these events; None when it can't be said in time."""
        ...
