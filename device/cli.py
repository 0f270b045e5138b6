"""The command line of an agent: ``tocsin-device run | check | simulate``."""

from __future__ import annotations

import argparse
import signal
import sys
from functools import partial
from pathlib import Path

from config import __version__, logs
from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.settings import SettingsError, load
from device import refusal
from device.pins import Pins, PinsError, open_factory

WRONG_SETTINGS = 2


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the process's exit code: 2 for settings or pins that can't be used."""
    given = _parser().parse_args(argv)
    try:
        code: int = given.do(given)
    except SettingsError as error:
        print(error, file=sys.stderr, flush=True)
        if given.do is _run:
            refusal.wait(given.config)
        return WRONG_SETTINGS
    except PinsError as error:
        print(f"{getattr(given, 'config', 'pins')}: {error}", file=sys.stderr)
        return WRONG_SETTINGS
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tocsin-device", description="The agent of one room.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"tocsin-device {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="be the agent")
    run.set_defaults(do=_run)
    check = commands.add_parser("check", help="say what is wrong with settings, wiring and links")
    check.set_defaults(do=_check)
    for command in (run, check):
        command.add_argument("--config", type=Path, required=True, metavar="FILE")
    check.add_argument(
        "--walk", action="store_true", help="ask for each button, door and lamp in turn; publishes nothing"
    )
    enrol = commands.add_parser("enrol", help="become a room of a hub, with a code that the hub made")
    enrol.set_defaults(do=_enrol)
    enrol.add_argument("--hub", metavar="ADDRESS", help="the hub's address, as tocsin-hub enrol prints it")
    enrol.add_argument("--code", help="the code; asked for where it is left out")
    words = "take both from this file, and delete it when all is done"
    enrol.add_argument("--from", dest="file", type=Path, metavar="FILE", help=words)
    words = "though this Pi is a room, or has settings, already"
    enrol.add_argument("--replace", action="store_true", help=words)
    enrol.add_argument("--renew", action="store_true", help="a new key for the room that this Pi is")
    enrol.add_argument("--no-wait", action="store_true", help="of a spare: don't wait for its room")
    words = "where settings and identity are kept (/etc/tocsin)"
    enrol.add_argument("--etc", type=Path, default=Path("/etc/tocsin"), metavar="DIR", help=words)
    words = "where the outbox will be (/var/lib/tocsin/agent)"
    enrol.add_argument("--data", type=Path, default=Path("/var/lib/tocsin/agent"), metavar="DIR", help=words)
    simulate = commands.add_parser("simulate", help="agents with simulated pins, on a page of their own")
    simulate.set_defaults(do=_simulate)
    simulate.add_argument("--rooms", type=_count, default=6, metavar="N", help="how many (6; 0 allowed)")
    simulate.add_argument("--site", default="demo", help="the site's id (demo)")
    simulate.add_argument(
        "--mqtt", type=_address, default=("127.0.0.1", 1883), metavar="HOST:PORT", help="the broker"
    )
    simulate.add_argument(
        "--http", type=_address, default=("127.0.0.1", 8090), metavar="HOST:PORT", help="the page"
    )
    simulate.add_argument("--port", type=_port, metavar="PORT", help="the page, on this machine alone")
    simulate.add_argument("--data", type=Path, required=True, metavar="DIR", help="the rooms' outboxes")
    simulate.add_argument("--verbose", action="store_true", help="log more")
    return parser


def _run(given: argparse.Namespace) -> int:
    from device.loop import Loop

    settings = load(given.config, AgentSettings, check_agent)
    refusal.over()
    logs.set_up(settings.log.level, process="agent")
    loop = Loop(settings, lambda: open_factory(settings.pins), service=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    loop.run()
    return 0


def _check(given: argparse.Namespace) -> int:
    from device.check import check
    from device.service import take_rights
    from device.walk_terminal import walk

    tried = take_rights()
    settings = load(given.config, AgentSettings, check_agent)

    def open_pins() -> Pins:
        return Pins(settings, lambda _: None, open_factory(settings.pins))

    if given.walk:
        print(tried)
        return walk(settings, open_pins)
    return check(settings, open_pins, partial(print, flush=True), tried, given.config)


def _enrol(given: argparse.Namespace) -> int:
    from device.enrol.command import enrol

    return enrol(given)


def _simulate(given: argparse.Namespace) -> int:
    from device.simulate import simulate

    logs.set_up("info" if given.verbose else "warning", process="rooms")
    http = given.http if given.port is None else ("127.0.0.1", given.port)
    return simulate(rooms=given.rooms, site=given.site, mqtt=given.mqtt, http=http, data=given.data.resolve())


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{number} rooms; allowed: 0 to 1000")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"port {number}; allowed: 0 (any free one) to 65535")
    return number


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise argparse.ArgumentTypeError(f"{text!r}; expected HOST:PORT")
    return host.strip("[]"), _port(port)


if __name__ == "__main__":
    sys.exit(main())
