"""Ending the session of somebody who was revoked, once the broker would not let them in again.

A broker that takes a new list of revocations leaves whoever is connected alone. So the session is taken
over by its own name, with a certificate made for this moment, and given up; the one who had it then
finds the door shut.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from config.dialling import Connected, DialError, Dialler, end
from config.shared_settings import Broker, Tls
from config.sign_in import DISCONNECT, Answer, sign_in
from hub.authority.authority import CERTIFICATE_FILE, FOLDER, Authority, key_pem, new_key
from hub.authority.own_files import PROBE, own_tls

LOOK_S: Final = 0.1
"""Between two looks at whether the broker goes by the newest list."""


class ClosingError(ConnectionError):
    """The session may still be open; its words say why. Worth another try."""


def close_session(
    broker: Broker, authority: Authority, data: Path, name: str, within_s: float = 30.0
) -> None:
    """Wait until a broker goes by the newest list of revocations, then end the session of ``name``.

    ``broker`` as the hub reaches it (:func:`hub.authority.own_files.as_hub`), its ``tls`` apart; ``data``
    is the hub's data folder. Blocks for ``within_s`` and a few seconds at most. Raises :class:`ClosingError`.
    """
    if not goes_by_list(broker, data, within_s):
        raise ClosingError(
            f"broker {broker.host}:{broker.port} has not taken the list of what is revoked in "
            f"{within_s:g} s; is tocsin-broker-reload.path started there?"
        )
    end_session(broker, authority, data, name)


def goes_by_list(
    broker: Broker, data: Path, within_s: float, given_up: Callable[[], bool] = lambda: False
) -> bool:
    """Wait until a broker goes by the newest list; False where it didn't in that time, or it is ``given_up``.

    Raises :class:`ClosingError` where it can't be asked.
    """
    until = time.monotonic() + within_s
    while not refuses_probe(broker, data):
        if time.monotonic() > until or given_up():
            return False
        time.sleep(LOOK_S)
    return True


def end_session(broker: Broker, authority: Authority, data: Path, name: str) -> None:
    """End the session of ``name`` on a broker that goes by the newest list: who has it can't come back.

    Raises :class:`ClosingError`.
    """
    with _for_this_moment(authority, data, name) as tls, _dialled(replace(broker, tls=tls)) as sock:
        answer = _asked(broker, sock, name)
        if isinstance(answer, OSError):
            raise ClosingError(f"{_at(broker)}: it ended the connection ({answer})") from answer
        if answer.reason:
            raise ClosingError(f"{_at(broker)}: it answered with reason 0x{answer.reason:02x}")
        sock.sendall(DISCONNECT)


def refuses_probe(broker: Broker, data: Path) -> bool:
    """Tell whether a broker goes by the newest list: it refuses the certificate that was made for that list.

    Raises :class:`ClosingError` where it can't be asked.
    """
    try:
        with _dialled(replace(broker, tls=own_tls(data, PROBE))) as sock:
            answer = _asked(broker, sock, PROBE)
    except ClosingError as error:
        if error.__cause__ is not None and _says_revoked(error.__cause__.__cause__):
            return True  # TLS 1.2: it says so in the handshake
        raise
    return isinstance(answer, OSError) and _says_revoked(answer)


def _asked(broker: Broker, sock: Connected, name: str) -> Answer | OSError:
    try:
        answer = sign_in(sock, name, clean=True)
    except OSError as error:
        return sock.ended_by or error
    if isinstance(answer, str):
        raise ClosingError(f"{_at(broker)}: {answer}")
    return answer


def _says_revoked(error: BaseException | None) -> bool:
    return "CERTIFICATE_REVOKED" in (getattr(error, "reason", None) or "")


@contextmanager
def _dialled(broker: Broker) -> Iterator[Connected]:
    try:
        # Its dates never end, so this machine's clock has no say.
        sock = Dialler(broker).dial()
    except DialError as error:
        raise ClosingError(str(error)) from error
    try:
        yield sock
    except OSError as error:
        if isinstance(error, ClosingError):
            raise
        raise ClosingError(f"{_at(broker)}: {error}") from error
    finally:
        end(sock)
        sock.close()


@contextmanager
def _for_this_moment(authority: Authority, data: Path, name: str) -> Iterator[Tls]:
    """Make a certificate for a name, in memory alone: OpenSSL takes files, so it has the look of one."""
    key = new_key()
    memory = os.memfd_create("closing")
    try:
        with open(memory, "wb", closefd=False) as file:
            file.write(key_pem(key) + authority.sign_client(key.public_key(), name).pem)
        both = Path(f"/proc/self/fd/{memory}")
        yield Tls(ca_file=data / FOLDER / CERTIFICATE_FILE, cert_file=both, key_file=both)
    finally:
        os.close(memory)


def _at(broker: Broker) -> str:
    return f"broker {broker.host}:{broker.port} did not let the session be ended"
