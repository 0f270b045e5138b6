"""A room as its agent knows it: what its lamps show of that, and what state and health say of it. Pure."""

from __future__ import annotations

from config.agent_settings import AgentSettings
from config.clock import Now
from config.contract import PANIC_KINDS
from device import press_memory
from device.actions import Action
from device.age import Moment
from device.display import Display
from device.health_words import HealthWords
from device.hearing import Hearing
from device.owed import Owed
from device.report import Reports
from device.signals import SILENT_KINDS, Signals
from device.upkeep import Upkeep
from device.walking import Walking
from device.zone import Zone


class RoomState:
    """What is known now; the parts of the agent share it."""

    def __init__(
        self,
        settings: AgentSettings,
        *,
        boot: str,
        kernel: str,
        now: Now,
        words: HealthWords | None = None,
        restarts: int | None = None,
        machine: str | None = None,
    ) -> None:
        """The arguments are those of :class:`device.agent.Agent`."""
        self.settings = settings
        self.boot = boot
        self.kernel = kernel
        self.zones = {z.zone: Zone(z) for z in settings.zones}
        self.links = tuple(link.name for link in settings.links)
        self.up: set[str] = set()
        """Links that are up."""
        self.signals = Signals(settings, now.mono)
        self.walking = Walking(boot)
        self.owed = Owed(self.links)
        self.hearing = Hearing()
        self.upkeep = Upkeep(words or HealthWords(settings.ups), now.mono)
        self.troubles = self.upkeep.troubles
        self.reports = Reports(settings, boot, now.mono, restarts, machine)
        self._display = Display(self.signals)

    def moment(self, now: Now) -> Moment:
        """Return the present as an event's age is reckoned by it."""
        return Moment(self.kernel, now.mono, now.wall, self.upkeep.machine.clock_synced)

    def show(self, now: Now) -> list[Action]:
        """Drive the lamps to what is known now, and the other outputs."""
        is_faulty = any(_shows_fault(zone) for zone in self.zones.values())
        in_walk_test = [name for name in self.zones if self.walking.shows(name)]
        ready_until = self.hearing.ready_until()
        return self._display.show(now, ready_until, is_faulty=is_faulty, in_walk_test=in_walk_test)

    def remember_presses(self, now: Now) -> list[Action]:
        """Keep what the lamps show of the latest presses over a restart."""
        moment = self.moment(now)
        presses = self.signals.presses()
        return [press_memory.remember(place, press, moment) for place, press in presses.items()]

    def publish_state(self, links: tuple[str, ...] | None = None) -> list[Action]:
        """Publish the state over these links, or all: each that is up and was told another."""
        up = [link for link in links or self.links if link in self.up]
        return self.reports.state(self.zones, self.walking.real, up)

    def publish_health(self, links: tuple[str, ...], now: Now) -> list[Action]:
        """Publish the next health over these links that are up."""
        up = [link for link in links if link in self.up]
        ages = self.owed.ages_ms(self.moment(now))
        lost = sum(zone.lost for zone in self.zones.values())
        return self.reports.health(
            up,
            now,
            self.upkeep.machine,
            self.troubles,
            ages_ms=ages,
            given_up=self.owed.given_up,
            lost=lost,
        )


def _shows_fault(zone: Zone) -> bool:
    """Whether a button may not work; not where saying so could give away that it was pressed."""
    if zone.kind not in PANIC_KINDS or zone.can_call:
        return False
    return zone.kind not in SILENT_KINDS or not (zone.may_be_pressed or zone.condition == "active")
