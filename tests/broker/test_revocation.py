"""Revocation on a real mosquitto: who is shut out at once, and who notices nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.connection import Line
from config.dialling import their_certificate
from config.shared_settings import Tls
from hub.authority.broker_files import ASKED
from hub.authority.closing import ClosingError, close_session, refuses_probe
from hub.authority.names import agent_name, event_name
from tests.config.test_connection import Ears
from tests.install import SYSTEMD
from tests.school_broker import SchoolBroker
from tests.site import until

pytestmark = pytest.mark.broker


@pytest.fixture
def school(tmp_path: Path) -> Iterator[SchoolBroker]:
    with SchoolBroker(tmp_path) as running:
        yield running


def test_the_services_own_command_has_the_broker_take_its_lists(school: SchoolBroker, tmp_path: Path) -> None:
    """What tocsin-broker-reload.service runs, with this broker's folders in the place of its own."""
    unit = (SYSTEMD / "tocsin-broker-reload.service").read_text()
    (line,) = re.findall(r"^ExecStart=/bin/sh -c '(.*)'$", unit, re.MULTILINE)
    reload = school.folder.parent / "files" / ASKED
    reload.parent.mkdir()
    command = line.replace("/var/lib/tocsin/broker/reload/asked", str(reload))
    command = command.replace("/var/lib/tocsin-broker", str(school.folder))
    school.files.keep_lists(["room-101"], [7])
    assert reload.exists()
    assert not refuses_probe(school.at(None), school.data)
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert not reload.exists()
    until("the list is taken", lambda: refuses_probe(school.at(None), school.data))
    school.stop()
    subprocess.run(["/bin/sh", "-c", command], check=True)  # nobody to be told


def test_a_new_certificate_of_the_broker_is_taken_too(school: SchoolBroker) -> None:
    """When the settings name another address for it; nobody has to sign in again."""
    with ExitStack() as stack:
        ears = Rooms(school, stack).line("school.room-101", school.enrol("room-101"))
        school.files.keep_certificate([school.tls_name, "10.1.2.3"])
        os.kill(school.pid, signal.SIGHUP)

        def shown() -> tuple[str, ...]:
            found = their_certificate(school.at(school.own(event_name(school.site))))
            return () if found is None else found.hosts

        until("the new one is shown", lambda: "10.1.2.3" in shown())
        assert not ears.downs


class Rooms:
    """Lines of agents and of the hub, each with its ears."""

    def __init__(self, school: SchoolBroker, stack: ExitStack) -> None:
        self._school = school
        self._stack = stack

    def line(self, name: str, tls: Tls) -> Ears:
        ears = Ears()
        line = Line(self._school.at(tls), name, ears)
        line.start()
        self._stack.callback(line.close)
        ears.wait_up(1)
        return ears


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_several_revocations_one_after_the_other(tmp_path: Path, version: str) -> None:
    """Without a restart of the broker; each ends a live session, which that alone does, and nobody else's."""
    devices = [f"room-{n}" for n in range(101, 106)]
    with SchoolBroker(tmp_path, tls_version=version) as school, ExitStack() as stack:
        rooms = Rooms(school, stack)
        theirs = {device: school.enrol(device) for device in devices}
        ears = {d: rooms.line(agent_name(school.site, d), tls) for d, tls in theirs.items()}
        hub = rooms.line(event_name(school.site), school.own(event_name(school.site)))
        for count, device in enumerate(devices[:4], start=1):
            name = agent_name(school.site, device)
            school.revoke(theirs[device], device)
            until("the list is taken", lambda: refuses_probe(school.at(None), school.data))
            assert not ears[device].downs
            close_session(school.at(None), school.authority, school.data, name)
            until("it is told why", lambda e=ears[device]: any("revoked" in why for _, why, _ in e.downs))
            assert not hub.downs
            assert not any(ears[other].downs for other in devices[count:])
        assert all(len(ears[device].ups) == 1 for device in devices)


def test_a_list_that_the_broker_has_not_taken_is_said(school: SchoolBroker) -> None:
    """Nothing tells the broker: the session would only come back."""
    tls = school.enrol("room-101")
    school.stop()
    school.start()
    assert refuses_probe(school.at(None), school.data)
    school.files.keep_lists(school.devices, [1])
    assert not refuses_probe(school.at(None), school.data)
    with ExitStack() as stack:
        ears = Rooms(school, stack).line(agent_name(school.site, "room-101"), tls)
        with pytest.raises(ClosingError, match=r"has not taken the list .* is tocsin-broker-reload.path"):
            close_session(school.at(None), school.authority, school.data, "school.room-101", within_s=0.5)
        assert not ears.downs


def test_a_broker_that_is_away_is_said(school: SchoolBroker) -> None:
    school.stop()
    with pytest.raises(ClosingError, match="nothing listens there"):
        close_session(school.at(None), school.authority, school.data, "school.room-101", within_s=0.5)


def test_nobody_has_to_be_there(school: SchoolBroker) -> None:
    """The one who was revoked may be off: their session, and what waits in it, is gone all the same."""
    tls = school.enrol("room-101")
    school.revoke(tls, "room-101")
    close_session(school.at(None), school.authority, school.data, "school.room-101")
    again = school.enrol("room-101")  # a new Pi in the same room
    with ExitStack() as stack:
        assert Rooms(school, stack).line("school.room-101", again).ups[0][1] is False
