"""What an agent says of itself: its state and its health, as the wire has them."""

from __future__ import annotations

from collections.abc import Mapping

from config import __version__
from config.agent_settings import AgentSettings
from config.contract import Health, State, ZoneState
from device.facts import Machine
from device.troubles import Troubles
from device.walk_test import WalkTest
from device.zone import Zone


def state(settings: AgentSettings, boot: str, zones: Mapping[str, Zone], walk_test: WalkTest) -> State:
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
                walk_test=walk_test.has(each.zone),
            )
            for each in settings.zones
        ),
    )


def health(
    boot: str,
    n: int,
    *,
    uptime_s: float,
    ages_ms: list[int],
    given_up: tuple[str, ...],
    restarts: int | None,
    lost_edges: int,
    machine: Machine,
    troubles: Troubles,
) -> Health:
    """Return the ``n``-th health; ``ages_ms`` are those of the events that are owed."""
    return Health(
        v=1,
        boot=boot,
        n=n,
        uptime_s=round(uptime_s, 3),
        outbox=len(ages_ms),
        oldest_ms=max(ages_ms, default=None),
        clock_synced=machine.clock_synced,
        version=__version__,
        last_fault=troubles.last_fault,
        troubles=troubles.words(),
        given_up=given_up,
        restarts=restarts,
        lost_edges=lost_edges,
        machine_up_s=machine.up_s,
        cpu_c=machine.cpu_c,
        under_voltage=machine.under_voltage,
        under_voltage_seen=machine.under_voltage_seen,
        throttled=machine.throttled,
        throttled_seen=machine.throttled_seen,
        disk_free_mb=machine.disk_free_mb,
        root_read_only=machine.root_read_only,
        memory_free_mb=machine.memory_free_mb,
        load_1m=machine.load_1m,
        wifi_dbm=machine.wifi_dbm,
        on_battery=machine.on_battery,
        battery_low=machine.battery_low,
    )
