"""Takes messages as the hub does, without a broker or a disk, and says whether each left its trace."""

from __future__ import annotations

from collections import Counter

from config.clock import Now
from config.contract import Event
from hub.asking import Acknowledge, Resolve
from hub.broker_session import read
from hub.decision import Decision
from hub.inputs import Ack, Asked, DeviceMessage, EventCame, Input
from hub.presses import digests
from hub.quota import Quotas
from hub.reckoning import device_name
from hub.site import Site
from tests.faults.hostile import Hostile
from tests.hub.making import at, new_site


class UnrecordedError(AssertionError):
    """A message of which nothing was kept."""


class Judge:
    """A site on a fake clock, and what became of each message that it was given."""

    def __init__(self) -> None:
        self.site: Site = new_site()
        self.quotas = Quotas(lambda device: device in self.site.directory.rooms)
        self.seconds = 0.0
        self.became: Counter[str] = Counter()
        """How many messages were decided, known already, counted, or told of a device."""
        self._mid = 0

    @property
    def now(self) -> Now:
        """The fake clock."""
        return at(self.seconds)

    def take(self, message: Hostile) -> str:
        """Let the hub have one message; returns what became of it. Raises what the hub raises."""
        self._mid += 1
        became = self._event(message) if message.what == "event" else self._of_device(message)
        self.became[became] += 1
        return became

    def wait(self, seconds: float) -> None:
        """Let time pass, and what is due be done."""
        self.seconds += seconds
        while (due := self.site.next_deadline()) is not None and due <= self.now.mono:
            _let_out(self.site.tick(self.now))

    def people_end_all(self) -> None:
        """Whoever is on duty acknowledges every incident, and ends it."""
        for incident in self.site.incidents.unresolved():
            for action in (
                Acknowledge(incident.id, "Reyes", "board"),
                Resolve(incident.id, "Reyes", "board", "false-alarm"),
            ):
                _let_out(self.site.decide(Asked(action, lambda _: None), self.now))

    def _event(self, message: Hostile) -> str:
        site, now = self.site, self.now
        topic = f"tocsin/v1/lincoln/{message.device}/event"
        device = device_name(message.device)
        over = self.quotas.over(device, "event", len(message.payload), now.mono)
        event = read(message.payload, over)
        fact = EventCame(topic, device, message.payload, event, now, 0, Ack(0, 1, self._mid), over)
        was_known = any(name in site.presses.recent for name in digests(fact, site.settings.site))
        counted = site.floods.events
        decision = self._decide(fact)
        if decision.events:
            (row,) = decision.events
            if fact.is_alarm and row.incident is None and not _is_silent(decision):
                raise UnrecordedError(f"a call that called nobody: {message}")
            return "decided, well formed" if isinstance(event, Event) else "decided, with a flaw"
        if site.floods.events == counted + 1:
            return "counted over its quota"
        if was_known and decision.ack == fact.ack:
            return "known already"
        raise UnrecordedError(f"nothing was kept of {message}")

    def _of_device(self, message: Hostile) -> str:
        now = self.now
        assert message.what != "event"
        over = self.quotas.over(message.device, message.what, len(message.payload), now.mono)
        fact = DeviceMessage(
            message.device, message.what, message.payload, message.retained, now, message.broker, over
        )
        was = self.site.floods.others
        decision = self._decide(fact)
        if self.site.floods.others == was + 1:
            return "counted over its quota"
        if decision.shown or decision.record or decision.troubles:
            return "told of a device"
        return "told nothing new of a device"

    def _decide(self, fact: Input) -> Decision:
        return _let_out(self.site.decide(fact, self.now, {}))


def _is_silent(decision: Decision) -> bool:
    return any(row.what in ("alarm-bypassed", "proved") for row in decision.record)


def _let_out(decision: Decision) -> Decision:
    for show in decision.shown:
        show()
    return decision
