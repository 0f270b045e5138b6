"""A room's Pi that takes what its hub asks for, and goes back: parts/upgrade.py, with a real door.

The installer is the test's: it does to that root what scripts/install does to a Pi's, in the same order.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from device.enrol.key import new_key, request
from hub.asking import SetPosture
from hub.upgrading.asking import BeginUpgrade, RoomUpgrade, StopUpgrade
from hub.upgrading.upgrades import HEALTHS
from scripts.parts import fetch, for_rooms, upgrade
from scripts.parts.upgrade import Places, Upgrade
from tests.mosquitto import HOST
from tests.open_door import NAME, OpenDoor, open_door

INSTALLER = """#!/usr/bin/env bash
# {mark}
set -eu
releases=$ROOT/opt/releases
swap() {{ ln -sfn "releases/$1" "$ROOT/opt/new"; mv -T "$ROOT/opt/new" "$ROOT/opt/current"; }}
units() {{ cp "$releases/$1/units/tocsin-agent.service" "$ROOT/units/"; }}
if [ "$1" = back ]; then
    echo "back to $4" >>"$ROOT/said"
    [ -d "$releases/$4" ] || {{ echo "install: release $4 is not kept here"; exit 1; }}
    units "$4"; swap "$4"
    exit
fi
release=$(cat "$4/release")
mkdir "$releases/2"
{broken}
mkdir -p "$releases/2/units" "$releases/2/installer/scripts/parts"
cp "$0" "$releases/2/installer/scripts/install"
cp "$ROOT/upgrade.py" "$releases/2/installer/scripts/parts/"
for unit in tocsin-agent.service tocsin-upgrade.service tocsin-upgrade.timer; do
    echo "2" >"$releases/2/units/$unit"
