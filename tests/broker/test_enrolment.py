"""Enrolment on real parts: hub, mosquitto, the agents' own command; two users, and whoever is in between."""

from __future__ import annotations

import contextlib
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.enrol_code import new_code, read_code
from device.enrol.command import NOT_NOW
from tests.enrol_site import EnrolSite, open_folder, remove_folder
from tests.in_between import InBetween
from tests.mosquitto import HOST, free_port
from tests.site import until
from tests.tls import Authority

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrolSite]:
    """One school for all; each test has rooms of its own."""
    folder = open_folder(tmp_path_factory.mktemp("school"))
    try:
        with EnrolSite(folder, rooms=16) as made:
            yield made
    finally:
        remove_folder(folder)


def everything(folder: Path) -> str:
    """Return all that is in the files of a folder."""
    return "\n".join(file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file())


def wait_told(school: EnrolSite, device: str) -> None:
    """Wait until people were told of a press in this room."""
    school.sink.wait_for(lambda post: any(room["device"] == device for room in post.incident["rooms"]), 60)


def test_a_pi_becomes_a_room_and_its_press_gets_through(school: EnrolSite) -> None:
    """With a key that never left it, readable by its service alone."""
    pi, code = school.pi(), school.code("room-101")
    status, said = pi.enrol(code)
    assert status == 0, said
    assert "is the hub that made this code" in said
    assert "this Pi is Room 101 (room-101) of school" in said
    identity = pi.etc / "identity"
    assert stat.S_IMODE((identity / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(identity.resolve().stat().st_mode) == 0o700
    secret_line = pi.key.decode().split("\n")[1]
    assert secret_line not in everything(school.data)
    assert code.replace("-", "") not in everything(school.data).replace("-", "")
    settings = pi.settings
    assert (settings.device, settings.room) == ("room-101", "Room 101")
    assert [zone.zone for zone in settings.zones] == ["wall", "desk", "door"]
    assert "user school.room-101\n" in school.rights()
    pi.plug().tap("wall")
    wait_told(school, "room-101")
    assert "room-101             Room 101             since 2" in school.agents()
    # The same command again changes nothing; the code is no good for anybody else, nor a room that is taken.
    key = pi.key
    status, said = pi.enrol(code)
    assert (status, "this Pi is Room 101" in said, pi.key) == (0, True, key), said
    status, said = school.pi().enrol(code)
    assert status == 1
    assert "the hub says no: this code was used by another agent on 2" in said
    status, said = school.command("enrol", "--room", "101")
    assert status == 1
    assert "Room 101 (room-101) has an agent, since 2" in said
    assert "allowed: --replace" in said
    # And this Pi does not become another room by mistake.
    status, said = pi.enrol(school.code("room-102"))
    assert status == 1
    assert "this Pi is Room 101 (room-101) of school already; with --replace" in said
    assert pi.key == key


def test_a_code_that_two_use_at_once_is_ones_alone(school: EnrolSite) -> None:
    """The other is told that it was used."""
    code = school.code("room-103")
    hub = ("--hub", f"{HOST}:{school.door_port}", "--code", code)
    running = [school.pi().start(*hub) for _ in range(4)]
    ends = [one.communicate(timeout=120)[0] for one in running]
    assert sorted(one.returncode for one in running) == [0, 1, 1, 1], ends
    assert sum("was used by another agent" in said for said in ends) == 3


def test_a_broken_pi_is_replaced_and_its_old_card_is_no_good(school: EnrolSite) -> None:
    """Until the new one is in, the old one works; its session is ended then."""
    old, new = school.pi(), school.pi()
    assert old.enrol(school.code("room-104"))[0] == 0
    room = old.plug()
    code = school.code("room-104", "--replace")
    room.tap("wall")
    wait_told(school, "room-104")
    status, said = new.enrol(code)
    assert status == 0, said
    room.wait_link(up=False, deadline_s=30)
    count = len(school.sink.posts)
    new.plug().tap("desk")
    school.sink.wait_for(
        lambda post: "desk" in [one["zone"] for one in post.incident["events"]], 60, after=count
    )
    assert room.shown["link"] is False
    assert school.rights().count("user school.room-104\n") == 1


def test_a_stolen_pi_is_shut_out_at_once(school: EnrolSite) -> None:
    """Revoked, its session is ended and its rights are gone; the command says so when it is done."""
    pi = school.pi()
    assert pi.enrol(school.code("room-105"))[0] == 0
    room = pi.plug()
    status, said = school.command("revoke", "room-105", "--note", "stolen from the hall")
    assert (status, "no session of it lives" in said) == (0, True), said
    room.wait_link(up=False, deadline_s=30)
    assert "school.room-105" not in school.rights()
    status, said = pi.enrol(None, "--renew")
    assert status == 1
    assert "this certificate of room-105 was revoked" in said
    assert school.pi().enrol(school.code("room-105"))[0] == 0


def test_a_spare_waits_until_it_is_given_a_room(school: EnrolSite) -> None:
    """Over a restart of the hub; then it is that room without another hand."""
    pi = school.pi()
    running = pi.start("--hub", f"{HOST}:{school.door_port}", "--code", school.code(None))
    until("it is a spare", lambda: "spare-" in school.agents(), 60)
    found = re.search(r"^(spare-[0-9a-f]{8}) ", school.agents(), re.MULTILINE)
    assert found is not None
    school.hub.kill()
    school.start_hub()
    status, said = school.command("assign", found[1], "--room", "106")
    assert status == 0, said
    said, _ = running.communicate(timeout=120)
    assert running.returncode == 0, said
    assert "this Pi is Room 106 (room-106) of school" in said
    assert pi.settings.device == "room-106"
    pi.plug().tap("wall")
    wait_told(school, "room-106")
    assert "spare-" not in school.agents()


def test_a_hub_that_is_killed_in_the_middle_is_asked_again(school: EnrolSite) -> None:
    """Wherever it is cut off: the same command goes on, and one certificate is held in the end."""
    pi, code = school.pi(), school.code("room-107")
    for pause in (0.3, 0.6, 0.9, 1.2, 1.5):
        running = pi.start("--hub", f"{HOST}:{school.door_port}", "--code", code)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(pause)
        school.hub.kill()
        said, _ = running.communicate(timeout=120)
        assert running.returncode in (0, NOT_NOW), said
        school.start_hub()
    status, said = pi.enrol(code)
    assert status == 0, said
    listed = [line for line in school.agents().splitlines() if line.startswith("room-107 ")]
    assert len(listed) == 1
    assert "not shown yet" not in listed[0]
    pi.plug().tap("wall")
    wait_told(school, "room-107")


def test_an_agent_that_is_killed_in_the_middle_goes_on(school: EnrolSite) -> None:
    """Its key is made once; whatever it had of the hub, the same command ends well."""
    pi, code = school.pi(), school.code("room-108")
    for pause in (0.4, 0.7, 1.0, 1.3, 1.6):
        running = pi.start("--hub", f"{HOST}:{school.door_port}", "--code", code)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(pause)
        running.kill()
        running.communicate()
    status, said = pi.enrol(code)
    assert status == 0, said
    assert pi.settings.device == "room-108"
    pi.plug()


def test_guessers_are_slowed_down_and_told_of(school: EnrolSite) -> None:
    """From the third wrong code on; the same machine enrols all the same, a little later."""
    pi, good = school.pi(), school.code("room-109")
    wrong = new_code(school.authority).text
    ends = [pi.enrol(wrong, "--replace") for _ in range(4)]
    assert [status for status, _ in ends[:3]] == [1, 1, 1], ends
    assert "this hub made no such code; look at its first 16 characters" in ends[0][1]
    until(
        "it is slowed down",
        lambda: (end := pi.enrol(wrong, "--replace"))[0] == NOT_NOW and "wait" in end[1],
        60,
    )
    until("the hub tells of it", lambda: "door code" in school.troubles(), 30)
    assert f"the last from {HOST}" in school.troubles()["door code"]["detail"]

    def enrols() -> bool:
        return pi.enrol(good)[0] == 0

    until("it enrols", enrols, 120)


# --- somebody in between ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shows", "room"), [("its own authority", "room-102"), ("the hub's authority", "room-110")]
)
def test_whoever_is_in_between_fails_and_learns_no_secret(
    school: EnrolSite, tmp_path: Path, shows: str, room: str
) -> None:
    """With an authority of their own the code tells; with the hub's passed on they have no "
    "certificate of it."""
    pi, code = school.pi(), school.code(room)
    own = Authority(tmp_path, "Mallory").issue("mallory", f"door.{school.site}.tocsin.internal", HOST)
    with InBetween(school.door_port, own, passes_on=shows == "the hub's authority") as between:
        status, said = pi.enrol(code, door=between.port)
    assert status == 1
    assert "is NOT the hub that made this code" in said
    assert "Nothing secret was said" in said
    assert not (pi.etc / "identity").exists()
    assert between.asked == ["GET /enrol/v1/authority"]
    secret = read_code(code).secret
    assert all(form not in between.heard for form in (secret.hex().encode(), code.encode(), secret))
    assert pi.enrol(code)[0] == 0  # at the right door the same command works


def test_a_room_s_own_certificate_opens_no_door_to_be_in_between(school: EnrolSite) -> None:
    """Whoever stole a Pi has a certificate of the hub's authority; it is no server's."""
    stolen, pi, code = school.pi(), school.pi(), school.code("room-112")
    assert stolen.enrol(school.code("room-111"))[0] == 0
    (link,) = stolen.settings.links
    assert link.tls is not None
    with InBetween(school.door_port, link.tls, passes_on=True) as between:
        status, said = pi.enrol(code, door=between.port)
    assert (status, "is NOT the hub" in said, between.asked) == (1, True, ["GET /enrol/v1/authority"]), said


# --- what a technician may meet ----------------------------------------------------------------------


def test_each_failure_says_what_to_do(school: EnrolSite, tmp_path: Path) -> None:
    """A wrong port, another server, a code that ended or was mistyped, a code for a room that is taken."""
    pi = school.pi()
    code = school.code("room-113")
    nobody = free_port()
    status, said = pi.enrol(code, door=nobody)
    assert status == NOT_NOW
    assert f"{HOST}:{nobody}: nothing listens there; is the hub on" in said
    status, said = pi.enrol(code, door=school.console_port)
    assert status == NOT_NOW
    assert "what answers there is no agents' door" in said
    status, said = pi.enrol(code[:-1])
    assert "the code is mistyped: a code has 40 characters, hyphens apart; this one has 39" in said
    status, said = pi.enrol(None)
    assert "this Pi was not enrolled yet: give --hub and --code" in said
    running = pi.start("--hub", "no-such-host.invalid", "--code", code)
    assert "no name server knows it" in running.communicate(timeout=60)[0]
    newer = school.code("room-113")
    status, said = pi.enrol(code)
    assert "this code holds no more: a newer code was made; have a new code made" in said
    (pi.etc / "agent.toml").write_text("# by hand")
    status, said = pi.enrol(newer)
    assert "agent.toml is here already; with --replace the hub's settings take its place" in said
    assert pi.enrol(newer, "--replace")[0] == 0
    assert (pi.etc / "agent.toml.before").read_text() == "# by hand"


def test_a_command_needs_the_hub(school: EnrolSite) -> None:
    """It says what is not there."""
    status, said = school.command("enrol", "--room", "no such room")
    assert status == 2
    assert "no room 'no such room'" in said
    status, said = school.command("assign", "spare-none", "--room", "114")
    assert (status, "no spare 'spare-none' waits" in said) == (1, True)
    status, said = school.command("revoke", "room-115")
    assert (status, "room-115 has no certificate and no code that holds" in said) == (1, True)


def test_a_folder_for_each_room(school: EnrolSite, tmp_path: Path) -> None:
    """It holds hub and code; used by the command, the code is gone."""
    table = school.folder / "rooms.csv"
    table.write_text("device,room\nroom-115,Room 115\nroom-116,Room 116\nroom-999,Nowhere\n")
    out = school.data / "cards"
    status, said = school.command("enrol", "--rooms", str(table), "--out", str(out))
    assert status == 1
    assert "the settings have no room with the device 'room-999'" in said
    assert sorted(folder.name for folder in out.iterdir()) == ["room-115", "room-116"]
    pi = school.pi()
    file = pi.etc / "enrol.toml"
    file.write_bytes((out / "room-115" / "enrol.toml").read_bytes())
    file.chmod(0o644)
    running = pi.start("--from", str(file))
    said = running.communicate(timeout=120)[0]
    assert (running.returncode, file.exists(), pi.settings.device) == (0, False, "room-115"), said
    running = pi.start("--from", str(file))
    assert "this Pi is Room 115" in running.communicate(timeout=60)[0]


def test_a_broker_that_is_not_told_is_a_trouble(school: EnrolSite) -> None:
    """Whoever was revoked may still speak then: the command says so, and the hub goes on trying."""
    pi = school.pi()
    assert pi.enrol(school.code("room-114"))[0] == 0
    room = pi.plug()
    school.reloader.held = True
    try:
        status, said = school.command("revoke", "room-114")
        assert (status, "a session of it may still live" in said) == (3, True), said
        assert "broker-lists" in {trouble["what"] for trouble in school.troubles().values()}
        assert room.shown["link"] is True
    finally:
        school.reloader.held = False
    room.wait_link(up=False, deadline_s=60)
    until("it is well", lambda: "broker-lists" not in school.troubles(), 60)
