"""The hub's door, as an agent speaks to it: nobody is believed but the authority that the code knows."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any, Final

from config.enrol_code import EnrolCode
from config.enrolment_settings import DOOR_PORT
from device.enrol.door_words import EnrolError, in_between, of_error, of_refusal

PATIENCE_S: Final = 30.0
"""For one answer: the hub waits 12 s for its disk, and 12 s for its broker."""
LONGEST: Final = 262_144
"""Bytes of an answer."""


class HubDoor:
    """One hub's door at one address."""

    def __init__(self, where: str) -> None:
        """``where`` is the hub's address, with a port where it isn't the usual one."""
        self.where = where
        self.host, self.port = _parted(where)
        self._authority: str | None = None
        self._name = ""

    def meet(self, code: EnrolCode) -> str:
        """Fetch the authority's certificate (PEM) from whoever answers; from now on it alone is believed.

        Raises :class:`EnrolError` unless it is the one that the code knows.
        """
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        nobody.check_hostname = False
        nobody.verify_mode = ssl.CERT_NONE  # nothing is said here, and what is heard is held against the code
        answer = self._ask("GET", "/enrol/v1/authority", None, nobody)
        try:
            pem, name = str(answer["authority"]), str(answer["name"])
            der = ssl.PEM_cert_to_DER_cert(pem.strip())
        except (KeyError, ValueError):
            raise in_between(f"{self.host}:{self.port}", "it shows no certificate of an authority") from None
        if not code.is_of(der):
            raise in_between(f"{self.host}:{self.port}", "its authority is another one")
        self.believe(ssl.DER_cert_to_PEM_cert(der), name)
        return self._authority or ""

    def believe(self, authority: str, name: str) -> None:
        """Speak from now on with the door of this authority (PEM) alone, which has this name."""
        if not (name.startswith("door.") and name.endswith(".tocsin.internal")):
            raise in_between(
                f"{self.host}:{self.port}", f"it calls itself {name[:80]!r}, which is no door's name"
            )
        self._authority, self._name = authority, name

    @property
    def name(self) -> str:
        """The door's name."""
        return self._name

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, own: Path | None = None
    ) -> dict[str, Any]:
        """Ask the hub; ``own`` is a folder with this agent's certificate and key, to be shown.

        Raises :class:`EnrolError`.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self._authority)
        if own is not None:
            try:
                context.load_cert_chain(own / "certificate.pem", own / "key.pem")
            except OSError as error:
                raise EnrolError(
                    f"{own}: this Pi's own key and certificate can't be used ({error}); enrol it "
                    f"with --replace"
                ) from None
        return self._ask(method, path, body, context)

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, context: ssl.SSLContext
    ) -> dict[str, Any]:
        line = _Line(self.host, self.port, context, self._name or self.host)
        try:
            headers = {"Content-Type": "application/json", "Connection": "close"}
            line.request(method, path, None if body is None else json.dumps(body), headers)
            answer = line.getresponse()
            status, found = answer.status, json.loads(answer.read(LONGEST))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise of_error(self.host, self.port, error) from error
        finally:
            line.close()
        if not isinstance(found, dict):
            raise of_error(self.host, self.port, ValueError("it is no answer of a hub"))
        if status != 200:
            raise of_refusal(status, found)
        return found


class _Line(http.client.HTTPSConnection):
    """A connection whose far side is checked by a name that isn't its address."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, name: str) -> None:
        super().__init__(host, port, timeout=PATIENCE_S, context=context)
        self._tls, self._wanted = context, name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._wanted)


def _parted(where: str) -> tuple[str, int]:
    """Part an address from its port; raises :class:`EnrolError`."""
    where = where.strip().removeprefix("https://").rstrip("/")
    host, port = where, ""
    if where.startswith("["):
        host, _, port = where[1:].partition("]")
        port = port.removeprefix(":")
    elif where.count(":") == 1:
        host, _, port = where.partition(":")
    if not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
        raise EnrolError(f"--hub {where!r} is no address; expected HOST or HOST:PORT")
    return host, int(port or DOOR_PORT)
