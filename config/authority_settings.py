"""The settings of the site's own authority: what its broker reads, and how the broker may be called."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from config.settings import Report
from config.shared_settings import Name


class AuthoritySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of use where a broker has ``own_tls``, or rooms enrol."""

    broker_files: Path | None = None
    """The folder that the hub writes and the broker reads; none: ``broker`` in ``data``."""
    broker_names: tuple[Name, ...] = ()
    """Host names and addresses that the broker's certificate is for, beside the name that never changes."""


def check_authority(authority: AuthoritySettings, report: Report) -> None:
    """Report a name that a certificate can't hold."""
    for i, name in enumerate(authority.broker_names):
        if not name.isascii() or not name.isprintable() or set(name) & set(" /@*"):
            cure = "must be a host name or an address, such as 192.168.1.10"
            report(f"authority.broker_names[{i}]", f"found {name!r}", cure)
