"""What may be wrong with the settings of a channel to alarm receivers."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from typing import Final

from config.channel_settings import AlarmReceiverSettings
from config.not_known import where_known
from config.secret_check import check_secret
from config.settings import Report

KEY_BYTES: Final = (16, 24, 32)
_DIGITS: Final = re.compile(r"[0-9A-Fa-f]+")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def check_alarm_receiver(channel: AlarmReceiverSettings, key: str, report: Report) -> None:
    """Report the faults of such a channel."""
    for name in ("address", "backup_address"):
        with where_known:
            address = getattr(channel, name)
            if address is not None and host_and_port(address) is None:
                cure = "must be host:port, such as receiver.example.com:12000"
                report(f"{key}.{name}", f"found {address!r}", cure)
    with where_known:
        if channel.backup_address == channel.address:
            report(f"{key}.backup_address", "is the primary's", "name another receiver, or leave it out")
    for name, least, most in (("account", 3, 16), ("prefix", 1, 6), ("receiver", 1, 6)):
        with where_known:
            digits = getattr(channel, name)
            if digits is not None and not (least <= len(digits) <= most and _DIGITS.fullmatch(digits)):
                cure = f"must be {least} to {most} hexadecimal digits, as the station gives them"
                report(f"{key}.{name}", f"found {digits!r}", cure)
    with where_known:
        if channel.key_file is not None or channel.key_env is not None:
            text = check_secret(f"{key}.key", channel.key_file, channel.key_env, report)
            if text is not None and key_of(text, channel.key_form) is None:
                report(f"{key}.key", _found(text, channel.key_form), _cure(channel.key_form))


def doubts(channels: Mapping[str, object]) -> list[str]:
    """Return what is allowed, and may not be meant."""
    return [
        f"channel {name} has no key: anybody on the way can read what it sends, and answer it"
        for name, one in channels.items()
        if isinstance(one, AlarmReceiverSettings) and one.key_file is None and one.key_env is None
    ]


def host_and_port(address: str) -> tuple[str, int] | None:
    """Take an address apart; None where it is none."""
    host, _, port = address.rpartition(":")
    if not _HOST.fullmatch(host) or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        return None
    return host.strip("[]"), int(port)


def key_of(text: str, form: str) -> bytes | None:
    """Return a key's bytes; None where there are not 16, 24 or 32."""
    try:
        found = binascii.unhexlify(text) if form == "hex" else text.encode("ascii")
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    return found if len(found) in KEY_BYTES else None


def _found(text: str, form: str) -> str:
    """Say how long a key is, and nothing else of it."""
    return f"found {len(text)} characters, read as {'hexadecimal digits' if form == 'hex' else 'they are'}"


def _cure(form: str) -> str:
    if form == "hex":
        other = 'with key_form = "characters" 16, 24 or 32 characters are the key as they are'
        return f"must be 32, 48 or 64 hexadecimal digits; {other}"
    return 'must be 16, 24 or 32 ASCII characters; with key_form = "hex" two digits stand for each byte'
