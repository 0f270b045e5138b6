"""A school to be enrolled, for tests: its hub with an open door, its broker, and Pis that are nothing yet.

>>> with EnrolSite(folder) as school:
...     pi = school.pi("a")
...     pi.enrol(school.code("room-101"))
...     pi.plug().tap("wall")

Hub, broker, every command and every room are processes; run by root, the hub is one user and the Pis are
another, as on their own machines.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import sysconfig
import tempfile
import threading
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple, Self

from config import broker as broker_settings
from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.rooms import numbered_rooms
from config.rooms_file import load_hub
from config.settings import load
from hub.authority.beginning import broker_folder
from hub.authority.broker_files import REVOKED, RIGHTS
from tests.mosquitto import HOST, Mosquitto, free_port
from tests.school_site import Room
from tests.site import ROOT, Process, Sink, until

HUB_USER, PI_USER = 20_001, 20_002
"""Numbers that nobody else on the machine has."""
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Python(NamedTuple):
    """An interpreter that other users may start, and what lets it find our packages."""

    program: str
    environment: dict[str, str]
    users: tuple[int, int] | None
    """The hub's and the Pis'; None where all is one user's."""


@functools.cache
def python() -> Python:
    """Return how the programs are started: as root, as two users who have nothing to do with each other."""
    if os.geteuid() == 0:
        packages = sysconfig.get_path("purelib")
        ours = {**os.environ, "PYTHONPATH": f"{ROOT}:{packages}"}
        for program in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
            tried = [program, "-c", "import msgspec, cryptography, sqlalchemy"]
            with contextlib.suppress(OSError):
                done = subprocess.run(tried, env=ours, capture_output=True, check=False, user=HUB_USER)
                if done.returncode == 0:
                    return Python(program, ours, (HUB_USER, PI_USER))
    return Python(sys.executable, dict(os.environ), None)


class Reloader:
    """Has a broker read its lists anew whenever they change, as ``tocsin-broker-reload.path`` does."""

    def __init__(self, broker: Mosquitto, folder: Path) -> None:
        self.broker, self.held = broker, False
        """``held``: it isn't told, as where that unit was never started."""
        self._files = [folder / RIGHTS, folder / REVOKED]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        seen = self._look()
        while not self._stop.wait(0.02):
            now = self._look()
            if now != seen and not self.held and self.broker.running:
                seen = now
                os.kill(self.broker.pid, signal.SIGHUP)

    def _look(self) -> list[int]:
        return [file.stat().st_mtime_ns for file in self._files if file.exists()]

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


