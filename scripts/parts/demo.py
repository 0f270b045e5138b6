"""The demo: broker, hub and simulated rooms on one machine, kept up until it is told to end."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from . import apt, mosquitto, options, places, venv
from .asking import accepts, free_ports, get_json, is_free
from .options import Options
from .processes import Kept, adopt_orphans, children, end_children
from .progress import Progress, SetupError
from .site import PHONES, USER, Ports, Room, Site
from .streams import open_closed, remark, say

READY_WITHIN_S = 120.0
END_S = 7.0
"""Hub and rooms have so long to end, then the broker has half as long again: 15 s are promised."""
LOCK_WITHIN_S = 20.0
TRIES = 4
"""A part that dies so often before the demo was ever ready won't get up by itself."""


class Ended(BaseException):
    """Somebody asked the demo to end."""


def main(words: list[str]) -> int:
    """Set up what is missing, then run the demo in the venv's Python."""
    open_closed()
    chosen = options.read(words)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish
            signal.signal(number, _end)
    try:
        _set_up()
        Demo(chosen).run()
    except SetupError as error:
        remark(f"scripts/demo: {error}")
        return 1
    except Ended:
        return 0


def _end(_: int, __: FrameType | None) -> NoReturn:
    raise Ended


def _set_up() -> None:
    """Bring venv and mosquitto here if they aren't, and go on in the venv's Python."""
    python = venv.ready("device", "hub")
    missing: tuple[str, ...] = () if python else ("a venv", "Python packages")
    if mosquitto.find() is None:
        missing += ("mosquitto",)
    if missing:
        progress = Progress(missing)
        try:
            python = python or venv.make(progress, "device", "hub")
        except apt.MissingError as error:  # name all that is missing at once
            raise apt.MissingError(*error.packages, *missing[2:]) from None
        if mosquitto.find() is None:
            progress.step()
            mosquitto.get(progress)
        progress.done()
    assert python is not None
    if Path(sys.prefix).resolve() != python.parent.parent.resolve():
        os.execv(python, [str(python), str(places.ROOT / "scripts" / "demo"), *sys.argv[1:]])


