"""A crowd before the console, that says nothing: it takes none of the files that presses need."""

from __future__ import annotations

import os
import resource
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.console.places import OF_ONE, PLACES
from tests.mosquitto import HOST
from tests.site import Site, until

pytestmark = pytest.mark.broker
LEFT = 60
"""Files that the hub may open beyond the console's places."""


def test_a_silent_crowd_delays_no_press_and_keeps_nobody_out(tmp_path: Path) -> None:
    """From eight addresses, and more of them than the hub may open files."""
    with Site(tmp_path, rooms=2) as site, ExitStack() as crowd:
        until("the console is served", lambda: site.healthz()[0] == 200)
        files = Path(f"/proc/{site.hub.pid}/fd")
        most = len(os.listdir(files)) + PLACES + LEFT
        resource.prlimit(site.hub.pid, resource.RLIMIT_NOFILE, (most, most))
        for number in range(PLACES + 2 * LEFT):
            source = (f"127.0.0.{2 + number // (OF_ONE // 2 + 20)}", 0)
            here = (HOST, site.console_port)
            crowd.enter_context(socket.create_connection(here, timeout=5, source_address=source))
        until("all are let in, or not", lambda: "places are full" in site.hub.log.read_text())
        press = site.event()
        site.send(press)
        site.sink.told(press["id"], 1.5)
        site.wait_receipt(press["id"])
        assert site.healthz()[0] == 200
        assert len(os.listdir(files)) < most
        assert "Too many open files" not in site.hub.log.read_text()
