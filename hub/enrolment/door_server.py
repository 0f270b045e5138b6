"""The door's server: a thread and an event loop of its own, with few places, each for a short time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from config.enrolment_settings import EnrolmentSettings
from hub.authority.authority import Authority
from hub.authority.own_files import keep_server
from hub.enrolment.door import Door

PLACES: Final = 32
"""Connections at once; who comes beyond them waits in the kernel's queue."""
BACKLOG: Final = 64
HANDSHAKE_S: Final = 5.0
STAY_S: Final = 30.0
"""For a whole connection: nobody keeps a place by being slow."""
LOOK_S: Final = 60.0
STOP_S: Final = 2.0


class DoorServer:
    """Serves the door until it is stopped."""

    def __init__(self, door: Door, enrolment: EnrolmentSettings, context: ssl.SSLContext) -> None:
        self._door = door
        self._where = enrolment.host, enrolment.port
        self._context = context
        self._log = structlog.get_logger(part="door")
        self._listener: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)

    def start(self) -> None:
        """Listen; raises ``OSError`` that names host and port where it can't."""
        host, port = self._where
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self._listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise OSError(
                f"the agents' door can't listen at {host}:{port}: {error.strerror or error}"
            ) from error
        self._listener.setblocking(False)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End every connection."""
        loop, stopping = self._loop, self._stopping
        if loop is not None and stopping is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(stopping.set)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:  # noqa: BLE001 - no agent enrols then; presses go on
            self._log.exception("the agents' door ended")

    async def _serve(self) -> None:
        assert self._listener is not None  # noqa: S101 - start() has made it
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(self._door.app(), access_log=None, keepalive_timeout=HANDSHAKE_S)
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - set up above
        tasks = {asyncio.create_task(self._accept(runner.server)), asyncio.create_task(self._look())}
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        self._listener.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(runner.cleanup(), STOP_S)

    async def _accept(self, server: web.Server) -> None:
        loop, places = asyncio.get_running_loop(), asyncio.Semaphore(PLACES)
        assert self._listener is not None  # noqa: S101 - start() has made it
        staying: set[asyncio.Task[None]] = set()
        while True:
            await places.acquire()
            try:
                sock, _ = await loop.sock_accept(self._listener)
            except OSError as error:  # no file descriptor is free, say
                places.release()
                self._log.warning("the agents' door can't let anybody in", why=str(error))
                await asyncio.sleep(1.0)
                continue
            task = asyncio.create_task(self._stay(server, sock))
            staying.add(task)
            task.add_done_callback(staying.discard)
            task.add_done_callback(lambda _: places.release())

    async def _stay(self, server: web.Server, sock: socket.socket) -> None:
        """Have one connection for as long as it may last."""
        guest = _Guest(server())
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: guest, sock, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S
            )
        except (OSError, ssl.SSLError) as error:
            self._log.debug("a handshake came to nothing", why=str(error))
            sock.close()
            return
        try:
            await asyncio.wait_for(guest.gone.wait(), STAY_S)
        except TimeoutError:
            transport.abort()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._door.look()


class _Guest(asyncio.Protocol):
    """One connection's protocol, of which it is known when it is gone."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


def door_context(authority: Authority, folder: Path, name: str) -> ssl.SSLContext:
    """Return the door's TLS: its certificate in ``folder``; agents may show theirs of the same authority.

    Raises ``OSError``.
    """
    certificate, key = folder / "door.pem", folder / "door.key"
    keep_server(authority, certificate, key, [name])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(cadata=authority.pem.decode())
    context.verify_mode = ssl.CERT_OPTIONAL
    return context
