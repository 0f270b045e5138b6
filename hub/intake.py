"""All brokers of the hub as one: what comes from them, as inputs; and what goes to them.

An event is acknowledged to the broker that brought it. What the hub says, it says to every broker: an
agent may be reached by one alone, and drops what it hears twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import structlog

from config.clock import Clock
from config.contract import (
    Command,
    HubState,
    Posture,
    encode,
)
from config.hub_settings import HubSettings
from config.topics import device_topic, hub_topic, posture_topic
from hub.broker_session import BrokerSession, IsKnown, Put
from hub.inputs import Ack

COMMAND_EXPIRY_S: Final = 10
RECEIPTS_KEPT: Final = 100_000
"""Ids whose receipts wait for a connection, at most, over all brokers."""
FAREWELL_S: Final = 8.0
"""Seconds that all brokers have to take the farewell, side by side."""
NO_EVENTS: Final = "no session for events with this broker"


class Intake:
    """The hub's brokers."""

    def __init__(
        self,
        settings: HubSettings,
        boot: str,
        clock: Clock,
        put: Put,
        held_until: Mapping[str, int],
        is_known: IsKnown,
    ) -> None:
        """``held_until`` holds, by broker's name, the wall ms at which its event session was last held.

        ``is_known`` tells whether the settings have a device, as they are now; it is asked on other threads.
        """
        self._site = settings.site
        self._hub = settings.hub
        self._boot = boot
        self._n = 0
        kept = RECEIPTS_KEPT // len(settings.brokers)
        self._brokers = tuple(
            BrokerSession(
                number, broker, settings, boot, clock, put, held_until.get(broker.name), kept, is_known
            )
            for number, broker in enumerate(settings.brokers)
        )
        self._log = structlog.get_logger(part="intake")

    def start(self) -> None:
        """Connect, for as long as the hub runs."""
        for broker in self._brokers:
            broker.start()

    def stop(self) -> None:
        """Say farewell and disconnect; one broker that doesn't answer holds up no other."""
        farewells = [
            threading.Thread(target=broker.stop, args=(self._n,), name="farewell", daemon=True)
            for broker in self._brokers
        ]
        for farewell in farewells:
            farewell.start()
        for farewell in farewells:
            farewell.join(FAREWELL_S)

    def committed(self, acks: Iterable[Ack]) -> None:
        """Send the PUBACKs of messages that are committed, each to the broker that brought it."""
        by_broker: dict[int, list[Ack]] = {}
        for ack in acks:
            by_broker.setdefault(ack.broker, []).append(ack)
        self._each(lambda broker, number: broker.committed(by_broker.get(number, ())))

    def receipt(self, device: str, ids: list[str]) -> None:
        """Tell an agent that its events are committed, over every broker: at once or when it is back."""
        self._each(lambda broker, _: broker.receipt(device, ids))

    def command(self, device: str, command: Command) -> None:
        """Ask something of an agent, now or never."""
        topic, payload = device_topic(self._site, device, "command"), encode(command)
        self._each(lambda broker, _: broker.publish(topic, payload, expiry_s=COMMAND_EXPIRY_S))

    def posture(self, posture: Posture) -> None:
        """Publish the site's posture, retained."""
        topic, payload = posture_topic(self._site), encode(posture)
        self._each(lambda broker, _: broker.publish(topic, payload, retain=True))

    def beat(self, *, ready: bool, why: str | None, reach: bool | None) -> None:
        """Publish the hub's beat, retained.

        A broker whose events don't reach the hub is told that it isn't ready, whatever the others are:
        a lamp that hears the beat there must not promise that a press would be heard.
        """
        self._n += 1
        topic = hub_topic(self._site, self._hub)

        def state(hears: bool) -> HubState:
            return HubState(
                v=1,
                online=True,
                ready=ready and hears,
                why=NO_EVENTS if ready and not hears else why,
                reach=reach,
                boot=self._boot,
                n=self._n,
            )

        self._each(lambda broker, _: broker.publish(topic, encode(state(broker.brings_events)), retain=True))

    def _each(self, deed: Callable[[BrokerSession, int], object]) -> None:
        """Do it for every broker; a fault of ours at one is raised only after all had their turn."""
        fault: Exception | None = None
        for number, broker in enumerate(self._brokers):
            try:
                deed(broker, number)
            except Exception as error:  # noqa: BLE001
                fault = error
        if fault is not None:
            raise fault
