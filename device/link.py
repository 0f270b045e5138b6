"""The links: one MQTT line to each broker, whose threads only put facts on the agent's queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from config.agent_settings import AgentSettings, LinkSettings
from config.connection import Line, NotConnectedError, Received, Will
from config.contract import State, encode
from config.topics import device_topic, hub_topic, posture_topic
from device.actions import Publish
from device.facts import Answered, Fact, Heard, LinkDown, LinkUp


class Link:
    """One way to the hub."""

    def __init__(
        self,
        settings: AgentSettings,
        link: LinkSettings,
        boot: str,
        put: Callable[[Fact], None],
        *,
        dates_trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        """``dates_trusted`` is asked at each connection, on the line's thread: whether this machine's
        clock is true, without which the dates of certificates go unchecked."""
        self.name = link.name
        self._settings = settings
        self._put = put
        self._lock = threading.Lock()
        self._asked: dict[tuple[int, int], tuple[str, str | None]] = {}
        """What was published, by connection and mid, until the broker answers."""
        self._early: dict[tuple[int, int], str | None] = {}
        """Answers that came before their question was noted."""
        site, device = settings.site, settings.device
        self._gone = (
            device_topic(site, device, "state"),
            encode(State(v=1, online=False, boot=boot)),
        )
        self._line = Line(
            link,
            f"{site}.{device}",
            self,
            subscriptions=(
                device_topic(site, device, "receipt"),
                device_topic(site, device, "command"),
                posture_topic(site),
                hub_topic(site, "+"),
            ),
            will=Will(*self._gone),
            dates_trusted=dates_trusted,
        )

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._line.start()

    def publish(self, message: Publish) -> None:
        """Hand a message to the present connection; without one nothing is sent, and no answer comes."""
        topic = device_topic(self._settings.site, self._settings.device, message.what)
        try:
            key = self._line.publish(
                topic, message.payload, qos=message.qos, retain=message.retain, expiry_s=message.expiry_s
            )
        except (NotConnectedError, ValueError):
            return
        with self._lock:
            if key not in self._early:
                self._asked[key] = (message.what, message.event)
                return
            refused = self._early.pop(key)
        self._tell(message.what, message.event, refused)

    def renew(self) -> None:
        """Give the connection up and open a new one."""
        self._line.renew()

    def hurry(self) -> None:
        """End a pause before the next attempt to connect."""
        self._line.hurry()

    def close(self) -> None:
        """Say that we go, and disconnect."""
        self._line.close(last=self._gone)

    def cut(self) -> None:
        """End as by a power cut: without a word, so that the broker says the will."""
        self._line.drop()

    # --- what the line tells, on its own threads ----------------------------------------------------

    def on_up(self, connection: int, session_present: bool) -> None:  # noqa: ARG002 - a Listener's
        with self._lock:
            self._asked.clear()
            self._early.clear()
        self._put(LinkUp(mono=time.monotonic(), link=self.name, session_present=session_present))

    def on_down(self, connection: int, reason: str) -> None:  # noqa: ARG002 - a Listener's
        self._put(LinkDown(mono=time.monotonic(), link=self.name, reason=reason))

    def on_message(self, message: Received) -> None:
        self._put(
            Heard(
                mono=time.monotonic(),
                link=self.name,
                topic=message.topic,
                payload=message.payload,
                retained=message.retained,
            )
        )

    def on_published(self, connection: int, mid: int, refused: str | None) -> None:
        with self._lock:
            asked = self._asked.pop((connection, mid), None)
            if asked is None:
                self._early[connection, mid] = refused
                return
        self._tell(*asked, refused)

    def _tell(self, what: str, event: str | None, refused: str | None) -> None:
        self._put(Answered(mono=time.monotonic(), link=self.name, what=what, event=event, refused=refused))
