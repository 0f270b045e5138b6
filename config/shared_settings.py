"""Settings that both the hub and the agent have: how a broker is reached, and logs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from config.contract import ID_PATTERN
from config.logs import Level
from config.not_known import where_known
from config.settings import Report, SecretFile
from config.topics import is_device_id, is_site_id

Port = Annotated[int, Meta(ge=1, le=65535, description="a port, 1 to 65535")]
Seconds = Annotated[float, Meta(ge=0, le=86_400, description="a number of seconds, 0 to 86400")]
Key = Annotated[str, Meta(pattern=ID_PATTERN, description="a name of a-z 0-9 . _ -")]
Name = Annotated[str, Meta(min_length=1, max_length=128, description="text of 1 to 128 characters")]


class Tls(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The files by which both ends prove who they are."""

    ca_file: Path
    cert_file: Path
    key_file: SecretFile


class Broker(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One MQTT broker. Without ``tls`` it must be on this machine, or the settings are refused."""

    host: Name = "127.0.0.1"
    port: Port = 1883
    tls: Tls | None = None
    tls_name: Name | None = None
    """The name that the broker's certificate must be for; none: ``host``. A broker that moves to another
    address keeps it."""


class Log(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is logged, to standard error."""

    level: Level = "info"


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def check_site(site: str, report: Report) -> None:
    """Report a site that is no id."""
    with where_known:
        if not is_site_id(site):
            report("site", f"found {site!r}", "must be 1 to 64 of a-z 0-9 _ -, without a dot")


def check_device(device: str, key: str, report: Report) -> None:
    """Report a device that is no id."""
    with where_known:
        if not is_device_id(device):
            report(key, f"found {device!r}", "must be an id of a-z 0-9 . _ -, not 'hub' or 'posture'")


def check_broker(broker: Broker, key: str, report: Report, *, is_own: bool = False) -> None:
    """Report a broker that would be spoken to in the clear over a network.

    ``is_own``: it has TLS by the hub's own authority, which needs no ``tls``.
    Whether its TLS files can be read isn't asked here: that may change while a process runs, and costs
    one connection, not all that works without it.
    """
    if is_own or broker.tls is not None:
        return
    if broker.tls_name is not None:
        report(f"{key}.tls_name", f"found {broker.tls_name!r} without TLS", f"set {key}.tls, or leave it out")
    if broker.host not in LOOPBACK:
        cure = f"set {key}.tls, or a host on this machine: {', '.join(sorted(LOOPBACK))}"
        report(f"{key}.host", f"found {broker.host!r} without TLS", cure)
