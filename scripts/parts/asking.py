"""Asking the parts of the demo over HTTP whether they truly are up."""

from __future__ import annotations

import json
import random
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from .progress import SetupError

TIMEOUT_S = 3.0
TRIES = 200
_LOWEST = 20_000
# Loopback is never reached through a proxy, whatever the environment says.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get_json(url: str, token: str | None = None) -> Any:
    """Return what ``url`` answers; None where there is no answer, or it isn't 200 with JSON."""
    request = urllib.request.Request(url)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with _OPENER.open(request, timeout=TIMEOUT_S) as reply:
            return json.loads(reply.read())
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except (OSError, ValueError, urllib.error.URLError):
        return None


def accepts(port: int) -> bool:
    """Tell whether somebody listens on this port of loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S):
            return True
    except OSError:
        return False


def free_ports(count: int, taken: set[int]) -> list[int]:
    """Return ports of loopback that nobody listens on, none of ``taken``.

    Below those that the system gives to outgoing connections: one of these could take the port of a
    part that died, before that is started again.
    """
    ports: list[int] = []
    for port in random.sample(range(_LOWEST, _first_outgoing()), TRIES):
        if len(ports) == count:
            return ports
        if port not in taken and is_free(port):
            ports.append(port)
    raise SetupError("no port of 127.0.0.1 is free")


def is_free(port: int) -> bool:
    """Tell whether we may listen on this port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _first_outgoing() -> int:
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        first = 32_768
    return first if first >= _LOWEST + TRIES else 65_536
