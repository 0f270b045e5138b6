"""A simulated room with several links, and a listener that gives receipts in the place of a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from paho.mqtt.client import MQTTMessage

from config.agent_settings import LinkSettings
from config.clock import Now
from config.contract import HubState, Receipt, encode
from config.rooms import numbered_rooms
from config.topics import device_topic, hub_topic
from device.agent import Agent
from device.simulated_room import SimulatedRoom
from tests.mosquitto import HOST, Heard, Mosquitto, Wire
from tests.site import until

SITE = "demo"


class LinkedRoom(SimulatedRoom):
    """Room 101 with a link to each of these ports, by name."""

    def __init__(self, data: Path, **ports: int) -> None:
        links = tuple(LinkSettings(name=name, host=HOST, port=port) for name, port in ports.items())
        super().__init__(numbered_rooms(1)[0], SITE, links[0], data, lambda: None)
        self.settings = msgspec.structs.replace(self.settings, links=links)
        self.up: frozenset[str] = frozenset()

    def wait_up(self, *links: str, deadline_s: float = 15.0) -> None:
        """Wait until these links are up, and no others."""
        until(f"up is {links}, not {self.up}", lambda: self.up == set(links), deadline_s)

    def _watch(self, agent: Agent, now: Now) -> None:
        self.up = frozenset(agent.up)
        super()._watch(agent, now)

    def __enter__(self) -> LinkedRoom:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Receipting(Wire):
    """Hears one broker, and receipts each event as the hub would."""

    def __init__(self, broker: Mosquitto | tuple[str, int]) -> None:
        super().__init__(broker, f"tocsin/v1/{SITE}/+/event", f"tocsin/v1/{SITE}/+/health")
        self.receipting = True

    def beat(self) -> None:
        """Say what a hub says that is ready."""
        state = HubState(v=1, online=True, ready=True, boot="h", n=1)
        self.publish(hub_topic(SITE, "main"), encode(state), retain=True)

    def press(self, zone: str, deadline_s: float = 10.0, *, after: int = 0) -> Heard:
        """Wait for the alarm of a zone."""

        def match(heard: Heard) -> bool:
            found = heard.topic.endswith("/event") and heard.json
            return bool(found) and found["what"] == "alarm" and found["zone"] == zone

        return self.wait_for(match, deadline_s, after=after)

    def restoral(self, zone: str, deadline_s: float = 10.0, *, after: int = 0) -> Heard:
        """Wait for the restoral of a zone: only then is the next press one."""

        def match(heard: Heard) -> bool:
            found = heard.topic.endswith("/event") and heard.json
            return bool(found) and found["what"] == "restoral" and found["zone"] == zone

        return self.wait_for(match, deadline_s, after=after)

    def trouble(self, words: str, deadline_s: float, *, after: int = 0) -> Heard:
        """Wait for a health that tells a trouble with these words."""

        def match(heard: Heard) -> bool:
            return heard.topic.endswith("/health") and any(words in t for t in heard.json.get("troubles", ()))

        return self.wait_for(match, deadline_s, after=after)

    def no_trouble(self, words: str, deadline_s: float, *, after: int = 0) -> Heard:
        """Wait for a health without it."""

        def match(heard: Heard) -> bool:
            return heard.topic.endswith("/health") and not any(
                words in t for t in heard.json.get("troubles", ())
            )

        return self.wait_for(match, deadline_s, after=after)

    def _on_message(self, client: Any, userdata: Any, message: MQTTMessage) -> None:
        super()._on_message(client, userdata, message)
        heard = self.messages[-1]
        if self.receipting and heard.topic.endswith("/event"):
            topic = device_topic(SITE, heard.topic.split("/")[3], "receipt")
            self.publish(topic, encode(Receipt(v=1, ids=(heard.json["id"],))), wait=False)
