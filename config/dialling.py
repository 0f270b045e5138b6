"""A connection to a broker, made within a stated time: its name, TCP, and TLS with files read anew.

What fails is told in words (:mod:`config.dial_words`), and so is what ends a connection later:
the sockets made here keep the error that ended them, which paho drops.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from config.certificate import Certificate, CertificateError, read_certificate, read_der
from config.dial_words import Known, Stage, TlsFileError, of_error
from config.shared_settings import Broker, Tls
from config.this_user import this_user

DIAL_S: Final = 5.0
"""For everything up to the end of the TLS handshake."""
TCP_S: Final = 3.5
"""For TCP alone. Linux asks at 0, 1, 3 and 7 s: once the third has had its time, a new attempt finds a
network that is back sooner than the fourth."""
USER_TIMEOUT_MS: Final = 5000
"""TCP_USER_TIMEOUT: unacknowledged bytes end the connection after this."""
LOOK_S: Final = 2.0
"""For a second look at a broker's certificate that was refused, to say what it holds."""
LOOK_EVERY_S: Final = 30.0
"""A broker that all of a site refuse isn't asked for its certificate at each attempt."""
NO_CHECK_TIME: Final = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: everything but the dates is checked."""

_QUIET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class DialError(ConnectionError):
    """No connection, and why in words; worth another try."""


class PlainSocket(socket.socket):
    """A TCP socket that keeps the error which ended it."""

    ended_by: OSError | None = None
    first: bytes = b""
    """The first byte that came."""

    def recv(self, size: int = 1024, flags: int = 0) -> bytes:
        try:
            data = super().recv(size, flags)
        except _QUIET:
            raise
        except OSError as error:
            self.ended_by = self.ended_by or error
            raise
        self.first = self.first or data[:1]
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except _QUIET:
            raise
        except OSError as error:
            self._hear_last_word()
            self.ended_by = self.ended_by or error
            raise

    def _hear_last_word(self) -> None:
        """Read what the far side said before it ended; of plain TCP nothing is to be learned."""


class TlsSocket(PlainSocket, ssl.SSLSocket):
    """A TLS socket that keeps the error which ended it."""

    def _hear_last_word(self) -> None:
        # With TLS 1.3 the broker's "no" to our certificate comes after the handshake: it may lie
        # unread behind the reset that our next word met.
        with contextlib.suppress(OSError):
            self.recv(1)


Connected = PlainSocket | TlsSocket


def end(sock: Connected) -> None:
    """End a connection both ways, from any thread; whoever reads or writes it finds out.

    Not by ``SSLSocket.shutdown``: that takes the encryption away first, and whatever another thread
    writes in that moment would go out in the clear.
    """
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Dialler:
    """Makes connections to one broker, one after the other."""

    def __init__(self, broker: Broker, dates_trusted: Callable[[], bool] = lambda: True) -> None:
        """``dates_trusted`` is asked at each connection: without it certificates' dates go unchecked."""
        self._broker = broker
        self._dates_trusted = dates_trusted
        self._lookup: _Lookup | None = None
        self._looked: tuple[float, int, Certificate | None] | None = None

    def dial(self) -> Connected:
        """Connect. Raises :class:`DialError`."""
        until = time.monotonic() + DIAL_S
        stage: Stage = "connecting"
        sock: PlainSocket | None = None
        try:
            context = self._context()
            sock = self._connect(until)
            if context is None:
                return sock
            stage = "handshake"
            return self._secure(context, sock, until)
        except (OSError, ValueError) as error:
            if sock is not None:
                sock.close()
            raise DialError(self._words(error, stage)) from error

    def why(self, sock: Connected, *, answered: bool) -> str | None:
        """Say what ended a connection; None where nothing but its end is known.

        ``answered`` tells whether the broker had taken us before.
        """
        stage: Stage = "up" if answered else "answer"
        error: OSError = sock.ended_by or ConnectionResetError()
        if sock.ended_by is None and answered:
            return None
        return self._words(error, stage, first=sock.first)

    def _context(self) -> ssl.SSLContext | None:
        tls = self._broker.tls
        if tls is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = TlsSocket
        if not self._dates_trusted():
            context.verify_flags |= NO_CHECK_TIME
        _load(context, tls)
        return context

    def _connect(self, until: float) -> PlainSocket:
        addresses = self._addresses(until)
        tcp_until = time.monotonic() + TCP_S
        failed: OSError = OSError("it has no address")
        for i, (family, address) in enumerate(addresses):
            left = max((min(until, tcp_until) - time.monotonic()) / (len(addresses) - i), 0.1)
            sock: PlainSocket | None = None
            try:
                sock = PlainSocket(family, socket.SOCK_STREAM)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if hasattr(socket, "TCP_USER_TIMEOUT"):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
                sock.settimeout(left)
                sock.connect(address)
            except OSError as error:
                failed = error
                if sock is not None:
                    sock.close()
            else:
                return sock
        raise failed

    def _addresses(self, until: float) -> list[tuple[int, Any]]:
        """Return where the broker may be reached.

        A resolver can't be given a time: it works on a thread of its own, which the next attempt finds
        again where it still hangs.
        """
        host, port = self._broker.host, self._broker.port
        with contextlib.suppress(OSError):
            return _resolve(host, port, socket.AI_NUMERICHOST)
        if self._lookup is None:
            self._lookup = _Lookup(host, port)
        if not self._lookup.done.wait(max(until - time.monotonic(), 0.1)):
            raise socket.gaierror(socket.EAI_AGAIN, "the name server does not answer")
        lookup, self._lookup = self._lookup, None
        if lookup.error is not None:
            raise lookup.error
        return lookup.found

    def _secure(self, context: ssl.SSLContext, sock: PlainSocket, until: float) -> TlsSocket:
        sock.settimeout(max(until - time.monotonic(), 0.1))
        secure = context.wrap_socket(sock, server_hostname=self._broker.tls_name or self._broker.host)
        assert isinstance(secure, TlsSocket)  # noqa: S101 - the context's class, set above
        return secure

    # --- words ------------------------------------------------------------------------------------

    def _words(self, error: Exception, stage: Stage, *, first: bytes = b"") -> str:
        theirs = self._look(error) if isinstance(error, ssl.SSLCertVerificationError) else None
        tls = self._broker.tls
        known = Known(
            now=datetime.now(UTC),
            theirs=theirs,
            ours=None if tls is None else _read(tls.cert_file),
            authority=None if tls is None else _read(tls.ca_file),
            first=first,
        )
        return of_error(self._broker, error, stage, known)

    def _look(self, refused: ssl.SSLCertVerificationError) -> Certificate | None:
        """Look at the certificate that was refused: OpenSSL doesn't give it out."""
        now = time.monotonic()
        if self._looked is not None:
            at, why, seen = self._looked
            if why == refused.verify_code and now < at + LOOK_EVERY_S:
                return seen
        found = their_certificate(self._broker)
        self._looked = (now, refused.verify_code, found)
        return found


