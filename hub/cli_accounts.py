"""``tocsin-hub user``, ``session`` and ``token``: their words; what they do is in :mod:`hub.cli_people`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from config.hub_settings import HubSettings


def day(text: str) -> date:
    """Read a day of a command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, must be a day, such as 2026-08-15") from None


def add_accounts(commands: Any, add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the groups of commands to ``commands``; ``add`` adds one command to a group."""
    from hub.rights import RIGHTS, ROLES

    def deed(name: str, words: str) -> argparse.ArgumentParser:
        group, _, verb = name.partition(" ")
        command = add(verb, words, _accounts, groups[group])
        command.set_defaults(deed=name)
        return command

    groups = {
        name: commands.add_parser(name, help=words, description=words).add_subparsers(required=True)
        for name, words in (
            ("user", "People who may sign in."),
            ("session", "Who is signed in."),
            ("token", "Tokens for the API."),
        )
    }
    command = deed("user add", "Add a person, or set a new password, which ends their sessions.")
    command.add_argument("name")
    words = "what they may do; the first person is an administrator"
    command.add_argument("--role", choices=ROLES, help=words)
    words = "read it from FILE, or from standard input (-)"
    command.add_argument("--password-file", type=Path, metavar="FILE", help=words)
    deed("user list", "Say who may sign in, and as what.")
    command = deed("user role", "Give a person another role.")
    command.add_argument("name")
    command.add_argument("role", choices=ROLES)
    deed("user remove", "Let a person sign in no more, and end their sessions.").add_argument("name")
    words = "Take a person's second factor away: the phone is lost."
    deed("user remove-factor", words).add_argument("name")
    command = deed("session list", "Say who is signed in, where and until when.")
    command.add_argument("--user", metavar="NAME", help="this person's alone")
    command = deed("session end", "Sign somebody out.")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", help="one session, by its id")
    which.add_argument("--user", metavar="NAME", help="all of this person's")
    which.add_argument("--all", action="store_true", help="everybody's")
    command = deed("token add", "Make a token, in place of any of that name; prints it once.")
    command.add_argument("name")
    command.add_argument("--scopes", default="read", help=f"{', '.join(RIGHTS)}, or all; with commas")
    words = "its last day, such as 2027-06-30; without it it ends when it is removed"
    command.add_argument("--ends", type=day, metavar="DATE", help=words)
    deed("token list", "Say which tokens there are, what each may do and until when.")
    deed("token remove", "Take a token away.").add_argument("name")


def _accounts(settings: HubSettings, options: argparse.Namespace) -> int:
    from hub.cli_people import run

    return run(settings, options)
