"""A channel that posts each notice to one URL: what a webhook and CAP have in common.

aiohttp weighs 27 MB, so this module is imported only where the settings have such a channel.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from abc import ABC, abstractmethod
from types import SimpleNamespace
from typing import Final

import aiohttp
from yarl import URL

from hub.channels.channel import USUAL_PROBE_S
from hub.channels.masking import line, mask
from hub.channels.resolver import Resolver
from hub.delivery import Delivery, Outcome, Verdict

AT_ONCE: Final = 8
LONGEST_ANSWER: Final = 64 * 1024
"""Bytes of an answer's body that are read; a longer one ends its connection."""
ANSWER_S: Final = 1.0
"""How long the rest of an answer is waited for, once its status has decided the outcome."""
PROBE_S: Final = 10.0
"""The longest a probe takes."""
KEPT_S: Final = 15.0
"""How long an idle connection is used again: below what routers on the way forget in silence."""
TRY_AGAIN: Final = frozenset({408, 425, 429})
"""The 4xx that are no final refusal."""


class HttpPost(ABC):
    """Posts each notice to a URL; what is posted, a subclass says."""

    kind: str
    targets: tuple[str, ...] = ("-",)
    at_once = AT_ONCE
    unasked: tuple[str, ...] = ()
    probe_every_s = USUAL_PROBE_S

    def __init__(self, name: str, url: str, secrets: tuple[str, ...], timeout_s: float) -> None:
        """Raises ``ValueError`` for a URL that can't be used; nothing of ``secrets`` is ever shown."""
        self.name = name
        try:
            self._url = URL(url)
            self._shown = mask(url, host=False, secrets=secrets)
        except ValueError:
            raise ValueError("the URL can't be read as one") from None
        self._timeout_s = timeout_s
        self._resolver = Resolver()
        self._sessions: tuple[aiohttp.ClientSession, aiohttp.ClientSession] | None = None

    @abstractmethod
    async def _message(self, delivery: Delivery) -> tuple[dict[str, str], bytes] | Outcome:
        """Return headers and body of a notice; an outcome where there is nothing to post."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Post a notice once, or twice where a kept connection turned out to be dead."""
        try:
            async with asyncio.timeout(self._timeout_s) as limit:
                message = await self._message(delivery)
                if isinstance(message, Outcome):
                    return message
                return await self._posted(*message, limit)
        except TimeoutError:
            return Outcome("temporary", f"timed out after {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome("temporary", self._shown(_words(error)))

    async def probe(self) -> Outcome:
        """Connect to the receiver, with TLS where it has that, and post nothing."""
        try:
            async with asyncio.timeout(min(self._timeout_s, PROBE_S)):
                await self._connect()
        except TimeoutError:
            return Outcome("temporary", f"timed out after {min(self._timeout_s, PROBE_S):g} s")
        except (OSError, ValueError) as error:
            return Outcome("temporary", self._shown(_words(error)))
        return Outcome("delivered", "reached")

    async def _connect(self) -> None:
        host, port = self._url.host or "", self._url.port or 80
        context = ssl.create_default_context() if self._url.scheme == "https" else None
        failed: OSError = OSError("it has no address")
        for found in await self._resolver.resolve(host, port, socket.AF_UNSPEC):
            try:
                _, writer = await asyncio.open_connection(
                    found["host"], port, ssl=context, server_hostname=host if context else None
                )
            except OSError as error:
                failed = error
            else:
                writer.transport.abort()  # nothing was said, and nothing is waited for
                return
        raise failed

    async def close(self) -> None:
        """Let go of connections."""
        for session in self._sessions or ():
            await session.close()
        self._sessions = None
        await self._resolver.close()

    async def _posted(self, headers: dict[str, str], body: bytes, limit: asyncio.Timeout) -> Outcome:
        kept, fresh = self._open()
        way = SimpleNamespace(reused=False)
        try:
            return await self._post(kept, headers, body, limit, way)
        except (aiohttp.ClientError, OSError):
            if not way.reused:
                raise
        # The receiver had closed the connection while it was idle. Nobody refused anything: the same
        # id goes out again at once, on a connection of its own.
        return await self._post(fresh, headers, body, limit, SimpleNamespace())

    async def _post(
        self,
        session: aiohttp.ClientSession,
        headers: dict[str, str],
        body: bytes,
        limit: asyncio.Timeout,
        way: SimpleNamespace,
    ) -> Outcome:
        async with session.post(
            self._url, data=body, headers=headers, allow_redirects=False, trace_request_ctx=way
        ) as response:
            limit.reschedule(None)  # the status has decided; what is still to come can't undo it
            answer = await _answer(response)
            verdict = self._judged(response.status)
            said = f"HTTP {response.status}"
            if verdict != "delivered" and (words := line(answer.decode("utf-8", "replace"), 80)):
                said += f": {words}"
            return Outcome(verdict, self._shown(said))

    def _judged(self, status: int) -> Verdict:
        """Return what an answer's status makes of the attempt."""
        if 200 <= status < 300:
            return "delivered"
        return "permanent" if 400 <= status < 500 and status not in TRY_AGAIN else "temporary"

    def _open(self) -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
        """Return the session that keeps connections and the one that never does."""
        if self._sessions is None:
            names = self._resolver
            kept = aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=KEPT_S, resolver=names)
            fresh = aiohttp.TCPConnector(limit=AT_ONCE, force_close=True, resolver=names)
            self._sessions = (_session(kept), _session(fresh))
        return self._sessions


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(_reused)
    return aiohttp.ClientSession(
        connector=connector,
        # The attempt's own time-out is around all of it.
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        headers={"user-agent": "Tocsin", "accept-encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trace_configs=[trace],
        trust_env=False,
    )


async def _reused(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.reused = True


async def _answer(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer's body so that its connection can be kept; its status has already decided."""
    read = bytearray()
    try:
        async with asyncio.timeout(ANSWER_S):
            async for chunk in response.content.iter_any():
                read += chunk
                if len(read) > LONGEST_ANSWER:
                    response.close()
                    break
    except (aiohttp.ClientError, OSError):  # a TimeoutError is an OSError
        response.close()
    return bytes(read[:LONGEST_ANSWER])


def _words(error: Exception) -> str:
    """Say what went wrong in words a technician can act on."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no address found for {error.host} ({error.strerror})"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not to be trusted: {_reason(error.certificate_error)}"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"TLS failed: {_reason(error.os_error)}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "connection closed without an answer"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"its answer is not HTTP: {error.message}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {_reason(error)}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {_reason(error)}"
    if isinstance(error, OSError):
        if error.errno in (errno.ECONNRESET, errno.EPIPE) or isinstance(error, ConnectionResetError):
            return "connection reset"
        return (os.strerror(error.errno) if error.errno else error.strerror or str(error)).lower()
    return f"{type(error).__name__}: {error}"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    return str(error)
