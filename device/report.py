"""What an agent says of itself: its state and its health, as the wire has them."""

from __future__ import annotations

from collections.abc import Mapping

from config import __version__
from config.agent_settings import AgentSettings
from config.contract import Health, State, ZoneState
from device.troubles import Troubles
from device.zone import Zone


def state(settings: AgentSettings, boot: str, zones: Mapping[str, Zone]) -> State:
    """Return the state to be retained."""
    return State(
        v=1,
        online=True,
        boot=boot,
        version=__version__,
        room=settings.room,
        zones=tuple(
            ZoneState(
                zone=each.zone,
                label=each.label,
                kind=each.kind,
                circuit=each.circuit,
                condition=zones[each.zone].condition,
                walk_test=False,
            )
            for each in settings.zones
        ),
    )


def health(
    boot: str, n: int, *, uptime_s: float, ages_ms: list[int], synced: bool | None, troubles: Troubles
) -> Health:
    """Return the ``n``-th health; ``ages_ms`` are those of the events that are owed."""
    return Health(
        v=1,
        boot=boot,
        n=n,
        uptime_s=round(uptime_s, 3),
        outbox=len(ages_ms),
        oldest_ms=max(ages_ms, default=None),
        clock_synced=synced,
        version=__version__,
        last_fault=troubles.last_fault,
        troubles=troubles.words(),
    )
