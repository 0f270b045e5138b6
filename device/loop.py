"""The loop: the one thread that owns an agent. It takes facts, has them decided, and does what is due.

Everything else (pins, links, the outbox) runs on threads of its own and only puts facts on the queue.
The loop arms one timer, and it alone feeds systemd's watchdog, so a hung loop is found.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from config import file_rights
from config.agent_settings import AgentSettings, UpsPins, UpsSerial
from config.clock import Clock, Now, SystemClock
from config.notify import notify, watchdog_interval_s
from device import starts, survey
from device.actions import Action, Drive, Forget, Hurry, Keep, Publish, Remember, Renew, Say
from device.agent import Agent
from device.board import Board, UpsOnBoard
from device.facts import Contact, Fact, Heard, Surveyed, Unreadable
from device.health_words import HealthWords
from device.link import Link
from device.outbox import Outbox
from device.starts import WELL_S, Starts
from device.survey import Survey, Surveyor
from device.survey.machine import machine_name, root_meant_read_only
from device.ups import Ups
from device.ups.line import UpsLine

OUTBOX_FILE: Final = "outbox.db"
BATCH: Final = 50
"""Facts other than the pins' that are taken in one turn."""
OF_PINS: Final = (Contact, Unreadable)
LAST_SETTLE_S: Final = 0.5
TAKE_BACK_S: Final = 5.0
"""When what a crash loop set aside is read: there may be a press in it. By then the pins are read and the
links are up; a file whose reading ends the agent is left alone after three tries."""
Watch = Callable[[Agent, Now], None]


