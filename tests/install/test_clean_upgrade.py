"""A hub and a room, two clean Debians on one network: the room takes a release, goes back from another."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.clean_root import NEEDS, CleanRoot
from tests.install.test_clean_root import ASK, HUB, UP

pytestmark = [
    pytest.mark.long,
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not all(map(shutil.which, (*NEEDS, "ip"))), reason=f"needs {', '.join(NEEDS)} and ip"),
]

NETWORK = f"tocsin-{os.getpid()}"
DEAF = """
from pathlib import Path as _Path

_speaks = Reports.health
Reports.health = lambda *a, **k: [] if _Path("/etc/tocsin/deaf").exists() else _speaks(*a, **k)
"""
"""A release whose agent starts well and is never heard, on the one machine that has that file."""
ON_THE_ROOM = """set -eu
until [ -s /root/code-here ] || [ -e /root/over ]; do sleep 0.5; done
INSTALL="/root/tocsin/scripts/install agent --hub 127.0.0.1 --pins mock"
$INSTALL --code "$(cat /root/code-here)" --no-start </dev/null
sed -i 's/^pins = .*/pins = "mock"/' /etc/tocsin/agent.toml
touch /etc/tocsin/deaf
systemctl start tocsin-agent tocsin-upgrade.timer
until [ -e /root/over ]; do sleep 0.5; done
journalctl --no-pager -q -o cat -u tocsin-upgrade
systemctl is-active tocsin-agent
readlink /opt/tocsin/current /opt/tocsin/upgrader
ls /opt/tocsin/releases
cat /opt/tocsin/current/release
ls -A /var/lib/tocsin/upgrade
systemctl show -p Result --value tocsin-upgrade
"""
ON_THE_HUB = f"""set -eu
{UP}
{ASK}
printf 'device,room\\nroom-101,Room 101\\n' >/etc/tocsin/rooms.csv
sed -i 's|^name = |rooms_file = "/etc/tocsin/rooms.csv"\\nname = |' /etc/tocsin/hub.toml
systemctl restart tocsin-hub
{UP}
await 'rooms without an agent' tocsin-hub agents
said=$(tocsin-hub enrol --room 101)
grep -oE '([0-9A-Z]{{5}}-){{7}}[0-9A-Z]{{5}}' <<<"$said" | head -n 1 >/root/code-there
until ask devices | grep -q '"device":"room-101"[^[]*"standing":"heard"'; do sleep 1; done

echo '# later' >>/root/tocsin/device/__init__.py
{HUB}
tocsin-hub upgrade-agents --room 101
echo "good: $(cat /opt/tocsin/current/release)"

cat >>/root/tocsin/device/report.py <<'END'
{DEAF}
END
{HUB}
code=0; tocsin-hub upgrade-agents --room 101 || code=$?
[ "$code" = 3 ]
await '"device":"room-101"[^[]*"standing":"heard"' ask devices
await '"what":"upgrade"' ask troubles
"""


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CleanRoot, CleanRoot]]:
    """A hub on which scripts/install has run once, and a room's Pi with nothing but the checkout."""
    folder = tmp_path_factory.mktemp("upgrade")
    hub, room = CleanRoot(folder / "hub"), CleanRoot(folder / "room")
    try:
        hub.make()
        subprocess.run(["cp", "-a", str(hub.folder), str(room.folder)], check=True)
        shutil.rmtree(room.folder / "root/wheels")
        (hub.folder / "root/password").write_text("correct horse\n")
        flags = ["--name", "School", "--site", "st-anne-school", "--user", "officer", "--yes", "--no-start"]
        flags += ["--password-file", "/root/password", "--pins", "mock", "--wheels", "/root/wheels"]
        code, said = hub.chroot("/root/tocsin/scripts/install", "hub", *flags)
        assert code == 0, said
        settings = hub.folder / "etc/tocsin/hub.toml"
        address = 'address = "127.0.0.1"\nhost = "127.0.0.1"'
        settings.write_text(re.sub(r"^address = .*$", address, settings.read_text(), flags=re.MULTILINE))
        yield hub, room
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def network() -> Iterator[Path]:
    """A network of two machines: one loopback."""
    subprocess.run(["ip", "netns", "add", NETWORK], check=True)
    subprocess.run(["ip", "-n", NETWORK, "link", "set", "lo", "up"], check=True)
    yield Path("/run/netns") / NETWORK
    subprocess.run(["ip", "netns", "delete", NETWORK], check=True)


def test_a_room_takes_a_release_and_goes_back_from_one_that_is_never_heard(
    machines: tuple[CleanRoot, CleanRoot], network: Path
) -> None:
    """By its own timer, within its unit's hardening; the trouble and the command name it."""
    hub, room = machines
    said: dict[str, tuple[int, str]] = {}

    def live() -> None:
        said["room"] = room.boot(ON_THE_ROOM, 2400.0, network)

    def carry() -> None:
        """The code goes from the hub's screen to the room, by hand."""
        there, here = hub.folder / "root/code-there", room.folder / "root/code-here"
        while not here.exists() and "hub" not in said:
            if there.exists() and there.stat().st_size:
                shutil.copy(there, here)
            time.sleep(0.2)

    threads = [threading.Thread(target=live), threading.Thread(target=carry)]
    for thread in threads:
        thread.start()
    try:
        said["hub"] = hub.boot(ON_THE_HUB, 2400.0, network)
    finally:
        said.setdefault("hub", (-1, "it never got through"))
        (room.folder / "root/over").touch()
        for thread in threads:
            thread.join()
    code, told = said["hub"]
    assert code == 0, f"{told}\n--- the room ---\n{said['room'][1]}"
    good = re.search(r"^good: (\w+)$", told, re.MULTILINE)
    assert good is not None
    assert "Room 101             failed: it runs what it had: the hub did not hear it" in told
    code, told = said["room"]
    assert code == 0, told
    assert f"release {good[1]} runs, and the hub hears it" in told
    assert "did not stay: the hub did not hear it" in told
    assert f"active\nreleases/2\nreleases/2/installer\n1\n2\n{good[1]}" in told
    assert told.rstrip().endswith("success")
