"""Plain HTTP, as a program or (with a cookie jar) a browser without scripts speaks it."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode


@dataclass
class Reply:
    """An answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    def field(self, name: str) -> str:
        """Return the value of a page's hidden field."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name!r} on the page"
        return found.group(1)


class Caller:
    """Speaks to one port; a token or a cookie jar says who."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self.port = port
        self.headers: dict[str, str] = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.cookies: dict[str, str] = {}

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Make one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0].strip('"')
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        return reply

    def get(self, path: str, **headers: str) -> Reply:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        """Post JSON."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.call("POST", path, data, Content_Type="application/json", **headers)

    def form(self, path: str, fields: dict[str, str], **headers: str) -> Reply:
        """Post a form as a page of ours does."""
        sent = {
            "Content_Type": "application/x-www-form-urlencoded",
            "Origin": f"http://127.0.0.1:{self.port}",
        }
        return self.call(
            "POST", path, urlencode(fields).encode(), Host=f"127.0.0.1:{self.port}", **{**sent, **headers}
        )

    def sign_in(self, name: str, password: str, wanted: str = "/") -> Reply:
        """Sign in by the page's own form."""
        token = self.get("/sign-in").field("csrf")
        return self.form("/sign-in", {"name": name, "password": password, "csrf": token, "next": wanted})

    def stream(self, path: str, **headers: str) -> Stream:
        """Open a stream of events."""
        return Stream(self, path, headers)


@dataclass
class Told:
    """One server-sent event."""

    name: str
    data: Any
    id: int | None


class Stream:
    """An open stream; iterate for its events, comments left out."""

    def __init__(self, caller: Caller, path: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", caller.port, timeout=10)
        sent = {**caller.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if caller.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in caller.cookies.items())
        self._connection.request("GET", path, headers=sent)
        self.answer = self._connection.getresponse()

    def blocks(self) -> Iterator[list[str]]:
        """Return the blocks of the stream as they come, comments too."""
        block: list[str] = []
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if text:
                block.append(text)
            else:
                yield block
                block = []

    def __iter__(self) -> Iterator[Told]:
        for block in self.blocks():
            fields = dict(line.split(": ", 1) for line in block if not line.startswith(":"))
            if "event" in fields:
                number = int(fields["id"]) if "id" in fields else None
                yield Told(fields["event"], json.loads(fields["data"]), number)

    def close(self) -> None:
        self._connection.close()
        self.answer.close()