class Loop:
    """One agent at work: ``run`` returns once it was stopped."""

    def __init__(
        self,
        settings: AgentSettings,
        open_factory: Callable[[], Any],
        *,
        clock: Clock | None = None,
        watch: Watch | None = None,
        machine: Survey | None = None,
        service: bool = False,
    ) -> None:
        """``open_factory`` opens the pins, again and again where they fail. ``watch`` is called after each
        turn; ``machine`` is surveyed, the one we run on by default; ``service`` speaks to systemd.
        """
        self._clock = clock or SystemClock()
        self._watch = watch
        self._service = service
        self._log = structlog.get_logger(site=settings.site, device=settings.device)
        self._pending: list[Fact] = []
        self._queue: queue.SimpleQueue[Fact | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._power_cut = False
        boot = secrets.token_hex(8)
        self._board = Board(settings, self._queue.put, open_factory)
        kernel = survey.kernel(otherwise=f"unknown-{boot}")
        words = HealthWords(settings.ups, root_meant_read_only())
        self._starts = Starts(starts.folder(settings.data))
        start = self._starts.begin()
        self._take_back_at: float | None = self._clock.now().mono + TAKE_BACK_S
        self._well_at: float | None = self._clock.now().mono + WELL_S
        self._agent = Agent(
            settings,
            boot=boot,
            kernel=kernel,
            now=self._clock.now(),
            words=words,
            restarts=start.restarts,
            machine=machine_name(),
        )
        file_rights.close(settings.data)
        self._machine = machine or Surveyor(
            settings.data,
            self._ups(settings),
            clock=self._clock,
            certificates=_certificates(settings),
            guarded=file_rights.guarded(settings, None, settings.data),
        )
        self._outbox = Outbox(
            settings.data / OUTBOX_FILE, self._queue.put, set_aside=start.set_aside, wary=start.looping
        )
        self._note("crash loop", start.trouble)
        self._links = {
            link.name: Link(settings, link, boot, self._queue.put, dates_trusted=self._dates_trusted)
            for link in settings.links
        }

    def _dates_trusted(self) -> bool:
        """Whether the clock is true enough to check the dates of a broker's certificate by it."""
        return self._machine.latest(self._clock.now()).clock_synced is True

    def _ups(self, settings: AgentSettings) -> Ups | None:
        match settings.ups:
            case UpsSerial(port=port):
                return UpsLine(port)
            case UpsPins():
                return UpsOnBoard(self._board)
            case None:
                return None

    def run(self) -> None:
        """Work until :meth:`stop` or :meth:`cut`."""
        self._log.info("agent starts", boot=self._agent.boot, room=self._agent.settings.room)
        self._outbox.start()
        self._machine.start()
        self._board.start(self._clock.now().mono)
        for link in self._links.values():
            link.start()
        if self._service:
            notify("READY=1", "STATUS=reading the zones")
        feed_every = watchdog_interval_s() if self._service else None
        feed_at = self._clock.now().mono
        while not self._stopping.is_set():
            now = self._clock.now()
            if feed_every is not None and now.mono >= feed_at:
                notify("WATCHDOG=1")
                feed_at = now.mono + feed_every
            until = min(self._agent.next_deadline(now), self._agent.survey_due_at(), self._board.look_at)
            if feed_every is not None:
                until = min(until, feed_at)
            self._turn(self._wait(until - now.mono))
        if not self._power_cut:
            self._starts.ended()
            self._settle()
        self._end()

    def stop(self) -> None:
        """Ask for a clean end: what is owed is on disk, and the hub is told that we go."""
        self._stopping.set()
        self._queue.put(None)

    def hear(self, fact: Heard) -> None:
        """Take a message as if it came over a link: a simulated room's way to be told by hand."""
        self._queue.put(fact)

    def cut(self) -> None:
        """Ask for an end as by a power cut: nothing is finished, nobody is told."""
        self._power_cut = True
        self.stop()

    def _wait(self, seconds: float) -> list[Fact]:
        """Wait for facts, but no longer than ``seconds``; returns a batch of them by their stamps.

        All that the pins tell comes first, and at most a batch of anything else, so that no flood of
        messages delays a press.
        """
        patient = seconds > 0 and not self._pending
        with contextlib.suppress(queue.Empty):
            fact = self._queue.get(timeout=seconds) if patient else self._queue.get_nowait()
            while True:
                if fact is not None:
                    self._pending.append(fact)
                fact = self._queue.get_nowait()
        self._pending.sort(key=lambda fact: (not isinstance(fact, OF_PINS), fact.mono))
        size = sum(isinstance(fact, OF_PINS) for fact in self._pending) + BATCH
        batch, self._pending = self._pending[:size], self._pending[size:]
        return batch

    def _settle(self) -> None:
        """Before a clean end, let a contact that has just moved come to rest: it may be a press."""
        end = self._clock.now().mono + LAST_SETTLE_S
        self._turn(self._wait(0))
        while (settles := self._agent.settles_at()) is not None and settles <= end:
            self._turn(self._wait(settles - self._clock.now().mono))

    def _turn(self, facts: list[Fact]) -> None:
        if self._power_cut:
            return
        for fact in facts:
            self._attempt(partial(self._agent.decide, fact))
        now = self._clock.now()
        if now.mono >= self._agent.survey_due_at():
            machine, behind_s = self._machine.latest(now), self._outbox.behind_s(now.mono)
            seen = Surveyed(mono=now.mono, machine=machine, outbox_behind_s=behind_s)
            self._attempt(partial(self._agent.decide, seen))
        if now.mono >= self._board.look_at:
            self._look(now)
        if self._take_back_at is not None and now.mono >= self._take_back_at:
            self._take_back_at = None
            self._outbox.take_back()
        if self._well_at is not None and now.mono >= self._well_at:
            self._well()
        self._attempt(self._agent.advance)
        if self._watch is not None:
            self._watch(self._agent, self._clock.now())

    def _attempt(self, decide: Callable[[Now], list[Action]]) -> None:
        """Decide and act. A fault of our own is a trouble, and never the end of the loop.

        Each action is tried by itself: an event that can't be sent is kept all the same.
        """
        try:
            actions = decide(self._clock.now())
        except Exception as error:  # noqa: BLE001 - a room without its agent is worse than any fault
            self._fault(error)
            return
        for action in actions:
            try:
                self._do(action)
            except Exception as error:  # noqa: BLE001 - as above
                self._fault(error)

    def _well(self) -> None:
        """This start has gone well."""
        self._well_at = None
        self._starts.well()
        self._note("crash loop", None)

    def _look(self, now: Now) -> None:
        """Read every zone again, and note the outputs that can't be driven."""
        try:
            self._board.look(now.mono)
        except Exception as error:  # noqa: BLE001 - as above
            self._fault(error)
        faults = "; ".join(f"{output}: {why}" for output, why in self._board.faults().items())
        self._note("outputs", faults or None)

    def _fault(self, error: Exception) -> None:
        self._log.error("fault in the agent", exc_info=error)
        self._note("agent", f"{type(error).__name__}: {error}")

    def _note(self, what: str, why: str | None) -> None:
        for action in self._agent.fault(what, why):
            if isinstance(action, Say):
                self._say(action)

    def _do(self, action: Action) -> None:
        match action:
            case Publish(link=link):
                self._links[link].publish(action)
            case Keep() | Forget() | Remember():
                self._outbox.write(action)
            case Drive(output=output, level=level):
                self._board.drive(output, level)
            case Renew(link=link):
                self._links[link].renew()
            case Hurry(link=link):
                self._links[link].hurry()
            case Say():
                self._say(action)

    def _say(self, line: Say) -> None:
        getattr(self._log, line.level)(line.event, **line.fields)

    def _end(self) -> None:
        if self._power_cut:
            enders = [self._outbox.cut, *(link.cut for link in self._links.values())]
        else:
            if self._service:
                notify("STOPPING=1")
            enders = [self._machine.close, self._outbox.close, *(link.close for link in self._links.values())]
        threads = [threading.Thread(target=ender, daemon=True) for ender in enders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5.0)
        self._board.close()
        self._log.info("agent ended", cleanly=not self._power_cut, owed=self._agent.owed)


def _certificates(settings: AgentSettings) -> tuple[Path, ...]:
    """Return the files whose ends are told: what this room shows, and what it proves brokers by."""
    tls = [link.tls for link in settings.links if link.tls is not None]
    return tuple(dict.fromkeys(file for each in tls for file in (each.cert_file, each.ca_file)))
