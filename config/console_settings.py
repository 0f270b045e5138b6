"""Where the console and the API are served, and what signing in takes."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from config.settings import Report, SecretFile
from config.shared_settings import LOOPBACK, Name, Port

Role = Literal["viewer", "maintenance", "sro", "administrator"]
"""What a person may do: see :mod:`hub.rights`."""


class HttpsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the console is served to the school's network, by TLS: by the hub's own certificate, which the
    site's authority signs, or by the school's own files."""

    host: Name = "0.0.0.0"  # noqa: S104 - that is what it is for
    port: Port = 8443
    names: tuple[Name, ...] = ()
    """By which names and addresses browsers reach it: those of the hub's own certificate."""
    cert_file: Path | None = None
    """The school's own certificate, with those between it and its authority; none: the hub's own."""
    key_file: SecretFile | None = None
    authority_on_phones: bool = False
    """The school's device management has put the site's authority on its phones, as one that they trust."""
    hsts_days: Annotated[int, Meta(ge=0, le=730, description="days, 0 to 730")] = 0
    """For how long browsers are told to come by TLS alone (HSTS); with the school's own certificate only."""


class ConsoleSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the console and the API are served."""

    host: Name = "127.0.0.1"
    port: Port = 8080
    session_h: Annotated[float, Meta(ge=0.25, le=24 * 90, description="hours, 0.25 to 2160")] = 24 * 7
    """Hours until a person must sign in again."""
    public_url: str | None = None
    """By which address phones reach the console: links go out with messages only where it is set."""
    https: HttpsSettings | None = None
    """Beside ``host`` and ``port``, which go on without TLS: leave those on this machine."""
    second_factor: tuple[Role, ...] = ()
    """The roles that ask for a second factor. Whoever has such a role and has set none up may see and
    acknowledge, and nothing else."""
    school_networks: tuple[str, ...] = ()
    """The school's own networks, such as ``10.20.0.0/16``; none: nowhere counts as outside."""
    fresh_factor_m: Annotated[float, Meta(ge=1, le=1440, description="minutes, 1 to 1440")] = 15
    """From outside them what weighs needs a second factor that was shown in these last minutes."""
    set_off_limit: Annotated[int, Meta(ge=0, le=10_000, description="0 to 10000")] = 30
    """Postures, drills and incidents that one account may set off within 10 min before it is a trouble, and
    that account lowers no posture and starts no drill; 0: no limit."""


def doubts(settings: ConsoleSettings) -> list[str]:
    """Return what is allowed and yet is hardly meant."""
    found = []
    if settings.host not in LOOPBACK:
        found.append(
            f"the console at {settings.host} has no TLS: passwords cross the network for anybody to read; "
            "set [console.https], and leave console.host on 127.0.0.1"
        )
    if settings.https is not None and "administrator" not in settings.second_factor:
        found.append("administrators may sign in by a password alone (console.second_factor)")
    listens = [settings.host, *([] if settings.https is None else [settings.https.host])]
    if not settings.school_networks and any(host not in LOOPBACK for host in listens):
        found.append(
            "nowhere counts as outside the school: from wherever the console can be reached a password alone "
            "sets postures, opens walk tests and revokes rooms; name the school's networks in "
            "console.school_networks"
        )
    if settings.public_url is not None and not is_trusted(settings.https):
        found.append(
            "phones have no reason to trust console.public_url: set console.https.cert_file to the school's "
            "certificate for its name, or authority_on_phones once device management has put the site's there"
        )
    return found


def is_trusted(https: HttpsSettings | None) -> bool:
    """Tell whether phones have a reason to trust the console."""
    return https is not None and (https.cert_file is not None or https.authority_on_phones)


def is_address(url: str) -> bool:
    """Tell whether this is an https address with nothing behind its host."""
    try:
        parts = urlsplit(url)
        found = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return (
        bool(found) and url.isprintable() and url.rstrip("/") == f"https://{parts.netloc}" and "@" not in url
    )


def check_console(settings: ConsoleSettings, report: Report) -> None:
    """Say what is wrong with a console's settings."""
    for number, network in enumerate(settings.school_networks):
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            cure = f"a network such as 10.20.0.0/16 ({error})"
            report(f"console.school_networks[{number}]", repr(network), cure)
    if settings.public_url is not None and not is_address(settings.public_url):
        cure = "must be https:// and a host name, such as https://tocsin.lincoln.example.org:8443"
        report("console.public_url", repr(settings.public_url), cure)
    https = settings.https
    if https is None:
        return
    key = "console.https"
    if (https.cert_file is None) != (https.key_file is None):
        report(key, "one of cert_file and key_file", "name both, or neither for the hub's own certificate")
    if https.cert_file is None and not https.names:
        report(f"{key}.names", "none", "name what browsers ask for, such as tocsin.lincoln.example.org")
    if https.cert_file is None and https.hsts_days:
        cure = "0 with the hub's own certificate: a browser that doubts it could never be let through"
        report(f"{key}.hsts_days", str(https.hsts_days), cure)
    if https.port == settings.port:
        report(f"{key}.port", str(https.port), "another port than console.port")
