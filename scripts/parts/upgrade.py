"""A room's Pi takes the release that its hub asks for: run by tocsin-upgrade.timer, every minute or so.

    python3 -m parts.upgrade        ask once, and do what is asked
    python3 -m parts.upgrade may    wait until the program that reads the buttons may be changed

Only the authority that this Pi was installed by is believed, of which root has a copy of its own: the agent
has no part in it. What runs here, and goes back, is of the release that was confirmed last
(/opt/tocsin/upgrader). A new one is confirmed once the hub has heard its agent for a while; until then
``from`` in the state folder says what to go back to.
Standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import filecmp
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import fetch

SCRIPTS = Path(__file__).resolve().parent.parent
HEARD_S = 240.0
"""Seconds within which the hub must have heard the new agent, for :data:`STEADY_S` without a break."""
STEADY_S = 45.0
WAIT_S = 3600.0
"""Seconds that a release which is built waits until nobody may need the buttons; then it is built anew."""
LOOK_S = 5.0
NOT_NOW = 75
"""Exit code of scripts/install where it was not to touch what runs (sysexits.h, EX_TEMPFAIL)."""
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
NOT_HEARD = f"the hub did not hear it for {STEADY_S:.0f} s"
NOTICE = "<5>"
"""How a line begins that the journal keeps (sd-daemon(3)); the rest is only shown to who looks on."""
UNREACHABLE = (OSError, http.client.HTTPException, ssl.SSLError, fetch.FetchError, ValueError, KeyError)

Run = Callable[[Sequence[str]], tuple[int, str]]


class Places(NamedTuple):
    """Where things are; a root of its own in tests."""

    opt: Path = Path("/opt/tocsin")
    identity: Path = Path("/etc/tocsin/identity")
    state: Path = Path("/var/lib/tocsin/upgrade")
    units: Path = Path("/etc/systemd/system")
    mounts: Path = Path("/proc/mounts")
    lock: Path = Path("/run/tocsin-install/lock")


class Upgrade:
    """One look at what this Pi is to run."""

    def __init__(
        self,
        places: Places,
        run: Run,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._at = places
        self._run = run
        self._sleep = sleep
        self._clock = clock

    def once(self) -> None:
        """Settle what an earlier run left, ask, and do what is asked."""
        with _alone(self._at.lock) as is_alone:
            if not is_alone:
                return  # somebody runs scripts/install
            self._at.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            marked = self._read("from")
            if marked is None:
                self._keep()
        if marked is not None:
            self._settle(marked)
        failed = self._read("failed")
        try:
            told = self.ask(failed=failed)
        except UNREACHABLE as error:
            print(f"the hub can't be asked: {error}")
            return
        (self._at.state / "failed").unlink(missing_ok=True)
        if self._read("from") is not None:
            return  # it could not go back: that comes first
        release = told.get("release")
        if isinstance(release, str) and release != self.runs():
            self._take(release)

    def may(self) -> bool:
        """Wait until what runs may be changed; False where it is not to be any more, or for an hour."""
        wanted = (self._read("from") or {}).get("release")
        until = self._clock() + WAIT_S
        while self._clock() < until:
            with contextlib.suppress(*UNREACHABLE):
                told = self.ask()
                if wanted is not None and told.get("release") == wanted:
                    os.sync()  # all of the new one is on the disk before it is in the place of the old one
                    return True
                if told.get("why") is None:
                    return False
                print(f"waiting: {told['why']}", flush=True)
            self._sleep(3 * LOOK_S)
        return False

    def runs(self) -> str | None:
        """Return which of the hub's releases is installed here."""
        try:
            return (self._at.opt / "current" / "release").read_text(encoding="utf-8").strip() or None
        except OSError:
            return None

    def ask(self, failed: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the hub what to run; raises one of :data:`UNREACHABLE`."""
        word: dict[str, Any] = {"runs": self.runs()}
        if failed is not None:
            word["failed"] = {"release": str(failed["release"]), "why": str(failed["why"])[:300]}
        answer = json.loads(self._door().post("/agents/v1/release", json.dumps(word).encode()))
        if not isinstance(answer, dict):
            raise fetch.FetchError("the hub's answer is none")
        return answer

    # --- taking a release --------------------------------------------------------------------------

    def _take(self, release: str) -> None:
        before = self._current()
        if before is None:
            return
        if self._forgets():
            self._fail(release, "its root is an overlay, which forgets: switch that off, and upgrade again")
            return
        wheels, installer = self._at.state / "wheels", self._at.state / "installer"
        try:
            shutil.rmtree(installer, ignore_errors=True)
            wheels.mkdir(exist_ok=True)
            if self._door().fetch(wheels) != release:
                return  # the hub has another one since: it says so when it is asked next
        except UNREACHABLE as error:
            print(f"{NOTICE}release {release} can't be fetched now: {error}")
            return
        installer.mkdir()
        code, said = self._run(["tar", "-C", str(installer), "-xf", str(wheels / "installer.tar")])
        if code:
            print(f"{NOTICE}release {release} can't be unpacked: {_why(said)}")
            return
        self._write("from", {"from": before, "release": release})
        may = f"env PYTHONPATH={SCRIPTS} {sys.executable} -P -m parts.upgrade may"
        words = [str(installer / "scripts/install"), "agent", "--yes", "--wheels", str(wheels)]
        code, said = self._run([*words, "--ask-first", may])
        if self._current() == before:
            if code != NOT_NOW:
                self._fail(release, _why(said))
            self._clean(before)
        elif (why := self._not_confirmed()) and self._read("from") is not None:  # else a person took over
            self._go_back(before, release, why)
        else:
            self._unmark()
            self._keep()
            print(f"{NOTICE}release {release} runs, and the hub hears it")
        for folder in (wheels, installer):
            shutil.rmtree(folder, ignore_errors=True)

    def _not_confirmed(self) -> str | None:
        """Wait until the hub has heard the new agent for a while; returns why not, None where it has."""
        since: float | None = None
        starts, why = self._starts(), NOT_HEARD
        until = self._clock() + HEARD_S
        while self._clock() < until:
            try:
                told = self.ask()
                heard = told.get("heard") is True
                why = str(told.get("why") or NOT_HEARD)
            except UNREACHABLE as error:
                heard, why = False, f"the hub could not be asked: {error}"
            if (now := self._starts()) != starts:
                heard, starts, why = False, now, "its agent started anew by itself"
            since = (since or self._clock()) if heard else None
            if since is not None and self._clock() - since >= STEADY_S:
                return None
            self._sleep(LOOK_S)
        return why

    def _starts(self) -> str:
        """Return whether the agent is up, and how often systemd has started it anew."""
        return self._run(["systemctl", "show", "-p", "ActiveState,NRestarts", "tocsin-agent"])[1].strip()

    # --- going back ----------------------------------------------------------------------------------

    def _settle(self, marked: dict[str, Any]) -> None:
        """End what an earlier run was cut off in: the release of before runs, and no other."""
        before, release = str(marked["from"]), str(marked["release"])
        if self._current() == before:
            self._clean(before)
        else:
            self._go_back(before, release, "it was cut off before it was confirmed")

    def _go_back(self, before: str, release: str, why: str) -> None:
        self._fail(release, why)
        code, said = self._run([str(SCRIPTS / "install"), "back", "--yes", "--to", before])
        if code:
            print(f"{NOTICE}it can't go back to {before}: {_why(said)}")
            self._fail(release, f"{why}; and it can't go back: {_why(said)}")  # tried again in a minute
        else:
            self._clean(before)

    def _clean(self, before: str) -> None:
        """Have nothing here be of a later release than the one that runs."""
        units = self._at.opt / "releases" / before / "units"
        stale = [
            unit.name
            for unit in units.glob("tocsin-*")
            if (self._at.units / unit.name).exists()
            and not filecmp.cmp(unit, self._at.units / unit.name, shallow=False)
        ]
        for name in stale:
            _copy(units / name, self._at.units / name)
        if stale:
            self._run(["systemctl", "daemon-reload"])
            self._run(["systemctl", "start", "tocsin-agent"])  # its unit may have been empty: masked
        for folder in (self._at.opt / "releases").iterdir():
            is_later = folder.name.isdecimal() and int(folder.name) > int(before)
            if is_later and not SCRIPTS.is_relative_to(folder.resolve()):
                shutil.rmtree(folder, ignore_errors=True)
        self._unmark()

    def _keep(self) -> None:
        """Have the release that runs be the one that upgrades, and goes back, from now on."""
        current = self._current()
        if current is None:
            return
        release, link = self._at.opt / "releases" / current, self._at.opt / "upgrader"
        target = f"releases/{current}/installer"
        if not (release / "installer/scripts/parts/upgrade.py").exists():
            return
        if link.is_symlink() and str(link.readlink()) == target:
            return
        for unit in (release / "units").glob("tocsin-upgrade.*"):
            _copy(unit, self._at.units / unit.name)
        fresh = link.with_name("upgrader.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(link)
        self._run(["systemctl", "daemon-reload"])

    # --- what is known -------------------------------------------------------------------------------

    def _current(self) -> str | None:
        try:
            return (self._at.opt / "current").readlink().name
        except OSError:
            return None

    def _forgets(self) -> bool:
        """Tell whether what is written to / is gone at the next start."""
        lines = self._at.mounts.read_text(encoding="utf-8").splitlines()
        return any(line.split()[1:3] == ["/", "overlay"] for line in lines)

    def _door(self) -> fetch.Door:
        identity = self._at.identity
        what = json.loads((identity / "what.json").read_text(encoding="utf-8"))
        door = fetch.Door(str(what["hub"]))
        door.believe(*fetch.anchored(identity, self._at.state / "anchor.json"))
        door.show(identity / "certificate.pem", identity / "key.pem")
        return door

    def _fail(self, release: str, why: str) -> None:
        print(f"{NOTICE}release {release} did not stay: {why}")
        self._write("failed", {"release": release, "why": why})

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            found = json.loads((self._at.state / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, name: str, what: dict[str, Any]) -> None:
        _put(self._at.state / name, json.dumps(what).encode())

    def _unmark(self) -> None:
        (self._at.state / "from").unlink(missing_ok=True)


def _copy(source: Path, place: Path) -> None:
    _put(place, source.read_bytes())
    place.chmod(0o644)


def _put(path: Path, data: bytes) -> None:
    """Write a file whole, on the disk before its name is."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Yield whether no scripts/install runs here, and have none begin meanwhile."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _why(said: str) -> str:
    """Return the last words of scripts/install."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    own = [line.removeprefix("install: ") for line in lines if line.startswith("install: ")]
    return (own or lines or ["it said nothing"])[-1]


def run(words: Sequence[str]) -> tuple[int, str]:
    """Run a program of this machine; returns its exit code and all that it said."""
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=ENVIRONMENT,
        check=False,
    )
    return done.returncode, done.stdout


def main(words: list[str]) -> int:
    """Do it; returns the exit code."""
    upgrade = Upgrade(Places(), run)
    if words == ["may"]:
        return 0 if upgrade.may() else 1
    upgrade.once()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
