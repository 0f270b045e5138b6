"""``tocsin-device check``: what is connected where, what it reads, and whether each broker is reached.

The settings are right when this begins (:mod:`config.agent_checks`), and it has the rights of the
service (:mod:`device.service`). Whatever else isn't right is told at the end, each with the cure, after
"NOT READY". It publishes nothing, and never takes a running agent's place at a broker
(:mod:`device.reach`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from config.agent_checks import doubts
from config.agent_settings import AgentSettings, LinkSettings, UpsPins, UpsSerial
from config.file_rights import guarded, too_open
from config.wiring import unsupervised
from device import data_folder
from device.circuit import Reading
from device.found import Found
from device.pins import PinsError
from device.reach import certificates, reach
from device.service import Service, ask_systemd
from device.survey import clock_synced
from device.ups import Ups, UpsStatus, words
from device.ups.line import UpsError, UpsLine
from device.wiring_words import not_well, output_lines, zone_lines

PULL_UP_S: Final = 0.1
"""After the pins were claimed: pull-ups charge the wires (50 kilohm and 100 nF: 5 ms)."""
UNUSABLE: Final = 2
BUSY: Final = (
    "another program holds it; if that is the running agent, stop it first: sudo systemctl stop tocsin-agent"
)


class ReadPins(Protocol):
    """The pins, as far as they are read here; see :class:`device.pins.Pins`."""

    unreadable: dict[str, str]
    faults: dict[str, str]

    @property
    def ups(self) -> Ups | None:
        """The UPS whose contacts are on pins; None where there is none, or it can't be had."""
        ...

    def read(self) -> dict[str, Reading]:
        """Return what each zone that can be read reads now."""
        ...

    def close(self) -> None:
        """Let the pins go."""
        ...


def check(
    settings: AgentSettings,
    open_pins: Callable[[], ReadPins],
    say: Callable[[str], None],
    tried: str | None = None,
    file: Path | None = None,
) -> int:
    """Say all there is to say, line by line as it is found; returns the exit code.

    ``tried`` says with whose rights, ``file`` is the settings' own. 0 also while something isn't ready: the
    settings are right. 2 where a pin can't be had. Raises :class:`PinsError` at the end where there are no
    pins at all.
    """
    say(f"{settings.room or settings.device} ({settings.site}/{settings.device}): the settings are right")
    if tried is not None:
        say(tried)
    found = Found()
    service = ask_systemd()
    pins = _Read(settings, open_pins)
    for line in zone_lines(settings, pins.readings, pins.unreadable):
        say(line)
    for line in output_lines(settings, pins.faults):
        say(line)
    found.faults += pins.wrong(settings)
    for one in (_ups(settings, pins), data_folder.look(settings.data, service)):
        for line in one.lines:
            say(line)
        found.add(one)
    found.faults += map(str, too_open(guarded(settings, file, settings.data)))
    for doubt in doubts(settings):
        say(f"warning: {doubt}")
    synced = clock_synced()
    found.add(_outside(settings, service, synced, say))
    say(_clock(synced))
    for warning in found.warnings:
        say(f"warning: {warning}")
    if settings.pins == "mock":
        found.faults.append('pins = "mock": no real pin was read')
    for fault in found.faults:
        say(f"NOT READY: {fault}")
    if not found.faults:
        say(_ready(settings))
    if pins.error is not None:
        raise pins.error
    return UNUSABLE if pins.unreadable or pins.faults else 0


class _Read:
    """One reading of all pins, or why there is none."""

    def __init__(self, settings: AgentSettings, open_pins: Callable[[], ReadPins]) -> None:
        self.readings: dict[str, Reading] = {}
        self.unreadable: dict[str, str] = {}
        self.faults: dict[str, str] = {}
        self.ups: UpsStatus | None = None
        self.error: PinsError | None = None
        try:
            pins = open_pins()
        except PinsError as error:
            self.error = error
            self.unreadable = {zone.zone: "there are no pins here" for zone in settings.zones}
            return
        with contextlib.closing(pins):
            time.sleep(PULL_UP_S)
            self.readings = dict(pins.read())
            self.unreadable = {zone: in_words(why) for zone, why in pins.unreadable.items()}
            self.faults = {output: in_words(why) for output, why in pins.faults.items()}
            self.ups = pins.ups.read() if pins.ups is not None else None

    def wrong(self, settings: AgentSettings) -> Iterator[str]:
        """Yield what isn't ready."""
        if self.error is not None:
            yield str(self.error)
            return
        for zone in settings.zones:
            if zone.zone in self.readings:
                why = not_well(zone, self.readings[zone.zone])
                if why is not None:
                    yield why
            else:
                yield f"{zone.zone}: not read: {self.unreadable.get(zone.zone, 'why is not known')}"
        for output, why in self.faults.items():
            yield f"{output}: can't be {'read' if output == 'ups' else 'driven'}: {why}"


def in_words(why: str) -> str:
    """Return why a pin can't be had, with the cure where it is known."""
    return f"{why}: {BUSY}" if "busy" in why.lower() else why


def _ups(settings: AgentSettings, pins: _Read) -> Found:
    """Ask the UPS once."""
    found = Found()
    status = pins.ups
    if isinstance(settings.ups, UpsSerial):
        with contextlib.closing(UpsLine(settings.ups.port)) as line:
            try:
                status = line.ask()
            except UpsError as error:
                found.faults.append(f"ups: {in_words(str(error))}")
    if status is not None:
        found.lines.append(f"ups says: {words.now(status)}")
        why = words.not_well(status, contacts=isinstance(settings.ups, UpsPins))
        if why is not None:
            found.faults.append(why)
    return found


def _outside(
    settings: AgentSettings, service: Service | None, synced: bool | None, say: Callable[[str], None]
) -> Found:
    """Look at certificates and brokers; each is named before it is tried, for that may take seconds."""
    found = certificates(settings, datetime.now(UTC), synced)
    for line in found.lines:
        say(f"certificate {line}")
    name = f"{settings.site}.{settings.device}" if service is not None and service.stopped else None
    for link in settings.links:
        say(f"link {link.name}: trying {_where(link)} ...")
        one = reach(link, lambda: synced is not False, name)
        one.faults += _hidden(link, service)
        for line in [*one.lines, *one.faults]:
            say(f"  {line.removeprefix(f'link {link.name}: ')}")
        found.add(one)
    return found


def _hidden(link: LinkSettings, service: Service | None) -> Iterator[str]:
    """Yield the files of a link that the service would not find where they are."""
    if link.tls is None or service is None:
        return
    for key in ("ca_file", "cert_file", "key_file"):
        file = getattr(link.tls, key)
        why = service.hidden(file)
        if why is not None:
            yield f"link {link.name}: {key} {file}: {why}"


def _where(link: LinkSettings) -> str:
    return f"{link.host}:{link.port}" + (
        " with TLS" if link.tls is not None else ", on this machine, without TLS"
    )


def _clock(synced: bool | None) -> str:
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if synced:
        return f"clock: {now}, synchronised"
    if synced is None:
        return f"clock: {now}; whether it is synchronised can't be known here"
    return (
        f"clock: {now}, NOT synchronised: presses go out all the same, the dates of certificates go unchecked"
    )


def _ready(settings: AgentSettings) -> str:
    unseen = [
        f"{zone.zone}: {words}"
        for zone in settings.zones
        if (words := unsupervised(zone.kind, zone.circuit)) is not None
    ]
    return f"ready, but {'; '.join(unseen)}" if unseen else "ready"
