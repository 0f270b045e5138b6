"""What went wrong between this Pi and the hub's door, in words a technician can act on."""

from __future__ import annotations

import socket
import ssl
from typing import Any, Final

_DATES: Final = frozenset({9, 10})
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED."""
NOTHING_SAID: Final = "Nothing secret was said"


class EnrolError(Exception):
    """This Pi was not enrolled; its words say why, and what to do."""


class DoorClosedError(EnrolError):
    """The hub could not be reached now; the same may work later."""


def of_error(address: str, port: int, error: Exception) -> EnrolError:
    """Return what a connection that failed means."""
    at = f"{address}:{port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _DATES:
            return EnrolError(
                f"{at}: the clock of this Pi or of the hub is wrong by decades ({error.verify_message}); "
                f"set it (sudo date -s '2026-11-30 12:00') and try again. {NOTHING_SAID}"
            )
        return in_between(
            at,
            f"it shows a certificate that the hub's authority did not sign as the hub's door "
            f"({error.verify_message})",
        )
    if isinstance(error, ssl.SSLError):
        if "REVOKED" in str(error).upper():
            return EnrolError(
                f"{at}: the hub has revoked this Pi's certificate; enrol it anew, with a new code"
            )
        return DoorClosedError(
            f"{at}: what answers there is no agents' door ({error.reason or error}); is it the hub, "
            f"and that port?"
        )
    if isinstance(error, socket.gaierror):
        return DoorClosedError(
            f"{address}: no name server knows it; is it spelt right? An address such as "
            f"192.168.1.10 needs none"
        )
    if isinstance(error, ConnectionRefusedError):
        return DoorClosedError(
            f"{at}: nothing listens there; is the hub on, and is [enrolment] address set in its hub.toml?"
        )
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return DoorClosedError(f"{at}: the connection was ended from there; try again in a moment")
    if isinstance(error, TimeoutError):
        return DoorClosedError(
            f"{at}: no answer; is it the hub's address, is this Pi on the school's network, does a "
            f"firewall lie between?"
        )
    if isinstance(error, OSError):
        return DoorClosedError(
            f"{at}: there is no way there ({error.strerror or error}); is the network cable in?"
        )
    return DoorClosedError(f"{at}: its answer can't be read ({error}); is it the hub, and that port?")


def in_between(at: str, how: str) -> EnrolError:
    """Return that whoever answers is not the hub that made the code."""
    return EnrolError(
        f"{at}: whoever answers there is NOT the hub that made this code: {how}. Either the code is "
        f"mistyped in its "
        f"last 24 characters, or it is of another school's hub, or somebody is in between: look at the cable "
        f"and the address, and try at another socket. {NOTHING_SAID}"
    )


def of_refusal(status: int, answer: dict[str, Any]) -> EnrolError:
    """Return what the hub's own "no" means."""
    detail = str(answer.get("detail", f"status {status}"))
    key = str(answer.get("state") or answer.get("error"))
    cures = {
        "wrong-code": "look at its first 16 characters; if they are right, have a new code made: "
        "tocsin-hub enrol",
        "used": "if it was not this Pi, somebody else has that room's place: tocsin-hub agents says "
        "from which "
        "address; revoke it, and have a new code made (tocsin-hub enrol --replace)",
        "ended": "if that time is wrong, set the hub's clock; have a new code made: tocsin-hub enrol",
        "void": "have a new code made: tocsin-hub enrol",
        "taken": "if this Pi is to take its place, have a new code made: tocsin-hub enrol --replace",
        "revoked": "have a new code made (tocsin-hub enrol), and enrol this Pi with --replace",
        "unknown": "was the hub restored from an older backup? Enrol this Pi anew, with --replace",
        "slow-down": "then try again",
    }
    words = f"the hub says no: {detail}"
    if cure := cures.get(key):
        words += f"; {cure}"
    return DoorClosedError(words) if status in (429, 503) else EnrolError(words)
