"""A real hub takes its settings anew: by SIGHUP, by its command, and under a storm of presses."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mosquitto import HOST, Wire
from tests.site import ROOT, Site, until

pytestmark = pytest.mark.broker
NOT_RECEIVED_S = 5.0
"""Seconds after which a lamp says that its press was not received."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, rooms=3) as running:
        yield running


def save(site: Site, text: str) -> None:
    """Save the settings as an editor does: beside the file, and then in its place."""
    fresh = site.hub_toml.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(site.hub_toml)


def reload(site: Site) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub.cli", "reload", "--config", str(site.hub_toml)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=90)


def room(number: int) -> str:
    return f'[[rooms]]\ndevice = "room-{number}"\nroom = "Room {number}"\n'


def reloads(site: Site) -> int:
    [(count,)] = site.rows("select count(*) from record where what = 'settings-reloaded'")
    return int(count)


def test_a_room_is_added_by_the_command(site: Site) -> None:
    """It says what has changed; a press of the new room is no stranger's from then on."""
    save(site, site.hub_toml.read_text() + room(104))
    done = reload(site)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{site.hub_toml}: taken; this has changed:",
        "  rooms: added room-104",
    ]
    pressed = site.send(site.event("room-104"))
    told = site.sink.told(pressed)
    assert told.incident["rooms"][0]["known"] is True
    assert "flaw device room-104" not in site.troubles()
    assert reload(site).stdout == f"{site.hub_toml}: taken; nothing has changed.\n"


def test_the_webhook_moves_and_what_it_did_not_take_follows(site: Site) -> None:
    """It refuses all; its URL is set anew; the first notice arrives there under its id."""
    other = type(site.sink)()
    site.sink.status = 503
    pressed = site.send(site.event())
    first = site.sink.told(pressed)
    save(site, site.hub_toml.read_text().replace(site.sink.url, other.url))
    os.kill(site.hub.pid, signal.SIGHUP)
    assert other.told(pressed).id == first.id
    other.close()


def test_what_is_wrong_is_said_and_changes_nothing(site: Site) -> None:
    """Exit 2 with each fault; by a signal alone it is a trouble, until settings are taken again."""
    good = site.hub_toml.read_text()
    save(site, good.replace('notify = ["sro"]', 'notify = ["nobody"]') + room(101))
    done = reload(site)
    assert done.returncode == 2
    assert "plans.all.steps[0].notify" in done.stderr
    assert "'room-101' is used twice" in done.stderr
    assert site.rows("select 1 from record where what like 'settings-%'") == []  # it was not asked
    os.kill(site.hub.pid, signal.SIGHUP)
    until("the trouble", lambda: "settings" in site.troubles())
    pressed = site.send(site.event())
    site.sink.told(pressed)
    save(site, good)
    assert reload(site).returncode == 0
    assert "settings" not in site.troubles()


def test_what_needs_a_restart_is_named(site: Site) -> None:
    save(site, site.hub_toml.read_text().replace('"school"', '"grant"', 1))
    done = reload(site)
    assert done.returncode == 2
    assert f"{site.hub_toml}: site: differs from what the hub runs with; restart the hub" in done.stderr
    assert "refused: the hub goes on with the settings that it had" in done.stderr


def test_without_a_hub_there_is_nothing_to_reload(site: Site) -> None:
    """Exit 1; what is left of one that was killed is none."""
    site.hub.kill()
    done = reload(site)
    assert done.returncode == 1
    assert "no hub runs on" in done.stderr


def test_a_signal_as_it_starts_ends_nothing(site: Site) -> None:
    """Settings are saved and signalled while it starts: it starts, and has them."""
    site.hub.end()
    before = len(site.ear.messages)
    site.hub.start()
    status = Path(f"/proc/{site.hub.pid}/status")
    heeds = re.compile(r"^SigCgt:.*[13579bdf]$", re.MULTILINE)  # SIGHUP is the lowest bit
    until("it heeds the signal", lambda: heeds.search(status.read_text()))
    save(site, site.hub_toml.read_text() + room(105))
    os.kill(site.hub.pid, signal.SIGHUP)
    site.wait_ready(after=before)
    until("it has read them", lambda: reloads(site) == 1)
    assert "room-105" in [device["device"] for device in site.ask("devices")["devices"]]


def test_a_signal_as_it_stops_ends_nothing(site: Site) -> None:
    os.kill(site.hub.pid, signal.SIGHUP)
    os.kill(site.hub.pid, signal.SIGTERM)
    os.kill(site.hub.pid, signal.SIGHUP)
    assert site.hub.end(signal.SIGHUP) == 0


@pytest.mark.parametrize("times", [10, pytest.param(100, marks=pytest.mark.long)])
def test_no_press_is_lost_or_late_while_settings_change(site: Site, times: int) -> None:
    """Presses every few ms, reload after reload: all are receipted in time, and a stream stays open."""
    one, two = site.hub_toml.read_text(), site.hub_toml.read_text() + room(104)
    stream = Stream(site)
    done = threading.Event()
    sent: dict[str, float] = {}
    connects = _connects(site)

    one_at_a_time = threading.Lock()

    def press(device: str) -> None:
        with Wire(site.broker).open() as wire:
            while not done.is_set():
                with one_at_a_time:
                    pressed = site.event(device)
                    sent[pressed["id"]] = time.monotonic()
                site.send(pressed, ear=wire)

    pressers = [threading.Thread(target=press, args=(f"room-{n}",)) for n in range(101, 105)]
    for presser in pressers:
        presser.start()
    try:
        for number in range(times):
            save(site, (two, one)[number % 2])
            before = reloads(site)
            os.kill(site.hub.pid, signal.SIGHUP)
            until("it is taken", lambda before=before: reloads(site) > before, 30)
    finally:
        done.set()
        for presser in pressers:
            presser.join()
    until("every receipt", lambda: set(sent) <= set(site.receipts()), 30)
    at: dict[str, float] = {}
    for message in site.ear.messages:
        if message.topic.endswith("/receipt"):
            for name in message.json["ids"]:
                at.setdefault(name, message.at)
    late = {name: at[name] - sent[name] for name in sent if at[name] - sent[name] > NOT_RECEIVED_S}
    print(f"{len(sent)} presses, slowest {max(at[name] - sent[name] for name in sent) * 1000:.0f} ms")
    assert late == {}
    [(rows,)] = site.rows("select count(*) from events where what = 'alarm'")
    assert rows == len(sent)
    told = stream.told
    site.send(site.event())
    until("the stream goes on telling", lambda: stream.told > told)
    stream.close()
    assert _connects(site) == connects


class Stream:
    """A reader of the API's stream, which connects once."""

    def __init__(self, site: Site) -> None:
        until("the API answers", lambda: site.http("/healthz")[0])
        self.told = 0
        self._connection = http.client.HTTPConnection(HOST, site.console_port)
        self._connection.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {site.token}"})
        self._answer = self._connection.getresponse()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while line := self._answer.readline():
            self.told += line.startswith(b"event:")

    def close(self) -> None:
        assert self._thread.is_alive(), "the stream ended"
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._connection.close()


def _connects(site: Site) -> int:
    """Return how often the hub has come to the broker."""
    return site.broker.log.read_text().count("as tocsin-hub")
