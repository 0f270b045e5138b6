"""The channel to a monitoring station's alarm receivers, by ANSI/SIA DC-09 over TCP or UDP.

What is said and what an answer means is decided in :mod:`hub.dc09`. Each message has a connection of its
own: one that hangs holds up no other.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal

import msgspec

from config.clock import Clock
from hub.channels.channel import PATH_PROBE_S
from hub.channels.masking import line as one_line
from hub.channels.resolver import Resolver
from hub.dc09.line import Line, heard, of_null, of_signal
from hub.dc09.receivers import Receiver, Tries
from hub.dc09.signal import Signal
from hub.dc09.what_to_send import signals_of, words_of
from hub.delivery import Delivery, Outcome

AT_ONCE: Final = 4
"""So that one delivery which hangs leaves a press its place."""
LONGEST_ANSWER: Final = 4096
"""Bytes of an answer that are read: a frame has fewer."""
PROBE_S: Final = 10.0
"""Seconds a supervision message may take: two that fail are then a trouble within 90 s."""
REMEMBERED: Final = 1000
"""Deliveries of which it is remembered how far they came."""

Address = tuple[str, int]


class AlarmReceiver:
    """Tells a monitoring station, the primary receiver first."""

    kind = "dc-09"
    targets: tuple[str, ...] = ("-",)
    at_once = AT_ONCE
    unasked: tuple[str, ...] = ()
    probe_every_s = PATH_PROBE_S

    def __init__(
        self,
        name: str,
        line: Line,
        places: Sequence[tuple[str, int]],
        transport: Literal["tcp", "udp"],
        timeout_s: float,
        tries: int,
        clock: Clock,
    ) -> None:
        """``places`` are host and port of the primary and, where there is one, of the back-up."""
        self.name = name
        self.line = line
        self._transport = transport
        self._timeout_s = timeout_s
        self._tries = tries
        self._clock = clock
        self.places = dict(zip(("primary", "back-up"), places, strict=False))
        self._receivers = [Receiver(name) for name in self.places]
        self._resolver = Resolver()
        self._through: dict[str, int] = {}
        """How many signals of a delivery are acknowledged, of those that did not get through whole."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Send a notice's signals in order, each until it is acknowledged; what was is not sent again."""
        try:
            signals = signals_of(delivery.body)
        except msgspec.MsgspecError as error:
            return Outcome("permanent", f"its signals can't be read: {error}")
        if not signals:
            return Outcome("permanent", "it holds nothing that an alarm receiver is told")
        begin = self._through.pop(delivery.id, 0)
        outcome = Outcome("temporary", "")
        for nth, signal in enumerate(signals[begin:], begin):
            outcome = await self._say(signal.sequence, self._tries, self._receivers, self._frame_of(signal))
            if outcome.verdict != "delivered":
                self._remember(delivery.id, nth)
                said = f"{words_of(signals[nth:])}: {outcome.said}"
                return Outcome(outcome.verdict, said)
        reference = "-".join(dict.fromkeys(f"{one.sequence:04d}" for one in (signals[0], signals[-1])))
        return Outcome("delivered", f"{words_of(signals)}: {outcome.said}", reference)

    async def probe(self) -> Outcome:
        """Send every receiver a supervision message, a NULL, and hear that it is acknowledged."""
        found = await asyncio.gather(*(self._supervise(receiver) for receiver in self._receivers))
        said = "; ".join(
            f"{receiver.name}: {outcome.said}" if len(found) > 1 else outcome.said
            for receiver, outcome in zip(self._receivers, found, strict=True)
        )
        if any(outcome.verdict == "delivered" for outcome in found):
            whole = all(outcome.verdict == "delivered" for outcome in found)
            return Outcome("delivered", f"NULL {said}", impaired=None if whole else said)
        return Outcome("temporary", f"NULL {said}")

    async def close(self) -> None:
        """Let go of what is looked up."""
        await self._resolver.close()

    async def _supervise(self, receiver: Receiver) -> Outcome:
        def frame_of(at: int) -> bytes:
            return of_null(self.line, at, secrets.token_bytes(16))

        try:
            async with asyncio.timeout(PROBE_S):
                return await self._say(0, 1, (receiver,), frame_of)
        except TimeoutError:
            receiver.silent()
            return Outcome("temporary", f"timed out after {PROBE_S:g} s")

    def _frame_of(self, signal: Signal) -> Callable[[int], bytes]:
        return lambda at: of_signal(self.line, signal, at, secrets.token_bytes(16))

    def _remember(self, delivery: str, through: int) -> None:
        if through:
            self._through[delivery] = through
            if len(self._through) > REMEMBERED:
                del self._through[next(iter(self._through))]

    async def _say(
        self, sequence: int, tries: int, receivers: Sequence[Receiver], frame_of: Callable[[int], bytes]
    ) -> Outcome:
        """Send one message until a receiver acknowledges it, or all are through."""
        way = Tries(receivers, tries)
        while (receiver := way.next()) is not None:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._try(way, receiver, sequence, frame_of)
            except TimeoutError:
                way.failed(receiver, f"no answer in {self._timeout_s:g} s")
            except OSError as error:
                way.failed(receiver, one_line(_words(error), 80))
        return way.outcome()

    async def _try(
        self, way: Tries, receiver: Receiver, sequence: int, frame_of: Callable[[int], bytes]
    ) -> None:
        """Make one try at a receiver; answers to other messages are passed over."""
        host, port = self.places[receiver.name]
        addresses = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
        if not addresses:
            raise OSError("it has no address")
        at = self._clock.now().wall + receiver.offset_ms
        asked = _by_tcp if self._transport == "tcp" else _by_udp
        async with asked([(one["host"], port) for one in addresses], frame_of(at)) as answers:
            async for raw in answers:
                now = self._clock.now().wall
                told = heard(self.line, sequence, raw, now + receiver.offset_ms, receiver.newest)
                if told.what != "another":
                    way.took(receiver, told, now)
                    return
        way.failed(receiver, "it closed the connection without an answer")


