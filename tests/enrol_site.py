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
from hub.authority.broker_files import ASKED, RIGHTS
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
    """Has the brokers read their lists anew when that is asked for, as ``tocsin-broker-reload.path`` does."""

    def __init__(self, brokers: list[Mosquitto], asked: Path) -> None:
        self.held = False
        """Nobody is told, as where that unit was never started."""
        self._brokers, self._asked = brokers, asked
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            if not self.held and self._asked.exists():
                self._asked.unlink()
                for broker in self._brokers:
                    if broker.running:
                        os.kill(broker.pid, signal.SIGHUP)

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
        """Start the room's agent with what this Pi has, and wait until the first broker has let it in."""
        settings = self.settings
        link = settings.links[0]
        assert link.tls is not None
        room = Room(self.school, settings.device, link.tls, None)  # type: ignore[arg-type]  # has what it needs
        self.rooms.append(room)
        if wait:
            room.wait_link()
        return room


class EnrolSite:
    """Brokers, hub and the webhook's far end; nobody is enrolled."""

    site = "school"

    def __init__(self, folder: Path, *, rooms: int = 3, brokers: int = 1, **enrolment: str) -> None:
        """``folder`` must be open to every user; ``enrolment`` are more settings of that table."""
        self.folder = folder
        self.data = folder / "hub"
        self.data.mkdir()
        self.sink = Sink()
        self.door_port, self.console_port = free_port(), free_port()
        ports = [free_port() for _ in range(brokers)]
        self._names = itertools.count(1)
        self._pis: list[Pi] = []
        secret = folder / "secret"
        secret.touch(0o600)
        secret.write_text("whsec_" + "A" * 43 + "=")
        self.hub_toml = folder / "hub.toml"
        listed = "".join(
            f'[[rooms]]\ndevice = "{room.device}"\nroom = "{room.room}"\n' for room in numbered_rooms(rooms)
        )
        more = "".join(f"{key} = {value}\n" for key, value in enrolment.items())
        others = "".join(
            f'[[more_brokers]]\nname = "spare-{port}"\nport = {port}\nown_tls = true\n' for port in ports[1:]
        )
        self.hub_toml.write_text(f"""
site = "{self.site}"
name = "A School"
data = "{self.data}"
broker = {{ port = {ports[0]}, own_tls = true }}
console = {{ port = {self.console_port} }}
channels.hook = {{ type = "webhook", url = "{self.sink.url}", secret_file = "{secret}" }}
audiences.sro = {{ channels = ["hook"] }}
{others}
[enrolment]
address = "{HOST}"
host = "{HOST}"
port = {self.door_port}
{more}
{listed}""")
        users = python().users
        if users is not None:
            os.chown(self.data, users[0], users[0])
            os.chown(secret, users[0], users[0])
        assert self.command("authority")[0] == 0
        files = broker_folder(load_hub(self.hub_toml))
        self.asked = files / ASKED
        """While it is there, the brokers are to read their lists anew."""
        self.asked.parent.mkdir()
        if users is not None:
            os.chown(self.asked.parent, users[0], users[0])
        self.brokers = [_broker(folder / f"broker-{port}", port, files) for port in ports]
        self.broker = self.brokers[0]
        self.reloader = Reloader(self.brokers, self.asked)
        run = [python().program, "-m", "hub.cli", "run", "--config", str(self.hub_toml)]
        self.hub = Process("hub", run, folder / "hub.log")
        self.hub.as_user = None if users is None else users[0]
        self.hub.environment = python().environment

    def __enter__(self) -> Self:
        for broker in self.brokers:
            broker.start()
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
        for broker in self.brokers:
            broker.stop()
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

    def close_door(self) -> None:
        """Take the door's address out of the hub's settings: from its next start on it has none."""
        words = self.hub_toml.read_text()
        self.hub_toml.write_text(words.replace(f'address = "{HOST}"\n', ""))

    # --- commands on the hub's machine --------------------------------------------------------------

    def start_command(self, *words: str) -> subprocess.Popen[str]:
        """Start ``tocsin-hub`` with these words."""
        command = [python().program, "-m", "hub.cli", *words, "--config", str(self.hub_toml)]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, text=True, cwd=ROOT, **how, **_as(0))

    def command(self, *words: str) -> tuple[int, str]:
        """Run ``tocsin-hub`` with these words; returns the exit code and all that it said."""
        running = self.start_command(*words)
        said, _ = running.communicate(timeout=180)
        return running.returncode, said

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
        return {key: json.loads(row) for key, row in self._rows("select key, row from troubles where open")}

    def recorded(self, what: str) -> int:
        """Count the rows of the record that say this."""
        return len(self._rows("select 1 from record where what = ?", what))

    def _rows(self, query: str, *values: Any) -> list[Any]:
        uri = f"file:{self.data / 'tocsin.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
            return db.execute(query, values).fetchall()

    def rights(self) -> str:
        """Return the broker's list of who may speak."""
        return (broker_folder(load_hub(self.hub_toml)) / RIGHTS).read_text()


class _Broker(Mosquitto):
    tls_name = f"broker.{EnrolSite.site}.tocsin.internal"


def _broker(store: Path, port: int, files: Path) -> _Broker:
    """Return a broker as installed, that isn't started."""
    store.mkdir()
    user = broker_settings.own_user()
    conf = broker_settings.settings("school", port=port, folder=store, files=files, user=user)
    return _Broker(store, port=port, conf=conf)


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