done
echo "$release" >"$releases/2/release"
"$ROOT/may" || {{ rm -rf "$releases/2"; exit 75; }}
units 2; swap 2
{restart}
"""
"""What the hub hands out as ``scripts/install``; ``broken`` and ``restart`` are shell."""


class PowerCut(BaseException):
    """Nothing is done any more from here on."""


class Pi:
    """A machine that is Room 101, on release 1."""

    def __init__(self, folder: Path, door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.door = folder, door
        self.at = Places(*(folder / name for name in ("opt", "identity", "state", "units", "mounts", "lock")))
        self.at.mounts.write_text("/dev/mmcblk0p2 / ext4 rw 0 0\n")
        (folder / "upgrade.py").write_text("")
        self.t = 0.0
        self.agent = "0ld"
        self.healths = 0
        self.troubles: tuple[str, ...] = ()
        """What the new program is in trouble with."""
        self.starts = "ActiveState=active\nNRestarts=0"
        self.told: list[str] = []
        key = new_key()
        wanted = {"csr": request(key), "secret": door.code()}
        given = door.call("POST", "/enrol/v1/certificate", wanted)[1]
        own = door.keep("own", key, given["certificate"])
        assert door.call("POST", "/agents/v1/hold", {}, own=own)[0] == 200
        self.at.identity.mkdir()
        (self.at.identity / "key.pem").write_bytes(key)
        (self.at.identity / "certificate.pem").write_text(given["certificate"])
        (self.at.identity / "authority.pem").write_bytes(door.authority.pem)
        what = f'{{"hub": "{HOST}:{door.port}", "door": "{NAME}", "device": "room-101"}}'
        (self.at.identity / "what.json").write_text(what)
        self.at.units.mkdir()
        first = self.at.opt / "releases/1"
        (first / "units").mkdir(parents=True)
        for unit in ("tocsin-agent.service", "tocsin-upgrade.service", "tocsin-upgrade.timer"):
            (first / "units" / unit).write_text("1")
            (self.at.units / unit).write_text("1")
        (first / "installer/scripts/parts").mkdir(parents=True)
        (first / "installer/scripts/parts/upgrade.py").write_text("")
        (first / "release").write_text("0ld\n")
        (self.at.opt / "current").symlink_to("releases/1")
        (self.at.opt / "upgrader").symlink_to("releases/1/installer")
        (folder / "kept").mkdir()
        (folder / "kept/install").write_text(INSTALLER.format(mark="of release 1", broken="", restart=""))
        (folder / "kept/install").chmod(0o755)
        monkeypatch.setattr(upgrade, "SCRIPTS", folder / "kept")
        monkeypatch.setattr(upgrade, "LOOK_S", 15.0)
        (folder / "may").write_text("#!/bin/sh\nexit 0\n")
        (folder / "may").chmod(0o755)
        self.speaks()

    def hands_out(self, *, broken: str = "", restart: str = "") -> str:
        """The hub hands out an installer that is broken before, or after, it changes what runs."""
        made = self.root / "made"
        made.mkdir(exist_ok=True)
        (made / "scripts").mkdir(exist_ok=True)
        script = made / "scripts/install"
        script.write_text(INSTALLER.format(mark="of release 2", broken=broken, restart=restart))
        script.chmod(0o755)
        rooms = self.door.folder / "rooms"
        shutil.rmtree(rooms, ignore_errors=True)
        index: Any = for_rooms.make(rooms, [])
        tar = rooms / "installer.tar"
        subprocess.run(["tar", "-C", made, "-cf", tar, "scripts"], check=True)
        index["files"]["installer.tar"] = {"sha256": for_rooms.sha256(tar), "size": tar.stat().st_size}
        (rooms / "index.json").write_text(json.dumps(index))
        return str(index["release"])

    def speaks(self) -> None:
        """Its agent sends a health; where it is up, it runs what was in place as it was started."""
        self.healths += 1
        troubles = self.troubles if self.agent != "0ld" else ()
        self.door.desk.says("room-101", self.agent, self.healths, troubles)

    def sleep(self, seconds: float) -> None:
        """Let time pass at once: the agent speaks, and the hub hears it."""
        self.t += seconds
        self.door.desk.ahead_s += seconds
        self.speaks()

    def run(self, words: Sequence[str]) -> tuple[int, str]:
        """Run what a Pi would; after the installer its agent runs what is in place."""
        if words[0] == "systemctl":
            return 0, self.starts
        if words[0] != "tar":
            self.told.append(" ".join(words[1:2]))
        environment = {**os.environ, "ROOT": str(self.root)}
        done = subprocess.run(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if words[0] != "tar":
            self.restarts_agent()
        return done.returncode, done.stdout

    def restarts_agent(self) -> None:
        """The machine, or its agent, starts anew."""
        self.agent = (self.at.opt / "current/release").read_text().strip()

    def upgrade(self) -> Upgrade:
        return Upgrade(self.at, self.run, self.sleep, lambda: self.t)

    def once(self) -> None:
        """The timer's minute is over."""
        self.door.desk.ahead_s += 60
        self.t += 60
        self.speaks()
        self.upgrade().once()

    @property
    def runs(self) -> str:
        return (self.at.opt / "current").readlink().name

    @property
    def upgrader(self) -> str:
        return str((self.at.opt / "upgrader").readlink())

    @property
    def room(self) -> RoomUpgrade:
        run = self.door.desk.view.upgrade
        assert run is not None
        return run.rooms["room-101"]

    def begin(self, release: str) -> None:
        self.door.desk.ask(BeginUpgrade(release, "Lee", "command", "room-101"))


@pytest.fixture
def pi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pi]:
    (tmp_path / "hub").mkdir()
    (tmp_path / "pi").mkdir()
    monkeypatch.setattr("hub.enrolment.door.ASKS_EVERY_S", 0.0)
    with open_door(tmp_path / "hub") as door:
        yield Pi(tmp_path / "pi", door, monkeypatch)


def test_it_takes_what_its_hub_asks_for_and_the_hub_hears_it(pi: Pi) -> None:
    """From then on the new release is what upgrades, and goes back."""
    release = pi.hands_out()
    pi.once()
    assert pi.runs == "1"  # nobody has begun
    pi.begin(release)
    pi.once()
    assert (pi.runs, pi.agent, pi.upgrader) == ("2", release, "releases/2/installer")
    assert (pi.at.units / "tocsin-upgrade.service").read_text() == "2\n"
    assert [path.name for path in pi.at.state.iterdir()] == ["anchor.json"]
    for _ in range(HEALTHS):
        pi.speaks()
    assert pi.room.state == "done"
    pi.once()
    assert pi.told == ["agent"]