class Demo:
    """One run of the demo, in the venv's Python."""

    def __init__(self, chosen: Options) -> None:
        from config.rooms import numbered_rooms

        self._chosen = chosen
        self._temporary = chosen.data is None
        self._data = chosen.data or Path(tempfile.mkdtemp(prefix="tocsin-demo-")).resolve()
        self._rooms = tuple(Room(*room) for room in numbered_rooms(chosen.rooms))
        self._ports = _ports(chosen)
        self._parts: list[Kept] = []
        self._was_ready = False

    def run(self) -> NoReturn:
        """Run until :class:`Ended`; leaves no process, and no temporary folder unless it failed."""
        failed = False
        try:
            adopt_orphans()
            self._start()
            while True:
                self._look()
                time.sleep(0.1)
        except SetupError:
            failed = True
            raise
        finally:
            self._end_all()
            if self._temporary and not failed:
                shutil.rmtree(self._data, ignore_errors=True)

    def _start(self) -> None:
        from config import broker

        ports, programs = self._ports, Path(sys.executable).parent
        try:
            site = Site(self._data, programs)
            conf = broker.settings(
                "demo", port=ports.mqtt, folder=self._data / "broker", user=broker.own_user()
            )
        except (OSError, ValueError) as error:
            raise SetupError(f"{self._data} can't be used: {error}") from None
        hold = self._hold_folder()
        (self._data / "broker" / "mosquitto.conf").write_text(conf, encoding="utf-8")
        found = mosquitto.find()
        assert found is not None
        secret = site.secret
        chosen = self._chosen
        site.write(ports, self._rooms, chosen.webhook, chosen.group_by, chosen.alarm_receiver)

        def keep(name: str, *command: str, env: dict[str, str] | None = None) -> None:
            log = self._data / "logs" / f"{name}.log"
            if log.exists():
                log.replace(log.with_suffix(".log.1"))
            part = Kept(name, list(command), log=log, cwd=self._data, hold=hold, env=env)
            self._parts.append(part)
            part.start()

        remark(f"starting broker, hub and {len(self._rooms)} rooms; their logs are in {self._data / 'logs'}")
        keep("broker", found.program, "-c", str(self._data / "broker" / "mosquitto.conf"), env=found.env)
        site.add_person()
        token = site.add_token()
        if ports.phones is not None:
            phones = (word for name, number in PHONES for word in ("--phone", f"{name}={number}"))
            where = ("--line", str(site.modem), "--port", str(ports.phones))
            keep("phones", str(programs / "tocsin-hub"), "simulate-modem", *where, *phones)
        keep("hub", str(programs / "tocsin-hub"), "run", "--config", str(site.hub_toml))
        self._wait(self._why_no_hub)
        # Only now: a birth that the hub hears live is at once a room heard from, a retained one isn't.
        keep("rooms", str(programs / "tocsin-device"), *self._simulate(site))
        self._wait(lambda: self._why_no_hub() or self._why_no_rooms(token))
        self._was_ready = True
        console, rooms = f"http://127.0.0.1:{ports.console}", f"http://127.0.0.1:{ports.rooms}"
        say(
            f"ready site={site.name} console={console} api={console}/api/v1 mqtt=127.0.0.1:{ports.mqtt}"
            f" rooms={rooms} user={USER} password={site.password} token={token} secret={secret}"
        )
        person = f"sign in as {USER} with the password {site.password}"
        alone = " (Nothing else tells: the rooms' lamps are ready while it is open.)"
        lamps = "" if self._chosen.webhook or self._chosen.alarm_receiver else alone
        say(f"Open {console} and {person}: the officer's board.{lamps}")
        say(f"Press a button of a room at {rooms}, as a teacher would.")
        if ports.phones is not None:
            say(f"What it texts, and whom it rings after 30 s: http://127.0.0.1:{ports.phones}; reply there.")
        say("Watch the room appear on the board, acknowledge it there, and see the room's lamp tell so.")

    def _simulate(self, site: Site) -> tuple[str, ...]:
        return (
            "simulate",
            *("--rooms", str(len(self._rooms))),
            *("--site", site.name),
            *("--mqtt", f"127.0.0.1:{self._ports.mqtt}"),
            *("--port", str(self._ports.rooms)),
            *("--data", str(self._data / "rooms")),
        )

    def _wait(self, why_not: Callable[[], str | None]) -> None:
        """Wait until ``why_not`` has no reason left."""
        until = time.monotonic() + READY_WITHIN_S
        said = ""
        while (why := why_not()) is not None:
            self._look()
            if why != said:
                remark(f"waiting: {why}")
                said = why
            if time.monotonic() > until:
                raise SetupError(f"not ready after {READY_WITHIN_S:.0f} s: {why}; see {self._data / 'logs'}")
            time.sleep(0.05)

    def _why_no_hub(self) -> str | None:
        """Return why the hub isn't up yet, in words; None when it truly is."""
        if not accepts(self._ports.mqtt):
            return "the broker does not accept"
        health = get_json(f"http://127.0.0.1:{self._ports.console}/healthz")
        if not isinstance(health, dict) or health.get("ready") is not True:
            return "the hub is not ready"
        if self._ports.phones is not None and not accepts(self._ports.phones):
            return "the phones' page does not answer"
        return None

    def _why_no_rooms(self, token: str) -> str | None:
        """Return which rooms the hub doesn't hear, in words; None when it hears each."""
        devices = get_json(f"http://127.0.0.1:{self._ports.console}/api/v1/devices", token)
        if not isinstance(devices, dict):
            return "the API does not answer"
        if get_json(f"http://127.0.0.1:{self._ports.rooms}/api/rooms") is None:
            return "the rooms' page does not answer"
        known = heard(devices)
        silent = [room.room for room in self._rooms if room.device not in known]
        return f"not heard from: {', '.join(silent)}" if silent else None

    def _look(self) -> None:
        now = time.monotonic()
        for part in self._parts:
            said = part.look(now)
            if said is None:
                continue
            end_children(children() - {part.pid for part in self._parts if part.pid is not None})
            if not self._was_ready and part.starts >= TRIES:
                raise SetupError(
                    f"{said.partition(';')[0]} {part.starts} times; it said:\n{part.last_words()}"
                )
            remark(said)

    def _end_all(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        users = [part for part in self._parts if part.name != "broker"]
        for among, within_s in ((users, END_S), ([p for p in self._parts if p.name == "broker"], END_S / 2)):
            until = time.monotonic() + within_s
            for part in among:
                part.ask_to_end()
            for part in among:
                part.wait_to_end(until)
        end_children()

    def _hold_folder(self) -> int:
        """Take the folder for us and our processes; an earlier demo's may be on their way out."""
        lock = os.open(self._data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + LOCK_WITHIN_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise SetupError(f"another demo is using {self._data}") from None
                time.sleep(0.1)
            else:
                return lock


def heard(devices: Any) -> set[str]:
    """Return the ids of the devices that the hub hears now, and not from its record."""
    listed = devices.get("devices") if isinstance(devices, dict) else None
    return {
        device["device"]
        for device in listed or ()
        if isinstance(device, dict) and device.get("standing") == "heard"
    }


def _ports(chosen: Options) -> Ports:
    asked = {"--mqtt-port": chosen.mqtt_port, "--console-port": chosen.console_port}
    for flag, port in asked.items():
        if port is not None and not is_free(port):
            raise SetupError(f"port {port} of 127.0.0.1 can't be used: give another by {flag}")
    if chosen.mqtt_port is not None and chosen.mqtt_port == chosen.console_port:
        raise SetupError(f"port {chosen.mqtt_port} is given to both --mqtt-port and --console-port")
    free = free_ports(4, {port for port in asked.values() if port is not None})
    mqtt, console = chosen.mqtt_port or free[0], chosen.console_port or free[1]
    return Ports(mqtt, console, free[2], free[3] if chosen.phones else None)
