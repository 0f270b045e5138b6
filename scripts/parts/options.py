"""The demo's flags."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

MOST_ROOMS = 500


class Options(NamedTuple):
    """What the flags said."""

    rooms: int
    console_port: int | None
    mqtt_port: int | None
    webhook: str | None
    alarm_receiver: str | None
    phones: bool
    group_by: str
    data: Path | None


def read(words: list[str]) -> Options:
    """Read the flags; exits 2 with what is wrong where one can't be used."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Broker, hub and simulated rooms on this machine; sets up what it needs.",
        allow_abbrev=False,
    )
    parser.add_argument("--rooms", type=_rooms, default=6, metavar="N", help="simulated rooms (6; 0 allowed)")
    parser.add_argument("--console-port", type=_port, metavar="PORT", help="a free one if not given")
    parser.add_argument("--mqtt-port", type=_port, metavar="PORT", help="a free one if not given")
    parser.add_argument("--webhook", type=_url, metavar="URL", help="where each incident is posted at once")
    told = "an alarm receiver (ANSI/SIA DC-09, TCP, account 1234) that is told as a station is"
    parser.add_argument("--alarm-receiver", type=_place, metavar="HOST:PORT", help=told)
    told = "a simulated modem, and a page of the phones that it texts and rings"
    parser.add_argument("--phones", action="store_true", help=told)
    parser.add_argument("--group-by", choices=("site", "building", "device"), default="site")
    parser.add_argument(
        "--data", type=_folder, metavar="DIR", help="kept between runs; a temporary folder if not given"
    )
    return Options(**vars(parser.parse_args(words)))


def _rooms(text: str) -> int:
    if not text.isdecimal() or int(text) > MOST_ROOMS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rooms; allowed: 0 to {MOST_ROOMS}")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; allowed: 1 to 65535")
    return int(text)


def _place(text: str) -> str:
    wrong = argparse.ArgumentTypeError(f"{text!r} is no host and port, such as 127.0.0.1:12000")
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        raise wrong from None
    if not parts.hostname or not port or f"//{parts.netloc}" != f"//{text}" or "@" in text:
        raise wrong
    return text


def _url(text: str) -> str:
    wrong = argparse.ArgumentTypeError(f"{text!r} is no URL; allowed: http:// or https:// with a host")
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 (reading it checks it)
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(not c.isprintable() for c in text):
        raise wrong
    return text


def _folder(text: str) -> Path:
    if not text or not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is no folder")
    return Path(text).expanduser().resolve()
