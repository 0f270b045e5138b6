"""How many connections the console takes, and how long it waits for a word."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from hub.console import places
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served
from tests.site import until

SOON_S = 0.3


@pytest.fixture
def served(desk: FrontDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A console with few places, which waits a moment."""
    for name, value in {"PLACES": 6, "OF_ONE": 4, "OWES_S": SOON_S, "LATE_S": SOON_S, "LOOK_S": 0.05}.items():
        monkeypatch.setattr(places, name, value)
    with Served(desk) as console:
        yield console


def connected(served: Served, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=5, source_address=(source, 0))


def is_over(one: socket.socket) -> bool:
    """Tell whether the console has ended a connection, waiting for it a while."""
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "words", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST /sign-in HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"]
)
def test_who_does_not_finish_a_request_is_cut_off(served: Served, words: bytes) -> None:
    with connected(served) as one:
        one.sendall(words)
        began = time.monotonic()
        assert is_over(one)
        assert time.monotonic() - began >= SOON_S / 2


def test_who_says_a_little_now_and_then_is_cut_off_all_the_same(served: Served) -> None:
    with connected(served) as one:
        one.settimeout(SOON_S / 6)
        until("it is cut off", lambda: babbled(one))


def babbled(one: socket.socket) -> bool:
    """Send what is no request; tell whether the connection is over."""
    try:
        one.sendall(b"\r\n")
        return one.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_stream_is_never_cut_off(served: Served, api: Caller) -> None:
    """Nor does a crowd of the same address take its place."""
    with connected(served) as stream, ExitStack() as crowd:
        who = f"Authorization: {api.headers['Authorization']}"
        stream.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n{who}\r\n\r\n".encode())
        assert b"200" in stream.recv(100)
        ones = [crowd.enter_context(connected(served)) for _ in range(8)]
        assert all(is_over(one) for one in ones)
        served.desk.press()
        heard = b""
        while b"event: incident" not in heard:
            more = stream.recv(65536)
            assert more, heard
            heard += more


def test_a_crowd_of_one_address_ends_its_own_longest_silent(served: Served) -> None:
    """And nobody else's; the newest is let in."""
    with ExitStack() as stack:
        other = stack.enter_context(connected(served, "127.0.0.2"))
        ones = [stack.enter_context(connected(served)) for _ in range(5)]
        assert is_over(ones[0])
        for one in (other, ones[-1]):
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" in one.recv(100)


def test_a_crowd_of_many_addresses_leaves_room_for_one_more(served: Served) -> None:
    with ExitStack() as stack:
        for number in range(2, 14):
            stack.enter_context(connected(served, f"127.0.0.{number // 2}"))
        one = stack.enter_context(connected(served, "127.0.0.99"))
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" in one.recv(100)
