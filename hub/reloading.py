"""Reading the settings anew while the hub runs: on a thread of its own, so that no press waits for it.

All that can be made of them is made here, beside the recorder; it takes what is right as one
decision. What is wrong changes nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from pathlib import Path
from typing import Final, Protocol

import structlog

from config.hub_settings import HubSettings
from config.rooms_file import parsed_hub
from config.settings import Fault, SettingsError, text_of
from config.settings_changes import changes, check_fixed, settings_hash
from hub.asking import Answer, Reloaded
from hub.channels.build import build_channels, check_channels, made_of, shapes_of
from hub.channels.channel import Channel
from hub.delivery import Delivery
from hub.directory import Directory
from hub.inputs import Input, Reload, ReloadRefused
from hub.links import Links
from hub.reload_word import Word, now_mono, write
from hub.store.phones import Phones

STEADY_S: Final = 0.2
"""Seconds for which the file must say the same: an editor may be writing it."""
STEADY_TRIES: Final = 25
ANSWER_S: Final = 10.0
"""Seconds that the recorder has to take settings."""


class Running(Protocol):
    """What the hub goes by now."""

    settings: HubSettings
    channels: dict[str, Channel]
    links: Links

    @property
    def phones(self) -> Phones | None:
        """The phones that signed up for Web Push."""
        ...

    def told(self, channel: str, incident: str) -> Sequence[Delivery]:
        """Return what of an incident was delivered by a channel before, by the record."""
        ...

    def retune(self, settings: HubSettings, channels: dict[str, Channel]) -> None:
        """Go by others from now on."""
        ...


class Reloading:
    """The thread that reads the settings anew whenever it is asked to."""

    def __init__(
        self, config: Path, running: Running, put: Callable[[Input], None], asked: threading.Event
    ) -> None:
        """``asked`` is set by SIGHUP, maybe before this begins."""
        self._config = config
        self._running = running
        self._put = put
        self._asked = asked
        self._stopping = False
        self._log = structlog.get_logger(part="reloading")
        self._made_of: dict[str, str] | None = None
        self._thread = threading.Thread(target=self._run, name="reloading", daemon=True)

    def start(self) -> None:
        """Begin."""
        try:
            self._made_of = made_of(self._running.settings)
        except LookupError:  # a secret's file went meanwhile: every channel is made anew
            self._made_of = None
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End; what isn't with the recorder by now isn't taken."""
        self._stopping = True
        self._asked.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()  # who asks from now on is answered by another reading
            if self._stopping:
                return
            began = now_mono()
            try:
                word = self._reload(began)
            except Exception:  # noqa: BLE001 - the hub goes on with what it has
                self._log.exception("cannot read the settings anew")
                word = Word(began, "failed", ("a fault of the hub itself; it is in its log",))
            self._log.info("settings read anew", came=word.state, count=len(word.lines))
            try:
                write(self._running.settings.data, word)
            except OSError as error:
                self._log.error("cannot leave word of the settings", why=str(error))

    def _reload(self, began: float) -> Word:
        try:
            settings = checked(self._config, steady_text(self._config))
            _refuse_fixed(self._running.settings, settings, self._config)
            channels, parts = self._channels(settings)
        except SettingsError as error:
            lines = tuple(map(str, error.faults))
            self._put(ReloadRefused(str(self._config), lines))
            return Word(began, "refused", lines)
        return self._hand_over(began, settings, channels, parts)

    def _channels(self, settings: HubSettings) -> tuple[dict[str, Channel], dict[str, str]]:
        """Return the channels of new settings: those at work, where they would be made the same."""
        channels, parts = self._built(settings), made_of(settings)
        known = self._made_of or {}
        for name in channels:
            if known.get(name) == parts[name] and name in self._running.channels:
                channels[name] = self._running.channels[name]
        return channels, parts

    def _built(self, settings: HubSettings) -> dict[str, Channel]:
        return build_channels(
            settings, told=self._running.told, links=self._running.links, phones=self._running.phones
        )

    def _hand_over(
        self, began: float, settings: HubSettings, channels: dict[str, Channel], parts: dict[str, str]
    ) -> Word:
        shapes = shapes_of(channels)
        old, known = self._running.settings, self._made_of or {}
        said = list(changes(old, settings))
        same = {name for name in channels if old.channels.get(name) == settings.channels.get(name)}
        said += [f"channels: {name}, what its files hold" for name in same if known.get(name) != parts[name]]
        taken: Future[Answer] = Future()
        self._put(
            Reload(
                settings,
                Directory(settings, shapes),
                shapes,
                tuple(said),
                settings_hash(settings),
                lambda: self._running.retune(settings, channels),
                lambda answer: _settle(taken, answer),
            )
        )
        try:
            answer = taken.result(ANSWER_S)
        except TimeoutError:
            return Word(began, "failed", (f"the hub did not take them within {ANSWER_S:g} s",))
        self._made_of = parts
        assert isinstance(answer, Reloaded)  # noqa: S101 - it is the only answer to this
        return Word(began, "taken", answer.changes, answer.recorded)


def checked(config: Path, text: str) -> HubSettings:
    """Return the settings of a file's text, checked with what they name; raises :class:`SettingsError`."""
    settings = parsed_hub(text, str(config))
    if faults := check_channels(settings):
        raise SettingsError(faults)
    return settings


def steady_text(config: Path, sleep: Callable[[float], None] = time.sleep) -> str:
    """Return a file's text once it stays the same; raises :class:`SettingsError`.

    Half of a file may be right by itself: rooms that are still to be written would be taken for removed.
    """
    text = text_of(config)
    for _ in range(STEADY_TRIES):
        sleep(STEADY_S)
        before, text = text, text_of(config)
        if before == text:
            return text
    fault = Fault(str(config), "", "is being written all the time", "save it whole, and reload again")
    raise SettingsError((fault,))


def _settle(future: Future[Answer], answer: Answer) -> None:
    """Answer once: the recorder's loop (the disk is late) and the committer may both be at it."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(answer)


def _refuse_fixed(old: HubSettings, new: HubSettings, config: Path) -> None:
    faults: list[Fault] = []
    check_fixed(old, new, lambda *fault: faults.append(Fault(str(config), *fault)))
    if faults:
        raise SettingsError(tuple(faults))
