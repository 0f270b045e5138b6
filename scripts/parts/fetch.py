"""Fetches what a room's Pi installs from the hub itself, so that it needs no internet.

    python3 fetch.py FOLDER --hub ADDRESS --code CODE      a Pi that is nothing yet
    python3 fetch.py FOLDER --from enrol.toml              the same, with a file of the hub's
    python3 fetch.py FOLDER                                a Pi that is a room

One file, and the standard library alone: it is also what a card begins with (hub/enrolment/card/). Whoever
answers is held against the code, or against the authority that this Pi knows, before anything is taken.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import re
import ssl
import sys
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

IDENTITY = Path("/etc/tocsin/identity")
ANCHOR = Path("/var/lib/tocsin/upgrade/anchor.json")
"""Whom root believes here, in a folder of root's own: :data:`IDENTITY` is the agent's."""
PORT = 8884
PATIENCE_S = 20.0
TRIES = 40
"""For one file; each goes on where the last one broke off."""
MARK_BYTES = 15
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""As config/enrol_code.py has both, which needs more than the standard library."""


class FetchError(Exception):
    """Nothing was taken; its words say why."""


class Anchor(NamedTuple):
    """Whose word this Pi installs by: the authority that signs it (PEM), and the name of its door."""

    authority: str
    door: str


def anchored(identity: Path = IDENTITY, place: Path = ANCHOR) -> Anchor:
    """Return whom root believes; kept from the identity once, as this Pi is installed.

    Raises :class:`FetchError` where the identity names another authority since.
    """
    what = json.loads((identity / "what.json").read_text(encoding="utf-8"))
    now = Anchor((identity / "authority.pem").read_text(encoding="utf-8"), str(what["door"]))
    if place.exists():
        kept = Anchor(**json.loads(place.read_text(encoding="utf-8")))
        if _der(kept) != _der(now) or kept.door != now.door:
            raise FetchError(
                "this Pi's identity is of another authority than it was installed by: somebody changed it, "
                "or it is another school's now; scripts/install agent with a code says which"
            )
        return kept
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.new")
    fresh.write_text(json.dumps(now._asdict()), encoding="utf-8")
    fresh.replace(place)
    return now


def _der(anchor: Anchor) -> bytes:
    return ssl.PEM_cert_to_DER_cert(anchor.authority.strip())


