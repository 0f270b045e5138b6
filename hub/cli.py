"""``tocsin-hub``: its commands; what takes more than a few lines is in a module of its own."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from config import __version__, logs
from config.alarm_receiver_checks import doubts as receiver_doubts
from config.backup_settings import doubts as backup_doubts
from config.console_settings import doubts as console_doubts
from config.contract import INCIDENT_KINDS
from config.door_checks import doubts as door_doubts
from config.drill_checks import doubts as drill_doubts
from config.emergency_numbers import is_number
from config.hub_settings import HubSettings, check_broker_files
from config.plan_checks import doubts, nobody_for_the_officer
from config.push_checks import doubts as push_doubts
from config.record_settings import doubts as record_doubts
from config.rooms_file import load_hub
from config.settings import Fault, SettingsError
from config.trouble_settings import doubts as trouble_doubts
from hub.cli_accounts import add_accounts, day
from hub.verify_record import head_of


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 2 for settings that can't be used."""
    options = _parser().parse_args(argv)
    if options.run is _run:
        options.hangup = _heed_hangups()
    try:
        if options.run in WITHOUT_SETTINGS:
            return int(options.run(options))
        settings = load_hub(options.config)
        return int(options.run(settings, options))
    except SettingsError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        count = len(error.faults)
        print(
            f"{count} fault{'s' if count != 1 else ''} in the settings; nothing was started", file=sys.stderr
        )
        return 2
    except LookupError as error:
        print(f"{options.config}: {error}", file=sys.stderr)
        return 2


def _heed_hangups() -> threading.Event:
    """Let SIGHUP, which would end a process that starts, be heard once the hub runs."""
    hangup = threading.Event()
    signal.signal(signal.SIGHUP, lambda *_: hangup.set())
    return hangup


def _run(settings: HubSettings, options: argparse.Namespace) -> int:
    logs.set_up(settings.log.level, process="hub", site=settings.site)
    from hub.alone import AlreadyRunningError
    from hub.service import Hub  # after the settings are known to be right: this is most of the start

    try:
        hub = Hub(settings, options.config, options.hangup)
    except AlreadyRunningError as error:
        print(f"tocsin-hub: {error}", file=sys.stderr)
        return 1
    return hub.run()


def _check(settings: HubSettings, options: argparse.Namespace) -> int:
    from config.file_rights import too_open
    from hub.channels.build import check_channels, with_service
    from hub.console.tls import fault
    from hub.measuring import of_hub

    faults: list[Fault] = []
    check_broker_files(settings, lambda *fault: faults.append(Fault(str(options.config), *fault)))
    faults += [Fault(str(options.config), *one) for one in too_open(of_hub(settings, options.config))]
    faults += check_channels(settings)
    faults += _of_profiles(settings, options.config)
    if (why := fault(settings.console.https)) is not None:
        cure = "a certificate and its key, in PEM form, that this user may read"
        faults.append(Fault(str(options.config), "console.https.cert_file", why, cure))
    if nobody_for_the_officer(settings.plans_in_order, settings.audiences):
        cure = "name the officer, or in a school without one who stands in, such as its principal"
        faults.append(
            Fault(str(options.config), "audiences.sro", "nobody, where others are told of a panic", cure)
        )
    if faults:
        raise SettingsError(tuple(faults))
    rooms, channels = len(settings.rooms), len(settings.channels)
    print(f"{options.config}: no fault. Site {settings.site}, {rooms} rooms, {channels} channels.")
    for name, plan in settings.plans_in_order.items():
        at_once = [step for step in plan.steps if step.after_s == 0 and step.when == "always"]
        first = [audience for step in at_once for audience in step.notify]
        print(f"  plan {name} ({', '.join(plan.kinds)}): at once {', '.join(first) or 'nobody'}")
        for audience in first:
            found = settings.audiences.get(audience)
            if found is None or not (found.channels or found.members):
                words = "has no channel and no members: it is told on the board alone"
                print(f"  note: audience {audience} {words}")
    for words in (
        *doubts(settings.plans),
        *console_doubts(settings.console),
        *push_doubts(settings.channels, settings.console),
        *door_doubts(settings.door_rules, settings.plans),
        *drill_doubts(settings.plans_in_order),
        *trouble_doubts(settings.troubles, settings.audiences),
        *backup_doubts(settings.backup, settings.data),
        *record_doubts(settings.record, settings.audiences),
        *receiver_doubts(settings.channels),
    ):
        print(f"  note: {words}")
    from hub.cli_plans import cover, today

    day = today(settings)
    for words in (settings.mou.overdue(day), settings.mou.soon(day), settings.mou.joint_test_due(day)):
        if words:
            print(f"  note: {words}")
    if any(settings.reaches_police(*end) for end in settings.shared_ends) and (
        words := settings.not_agreed()
    ):
        number = settings.mou.emergency_number
        print(f"  note: {words}: nothing is sent to it, and every call says to call {number}")

    if hidden := with_service(settings):
        words = "which the service alone sees: what is in it is checked as the hub starts"
        print("\n".join(f"  note: {key} is a credential, {words}" for key in hidden))
        return 0
    print("\n".join(f"  {line}" for line in cover(settings, options.within)))
    return 0


