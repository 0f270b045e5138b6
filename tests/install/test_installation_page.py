"""docs/installation.md, typed word for word: a hub and three rooms from bare roots, on a network of theirs.

Debian 12; ``TOCSIN_RELEASE=trixie`` tries Debian 13. What needs internet is typed before the machines are
started, as the page says it for a hub without; ``--pins mock`` and a profile stand in for the pins.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator

import pytest

from tests.docs.pages import section, typed
from tests.install import clean_root, machines
from tests.install.clean_root import ASK, PAGE, CleanRoot
from tests.install.machines import PERSON, Machine

NEEDS = (*clean_root.NEEDS, *machines.NEEDS)
pytestmark = [
    pytest.mark.long,
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not all(map(shutil.which, NEEDS)), reason=f"needs {', '.join(NEEDS)}"),
]
GET, UNATTENDED = typed(section(PAGE, "1. The hub"))
[ROOMS_CSV] = typed(section(PAGE, "2. Which rooms there are"))
[ROOMS_LINE] = typed(section(PAGE, "2. Which rooms there are"), "toml")
CODE_FOR_101, ROOM, CARDS, NO_PINS = typed(section(PAGE, "3. The rooms"))
UPGRADE, UPGRADE_ROOMS, _ = typed(section(PAGE, "Upgrade"))
GIT, CLONE, _ = GET.splitlines()
NETWORK, HUB = "192.168.1.", "10"
ROOMS = {"room-101": "11", "room-102": "12", "gym": "13"}
SOURCE = "/srv/tocsin"
COMMIT = "git -c user.name=x -c user.email=x@example.org commit -q -a -m x"
ON_NO_PINS = """[Service]
ExecStart=
ExecStart=/usr/local/lib/tocsin/start --pins mock
"""


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Machine]]:
    """A hub's machine and three rooms', running; each has ``git``, the hub its packages and wheels too."""
    folder = tmp_path_factory.mktemp("page")
    hub = CleanRoot(folder / "hub")
    running = dict[str, Machine]()
    try:
        hub.unpack()
        machines.add_person(hub)
        typed_in(hub, GIT)
        bring_source(hub)
        rooms = {name: machines.copied(hub, name) for name in ROOMS}
        typed_in(hub, "sudo apt-get install -y --no-install-recommends python3-venv mosquitto")
        hub.bring_wheels(SOURCE)
        with machines.network() as network, contextlib.ExitStack() as off:
            for name, root in {"hub": hub, **rooms}.items():
                running[name] = Machine(root, name, network, NETWORK + ROOMS.get(name, HUB))
                off.callback(running[name].stop)
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def typed_in(root: CleanRoot, words: str) -> None:
    """Have the person type it where nothing runs, but where there is internet."""
    code, said = root.chroot("runuser", "-l", PERSON, "-c", words)
    assert code == 0, said


def bring_source(root: CleanRoot) -> None:
    """Put what is to be cloned there: this checkout, with what isn't committed yet."""
    root.bring_checkout(SOURCE)
    words = f"cd {SOURCE} && git init -q && git add -A -f && {COMMIT} && chown -R {PERSON}: ."
    code, said = root.chroot("bash", "-c", words)
    assert code == 0, said


def test_the_page_gets_the_program_alike_on_hub_and_room() -> None:
    """Two lines, before the one that installs."""
    assert ROOM.splitlines()[:2] == [GIT, CLONE]


def test_a_hub_is_installed(school: dict[str, Machine]) -> None:
    """Without anybody to ask; the board answers on that machine."""
    hub = school["hub"]
    hub.run(CLONE.replace("SOURCE", SOURCE))
    assert f"--address {NETWORK}{HUB} " in UNATTENDED
    said = hub.run(f"cd tocsin\n{UNATTENDED.rstrip()} --pins mock --wheels /srv/wheels")
    assert "[9/9]" in said
    assert "Done. The board is at http://127.0.0.1:8080/" in said
    assert "Done. The board is at http://127.0.0.1:8080/" in section(PAGE, "1. The hub")


