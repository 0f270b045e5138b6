"""Telling systemd: ready, alive, stopping. One datagram each; silent where there is no systemd."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(*words: str) -> None:
    """Send ``words`` (such as ``READY=1``) to ``$NOTIFY_SOCKET``, as sd_notify(3) describes.

    Does nothing when the variable isn't set, and never raises: a service must not fail for it.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect(address)
        channel.sendall("\n".join(words).encode())


def watchdog_interval_s() -> float | None:
    """Return half of systemd's watchdog time in seconds, the advised feeding interval, or None."""
    pid = os.environ.get("WATCHDOG_PID")
    if pid is not None and pid != str(os.getpid()):
        return None
    try:
        return int(os.environ["WATCHDOG_USEC"]) / 2_000_000
    except (KeyError, ValueError):
        return None
