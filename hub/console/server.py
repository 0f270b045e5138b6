"""The console's server: a thread and an event loop of its own, beside the recorder."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Final, Literal

import uvicorn
from starlette.applications import Starlette

from config import logs
from hub.console.places import KEEP_ALIVE_S, Context, Places
from hub.console.tls import Certificate

DEAD_CLIENT_MS: Final = 15_000
"""A phone that left the network counts as an open board no longer than this."""
STOP_S: Final = 1
BACKLOG: Final = 256
LOOK_S: Final = 10.0
"""Between two looks at the certificate's files."""
AGAIN_S: Final = 5.0

_log = logs.get(part="console")


class Server:
    """Serves one application at one address until it is stopped."""

    def __init__(self, app: Starlette, host: str, port: int, https: Https | None = None) -> None:
        self._app = app
        self._host = host
        self._wanted = port
        self._https = https
        self._secure: uvicorn.Server | None = None
        self._places = Places()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()
        self._failure: BaseException | None = None
        self._server = _Server(_config(app, lifespan="on"), self._places, listening=self._listening)

    @property
    def port(self) -> int:
        """The port it listens at; of the wanted port 0, the one that was given."""
        return self._wanted if self._socket is None else int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Return when it listens; raise ``OSError`` that names host and port when it can't."""
        self._socket = _listener(self._host, self._wanted)
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._thread.start()
        self._listening.wait()
        if self._failure is not None or not self._server.started:
            self._socket.close()
            raise OSError(f"the console could not start at {self._host}:{self._wanted}: {self._failure}")

    def stop(self, timeout: float) -> None:
        """End every stream and connection, and return when all is closed or the time-out (s) is over."""
        self._app.state.console.changes.close_from_elsewhere()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                _log.warning("the console did not stop in time", timeout_s=timeout)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - told to start(), and logged
            self._failure = failure
            _log.error("the console's server ended", error=repr(failure))
        finally:
            self._listening.set()

    async def _serve(self) -> None:
        beside = [asyncio.create_task(self._places.look())]
        if self._https is not None:
            beside.append(asyncio.create_task(self._serve_https(self._https)))
        await self._server.serve(sockets=None if self._socket is None else [self._socket])
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)

    async def _serve_https(self, https: Https) -> None:
        """Serve the same by TLS, once there is a certificate and the port is free; the rest never waits."""
        said = ""
        while not await asyncio.to_thread(https.certificate.look):
            await asyncio.sleep(AGAIN_S)
        while True:
            try:
                listener = _listener(https.host, https.port)
                break
            except OSError as error:
                if str(error) != said:
                    _log.error("no console by TLS; trying again", why=str(error))
                said = str(error)
                await asyncio.sleep(AGAIN_S)
        https.listens_at = int(listener.getsockname()[1])
        config = _config(self._app, lifespan="off")
        self._secure = _Server(config, self._places, lambda: https.certificate.context)
        serving = asyncio.create_task(self._secure.serve(sockets=[listener]))
        try:
            while not serving.done():
                await asyncio.wait({serving}, timeout=LOOK_S)
                await asyncio.to_thread(https.certificate.look)
        finally:
            self._secure.should_exit = True
            await serving


class Https:
    """Where the console is served by TLS, and by which certificate."""

    def __init__(self, host: str, port: int, certificate: Certificate) -> None:
        self.host = host
        self.port = port
        self.certificate = certificate
        self.listens_at: int | None = None
        """The port it listens at, once it does."""


def _config(app: Starlette, lifespan: Literal["on", "off"]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


class _Server(uvicorn.Server):
    """Has its connections let in by places; the process's signals are none of its business."""

    def __init__(
        self,
        config: uvicorn.Config,
        places: Places,
        context: Context = lambda: None,
        listening: threading.Event | None = None,
    ) -> None:
        """``context`` returns the TLS of a new connection; ``listening`` is set when it listens."""
        super().__init__(config)
        self._places = places
        self._context = context
        self._listening = listening
        self._accepting: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        for listener in sockets or ():
            accept = self._places.accept(listener, self, self._context)
            self._accepting.append(asyncio.create_task(accept))
        if self._listening is not None:
            self._listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._accepting:
            task.cancel()
        await super().shutdown(sockets)


def _listener(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise OSError(f"the console can't listen at {host}:{port}: {error.strerror or error}") from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # accepted connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_CLIENT_MS)
    return listener