def test_its_rooms_are_named(school: dict[str, Machine]) -> None:
    """In a table, and in a line above the first heading."""
    hub = school["hub"]
    hub.run(f"cd tocsin\n{NO_PINS}")
    table = re.sub(r",$", ",mock", ROOMS_CSV, flags=re.MULTILINE)
    assert table.count(",mock") == len(ROOMS)
    hub.run(f"sudo tee /etc/tocsin/rooms.csv <<'END'\n{table}END")
    hub.run(f"sudo sed -i '0,/^\\[/s|^\\[|{ROOMS_LINE.strip()}\\n&|' /etc/tocsin/hub.toml")
    hub.run("sudo tocsin-hub reload")
    assert "3 of 4 rooms without an agent" in hub.run("sudo tocsin-hub agents")


def test_a_card_is_made_for_each_room_and_the_gym_makes_itself_by_it(school: dict[str, Machine]) -> None:
    """By what was copied onto the card's small partition, run as Debian 13's images run it."""
    hub, gym = school["hub"], school["gym"]
    hub.run(CARDS)
    assert hub.run("sudo ls /root/cards").split() == sorted(ROOMS)
    card = hub.run("sudo tar -C /root/cards/gym -c . | base64 -w 0")
    gym.run(f"sudo mkdir -p /boot/firmware; base64 -d <<<'{card}' | sudo tar -C /boot/firmware -x")
    service = "/etc/systemd/system/tocsin-start.service.d"
    gym.run(f"sudo mkdir -p {service}; echo '{ON_NO_PINS}' | sudo tee {service}/mock.conf")
    assert "firstrun.sh" in gym.run("sudo cat /boot/firmware/user-data")
    gym.run("sudo sh /boot/firmware/firstrun.sh")
    await_heard(hub, "gym", 180)
    for gone in ("/boot/firmware/enrol.toml", "/etc/tocsin/enrol.toml", "/usr/local/lib/tocsin"):
        gym.run(f"until [ ! -e {gone} ]; do sleep 0.2; done", who="root", deadline_s=60)


@pytest.mark.parametrize("room", ["101", "102"])
def test_a_room_is_made_by_a_terminal(school: dict[str, Machine], room: str) -> None:
    """With a code of the hub's; nothing but the hub can be reached from there."""
    hub, pi = school["hub"], school[f"room-{room}"]
    said = hub.run(CODE_FOR_101.replace("101", room))
    code = re.search(r"\b([0-9A-Z]{5}-){7}[0-9A-Z]{5}\b", said)
    assert code
    pi.run(CLONE.replace("SOURCE", SOURCE))
    words = re.sub(r"(X{5}-){7}X{5}", code[0], ROOM.splitlines()[2])
    assert "X" * 5 not in words
    said = pi.run(f"cd tocsin\n{words} --pins mock")
    assert f"this Pi is Room {room} (room-{room}) of lincoln" in said
    assert "Done." in said
    await_heard(hub, f"room-{room}")


def await_heard(hub: Machine, device: str, within_s: int = 20) -> None:
    """Wait until the hub says that it hears this room."""
    pattern = f'"device":"{device}"[^[]*"standing":"heard"'
    hub.run(f"set -e\nWITHIN={within_s}\n{ASK}\nawait '{pattern}' ask devices", who="root")


def test_all_is_upgraded(school: dict[str, Machine]) -> None:
    """The hub, then the rooms from there; and a room goes back to the version before."""
    hub, pi = school["hub"], school["room-101"]
    hub.run(f"cd {SOURCE} && echo '# later' >>device/__init__.py && {COMMIT}")
    assert "Done." in hub.run(f"{UPGRADE.rstrip()} --wheels /srv/wheels")
    hub.run(UPGRADE_ROOMS, deadline_s=600)
    later = "grep -q later /opt/tocsin/current/agent/lib/python3.*/site-packages/device/__init__.py"
    for room in ROOMS:
        await_heard(hub, room)
        school[room].run(later)
    back = "sudo scripts/install back"
    assert f"`{back}`" in section(PAGE, "Upgrade")
    assert "Done." in pi.run(f"cd tocsin\n{back}\n! {later}")
    await_heard(hub, "room-101")
