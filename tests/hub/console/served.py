"""A desk's console on its real server."""

from __future__ import annotations

from typing import Self

from hub.console.app import build_app
from hub.console.server import Server
from tests.hub.console.front_desk import FrontDesk

KEY = b"k" * 32


class Served:
    """Starts the console; can be stopped and started again at the same port."""

    def __init__(self, desk: FrontDesk) -> None:
        self.desk = desk
        self.port = 0
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = Server(build_app(self.desk, KEY, clock=self.desk.clock), "127.0.0.1", self.port)
        self._server.start()
        self.port = self._server.port

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(5.0)
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