class Pi:
    """A machine that may become a room."""

    def __init__(self, school: EnrolSite, name: str) -> None:
        self.school = school
        self.etc = school.folder / f"pi-{name}"
        self.etc.mkdir()
        if (users := python().users) is not None:
            os.chown(self.etc, users[1], users[1])
        self.rooms: list[Room] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start ``tocsin-device enrol`` with these words."""
        command = [python().program, "-m", "device.cli", "enrol", "--etc", str(self.etc), *words]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(command, text=True, cwd=ROOT, **how, **_as(1))

    def enrol(self, code: str | None, *words: str, door: int | None = None) -> tuple[int, str]:
        """Enrol with a code at a door (the hub's); returns the exit code and all that was said."""
        hub = ["--hub", f"{HOST}:{door or self.school.door_port}", "--code", code] if code is not None else []
        running = self.start(*hub, *words)
        said, _ = running.communicate(timeout=180)
        return running.returncode, said

    @property
    def settings(self) -> AgentSettings:
        """What its agent would run with."""
        return load(self.etc / "agent.toml", AgentSettings, check_agent)

    @property
    def key(self) -> bytes:
        return (self.etc / "identity" / "key.pem").read_bytes()

    def plug(self, *, wait: bool = True) -> Room:
        """Start the room's agent with what this Pi has, and wait until the broker has let it in."""
        settings = self.settings
        (link,) = settings.links
        assert link.tls is not None
        room = Room(self.school, settings.device, link.tls, None)  # type: ignore[arg-type]  # has what it needs
        self.rooms.append(room)
        if wait:
            room.wait_link()
        return room


class EnrolSite:
    """Broker, hub and the webhook's far end; nobody is enrolled."""

    site = "school"

    def __init__(self, folder: Path, *, rooms: int = 3, **enrolment: str) -> None:
        """``folder`` must be open to every user; ``enrolment`` are more settings of that table."""
        self.folder = folder
        self.data = folder / "hub"
        self.data.mkdir()
        self.sink = Sink()
        self.door_port, self.console_port, broker_port = free_port(), free_port(), free_port()
        self._names = itertools.count(1)
        self._pis: list[Pi] = []
        secret = folder / "secret"
        secret.write_text("whsec_" + "A" * 43 + "=")
        self.hub_toml = folder / "hub.toml"
        listed = "".join(
            f'[[rooms]]\ndevice = "{room.device}"\nroom = "{room.room}"\n' for room in numbered_rooms(rooms)
        )
        more = "".join(f"{key} = {value}\n" for key, value in enrolment.items())
        self.hub_toml.write_text(f"""
site = "{self.site}"
name = "A School"
data = "{self.data}"
broker = {{ port = {broker_port}, own_tls = true }}
console = {{ port = {self.console_port} }}
channels.hook = {{ type = "webhook", url = "{self.sink.url}", secret_file = "{secret}" }}
audiences.sro = {{ channels = ["hook"] }}
[enrolment]
address = "{HOST}"
host = "{HOST}"
port = {self.door_port}
{more}
{listed}""")
        users = python().users
        if users is not None:
            os.chown(self.data, users[0], users[0])
        assert self.command("authority")[0] == 0
        store = folder / "broker"
        store.mkdir()
        files = broker_folder(load_hub(self.hub_toml))
        conf = broker_settings.settings(
            "school", port=broker_port, folder=store, files=files, user=broker_settings.own_user()
        )
        self.broker = _Broker(store, port=broker_port, conf=conf)
        self.reloader = Reloader(self.broker, files)
        run = [python().program, "-m", "hub.cli", "run", "--config", str(self.hub_toml)]
        self.hub = Process("hub", run, folder / "hub.log")
        self.hub.as_user = None if users is None else users[0]
        self.hub.environment = python().environment

    def __enter__(self) -> Self:
        self.broker.start()
        try:
            self.start_hub()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for pi in self._pis:
            for room in pi.rooms:
                room.end()
        self.reloader.stop()
        self.hub.kill()
        self.broker.stop()
        self.sink.close()

    def start_hub(self) -> None:
        """Start the hub, and wait until it is ready and its door is open."""
        self.hub.start()

        def asked() -> bool:
            url = f"http://{HOST}:{self.console_port}/healthz"
            with contextlib.suppress(OSError), _OPENER.open(url, timeout=5) as answer:
                return bool(answer.status == 200)
            return False

        try:
            until("the hub is ready", asked, 180)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.hub.words()}\n{self.broker.words()[-2000:]}") from None

    def pi(self) -> Pi:
        """Return a Pi that is nothing yet."""
        made = Pi(self, str(next(self._names)))
        self._pis.append(made)
        return made

    # --- commands on the hub's machine --------------------------------------------------------------

    def command(self, *words: str) -> tuple[int, str]:
        """Run ``tocsin-hub`` with these words; returns the exit code and all that it said."""
        command = [python().program, "-m", "hub.cli", *words, "--config", str(self.hub_toml)]
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            check=False,
            timeout=180,
            **_as(0),
        )
        return done.returncode, done.stdout

    def code(self, device: str | None, *words: str) -> str:
        """Have a code made for a room's device, or for a spare."""
        whom = ["--spare"] if device is None else ["--room", device]
        status, said = self.command("enrol", *whom, *words)
        found = re.search(r"^    ((?:[0-9A-Z]{5}-){7}[0-9A-Z]{5})$", said, re.MULTILINE)
        assert status == 0, said
        assert found is not None, said
        return found[1]

    def agents(self) -> str:
        """Return what ``tocsin-hub agents`` lists."""
        status, said = self.command("agents")
        assert status == 0, said
        return said

    @property
    def authority(self) -> bytes:
        """The certificate of the hub's authority, in DER form."""
        return ssl.PEM_cert_to_DER_cert((self.data / "authority" / "authority.pem").read_text().strip())

    def troubles(self) -> dict[str, Any]:
        """Return the open troubles as the record has them, by key."""
        uri = f"file:{self.data / 'tocsin.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
            found = db.execute("select key, row from troubles where open").fetchall()
        return {key: json.loads(row) for key, row in found}

    def rights(self) -> str:
        """Return the broker's list of who may speak."""
        return (broker_folder(load_hub(self.hub_toml)) / RIGHTS).read_text()


class _Broker(Mosquitto):
    tls_name = f"broker.{EnrolSite.site}.tocsin.internal"


def open_folder(parent: Path) -> Path:
    """Make a folder that every user may enter, as pytest's own are not; whoever asks removes it."""
    folder = Path(tempfile.mkdtemp(prefix="enrol-"))
    folder.chmod(0o755)
    (parent / "where").write_text(str(folder))
    return folder


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _as(which: int) -> dict[str, Any]:
    """Return how a process is one of the two users."""
    found = python()
    if found.users is None:
        return {"env": found.environment}
    user = found.users[which]
    return {"env": found.environment, "user": user, "group": user, "extra_groups": []}