def _of_profiles(settings: HubSettings, config: Path) -> list[Fault]:
    if settings.enrolment.address is None:
        return []
    from hub.enrolment.agent_settings import profile_faults

    cure = "mend the profile, or name another one for the room"
    return [Fault(str(config), f"profile of {device}", why, cure) for device, why in profile_faults(settings)]


def _reload(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_reload import reload

    return reload(settings, options.config)


def _explain(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_plans import explain

    drill, leader = options.drill or options.leader is not None, options.leader
    lines = explain(settings, options.kind, options.room, options.at, drill=drill, leader=leader)
    print("\n".join(lines))
    return 0


def _verify_record(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_record import verify_record

    return verify_record(settings, options.head)


def _record_head(settings: HubSettings, _: argparse.Namespace) -> int:
    from hub.cli_record import record_head

    return record_head(settings)


def _export(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_record import write_export

    return write_export(settings, options.to, options.since, options.until)


def _zones(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_zones import zones

    return zones(settings, as_csv=options.csv)


def _authority(settings: HubSettings, _: argparse.Namespace) -> int:
    from hub.cli_authority import authority

    return authority(settings)


def _backup(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_backup import take

    return take(settings, options.config, options.to, scheduled=options.scheduled)


def _backup_key(options: argparse.Namespace) -> int:
    from hub.cli_backup import make_key

    return make_key(options.to)


def _restore(options: argparse.Namespace) -> int:
    from hub.cli_backup import restore

    return restore(options)


def _simulate_modem(options: argparse.Namespace) -> int:
    from hub.phones.simulate import simulate

    return simulate(options.line, options.port, dict(options.phone))


def _phone(text: str) -> tuple[str, str]:
    name, _, number = text.partition("=")
    if not name or not is_number(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=+NUMBER")
    return name, number


WITHOUT_SETTINGS = (_backup_key, _restore, _simulate_modem)
"""Commands that an empty machine may run: settings may come with the backup, or are none of theirs."""


def _enrol(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_enrol import enrol, enrol_all

    if options.rooms is not None:
        return enrol_all(settings, options.rooms, options.out, replace=options.replace, hours=options.hours)
    room = None if options.spare else options.room
    return enrol(settings, room, replace=options.replace, hours=options.hours, qr=options.qr)


def _assign(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_enrol import assign

    return assign(settings, options.spare, options.room, replace=options.replace)


def _revoke(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_enrol import revoke

    return revoke(settings, options.device, options.note)


def _upgrade_agents(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_upgrade import upgrade_agents

    return upgrade_agents(
        settings, options.room, stop=options.stop, status=options.status, wait=not options.no_wait
    )


def _agents(settings: HubSettings, _: argparse.Namespace) -> int:
    from hub.cli_enrol import agents

    return agents(settings)


def _channel_test(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_channel import test

    return test(settings, options.name, options.target)


def _add_enrolment(add: Callable[..., argparse.ArgumentParser]) -> None:
    command = add("enrol", "Have a one-time code made, by which a Pi becomes a room.", _enrol)
    whom = command.add_mutually_exclusive_group(required=True)
    whom.add_argument("--room", help="a room's name, its number or its device")
    whom.add_argument("--spare", action="store_true", help="a Pi that waits until it is given a room")
    words = "a folder for each room of a CSV (device,room,…), to go onto its card"
    whom.add_argument("--rooms", type=Path, metavar="FILE", help=words)
    command.add_argument("--out", type=Path, metavar="DIR", help="with --rooms: where the folders go")
    command.add_argument("--replace", action="store_true", help="in the place of the agent that is there")
    command.add_argument("--hours", type=float, metavar="H", help="for how long the code holds")
    command.add_argument("--qr", type=Path, metavar="FILE", help="write the code as a picture: .svg or .png")
    command = add("assign", "Give a spare a room.", _assign)
    command.add_argument("spare", metavar="SPARE")
    command.add_argument("--room", required=True, help="a room's name, its number or its device")
    command.add_argument("--replace", action="store_true", help="in the place of the agent that is there")
    command = add("revoke", "End what an agent is: stolen, lost, or thrown away.", _revoke)
    command.add_argument("device", metavar="DEVICE", help="a room's device, or a spare")
    command.add_argument("--note", help="why, for the record")
    words = "Have the rooms take the program that this hub hands out: one first, then the rest."
    command = add("upgrade-agents", words, _upgrade_agents)
    what = command.add_mutually_exclusive_group()
    what.add_argument("--room", help="the room that goes first; else the first that asks and is well")
    what.add_argument("--stop", action="store_true", help="upgrade no more rooms")
    what.add_argument("--status", action="store_true", help="say how far it is")
    command.add_argument("--no-wait", action="store_true", help="begin, and don't watch")
    add("agents", "List who is enrolled, which spares wait, and which codes can be used.", _agents)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        message = f"found {text!r}, must be a date and time, such as 2026-11-23T10:02"
        raise argparse.ArgumentTypeError(message) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tocsin-hub", description="The hub of a site.")
    parser.add_argument("--version", action="version", version=f"tocsin {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, words: str, run: object, under: object = commands) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = under.add_parser(name, help=words, description=words)  # type: ignore[attr-defined]
        command.add_argument("--config", type=Path, default=Path("/etc/tocsin/hub.toml"), metavar="FILE")
        command.set_defaults(run=run)
        return command

    add("run", "Run the hub.", _run)
    add("reload", "Have the running hub take its settings anew, or say why it can't.", _reload)
    command = add("check", "Say all that is wrong with the settings.", _check)
    words = "say when in the year nobody on duty would be told within S seconds (60)"
    command.add_argument("--within", type=float, default=60.0, metavar="S", help=words)
    command = add("explain", "Say who would be told of a press or a door, when and why.", _explain)
    command.add_argument("--kind", required=True, choices=INCIDENT_KINDS)
    command.add_argument("--room", required=True, help="a room's name, its number or its device")
    words = "in the school's time zone, such as 2026-11-23T10:02; without it now"
    command.add_argument("--at", type=_moment, metavar="TIME", help=words)
    command.add_argument("--drill", action="store_true", help="of a press that a drill of the room covers")
    command.add_argument("--leader", metavar="NAME", help="who leads the drill")
    command = add(
        "verify-record", "Find any row of the record that was altered or taken out.", _verify_record
    )
    words = "a head that left the hub earlier: finds a cut end and a record written anew; may be repeated"
    command.add_argument("--head", action="append", default=[], type=head_of, metavar="SEQ:HASH", help=words)
    add("record-head", "Print the record's head, to be kept elsewhere.", _record_head)
    command = add("export", "Write incidents, doors, tests, drills and the record as files.", _export)
    command.add_argument("--to", type=Path, required=True, metavar="DIR")
    words = "the first day of the lists, such as 2026-08-15; the record is always whole"
    command.add_argument("--since", type=day, metavar="DATE", help=words)
    command.add_argument("--until", type=day, metavar="DATE", help="their last day")
    command = add("zones", "List the zone numbers by which a monitoring station knows the rooms.", _zones)
    command.add_argument("--csv", action="store_true", help="as a table for the station's own program")
    words = "Have the site's authority, and certificates for the hub and its broker; as often as you like."
    add("authority", words, _authority)
    command = add("backup", "Take a backup, sealed, and read it back; the hub may run.", _backup)
    command.add_argument("--to", type=Path, metavar="DIR", help="in the place of the settings' own folder")
    words = "as the timer does: where no [backup] is set there is nothing to do"
    command.add_argument("--scheduled", action="store_true", help=words)
    command = add("backup-key", "Make the key that backups are sealed for, and print it.", _backup_key)
    command.add_argument("--to", type=Path, metavar="FILE", help="write it into this new file instead")
    command = add("restore", "Put a backup in the place of a dead machine; the hub must not run.", _restore)
    command.add_argument("file", type=Path, metavar="FILE")
    words = "the key as backup-key printed it; - is standard input"
    command.add_argument("--key-file", type=Path, required=True, metavar="FILE", help=words)
    words = "also write the settings and their secrets, under DIR; / is where they were"
    command.add_argument("--settings-to", type=Path, metavar="DIR", help=words)
    words = "put it in the place of what is there, which is kept aside"
    command.add_argument("--replace", action="store_true", help=words)
    command.add_argument("--only-check", action="store_true", help="look at all of it and change nothing")
    words = "a head that left the hub earlier, as for verify-record; may be repeated"
    command.add_argument("--head", action="append", default=[], type=head_of, metavar="SEQ:HASH", help=words)
    words = "restore a record that is not whole"
    command.add_argument("--accept-faults", action="store_true", help=words)
    words = "Try a channel."
    tests = commands.add_parser("channel", help=words, description=words)
    under = tests.add_subparsers(required=True, metavar="COMMAND")
    words = "Tell a channel's ends a test, marked as one, and show each step."
    command = add("test", words, _channel_test, under)
    command.add_argument("name", metavar="NAME", help="a channel of the settings")
    command.add_argument("--target", metavar="TARGET", help="one of its ends alone")
    words = "A modem that is none, and a page of the phones that it reaches: for the demo."
    command = add("simulate-modem", words, _simulate_modem)
    command.add_argument("--line", type=Path, required=True, metavar="FILE", help="becomes the modem's line")
    command.add_argument(
        "--port", type=int, required=True, metavar="PORT", help="the page, on this machine alone"
    )
    words = "somebody's phone, such as reyes=+15550100001; may be repeated"
    command.add_argument(
        "--phone", action="append", default=[], type=_phone, metavar="NAME=NUMBER", help=words
    )
    _add_enrolment(add)
    add_accounts(commands, add)
    return parser


if __name__ == "__main__":
    sys.exit(main())