def test_what_never_gets_ready_goes_back_by_itself(pi: Pi) -> None:
    """By the installer, which says why; the hub is told when it is asked next."""
    pi.begin(
        pi.hands_out(restart='swap 1; units 1; echo "install: the new program didn\'t become ready"; exit 1')
    )
    pi.once()
    assert (pi.runs, pi.agent, pi.upgrader) == ("1", "0ld", "releases/1/installer")
    assert sorted(path.name for path in (pi.at.opt / "releases").iterdir()) == ["1"]
    assert pi.room.state == "turn"
    pi.once()
    assert pi.room.why == "it runs what it had: the new program didn't become ready"
    pi.once()
    assert pi.told == ["agent"]  # not tried again


def test_what_the_hub_does_not_hear_goes_back(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its agent is up, and its link isn't: nobody there would ever hear a press."""
    release = pi.hands_out()
    pi.begin(release)
    monkeypatch.setattr(pi, "speaks", lambda: None)
    pi.once()
    assert (pi.runs, pi.upgrader, pi.told) == ("1", "releases/1/installer", ["agent", "back"])
    monkeypatch.undo()
    monkeypatch.setattr("hub.enrolment.door.ASKS_EVERY_S", 0.0)
    pi.once()
    assert pi.room.why == "it runs what it had: the hub did not hear it for 45 s"


def test_an_agent_that_starts_again_and_again_goes_back(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the hub hears it each time."""
    pi.begin(pi.hands_out())
    starts = iter(range(1000))

    def run(words: Sequence[str]) -> tuple[int, str]:
        return (0, f"NRestarts={next(starts)}") if words[0] == "systemctl" else Pi.run(pi, words)

    monkeypatch.setattr(pi, "run", run)
    pi.once()
    assert pi.runs == "1"
    pi.once()
    assert str(pi.room.why).endswith("its agent started anew by itself")


def test_a_trouble_that_it_did_not_have_takes_it_back(pi: Pi) -> None:
    """Also where the hub hears it well."""
    pi.begin(pi.hands_out())
    pi.troubles = ("its pins can't be read",)
    pi.once()
    assert pi.runs == "1"
    pi.once()
    assert "with it there is a trouble that it hadn't before: its pins can't be read" in str(pi.room.why)


def test_nothing_is_changed_while_somebody_calls(pi: Pi) -> None:
    """It was fetched and built, and may not be put in place: asked for again later."""
    pi.begin(pi.hands_out())
    (pi.root / "may").write_text("#!/bin/sh\nexit 1\n")
    pi.once()
    assert (pi.runs, pi.room.state) == ("1", "turn")
    assert [path.name for path in pi.at.state.iterdir()] == ["anchor.json"]
    (pi.root / "may").write_text("#!/bin/sh\nexit 0\n")
    pi.once()
    assert pi.runs == "2"


def test_it_waits_until_it_may(pi: Pi) -> None:
    """Through an incident; a run that was stopped is not waited for."""
    release = pi.hands_out()
    pi.begin(release)
    pi.at.state.mkdir()
    (pi.at.state / "from").write_text(f'{{"from": "1", "release": "{release}"}}')
    assert pi.upgrade().may()
    desk = pi.door.desk
    desk.ask(SetPosture("hold", "Reyes", "board"))
    normal = SetPosture("normal", "Reyes", "board", confirm=desk.view.posture.n)
    then = [lambda: None, lambda: desk.ask(normal)]

    def sleep(seconds: float) -> None:
        pi.sleep(seconds)
        then.pop(0)()

    waiting = Upgrade(pi.at, pi.run, sleep, lambda: pi.t)
    assert waiting.may()
    assert then == []
    desk.ask(StopUpgrade("Lee", "command"))
    assert not waiting.may()


def test_an_overlay_forgets_and_is_told_of(pi: Pi) -> None:
    """What is written to such a root is gone at the next start."""
    pi.begin(pi.hands_out())
    pi.at.mounts.write_text("overlayroot / overlay rw 0 0\n")
    pi.once()
    pi.once()
    assert (pi.runs, pi.told) == ("1", [])
    assert "overlay" in str(pi.room.why)


def test_a_person_who_installs_meanwhile_has_the_last_word(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes back then."""
    pi.begin(pi.hands_out())
    monkeypatch.setattr(pi, "speaks", lambda: (pi.at.state / "from").unlink(missing_ok=True))
    pi.once()
    assert (pi.runs, pi.told) == ("2", ["agent"])


def test_while_somebody_installs_it_does_nothing(pi: Pi) -> None:
    """Not even ask."""
    pi.begin(pi.hands_out())
    with pi.at.lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        pi.once()
    assert pi.told == []


def test_an_impostor_is_asked_nothing(pi: Pi, tmp_path: Path) -> None:
    """Whoever answers must be of this school's authority: no word of it is heard, no file taken."""
    (tmp_path / "other").mkdir()
    with open_door(tmp_path / "other") as other:
        what = pi.at.identity / "what.json"
        what.write_text(what.read_text().replace(str(pi.door.port), str(other.port)))
        pi.once()
        assert other.tried == []
    assert (pi.runs, pi.told) == ("1", [])


def cutting(pi: Pi, monkeypatch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """Cut the power before the step of this number; returns how many there were."""
    done = 0

    def cut(real: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*words: Any, **more: Any) -> Any:
            nonlocal done
            if done == step:
                raise PowerCut
            done += 1
            return real(*words, **more)

        return instead

    for owner, name in (
        (Path, "replace"),
        (Path, "unlink"),
        (Path, "symlink_to"),
        (Path, "mkdir"),
        (shutil, "rmtree"),
        (fetch.Door, "post"),
        (fetch.Door, "fetch"),
        (upgrade, "_put"),
    ):
        monkeypatch.setattr(owner, name, cut(getattr(owner, name)))
    run = pi.run
    monkeypatch.setattr(pi, "run", cut(run))
    return lambda: done


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_power_cut_at_any_step_leaves_the_old_or_the_new_one(pi: Pi, ends: str, tmp_path: Path) -> None:
    """Whole, and after the next minute nothing is left of what was begun; the hub knows which it is."""
    release = pi.hands_out(restart="" if ends == "well" else "swap 1; units 1; exit 1")
    before = tmp_path / "before"
    shutil.copytree(pi.root, before, symlinks=True)
    step, whole = 0, False
    while not whole:
        shutil.rmtree(pi.root)
        shutil.copytree(before, pi.root, symlinks=True)
        pi.agent = "0ld"
        pi.speaks()
        pi.door.desk.ask(StopUpgrade("Lee", "command"))
        pi.begin(release)
        with pytest.MonkeyPatch.context() as patch:
            cutting(pi, patch, step)
            try:
                pi.once()
                whole = True
            except PowerCut:
                pass
        assert pi.runs in ("1", "2"), step
        pi.restarts_agent()  # the power is back
        pi.once()
        assert not (pi.at.state / "from").exists(), step
        assert pi.upgrader == f"releases/{pi.runs}/installer", step
        for unit in pi.at.units.iterdir():
            assert unit.read_text().strip() == pi.runs, (step, unit)
        releases = {path.name for path in (pi.at.opt / "releases").iterdir()}
        assert releases == ({"1", "2"} if pi.runs == "2" else {"1"}), step
        step += 1
    assert step > 12
    assert pi.runs == ("2" if ends == "well" else "1")


@pytest.mark.parametrize("at", ["mkdir", "may", "units", "swap"])
def test_an_installer_that_is_killed_leaves_the_old_or_the_new_one(pi: Pi, at: str) -> None:
    """And so does all of it being killed with it: what is not confirmed goes back in the next minute."""
    how = {"mkdir": {"broken": "kill -9 $$"}, "swap": {"restart": "kill -9 $$"}}
    pi.begin(pi.hands_out(**how.get(at, {})))
    if at == "may":
        (pi.root / "may").write_text("#!/bin/sh\nkill -9 $PPID\n")
    elif at == "units":
        (pi.root / "may").write_text(
            f'#!/bin/sh\necho 2 >"{pi.at.units}/tocsin-agent.service"; kill -9 $PPID\n'
        )
    before = pi.run
    ran = threading.Event()

    def run(words: Sequence[str]) -> tuple[int, str]:
        if words[1:2] != ["agent"] or ran.is_set():
            return before(words)
        ran.set()
        subprocess.run(words, env={**os.environ, "ROOT": str(pi.root)}, check=False)
        raise PowerCut

    pi.run = run  # type: ignore[method-assign]
    with pytest.raises(PowerCut):
        pi.once()
    assert pi.runs == ("2" if at == "swap" else "1")
    pi.restarts_agent()
    (pi.root / "may").write_text("#!/bin/sh\nexit 1\n")
    pi.once()
    assert pi.runs == "1"
    assert (pi.at.units / "tocsin-agent.service").read_text() == "1"
    if at == "swap":
        assert pi.room.why == "it runs what it had: it was cut off before it was confirmed"


def test_a_disk_that_is_full_costs_nothing(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again, and what runs goes on."""
    pi.begin(pi.hands_out())

    def full(*_: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch.Door, "fetch", full)
    pi.once()
    assert (pi.runs, pi.told) == ("1", [])


def test_whom_root_believes_is_no_file_of_the_agents(
    pi: Pi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has taken the agent over may rewrite all that is its own: another hub's release isn't taken."""
    pi.once()
    (tmp_path / "other").mkdir()
    (tmp_path / "their").mkdir()
    with open_door(tmp_path / "other") as door:
        other = Pi(tmp_path / "their", door, monkeypatch)
        release = other.hands_out(restart=f"echo theirs >{tmp_path}/taken")
        other.begin(release)
        for name in ("authority.pem", "what.json", "certificate.pem", "key.pem"):
            shutil.copyfile(other.at.identity / name, pi.at.identity / name)
        monkeypatch.setattr(upgrade, "SCRIPTS", pi.root / "kept")
        other.speaks()
        pi.upgrade().once()
    assert not (tmp_path / "taken").exists()
    assert pi.runs == "1"
    with pytest.raises(fetch.FetchError, match="of another authority than it was installed by"):
        fetch.anchored(pi.at.identity, pi.at.state / "anchor.json")


def test_what_a_fetch_that_broke_off_left_is_not_installed(pi: Pi) -> None:
    """The wheel of the version between."""
    release = pi.hands_out()
    (pi.at.state / "wheels").mkdir(parents=True)
    (pi.at.state / "wheels" / "tocsin-0.0.1-py3-none-any.whl").write_bytes(b"old")
    seen: list[str] = []
    run = pi.run

    def spied(words: Sequence[str]) -> tuple[int, str]:
        if "--wheels" in words:
            seen.extend(path.name for path in (pi.at.state / "wheels").iterdir())
        return run(words)

    pi.run = spied  # type: ignore[method-assign]
    pi.begin(release)
    pi.once()
    assert seen
    assert "tocsin-0.0.1-py3-none-any.whl" not in seen


def test_a_way_back_that_fails_is_tried_again(pi: Pi) -> None:
    """And nothing else is taken meanwhile: what the hub never heard upgrades nothing."""
    release = pi.hands_out()
    pi.begin(release)
    run, broken = pi.run, [True]

    def unwilling(words: Sequence[str]) -> tuple[int, str]:
        return (1, "install: not now") if broken[0] and "back" in words else run(words)

    pi.run = unwilling  # type: ignore[method-assign]
    pi.troubles = ("outbox",)
    pi.once()
    assert (pi.runs, pi.upgrader) == ("2", "releases/1/installer")
    pi.once()
    assert pi.upgrader == "releases/1/installer"
    broken[0] = False
    pi.once()
    assert pi.runs == "1"
