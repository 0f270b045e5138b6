"""The hub put together: store, recorder, channels, broker, console; started and stopped in order."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import structlog

from config import file_rights, kernel_clock, logs
from config.clock import SystemClock
from config.hub_settings import HubSettings
from config.notify import notify
from config.settings import secret
from hub import alone
from hub.asking import Action, Answer
from hub.atomic import write_whole
from hub.authority.authority import Authority, AuthorityError
from hub.authority.beginning import begin
from hub.channel_deeds import ChannelDeeds
from hub.channels.build import build_channels, shapes_of
from hub.channels.channel import Channel
from hub.channels.dispatcher import Dispatcher
from hub.clock_watch import ClockWatch, trust
from hub.delivery import Delivery
from hub.enrolment.enrolment import Enrolment
from hub.enrolment.wheels import Wheels
from hub.inputs import AccountChanged, ConsoleCertificate, SignInGuessed, TextReported
from hub.intake import Intake
from hub.kept_course import ANCHOR, kept_clock
from hub.links import Links
from hub.local_socket import LocalSocket
from hub.measuring import Measuring
from hub.metrics import Metrics
from hub.outside_ping import OutsidePing
from hub.recall import Recall
from hub.recorder import Recorder
from hub.reloading import Reloading
from hub.retention import Retention
from hub.site import Site
from hub.store.chain import head
from hub.store.engine import open_engine, sqlite_url
from hub.store.journal import Journal
from hub.store.known import Known
from hub.store.migrate import bring_up
from hub.store.people import People
from hub.store.phones import Phones
from hub.store.reading import Reading
from hub.store.retention import Due
from hub.store.sessions import Sessions
from hub.store.tokens import Tokens
from hub.view import View

SWITCH_S = 0.0005
"""Seconds a thread may keep the interpreter: a busy submitter held a notice back 2.4 ms, not 11.7."""
GC_THRESHOLD = 50_000
"""New objects between two collections; nearly all of ours die without one."""
STOP_S = 4.0
"""Seconds each part has to end; what a sick disk still holds is left to the next start."""


def database_url(settings: HubSettings) -> str:
    """Return the database's URL: PostgreSQL by the secret the settings name, else SQLite in ``data``.

    Raises ``LookupError`` where the secret can't be read.
    """
    store = settings.store
    if store.url_file is None and store.url_env is None:
        return sqlite_url(settings.data)
    url = secret("store.url", store.url_file, store.url_env)
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


class Hub:
    """One process's hub of one site; also the desk that the console asks."""

    def __init__(self, settings: HubSettings, config: Path, hangup: threading.Event) -> None:
        """Open the store, bring its schema up, and read what the site had. May raise; nothing runs yet.

        ``config`` is read anew whenever ``hangup`` is set.
        """
        self.settings = settings
        self._log = structlog.get_logger(part="service")
        clock = SystemClock()
        now = clock.now()
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        file_rights.close(settings.data)
        self._alone = alone.take(settings.data, heeds_hangups=True)
        authority = self._have_certificates()
        url = database_url(settings)
        self._engine = open_engine(url)
        if done := bring_up(self._engine, url, settings.data):
            self._log.info("migrated", done=done)
        # All others have engines of their own: none of them can hold a connection the committer needs.
        self._pages = open_engine(url, read_only=True)
        self._asked = open_engine(url, read_only=True)
        journal = Journal(self._engine, settings.site)
        loaded = journal.load()
        self.view = View(settings.site, settings.name, settings.timezone, now.wall)
        self.reading = Reading(self._pages, settings.site)
        self._office = open_engine(url)
        self.people = People(self._office, settings.site, self._pages)
        self.sessions = Sessions(self._office, settings.site, self._pages)
        self.tokens = Tokens(self._office, settings.site, self._pages)
        metrics = Metrics(self.view)
        self.metrics = metrics.registry
        self.wheels = Wheels()
        self.phones = Phones(self._office, settings.site, self._pages)
        self.links = Links(session_key(settings.data), settings.site)
        self.channels = build_channels(settings, told=self.told, links=self.links, phones=self.phones)
        boot = kernel_clock.boot_id()
        kept = kept_clock(loaded.facts.get(ANCHOR), boot, now)
        site = Site(settings, shapes_of(self.channels), loaded, self.view, kept, boot)
        site.clock = trust()
        self._recall = Recall(Known(self._asked).seen)
        self._recorder = Recorder(site, journal, self._recall, clock, metrics, boot, kept)
        self._clock_watch = ClockWatch(self._recorder.put)
        self._dispatcher = Dispatcher(self.channels, self._recorder.report, self._recorder.probed, self)
        held = {
            broker.name: loaded.held_until(broker.name, is_first=number == 0)
            for number, broker in enumerate(settings.brokers)
        }
        held_until = {name: at for name, at in held.items() if at is not None}
        self._intake = Intake(
            settings,
            secrets.token_hex(8),
            clock,
            self._recorder.put,
            held_until,
            lambda device: device in site.directory.rooms,
        )
        self._measuring = Measuring(lambda: self.settings, config, self._recorder.put)
        self._outside = OutsidePing(
            lambda: self.settings, lambda: self.view.can_work(clock.now().mono), self._recorder.put
        )
        self._recorder.release.wire = self._intake
        self._recorder.release.post = self._dispatcher
        self._enrolment: Enrolment | None = None
        if authority is not None:
            self._enrolment = Enrolment(self, authority, clock, self._recorder.put)
            self._recorder.release.doorman = self._enrolment.lists
        self._rights = site.book.rights()
        enrolling = {} if self._enrolment is None else self._enrolment.deeds()
        self._local = LocalSocket(settings.data, ChannelDeeds(self).deeds() | enrolling)
        self._retention = Retention(
            lambda: self.settings.retention,
            Due(self._pages, settings.site),
            lambda: head(self._pages, settings.site),
            self._recorder.put,
            clock,
        )
        self._reloading = Reloading(config, self, self._recorder.put, hangup)
        self._app: Any = None
        self._no_console = ""
        self._console: Any = None
        self._stop = threading.Event()

    def _have_certificates(self) -> Authority | None:
        """Have those that the hub's connections need; each link says what is wrong with its own."""
        if not any(broker.own_tls for broker in self.settings.brokers):
            return None
        try:
            return begin(self.settings)
        except (AuthorityError, OSError) as error:
            self._log.error("no authority of this site", why=str(error))
            return None

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the process's exit code."""
        # Threads hand a press from one to the next; by default one may keep the interpreter for 5 ms.
        sys.setswitchinterval(SWITCH_S)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        self.start()
        # What was imported stays: a full collection that walks it all would hold a press up.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        notify("READY=1")
        console = self.settings.console
        self._log.info("running", console=f"http://{console.host}:{console.port}/")
        while not self._stop.wait(1.0):
            if self._console is None:
                self._open_console()
            if self._enrolment is not None:
                self._enrolment.open_door()
        notify("STOPPING=1")
        clean = self.stop()
        if not clean:
            # A thread hangs in the disk. What it held is unacknowledged and comes again.
            self._log.warning("stopped without the disk")
            logs.drain()
            os._exit(0)
        return 0

    def start(self) -> None:
        """Start every part: those that tell before those that hear, so that no press finds nobody."""
        from hub.console.app import build_app

        self._dispatcher.start()
        self._recall.start()
        self._recorder.start()
        self._intake.start()
        self._retention.start()
        self._measuring.start()
        self._outside.start()
        self._clock_watch.start()
        self._reloading.start()
        if self._enrolment is not None:
            self._enrolment.start(self._rights)
        self._hear_commands()
        self._app = build_app(self, session_key(self.settings.data))
        self._open_console()

    def _hear_commands(self) -> None:
        try:
            self._local.start()
        except OSError as error:
            self._log.error("commands can't ask this hub anything", why=str(error))

    def _open_console(self) -> None:
        """Serve the console; while its port is another's, presses are told all the same."""
        from hub.console.server import Https, Server
        from hub.console.tls import Certificate

        at = self.settings.console
        https = None
        if at.https is not None:
            https = Https(at.https.host, at.https.port, Certificate(self.settings, self.tell))
        console = Server(self._app, at.host, at.port, https)
        try:
            console.start()
        except OSError as error:
            if str(error) != self._no_console:
                self._log.error("no console; trying again", why=str(error))
            self._no_console = str(error)
        else:
            self._console = console

    def stop(self) -> bool:
        """Stop every part, the broker first, so that nothing new comes; False when the disk held us up."""
        self._local.stop()
        self._reloading.stop(STOP_S)
        if self._enrolment is not None:
            self._enrolment.stop(STOP_S)
        self._measuring.stop()
        self._outside.stop()
        self._intake.stop()
        self._retention.stop(STOP_S)
        self._clock_watch.stop()
        clean = self._recorder.stop(STOP_S)
        self._dispatcher.stop(STOP_S)
        self._recall.stop()
        if self._console is not None:
            self._console.stop(2.0)
        if clean:
            for engine in (self._engine, self._office, self._pages, self._asked):
                engine.dispose()
        return clean

    def retune(self, settings: HubSettings, channels: dict[str, Channel]) -> None:
        """Go by other settings from now on: the recorder has taken them."""
        self._dispatcher.retune(channels)
        self.settings, self.channels = settings, channels
        logs.set_level(settings.log.level)

    def told(self, channel: str, incident: str) -> Sequence[Delivery]:
        """Return what of an incident was delivered by a channel before, by the record; may block."""
        return self.reading.delivered(channel, incident)

    # --- the desk ---

    def ask(self, action: Action) -> Future[Answer]:
        """Hand a person's word to the recorder."""
        return self._recorder.ask(action)

    def reported(self, fact: TextReported) -> None:
        """Hand the recorder what a network reports of a text."""
        self._recorder.put(fact)

    def channel(self, name: str) -> Channel | None:
        """Return the channel at work under a name."""
        return self.channels.get(name)

    def tell(self, fact: AccountChanged | ConsoleCertificate | SignInGuessed) -> None:
        """Hand the recorder what it is to know of accounts and of the console itself."""
        self._recorder.put(fact)

    def boards(self, change: int) -> None:
        """Count the signed-in boards that are open."""
        self._recorder.boards(change)


def session_key(data: Path) -> bytes:
    """Return the key that signs sessions: made once and kept, so that a restart signs nobody out."""
    path = data / "session.key"
    with contextlib.suppress(FileNotFoundError):
        key = path.read_bytes()
        if len(key) == 32:
            return key
    key = secrets.token_bytes(32)
    write_whole(path, key)
    return key
