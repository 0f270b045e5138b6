"""Who may hold a connection to the console, and for how long without a word.

Each connection is one of the process's open files, of which the broker, the channels and the record need
theirs. So there are so many places in all and for one address. Where they are full, the one that has owed a
word for longest goes; one whose answer is on its way, an event stream among them, never does.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server

from hub.console.sign_in.lanes import network_of

PLACES: Final = 512
"""Connections in all, of both ports together; fewer where the process may open few files."""
OF_ONE: Final = 128
"""Of one address; of IPv6, of one network of 64 bits."""
HANDSHAKE_S: Final = 5.0
OWES_S: Final = 10.0
"""Seconds for a whole request, and for taking some of an answer."""
KEEP_ALIVE_S: Final = 15
"""Seconds that a connection is kept for the next request."""
LATE_S: Final = 2.0
"""Seconds after which a kept connection that did not close by itself is cut off."""
LOOK_S: Final = 1.0
SAID_S: Final = 60.0
"""At most once in so many seconds the log says that places are full."""

_log = structlog.get_logger(part="console")

Context = Callable[[], ssl.SSLContext | None]
"""Returns by what TLS the next connection is made; None: without."""


class Guest(HttpToolsProtocol):
    """One connection, of which it is known since when its other end owes the next word."""

    def __init__(self, server: Server, address: str) -> None:
        super().__init__(server.config, server.server_state, server.lifespan.state)
        self.address = address
        self.left: Callable[[], object] = lambda: None
        """Called when the connection is gone."""
        self.greeting: asyncio.Task[object] | None = None
        """Its handshake, while that lasts."""
        self.since: float | None = self.loop.time()
        """The loop's time since which a word is owed; None while it is the console's turn."""
        self.limit = HANDSHAKE_S + OWES_S

    def _owes(self, limit: float) -> None:
        self.since, self.limit = self.loop.time(), limit

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._owes(OWES_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        super().connection_lost(exc)
        self.left()

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a request."""
        super().on_message_begin()
        self._owes(OWES_S)

    def on_message_complete(self) -> None:
        """Owe the answer."""
        super().on_message_complete()
        if self.cycle is not None and not self.cycle.response_complete:
            self.since = None

    def on_response_complete(self) -> None:
        """Wait for the next request, if none came already."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._owes(KEEP_ALIVE_S + LATE_S)

    def pause_writing(self) -> None:
        """Wait for the other end to take what it was sent."""
        super().pause_writing()
        self._owes(OWES_S)

    def resume_writing(self) -> None:
        """Go on with the answer."""
        super().resume_writing()
        if self.cycle is not None and not self.cycle.response_complete:
            self.since = None

    def cut(self) -> None:
        """End the connection at once."""
        if self.greeting is None or self.greeting.done():
            self.transport.abort()
        else:
            self.greeting.cancel()


class Places:
    """The places of a console, whatever port somebody comes by; used from its loop alone."""

    def __init__(self) -> None:
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = PLACES if files == resource.RLIM_INFINITY else min(PLACES, files // 2)
        self._guests: set[Guest] = set()
        self._of: Counter[str] = Counter()
        self._say_from = float("-inf")

    async def accept(self, listener: socket.socket, server: Server, context: Context) -> None:
        """Let in whoever comes, for as long as this is awaited."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        while True:
            await asyncio.sleep(0)  # a crowd that waits lets nobody else of this loop have a turn
            try:
                sock, peer = await loop.sock_accept(listener)
            except OSError as error:  # no file is left to open, say
                _log.warning("the console can't let anybody in", why=str(error))
                await asyncio.sleep(1.0)
                continue
            address = network_of(str(peer[0]))
            if not self._has_room(address, loop.time()):
                sock.close()
                continue
            guest = Guest(server, address)
            self._guests.add(guest)
            self._of[address] += 1
            guest.left = partial(self._leave, guest)
            guest.greeting = loop.create_task(_greet(guest, sock, context()))
            guest.greeting.add_done_callback(partial(self._greeted, guest, sock))

    async def look(self) -> None:
        """Cut off whoever owes a word for too long, for as long as this is awaited."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            for guest in list(self._guests):
                if guest.since is not None and loop.time() - guest.since > guest.limit:
                    guest.cut()

    def _greeted(self, guest: Guest, sock: socket.socket, task: asyncio.Task[object]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            _log.debug("a connection to the console came to nothing", why=repr(error))
            sock.close()
            self._leave(guest)

    def _has_room(self, address: str, now: float) -> bool:
        """Tell whether one more fits in; make room by ending the one that has owed a word for longest."""
        if self._of[address] >= OF_ONE:
            going = [one for one in self._guests if one.address == address and one.since is not None]
        elif len(self._guests) >= self._most:
            owing = [one for one in self._guests if one.since is not None]
            most = max((self._of[one.address] for one in owing), default=0)
            going = [one for one in owing if self._of[one.address] == most]
        else:
            return True
        if now >= self._say_from:
            self._say_from = now + SAID_S
            counts = {"of_it": self._of[address], "connections": len(self._guests)}
            _log.warning("the console's places are full", address=address, **counts)
        if not going:
            return False
        first = min(going, key=lambda one: one.since or 0.0)
        first.cut()
        self._leave(first)
        return True

    def _leave(self, guest: Guest) -> None:
        if guest in self._guests:
            self._guests.remove(guest)
            self._of[guest.address] -= 1
            if not self._of[guest.address]:
                del self._of[guest.address]


async def _greet(guest: Guest, sock: socket.socket, context: ssl.SSLContext | None) -> None:
    sure = {} if context is None else {"ssl_handshake_timeout": HANDSHAKE_S, "ssl_shutdown_timeout": LATE_S}
    await asyncio.get_running_loop().connect_accepted_socket(lambda: guest, sock, ssl=context, **sure)
