"""What the hub counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from hub.view import View


class Metrics:
    """The hub's counters, in a registry of their own."""

    def __init__(self, view: View) -> None:
        self.registry = registry = CollectorRegistry()
        self.events = Counter("tocsin_events", "Messages on event topics taken.", registry=registry)
        self.attempts = Counter(
            "tocsin_delivery_attempts",
            "Attempts at deliveries, by what came of them.",
            ["verdict"],
            registry=registry,
        )
        self.waiting = Gauge("tocsin_uncommitted", "Decisions that wait for their commit.", registry=registry)
        self.faults = Counter("tocsin_faults", "Inputs that the hub's own code failed on.", registry=registry)
        self._watch("ready", "1 while the hub says that it is ready.", lambda: view.ready)
        self._watch("incidents_unresolved", "Unresolved incidents.", lambda: len(view.incidents))
        self._watch("troubles_open", "Open troubles.", lambda: len(view.troubles))
        self._watch(
            "devices_known", "Devices that the settings name or that spoke.", lambda: len(view.devices)
        )
        self._watch(
            "backup_timestamp_seconds",
            "Of what moment the newest backup is, in seconds since 1970; 0 where there is none.",
            lambda: (view.backup_at or 0) / 1000,
        )
        self._watch("devices_heard", "Devices heard within their time.", lambda: _heard(view))

    def _watch(self, name: str, words: str, read: Callable[[], float]) -> None:
        Gauge(f"tocsin_{name}", words, registry=self.registry).set_function(read)


def _heard(view: View) -> int:
    return sum(1 for device in list(view.devices.values()) if device.standing == "heard")
