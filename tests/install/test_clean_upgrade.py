"""A hub and a room on clean Debians, with systemd: the room takes a release, and goes back from another."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator

import pytest

from tests.install import clean_root, machines
from tests.install.clean_root import CleanRoot
from tests.install.machines import Machine
from tests.install.test_installation_page import await_heard

NEEDS = (*clean_root.NEEDS, *machines.NEEDS)
pytestmark = [
    pytest.mark.long,
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not all(map(shutil.which, NEEDS)), reason=f"needs {', '.join(NEEDS)}"),
]
HUB, PI = "192.168.1.10", "192.168.1.11"
INSTALL = "/root/tocsin/scripts/install"
UPGRADE_HUB = f"{INSTALL} hub --wheels /root/wheels </dev/null"
AT_REST = "systemctl show -p ActiveState --value tocsin-upgrade | grep -qx inactive"
DEAF = """
from pathlib import Path as _Path

_speaks = Reports.health
Reports.health = lambda *a, **k: [] if _Path("/etc/tocsin/deaf").exists() else _speaks(*a, **k)
"""
"""A release whose agent starts well, and is never heard on the one machine that has that file."""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Machine]]:
    """A hub, and the Pi of Room 101, which is enrolled."""
    folder = tmp_path_factory.mktemp("upgrade")
    root = CleanRoot(folder / "hub")
    try:
        root.make()
        room = machines.copied(root, "room")
        shutil.rmtree(room.folder / "root/wheels")
        (root.folder / "root/password").write_text("correct horse\n")
        flags = ["--name", "School", "--site", "lincoln", "--user", "officer", "--yes", "--no-start"]
        flags += ["--password-file", "/root/password", "--pins", "mock", "--wheels", "/root/wheels"]
        code, said = root.chroot(INSTALL, "hub", *flags, "--address", HUB)
        assert code == 0, said
        with machines.network() as network, contextlib.ExitStack() as off:
            hub = Machine(root, "hub", network, HUB)
            off.callback(hub.stop)
            pi = Machine(room, "room-101", network, PI)
            off.callback(pi.stop)
            enrol(hub, pi)
            yield hub, pi
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def enrol(hub: Machine, pi: Machine) -> None:
    """Make the Pi a room, from its hub alone."""
    rooms = 'rooms_file = "/etc/tocsin/rooms.csv"'
    hub.run("printf 'device,room\\nroom-101,Room 101\\n' >/etc/tocsin/rooms.csv", who="root")
    hub.run(f"sed -i '0,/^name = /s|^name = |{rooms}\\n&|' /etc/tocsin/hub.toml", who="root")
    hub.run("systemctl restart tocsin-hub && sleep 5", who="root")
    said = hub.run("tocsin-hub enrol --room 101", who="root")
    code = re.search(r"\b([0-9A-Z]{5}-){7}[0-9A-Z]{5}\b", said)
    assert code is not None
    pi.run(f"{INSTALL} agent --hub {HUB} --code {code[0]} --pins mock --no-start </dev/null", who="root")
    pi.run("sed -i 's/^pins = .*/pins = \"mock\"/' /etc/tocsin/agent.toml", who="root")
    pi.run("systemctl start tocsin-agent tocsin-upgrade.timer", who="root")
    await_heard(hub, "room-101", 60)


def test_a_room_takes_a_release_by_its_own_timer(school: tuple[Machine, Machine]) -> None:
    """Within its unit's hardening; the command waits until the hub has heard it well."""
    hub, pi = school
    hub.run("echo '# later' >>/root/tocsin/device/__init__.py", who="root")
    hub.run(UPGRADE_HUB, who="root", deadline_s=600)
    await_heard(hub, "room-101", 60)
    print(hub.run("tocsin-hub upgrade-agents --room 101", who="root", deadline_s=900))
    pi.run(f"for _ in $(seq 60); do {AT_REST} && break; sleep 1; done", who="root")
    told = pi.run("journalctl --no-pager -q -o cat -u tocsin-upgrade", who="root")
    release = hub.run("cat /opt/tocsin/current/release", who="root").strip()
    assert f"release {release} runs, and the hub hears it" in told
    assert pi.run("cat /opt/tocsin/current/release", who="root").strip() == release
    links = pi.run("readlink /opt/tocsin/current /opt/tocsin/upgrader", who="root")
    assert links.split() == ["releases/2", "releases/2/installer"]
    assert pi.run("ls -A /var/lib/tocsin/upgrade", who="root") == ""


def test_it_goes_back_from_one_that_is_never_heard(school: tuple[Machine, Machine]) -> None:
    """By itself; it is heard again, and the command, the trouble and its own journal say why."""
    hub, pi = school
    before = pi.run("cat /opt/tocsin/current/release", who="root")
    pi.run("touch /etc/tocsin/deaf", who="root")
    hub.run(f"cat >>/root/tocsin/device/report.py <<'END'\n{DEAF}\nEND", who="root")
    hub.run(UPGRADE_HUB, who="root", deadline_s=600)
    await_heard(hub, "room-101", 60)
    command = "code=0; tocsin-hub upgrade-agents --room 101 || code=$?; [ $code = 3 ]"
    said = hub.run(command, who="root", deadline_s=1200)
    assert "Room 101             failed: it runs what it had: its agent is not heard" in said
    assert pi.run("cat /opt/tocsin/current/release", who="root") == before
    assert pi.run("ls /opt/tocsin/releases", who="root").split() == ["2"]
    assert pi.run("systemctl is-active tocsin-agent", who="root").strip() == "active"
    await_heard(hub, "room-101", 60)
