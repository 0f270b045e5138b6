"""A line over a cable that is pulled out and put back: packets are lost, and nobody says so."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import broker as broker_settings
from config.connection import LONGEST_PAUSE_S, Line
from config.dialling import TCP_S, USER_TIMEOUT_MS
from config.shared_settings import Broker
from tests.config.test_connection import Ears
from tests.site import until

pytestmark = [
    pytest.mark.broker,
    pytest.mark.root,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("ip") is None, reason="network namespaces: needs root and iproute2"
    ),
]
SUPERVISED_S = 15.0
PORT = 1883
_AT = os.getpid() % 16_384 * 4  # a network of our own: suites run side by side
HERE, THERE = (f"10.231.{_AT // 256}.{_AT % 256 + end}" for end in (1, 2))


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def another_machine(name: str) -> Iterator[str]:
    """A network namespace at the other end of a cable; gives the name of our end."""
    near, far = f"{name}-a", f"{name}-b"
    ip("netns", "add", name)
    try:
        ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        ip("addr", "add", f"{HERE}/30", "dev", near)
        ip("link", "set", near, "up")
        ip("-n", name, "addr", "add", f"{THERE}/30", "dev", far)
        ip("-n", name, "link", "set", far, "up")
        yield near
    finally:
        ip("link", "del", near)
        ip("netns", "del", name)


@contextlib.contextmanager
def a_broker_there(name: str, folder: Path) -> Iterator[None]:
    conf = folder / "there.conf"
    conf.write_text(f"listener {PORT} {THERE}\nallow_anonymous true\nuser root\n")
    command = ["ip", "netns", "exec", name, broker_settings.program() or "mosquitto", "-c", str(conf)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[str]:
    """Our end of a cable to a broker on another machine."""
    name = f"t{os.getpid() % 100_000}"
    with another_machine(name) as near, a_broker_there(name, tmp_path):
        yield f"{name}/{near}"


def pull(cable: str) -> None:
    """Pull it out at the far end: here the link light stays on, as it does behind a switch."""
    name, near = cable.split("/")
    ip("-n", name, "link", "set", near.replace("-a", "-b"), "down")
    ip("neigh", "replace", THERE, "lladdr", "02:00:00:00:00:01", "dev", near, "nud", "permanent")


def put_back(cable: str) -> None:
    name, near = cable.split("/")
    ip("-n", name, "link", "set", near.replace("-a", "-b"), "up")
    ip("neigh", "del", THERE, "dev", near)


@pytest.mark.parametrize("busy", [True, False], ids=["something under way", "nothing under way"])
def test_a_pulled_cable_is_found_and_found_again(cable: str, busy: bool) -> None:
    ears = Ears()
    line = Line(Broker(host=THERE, port=PORT), "a-line", ears, subscriptions=("a/#",))
    line.start()
    try:
        ears.wait_up(1)
        pull(cable)
        pulled = time.monotonic()
        if busy:
            line.publish("a/b", b"lost on the way")
        until("it is found", lambda: ears.downs, SUPERVISED_S)
        took = ears.downs[0][2] - pulled
        assert took < (USER_TIMEOUT_MS / 1000 + 3 if busy else SUPERVISED_S), ears.downs
        until("it tries in vain", lambda: len(ears.downs) >= 3, 20)
        put_back(cable)
        back = time.monotonic()
        ears.wait_up(2, TCP_S + LONGEST_PAUSE_S)
        assert time.monotonic() - back < TCP_S + LONGEST_PAUSE_S
        line.publish("a/b", b"over the new one")
        ears.wait_message(b"over the new one")
    finally:
        line.close()
