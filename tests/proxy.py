"""A TCP proxy with faults: it delays, drops, swallows (half-open) or stalls what goes through it.

>>> with Proxy(broker.port) as proxy:
...     proxy.fault = "swallow"   # both ends stay connected, and nothing arrives any more
...     proxy.fault = None
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Literal, Self

from tests.mosquitto import HOST, free_port

Fault = Literal["swallow", "stall"] | None
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a reset."""


class Proxy:
    """Stands before a broker on loopback; its faults may be changed at any time, for all connections."""

    host = HOST

    def __init__(self, to_port: int, *, buffer: int | None = None) -> None:
        """``buffer`` bounds what the system holds for a reader that doesn't read, in bytes."""
        self.port = free_port()
        self.fault: Fault = None
        """``swallow``: read both ends and pass nothing on, not even that an end has gone: a half-open
        connection. ``stall``: read nothing, so that the senders' buffers fill up."""
        self.delay_s = 0.0
        """Each way."""
        self._to_port = to_port
        self._buffer = buffer
        self._listener: socket.socket | None = None
        self._ways: list[_Way] = []
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="proxy", daemon=True)

    def open(self) -> Self:
        """Take connections."""
        with self._lock:
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._buffer is not None:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
            listener.bind((HOST, self.port))
            listener.listen(16)
            listener.setblocking(False)
            self._listener = listener
        return self

    def refuse(self) -> None:
        """Take no connections any more, and end those that there are."""
        with self._lock:
            if self._listener is not None:
                self._listener.close()
                self._listener = None
        self.drop()

    def drop(self) -> None:
        """Reset all connections."""
        with self._lock:
            for way in self._ways:
                way.reset()
            self._ways.clear()

    def forget(self) -> None:
        """Make the present connections half-open for good, as a firewall does that lost their state."""
        with self._lock:
            for way in self._ways:
                way.forgotten = True

    def _work(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                self._accept()
                self._ways = [way for way in self._ways if not way.over]
                waits = self._move()
            with selectors.DefaultSelector() as ready:
                for sock in waits:
                    with contextlib.suppress(OSError, ValueError, KeyError):
                        ready.register(sock, selectors.EVENT_READ)
                ready.select(0.002)

    def _accept(self) -> None:
        if self._listener is None:
            return
        with contextlib.suppress(BlockingIOError):
            near, _ = self._listener.accept()
            try:
                far = socket.create_connection((HOST, self._to_port), timeout=1)
            except OSError:
                near.close()
                return
            for sock in (near, far):
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            there, back = _Way(near, far), _Way(far, near)
            there.other, back.other = back, there
            self._ways += [there, back]

    def _move(self) -> list[socket.socket]:
        """Move what may move; return what to wait for."""
        waits = [self._listener] if self._listener is not None else []
        for way in self._ways:
            if self.fault == "stall":
                continue
            way.read(self.delay_s, swallow=way.forgotten or self.fault == "swallow")
            if self.fault is None:
                way.write()
            if not way.gone:
                waits.append(way.source)
        return waits

    def __enter__(self) -> Self:
        self.open()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)
        self.refuse()


class _Way:
    """One direction of one connection."""

    other: _Way

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.over = False
        self.forgotten = False
        self.gone = False
        """Whether the source has said all it will."""
        self._sink = sink
        self._under_way: deque[tuple[float, bytes]] = deque()

    def read(self, delay_s: float, *, swallow: bool) -> None:
        if self.gone:
            return
        try:
            data = self.source.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.gone = not data
        if not swallow:
            self._under_way.append((time.monotonic() + delay_s, data))

    def write(self) -> None:
        """Pass on what is due; its end ends both directions."""
        while self._under_way and self._under_way[0][0] <= time.monotonic():
            due, data = self._under_way.popleft()
            if not data:
                self.close()
                self.other.close()
                return
            try:
                sent = self._sink.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.close()
                self.other.close()
                return
            if sent < len(data):
                self._under_way.appendleft((due, data[sent:]))
                return

    def close(self) -> None:
        self.over = True
        self.source.close()

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            self.source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()


@contextlib.contextmanager
def blackhole() -> Iterator[int]:
    """A port on loopback whose host says nothing: neither takes connections nor refuses them.

    A listener's queue that is full makes Linux drop what else asks to connect.
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((HOST, 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect((HOST, port))
        yield port
