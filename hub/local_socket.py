"""How commands on the hub's own machine ask the running hub: a socket in its data folder.

Who may enter that folder is root or the hub's own user, and nobody else can reach it. A word is one line
of JSON with ``do``; so is its answer, in which ``error`` and ``detail`` say why it was not done.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import structlog

from hub import alone

FILE: Final = "hub.sock"
LONGEST: Final = 65_536
"""Bytes of a word."""
READ_S: Final = 5.0
"""Seconds that whoever connects has to say it."""

Deed = Callable[[dict[str, Any]], dict[str, Any]]
"""Does what a word asks; may block. A ``ValueError`` or ``LookupError`` is told as it is."""


class NotAskedError(RuntimeError):
    """The running hub could not be asked; its words say why."""


class LocalSocket:
    """Answers commands, each on a thread of its own."""

    def __init__(self, data: Path, deeds: Mapping[str, Deed]) -> None:
        """``deeds`` maps what a word asks for to who does it."""
        self._data = data
        self._deeds = deeds
        self._log = structlog.get_logger(part="local-socket")
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen; raises ``OSError``."""
        path = self._data / FILE
        path.unlink(missing_ok=True)
        with _short(self._data) as folder:
            self._server = _Server(f"{folder}/{FILE}", self._answer)
        path.chmod(0o600)
        threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="local-socket", daemon=True
        ).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            (self._data / FILE).unlink(missing_ok=True)

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            word = json.loads(line)
            deed = self._deeds[word.pop("do")]
        except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
            return {
                "error": "bad-input",
                "detail": "this hub does not know that word; is it of another version?",
            }
        try:
            return deed(word)
        except (ValueError, LookupError) as error:
            return {"error": "bad-input", "detail": str(error)}
        except Exception as error:  # noqa: BLE001 - the hub goes on, and the command is told
            self._log.exception("cannot do what a command asks")
            return {"error": "fault", "detail": f"a fault of the hub itself, which is in its log: {error!r}"}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, answer: Callable[[bytes], dict[str, Any]]) -> None:
        self.answer = answer
        super().__init__(path, _Handler)


class _Handler(socketserver.StreamRequestHandler):
    timeout = READ_S
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            line = self.rfile.readline(LONGEST)
            self.wfile.write(json.dumps(self.server.answer(line)).encode() + b"\n")


def ask_hub(data: Path, do: str, within_s: float = 60.0, **word: Any) -> dict[str, Any]:
    """Ask the hub that runs on ``data``, and return its answer; raises :class:`NotAskedError`."""
    try:
        if alone.holder(data) is None:
            raise NotAskedError(f"no hub runs on {data}: start it first (sudo systemctl start tocsin-hub)")
        with _short(data) as folder, socket.socket(socket.AF_UNIX) as line:
            line.settimeout(within_s)
            line.connect(f"{folder}/{FILE}")
            line.sendall(json.dumps({"do": do, **word}).encode() + b"\n")
            with line.makefile("rb") as answers:
                found = answers.readline()
        answer = json.loads(found)
    except PermissionError:
        raise NotAskedError("only root, or the user that the hub runs as, may do this: use sudo") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise NotAskedError(
            "the hub is just starting or stopping, or is of an older version; try again"
        ) from None
    except (OSError, ValueError) as error:
        raise NotAskedError(
            f"the hub did not answer ({error}); what was asked may be done: look first"
        ) from None
    assert isinstance(answer, dict)  # noqa: S101 - the hub's own words
    return answer


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Yield a short name of a folder: a socket's path has 107 bytes at most."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
