"""Somebody in between an agent and its hub's door: ends TLS with a certificate of theirs, reads "
"all, passes it on."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from config.shared_settings import Tls
from tests.mosquitto import HOST

_BLIND = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_BLIND.check_hostname = False
_BLIND.verify_mode = ssl.CERT_NONE


class InBetween:
    """Stands before a door on loopback."""

    def __init__(self, to_port: int, own: Tls, *, passes_on: bool) -> None:
        """``own`` is what they show; ``passes_on``: the hub's authority as it is, and not their own."""
        self.asked: list[str] = []
        """What came through TLS, in order."""
        self.heard = b""
        """All that they could read."""
        between = self

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                between.asked.append(f"{self.command} {self.path}")
                between.heard += str(self.headers).encode() + body
                hub = http.client.HTTPSConnection(HOST, to_port, context=_BLIND, timeout=10)
                hub.request(self.command, self.path, body or None, {"Content-Type": "application/json"})
                answer = hub.getresponse()
                said = answer.read()
                between.heard += said
                if not passes_on and self.path.endswith("/authority"):
                    said = json.dumps(json.loads(said) | {"authority": own.ca_file.read_text()}).encode()
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = _pass

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that turns away is what is wanted here."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own.cert_file, own.key_file)
        self._server = Server((HOST, 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
