"""An HTTP receiver that answers by script, on a real socket, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal

import standardwebhooks

UNTRUSTED = Path(__file__).with_name("untrusted.pem")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="


@dataclass
class Answer:
    """What the receiver does with one request."""

    status: int = 200
    body: bytes = b""
    then: Literal["keep", "close", "reset", "hang"] = "keep"
    """After the answer. ``hang`` announces one byte more than it sends and keeps the connection open."""
    silent: bool = False
    """Send no answer at all, only do what ``then`` says."""
    headers: tuple[str, ...] = ()
    raw: bytes | None = None


@dataclass
class Request:
    """A request as it came."""

    connection: int
    nth: int
    """Its place on its connection, from 1."""
    start: str
    headers: dict[str, str]
    body: bytes

    def verify(self, secret: str = SECRET) -> object:
        """Have the standard's own library judge the signature; it raises if that is wrong."""
        return standardwebhooks.Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Answers requests with ``script`` in order, its last answer for ever after."""

    script: list[Answer] = field(default_factory=lambda: [Answer()])
    tls: bool = False
    certificate: Path | None = None
    """Its own, with its key; without it one that nobody trusts."""
    dead_when_used_again: Literal["close", "reset"] | None = None
    """A second request on a connection finds it dead, as behind a server that closes idle ones."""
    greeting: bytes = b""
    """Sent at once on a new connection, as by a server of another protocol."""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Receiver:
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(5)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/hook"

    def _run(self, started: threading.Event) -> None:
        try:
            self._loop.run_until_complete(self._serve(started))
        finally:
            self._loop.close()

    async def _serve(self, started: threading.Event) -> None:
        self._done = asyncio.Event()
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate or UNTRUSTED)
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._done.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number, nth = self.connections, 0
        try:
            writer.write(self.greeting)
            while True:
                request = await _read(reader, number, nth + 1)
                nth += 1
                if nth > 1 and self.dead_when_used_again:
                    if self.dead_when_used_again == "reset":
                        _reset(writer)
                    return
                place = min(len(self.requests), len(self.script) - 1)
                self.requests.append(request)
                if not await self._answer(writer, self.script[place]):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, answer: Answer) -> bool:
        if not answer.silent:
            length = len(answer.body) + (answer.then == "hang")
            lines = (f"HTTP/1.1 {answer.status} Word", f"content-length: {length}", *answer.headers, "", "")
            writer.write(answer.raw or "\r\n".join(lines).encode() + answer.body)
            await writer.drain()
        if answer.then == "hang":
            await self._done.wait()
        if answer.then == "reset":
            _reset(writer)
        return answer.then == "keep"


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _read(reader: asyncio.StreamReader, connection: int, nth: int) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(connection, nth, start, headers, body)


def free_port() -> int:
    """Return a port of 127.0.0.1 where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
