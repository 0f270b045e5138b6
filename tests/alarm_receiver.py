"""An alarm receiver of ours that misbehaves by script, over TCP or UDP, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, cast

from hub.dc09.cipher import enciphered
from hub.dc09.frame import Frame, packed, stamp, unpacked

Does = Literal[
    "ack",
    "nak",
    "nak-time",
    "duh",
    "drop",
    "late",
    "half-close",
    "close",
    "reset",
    "garbage",
    "empty",
    "other-first",
    "in-pieces",
    "cut-off",
    "plain-ack",
    "wrong-account",
    "raw",
]
RANDOM = bytes(range(16))


@dataclass
class OurReceiver:
    """Does with each message what ``script`` says, its last for ever after."""

    script: list[Does] = field(default_factory=lambda: ["ack"])
    transport: Literal["tcp", "udp"] = "tcp"
    key: bytes | None = None
    time_ms: int = 0
    """Its clock, which its answers bear."""
    late_s: float = 0.0
    raw: tuple[bytes, ...] = ()
    """What it sends for ``raw``, piece by piece, before it closes."""
    heard: list[Frame] = field(default_factory=list)
    """Every message that came whole, repeats among them."""
    connections: int = 0

    def __enter__(self) -> OurReceiver:
        self._left = list(self.script)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(5)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        return "127.0.0.1", self.port

    @property
    def sequences(self) -> list[int]:
        """The numbers of what came, repeats among them."""
        return [frame.sequence for frame in self.heard]

    async def _open(self) -> int:
        if self.transport == "udp":
            loop = asyncio.get_running_loop()
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: _Udp(self), local_addr=("127.0.0.1", 0)
            )
            return int(self._udp.get_extra_info("sockname")[1])
        self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._tcp.sockets[0].getsockname()[1])

    async def _shut(self) -> None:
        if self.transport == "udp":
            self._udp.close()
        else:
            self._tcp.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def does(self, raw: bytes) -> tuple[Does, Frame]:
        """Take a message and return what to do with it."""
        frame = unpacked(raw)
        self.heard.append(frame)
        return (self._left.pop(0) if len(self._left) > 1 else self._left[0]), frame

    def answers(self, does: Does, frame: Frame) -> list[bytes]:
        """Return what is sent, piece by piece."""
        ack = self._ack(frame)
        number, name = f"{frame.sequence:04d}", f"L{frame.prefix}#{frame.account}[]"
        other = f"{(frame.sequence + 7) % 10000:04d}"
        return {
            "ack": [ack],
            "late": [ack],
            "nak": [packed('"NAK"0000R0L0A0[]')],
            "nak-time": [packed(f'"NAK"0000R0L0A0[]{stamp(self.time_ms)}')],
            "duh": [packed(f'"DUH"{number}{name}')],
            "garbage": [b"\x00\xff\n220 mail.example.org ESMTP\r\n"],
            "empty": [b"\n\r"],
            "other-first": [packed(f'"ACK"{other}{name}'), ack],
            "in-pieces": [bytes([byte]) for byte in ack],
            "cut-off": [ack[:-9]],
            "plain-ack": [packed(f'"ACK"{number}{name}')],
            "raw": list(self.raw),
            "wrong-account": [packed(f'"ACK"{number}L0#9999[]')],
        }.get(does, [])

    def _ack(self, frame: Frame) -> bytes:
        head = f"{frame.sequence:04d}L{frame.prefix}#{frame.account}["
        if self.key is None:
            return packed(f'"ACK"{head}]')
        return packed(f'"*ACK"{head}{enciphered(self.key, f"]{stamp(self.time_ms)}", RANDOM)}')

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while raw := await reader.readuntil(b"\r"):
                if not await self._do(raw, writer):
                    return
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            writer.close()

    async def _do(self, raw: bytes, writer: asyncio.StreamWriter) -> bool:
        """Do what the script says; returns whether the connection stays."""
        does, frame = self.does(raw)
        if does == "half-close":
            writer.write_eof()
            await asyncio.sleep(60)
        if does == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if does == "late":
            await asyncio.sleep(self.late_s)
        for piece in self.answers(does, frame):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        return does not in ("close", "reset", "cut-off", "raw")


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, receiver: OurReceiver) -> None:
        self._receiver = receiver

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # On 3.11 the loop's own transport is no DatagramTransport by its class.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        does, frame = self._receiver.does(data)
        for answer in self._receiver.answers(does, frame):
            self._transport.sendto(answer, addr)
