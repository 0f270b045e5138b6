"""What an agent says of itself: its state and its health, as the wire has them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from config import __version__
from config.agent_settings import AgentSettings
from config.clock import Now, stamp
from config.contract import Health, State, ZoneState, encode
from device.actions import Action, Publish
from device.facts import Machine
from device.troubles import Troubles
from device.walk_test import WalkTest
from device.zone import Zone

HEALTH_EXPIRY_S: Final = 30
"""A health is also a heartbeat: an old one would lie."""


class Reports:
    """The agent's word on itself, for each link."""

    def __init__(
        self,
        settings: AgentSettings,
        boot: str,
        started: float,
        restarts: int | None,
        machine: str | None = None,
    ) -> None:
        """``started``: when, by the monotonic clock; ``machine`` names the machine."""
        self._machine = machine
        self._settings = settings
        self._boot = boot
        self._started = started
        self._restarts = restarts
        self._n = 0
        self._zones: tuple[ZoneState, ...] = ()
        self._state_n = 0
        self._stated: dict[str, tuple[ZoneState, ...]] = {}
        """What each link's present connection was told of the zones."""

    def new_connection(self, link: str) -> None:
        """A link has a new connection: it is given the state anew."""
        self._stated.pop(link, None)
        self._state_n += 1  # so that it is no copy of what another link brought

    def state(self, zones: Mapping[str, Zone], walk_test: WalkTest, links: Iterable[str]) -> list[Action]:
        """Publish the state, retained, over each of these links that has another one."""
        now = tuple(_zone(zones[each.zone], walk_test) for each in self._settings.zones)
        if now != self._zones:
            self._zones = now
            self._state_n += 1
        state = State(
            v=1,
            online=True,
            boot=self._boot,
            version=__version__,
            room=self._settings.room,
            zones=now,
            n=self._state_n,
            machine=self._machine,
        )
        payload = encode(state)
        done: list[Action] = []
        for link in links:
            if self._stated.get(link) != now:
                self._stated[link] = now
                done.append(Publish(link, "state", payload, retain=True))
        return done

    def health(
        self,
        links: Iterable[str],
        now: Now,
        machine: Machine,
        troubles: Troubles,
        *,
        ages_ms: list[int],
        given_up: tuple[str, ...],
        lost: int,
    ) -> list[Action]:
        """Publish the next health over these links; ``ages_ms`` are those of the events that are owed."""
        self._n += 1
        sensors = machine._asdict()
        del sensors["too_open"]  # told among the troubles
        health = Health(
            v=1,
            boot=self._boot,
            n=self._n,
            uptime_s=round(now.mono - self._started, 3),
            outbox=len(ages_ms),
            oldest_ms=max(ages_ms, default=None),
            version=__version__,
            last_fault=troubles.last_fault,
            troubles=troubles.words(),
            given_up=given_up,
            restarts=self._restarts,
            lost_edges=lost,
            machine_up_s=sensors.pop("up_s"),
            at=stamp(now.wall) if machine.clock_synced else None,
            **sensors,
        )
        payload = encode(health)
        return [Publish(link, "health", payload, qos=0, expiry_s=HEALTH_EXPIRY_S) for link in links]


def _zone(zone: Zone, walk_test: WalkTest) -> ZoneState:
    settings = zone.settings
    return ZoneState(
        zone=settings.zone,
        label=settings.label,
        kind=settings.kind,
        circuit=settings.circuit,
        condition=zone.condition,
        walk_test=walk_test.has(settings.zone),
    )
