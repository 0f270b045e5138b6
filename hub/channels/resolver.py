"""Names into addresses, so that a name server that hangs or is gone holds up as little as it can."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from hub.channels.aside import aside

PATIENCE_S: Final = 1.0
"""How long a look-up may take where an earlier answer is at hand."""


class Resolver(AbstractResolver):
    """The system's look-ups, one at a time for each name, with the last answer kept in reserve.

    A notice must not fail because the name server went down after the hub had already reached the
    receiver: then the last known addresses are tried. TLS proves whoever answers there.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], list[ResolveResult]] = {}
        self._asked: dict[tuple[str, int, int], asyncio.Task[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a host's addresses; raises ``OSError`` where none is or was known."""
        key = (host, port, int(family))
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._ask(host, port, family))
            self._asked[key].add_done_callback(lambda task: self._answered(key, task))
        asked = asyncio.shield(self._asked[key])
        if key not in self._known:
            return await asked
        try:
            return await asyncio.wait_for(asked, PATIENCE_S)
        except (OSError, TimeoutError):
            return self._known[key]

    async def close(self) -> None:
        """Wait for no answer any more."""
        asked = list(self._asked.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _answered(self, key: tuple[str, int, int], task: asyncio.Task[list[ResolveResult]]) -> None:
        self._asked.pop(key, None)
        if not task.cancelled() and task.exception() is None:
            self._known[key] = task.result()

    async def _ask(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        infos = await aside(
            lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG),
            name="name look-up",
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=found,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found, _, protocol, _, address in infos
        ]