def their_certificate(broker: Broker) -> Certificate | None:
    """Return the certificate that a broker shows, whoever it is; None where there is none to be had.

    Blocks for a few seconds at most, but for a name server that hangs.
    """
    with contextlib.suppress(OSError, ValueError):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # nothing is said over it
        if broker.tls is not None:
            _load(context, broker.tls)
        where = (broker.host, broker.port)
        with (
            socket.create_connection(where, timeout=LOOK_S) as sock,
            context.wrap_socket(sock, server_hostname=broker.tls_name or broker.host) as secure,
        ):
            return read_der(secure.getpeercert(binary_form=True) or b"")
    return None


class _Lookup:
    """One question to the resolver."""

    def __init__(self, host: str, port: int) -> None:
        self.done = threading.Event()
        self.found: list[tuple[int, Any]] = []
        self.error: OSError | ValueError | None = None
        self._where = host, port
        threading.Thread(target=self._ask, name=f"name {host}", daemon=True).start()

    def _ask(self) -> None:
        try:
            self.found = _resolve(*self._where, 0)
        except (OSError, ValueError) as error:
            self.error = error
        finally:
            self.done.set()


def _resolve(host: str, port: int, flags: int) -> list[tuple[int, Any]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]


def _load(context: ssl.SSLContext, tls: Tls) -> None:
    """Take the files; raises :class:`TlsFileError`, which names the one that is at fault."""
    user = this_user()
    for key in ("ca_file", "cert_file", "key_file"):
        file: Path = getattr(tls, key)
        try:
            with file.open("rb") as opened:
                opened.read(1)
        except OSError as error:
            raise TlsFileError(key, file, error, user=user) from error
    try:
        context.load_verify_locations(cafile=tls.ca_file)
    except OSError as error:
        raise TlsFileError("ca_file", tls.ca_file, error, user=user) from error
    asked: list[bool] = []

    def passphrase() -> str:
        """Answer in the place of a terminal, where OpenSSL would ask for ever."""
        asked.append(True)
        return ""

    try:
        context.load_cert_chain(tls.cert_file, tls.key_file, passphrase)
    except OSError as error:
        try:
            read_certificate(tls.cert_file.read_bytes())
        except (OSError, CertificateError):
            raise TlsFileError("cert_file", tls.cert_file, error, user=user) from error
        what = PermissionError("passphrase") if asked else error
        raise TlsFileError("key_file", tls.key_file, what, user=user, beside=tls.cert_file) from error


def _read(file: Path) -> Certificate | None:
    with contextlib.suppress(OSError, CertificateError):
        return read_certificate(file.read_bytes())
    return None
