"""Asking the parts of the demo over HTTP whether they truly are up."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from typing import Any

TIMEOUT_S = 3.0
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
    """Return ports of loopback that nobody listens on, none of ``taken``."""
    probes: list[socket.socket] = []
    ports: list[int] = []
    try:
        while len(ports) < count:
            probe = socket.socket()
            probes.append(probe)
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            if port not in taken:
                ports.append(port)
    finally:
        for probe in probes:
            probe.close()
    return ports


def is_free(port: int) -> bool:
    """Tell whether we may listen on this port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