@asynccontextmanager
async def _by_tcp(addresses: Sequence[Address], frame: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
    """Connect to the first address that takes it, send one frame in one write, yield those that come back."""
    reader, writer = await _connected(addresses)
    try:
        writer.write(frame)
        await writer.drain()
        yield _frames(reader)
    finally:
        writer.transport.abort()  # nothing is left to be said, and nothing is waited for


async def _connected(addresses: Sequence[Address]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    failed: OSError | None = None
    for address in addresses:
        try:
            return await asyncio.open_connection(*address)
        except OSError as error:
            failed = error
    assert failed is not None  # noqa: S101 - there is an address at least
    raise failed


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    left = LONGEST_ANSWER
    buffer = b""
    while left > 0 and (data := await reader.read(left)):
        left -= len(data)
        *whole, buffer = (buffer + data).split(b"\r")
        for frame in whole:
            yield frame
    if buffer:
        yield buffer


class _Datagrams(asyncio.DatagramProtocol):
    """Puts what comes, and what goes wrong, on a queue."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes | OSError] = asyncio.Queue(16)

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - only its peer's come
        self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc if isinstance(exc, OSError) else OSError(str(exc)))

    def _put(self, what: bytes | OSError) -> None:
        if not self.came.full():
            self.came.put_nowait(what)


@asynccontextmanager
async def _by_udp(addresses: Sequence[Address], frame: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
    """Send one datagram, and yield those that come back from where it went."""
    loop = asyncio.get_running_loop()
    transport, datagrams = await loop.create_datagram_endpoint(_Datagrams, remote_addr=addresses[0])
    try:
        transport.sendto(frame)
        yield _datagrams(datagrams)
    finally:
        transport.close()


async def _datagrams(datagrams: _Datagrams) -> AsyncIterator[bytes]:
    while True:
        came = await datagrams.came.get()
        if isinstance(came, OSError):
            raise came
        yield came


def _words(error: OSError) -> str:
    if error.errno in (errno.ECONNRESET, errno.EPIPE) or isinstance(error, ConnectionResetError):
        return "connection reset"
    known = error.errno if error.errno and error.errno > 0 else None
    return (os.strerror(known) if known else error.strerror or str(error)).lower()
