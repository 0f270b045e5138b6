"""The brokers of a site: the hub's connections to each, its session there, and what it dropped. Pure."""

from __future__ import annotations

from config.clock import Now
from hub.decision import Decision
from hub.devices import Devices
from hub.inputs import BrokerDropped, Link
from hub.ledger import Ledger


class Brokers:
    """What is known of each broker, by its place in the settings."""

    def __init__(self, ledger: Ledger, devices: Devices, had_session: set[int]) -> None:
        """``had_session``: those at which the hub had its event session before it started."""
        self._ledger = ledger
        self._devices = devices
        self._had_session = set(had_session)

    def link(self, decision: Decision, fact: Link, now: Now) -> None:
        """Take that a connection came up or went down."""
        key = self._key(fact.which, fact.broker)
        if fact.up:
            self._ledger.restore(decision, now, key)
            if fact.which == "events":
                if not fact.session_present:
                    self._session_gone(decision, fact.broker, now)
                self._had_session.add(fact.broker)
            return
        if fact.which == "rest":
            self._devices.unseen(fact.broker, now)
        detail = self._of(fact.broker, fact.why)
        known = self._ledger.known(key)
        if known is None or known.detail != detail:  # a broker that is away is tried every 2 s
            self._ledger.trouble(decision, now, key, "broker", detail)

    def _session_gone(self, decision: Decision, broker: int, now: Now) -> None:
        if broker in self._had_session:
            why = "the broker had no session of ours: what was sent while the hub was away may be gone"
            key = self._key("session", broker)
            self._ledger.trouble(decision, now, key, "broker-session", self._of(broker, why))
        else:
            why = "the broker has a session of ours from now on"
            self._ledger.record(decision, now, "broker", self._of(broker, why))

    def _key(self, what: str, broker: int) -> str:
        """Return the key of a broker's trouble; that of the first bears no name."""
        return f"broker {what}" + (f" {self._ledger.settings.brokers[broker].name}" if broker else "")

    def _of(self, broker: int, words: str) -> str:
        """Say which broker it is, where there are several."""
        if len(self._ledger.settings.brokers) == 1:
            return words
        one = self._ledger.settings.brokers[broker]
        return f"broker {one.name} ({one.host}:{one.port}): {words}"

    def dropped(self, decision: Decision, fact: BrokerDropped, now: Now) -> None:
        """Take how many messages a broker has dropped."""
        detail = self._of(fact.broker, f"the broker has dropped {fact.total} messages since it started")
        self._ledger.trouble(decision, now, self._key("dropped", fact.broker), "broker-dropped", detail)
