"""Names into addresses, with the operating system's look-up replaced."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_mock import MockerFixture

from hub.channels.resolver import Resolver

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))]


class NameServer:
    """``getaddrinfo`` that answers, refuses or hangs as the test says."""

    def __init__(self) -> None:
        self.down = False
        self.answering = threading.Event()
        self.answering.set()
        self.asked = 0

    def __call__(self, *_: Any, **__: Any) -> list[Any]:
        self.asked += 1
        self.answering.wait(20)
        if self.down:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return FOUND


@pytest.fixture
def server(mocker: MockerFixture) -> NameServer:
    server = NameServer()
    mocker.patch("socket.getaddrinfo", server)
    return server


def run(use: Callable[[Resolver], Awaitable[None]]) -> None:
    async def main() -> None:
        resolver = Resolver()
        await use(resolver)
        await resolver.close()

    asyncio.run(main())


def test_a_name_becomes_its_addresses(server: NameServer) -> None:
    """With all that a connection needs."""

    async def use(resolver: Resolver) -> None:
        (found,) = await resolver.resolve("hooks.example", 443)
        assert (found["hostname"], found["host"], found["port"]) == ("hooks.example", "192.0.2.7", 443)

    run(use)


def test_a_name_server_that_fails_is_an_error_where_nothing_is_known(server: NameServer) -> None:
    """There is nothing to try."""
    server.down = True

    async def use(resolver: Resolver) -> None:
        with pytest.raises(socket.gaierror):
            await resolver.resolve("hooks.example", 443)

    run(use)


def test_a_name_server_that_went_down_leaves_the_last_known_addresses(server: NameServer) -> None:
    """A notice still finds its receiver."""

    async def use(resolver: Resolver) -> None:
        known = await resolver.resolve("hooks.example", 443)
        server.down = True
        assert await resolver.resolve("hooks.example", 443) == known
        with pytest.raises(socket.gaierror):
            await resolver.resolve("other.example", 443)

    run(use)


def test_a_name_server_that_hangs_is_asked_once_and_waited_for_briefly(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the last known addresses serve, and no thread is added for a question that is open."""
    monkeypatch.setattr("hub.channels.resolver.PATIENCE_S", 0.02)

    async def use(resolver: Resolver) -> None:
        known = await resolver.resolve("hooks.example", 443)
        server.answering.clear()
        for _ in range(3):
            assert await resolver.resolve("hooks.example", 443) == known
        assert server.asked == 2
        server.answering.set()

    run(use)
