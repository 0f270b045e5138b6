"""The broker's lists, kept as the hub decides them: written, taken by the broker, and sessions ended.

On a thread of its own: writing waits for the disk, and a broker for its reload. What is owed when the
hub stops is owed after it: a start writes the lists anew, and an identity says itself that a session of
it may still live.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import structlog

from config.hub_settings import HubSettings, NamedBroker
from hub.authority.authority import Authority
from hub.authority.beginning import broker_files
from hub.authority.closing import ClosingError, end_session, goes_by_list
from hub.authority.names import rest_name
from hub.authority.own_files import as_hub
from hub.enrolment.asking import SessionOver
from hub.enrolment.identity import Rights
from hub.inputs import ListsTaken

AGAIN_S: Final = 5.0
"""Seconds after which what a broker has not taken is tried again."""
WITHIN_S: Final = 10.0
"""For a broker to take lists that were written, before it is a trouble."""

Put = Callable[[SessionOver | ListsTaken], None]


class BrokerLists:
    """Keeps the lists of the brokers that go by the site's authority."""

    def __init__(self, settings: HubSettings, authority: Authority, put: Put) -> None:
        self._settings = settings
        self._authority = authority
        self._files = broker_files(settings, authority)
        self._put = put
        self._log = structlog.get_logger(part="broker-lists")
        self._came = threading.Condition()
        self._wanted: Rights | None = None
        self._number = 0
        self._tried = 0
        self._done = 0
        self._stopping = False
        self._closed: set[tuple[str, str]] = set()
        """Names of brokers, and serials whose sessions were ended there."""
        self._thread = threading.Thread(target=self._run, name="broker-lists", daemon=True)

    def start(self, rights: Rights) -> None:
        """Begin with what holds now."""
        self.take(rights)
        self._thread.start()

    def take(self, rights: Rights) -> None:
        """Have the broker go by this from now on; never blocks."""
        with self._came:
            self._wanted = rights
            self._number += 1
            self._came.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Wait until the broker goes by the newest lists, and nobody revoked has a session any more."""
        with self._came:
            wanted = self._number
            return self._came.wait_for(lambda: self._done >= wanted, timeout_s)

    def stop(self, timeout_s: float) -> None:
        """End; what is owed is owed after the next start."""
        with self._came:
            self._stopping = True
            self._came.notify_all()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        was_well, asks = True, True
        while True:
            with self._came:
                pause = None if was_well else AGAIN_S
                self._came.wait_for(self._has_news, pause)
                rights, tried = self._wanted, self._number
                self._tried = tried
            if self._stopping or rights is None:
                return
            why = self._keep(rights, asks=asks)
            if why is not None:
                self._log.warning("the broker does not go by the newest lists", why=why)
            if why is not None or not was_well:
                self._put(ListsTaken(why))
            was_well = why is None
            asks = not was_well
            if was_well:
                with self._came:
                    self._done = tried
                    self._came.notify_all()

    def _has_news(self) -> bool:
        return self._stopping or self._number > self._tried

    def _keep(self, rights: Rights, *, asks: bool) -> str | None:
        """Write the lists, and see that each broker goes by them; returns what is in the way.

        ``asks``: the lists may have been written before, and the broker not asked: it is, also where
        nothing changes now.
        """
        try:
            self._files.keep_lists(rights.devices, frozenset(int(serial, 16) for serial in rights.revoked))
            if asks:
                self._files.ask()
        except OSError as error:
            return f"the lists for the broker can't be written: {error}"
        # Each is asked, whatever becomes of the others: who is revoked goes on at none that is there.
        found = [self._taken(broker, rights) for broker in self._settings.brokers if broker.own_tls]
        if whys := [why for why in found if why is not None]:
            return "; ".join(whys)
        for one in rights.close:
            self._put(SessionOver(one.serial))
        return None

    def _taken(self, named: NamedBroker, rights: Rights) -> str | None:
        broker = as_hub(named, self._settings, rest_name(self._settings.site))
        data = self._settings.data
        try:
            if not goes_by_list(broker, data, WITHIN_S, lambda: self._stopping):
                return f"broker {named.name} has not read its lists anew in {WITHIN_S:g} s"
            # Once each: where another broker is tried again, who has come in their place here stays.
            owed = [one for one in rights.close if (named.name, one.serial) not in self._closed]
            for name in sorted({one.name for one in owed}):
                end_session(broker, self._authority, data, name)
                self._closed |= {(named.name, one.serial) for one in owed if one.name == name}
        except ClosingError as error:
            return str(error)
        return None