class Line(http.client.HTTPSConnection):
    """A connection whose far side is checked by a name that isn't its address."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, name: str) -> None:
        super().__init__(host, port, timeout=PATIENCE_S, context=context)
        self._tls, self._wanted = context, name

    def connect(self) -> None:
        """Connect, and check."""
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._wanted)


class Door:
    """A hub's door, believed only as far as its authority is known."""

    def __init__(self, where: str) -> None:
        found = re.fullmatch(r"\[(.+)\](?::(\d+))?|([^:]+)(?::(\d+))?|([0-9a-fA-F:]+)", where.strip())
        if found is None:
            raise FetchError(f"{where!r} is no address; expected HOST or HOST:PORT")
        self.host = found[1] or found[3] or found[5]
        self.port = int(found[2] or found[4] or PORT)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._name = self.host

    def meet(self, code: str) -> None:
        """Believe the authority of whoever answers, if it is the one that made the code."""
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE  # what is heard is held against the code
        answer = json.loads(self.get("/enrol/v1/authority"))
        der = ssl.PEM_cert_to_DER_cert(str(answer["authority"]).strip())
        if hashlib.sha256(der).digest()[:MARK_BYTES] != mark_of(code):
            raise FetchError(
                f"what answers at {self.host}:{self.port} is NOT the hub that made this code: a mistyped "
                "code, another school's hub, or somebody in between"
            )
        self.believe(ssl.DER_cert_to_PEM_cert(der), str(answer["name"]))

    def believe(self, authority: str, name: str) -> None:
        """Speak from now on with whom this authority (PEM) signed for this name alone."""
        if not (name.startswith("door.") and name.endswith(".tocsin.internal")):
            raise FetchError(f"it calls itself {name[:80]!r}, which is no door's name")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_verify_locations(cadata=authority)
        self._name = name

    def show(self, certificate: Path, key: Path) -> None:
        """Show from now on who this Pi is; of :meth:`believe` before."""
        self._context.load_cert_chain(certificate, key)

    def post(self, path: str, body: bytes) -> bytes:
        """Say something, and return what is answered."""
        line = Line(self.host, self.port, self._context, self._name)
        try:
            line.request("POST", path, body, {"Connection": "close", "Content-Type": "application/json"})
            answer = line.getresponse()
            said = answer.read(65536)
        finally:
            line.close()
        if answer.status != 200:
            words = said[:2048].decode(errors="replace")
            raise FetchError(f"the hub answers {answer.status} for {path}: {words}")
        return said

    def get(self, path: str, begin: int = 0) -> bytes:
        """Return what is there, from byte ``begin`` on; cut short where the line broke."""
        line = Line(self.host, self.port, self._context, self._name)
        try:
            line.request("GET", path, headers={"Connection": "close", "Range": f"bytes={begin}-"})
            answer = line.getresponse()
            if answer.status not in (200, 206) or (begin and answer.status != 206):
                said = answer.read(2048).decode(errors="replace")
                raise FetchError(f"the hub answers {answer.status} for {path}: {said}")
            got = b""
            try:
                while part := answer.read(65536):
                    got += part
            except (OSError, http.client.IncompleteRead):
                if not got:
                    raise
            return got
        finally:
            line.close()

    def fetch(self, folder: Path) -> str:
        """Have all that the hub's index names in ``folder``, and in ``release`` there which one it is."""
        index = json.loads(self.get("/agents/v1/wheels"))
        for name, wanted in index["files"].items():
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", name):
                raise FetchError(f"the hub names a file {name[:80]!r}")
            self._have(folder / name, name, str(wanted["sha256"]), int(wanted["size"]))
        for left in folder.iterdir():  # of a version before, whose fetch was broken off
            if left.name not in index["files"] and left.is_file():
                left.unlink()
        release = str(index["release"])
        (folder / "release").write_text(f"{release}\n", encoding="utf-8")
        return release

    def _have(self, path: Path, name: str, sha256: str, size: int) -> None:
        data = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(data).hexdigest() == sha256:
            return
        data = b""
        for left in range(TRIES, 0, -1):
            try:
                data += self.get(f"/agents/v1/wheels/{name}", len(data))
            except (OSError, http.client.HTTPException):
                if left == 1:
                    raise
                time.sleep(1.0)
            if len(data) >= size:
                break
        if hashlib.sha256(data).hexdigest() != sha256:
            raise FetchError(f"{name} did not come whole")
        fresh = path.with_name(f".{name}.new")
        fresh.write_bytes(data)
        fresh.replace(path)


def mark_of(code: str) -> bytes:
    """Return what a code knows of its hub's authority."""
    letters = re.sub(r"[-\s._]", "", code.upper()).translate(str.maketrans("OIL", "011"))
    if len(letters) != 40 or not set(letters) <= set(ALPHABET):
        raise FetchError("the code is mistyped: it has 40 digits and letters, hyphens apart")
    bits = 0
    for letter in letters:
        bits = bits << 5 | ALPHABET.index(letter)
    return bits.to_bytes(25, "big")[-MARK_BYTES:]


def main(words: list[str]) -> int:
    """Fetch; returns the exit code: 75 where the hub could not be reached."""
    parser = argparse.ArgumentParser(prog="fetch", allow_abbrev=False)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--hub")
    parser.add_argument("--code")
    parser.add_argument("--from", dest="file", type=Path)
    parser.add_argument("--anchor", action="store_true", help="keep whom this Pi believes, and fetch nothing")
    given = parser.parse_args(words)
    try:
        if given.anchor:
            anchored()
            return 0
        hub, code = given.hub, given.code
        if given.file is not None:
            table = tomllib.loads(given.file.read_text(encoding="utf-8"))
            hub, code = str(table["hub"]), str(table["code"])
        if code is None:
            what = json.loads((IDENTITY / "what.json").read_text(encoding="utf-8"))
            door = Door(hub or str(what["hub"]))
            door.believe(*anchored())
        else:
            door = Door(hub)
            door.meet(code)
        given.folder.mkdir(parents=True, exist_ok=True)
        print(f"release {door.fetch(given.folder)}, from {door.host}")
    except (FetchError, KeyError, ValueError) as error:
        print(f"fetch: {error}", file=sys.stderr)
        return 1
    except ssl.SSLCertVerificationError as error:
        print(f"fetch: who answers is not this school's hub: {error.verify_message}", file=sys.stderr)
        return 1
    except (OSError, http.client.HTTPException) as error:
        print(f"fetch: the hub can't be reached: {error}", file=sys.stderr)
        return os.EX_TEMPFAIL
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
