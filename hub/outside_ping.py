"""The dead-man's switch: pings a URL outside while, and only while, the hub can do its job.

Whoever is pinged calls people when no ping comes: a hub that is dead can't.
"""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Final

import structlog

from config.hub_settings import HubSettings
from config.settings import secret
from hub.channels.masking import mask
from hub.inputs import Measured

_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Through no proxy that the environment may name."""


class OutsidePing:
    """A thread of its own: what hangs in a name server or far away holds up nothing."""

    def __init__(
        self,
        settings: Callable[[], HubSettings],
        is_ready: Callable[[], bool],
        put: Callable[[Measured], None],
    ) -> None:
        """``settings`` returns those that hold now; ``put`` takes what came of each ping."""
        self._settings = settings
        self._is_ready = is_ready
        self._put = put
        self._stopping = threading.Event()
        self._log = structlog.get_logger(part="outside-ping")
        self._thread = threading.Thread(target=self._run, name="outside ping", daemon=True)

    def start(self) -> None:
        """Ping as soon as the hub is ready, and from then on."""
        self._thread.start()

    def stop(self) -> None:
        """Ping no more."""
        self._stopping.set()

    def _run(self) -> None:
        pause = 1.0
        while not self._stopping.wait(pause):
            ping = self._settings().outside_ping
            pause = 1.0
            if not ping.is_set:
                self._put(Measured(unpinged=""))
                pause = ping.every_s
            elif self._is_ready():
                pause = ping.every_s
                try:
                    why = sent(secret("url", *ping.places), ping.timeout_s)
                except LookupError as error:
                    why = str(error)
                self._log.debug("pinged", why=why)
                self._put(Measured(unpinged=why))


def sent(url: str, timeout_s: float) -> str:
    """Ping a URL once; returns why that did not come through, empty where it did."""
    shown = mask(url, host=False)
    try:
        with _OPENER.open(  # the settings allow http and https alone
            urllib.request.Request(url, headers={"user-agent": "Tocsin"}),  # noqa: S310 - see above
            timeout=timeout_s,
        ) as found:
            status = int(found.status)
    except (OSError, HTTPException, ValueError) as error:
        return shown(f"whoever is to notice if the hub dies was not reached: {error}")
    return "" if 200 <= status < 300 else f"whoever is to notice if the hub dies answers HTTP {status}"
