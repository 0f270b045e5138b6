"""A console that can't be served must not keep a press from being told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.mosquitto import HOST
from tests.site import Site, until

pytestmark = pytest.mark.broker


def test_a_taken_port_delays_no_press_and_the_console_comes_when_it_is_free(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=2, hub=False) as site:
        with socket.create_server((HOST, site.console_port)):
            site.start_hub()
            press = site.event()
            site.send(press)
            site.sink.told(press["id"], 1.5)
            site.wait_receipt(press["id"])
            until("it is said", lambda: "no console; trying again" in site.hub.log.read_text())
        until("the console is served", lambda: site.healthz()[0] == 200)
