"""``tocsin-hub user``, ``session`` and ``token``: who may do what, and who is signed in.

Each changes the store; a running hub asks that at every request, so all of it holds at once.
"""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from config.contract import SHOWN, is_clean, shown
from config.hub_settings import HubSettings
from hub.rights import RIGHTS, ROLES, WORDS, Role
from hub.service import database_url
from hub.store.engine import open_engine
from hub.store.migrate import bring_up
from hub.store.people import LONGEST_PASSWORD, AccountError, People
from hub.store.sessions import Sessions
from hub.store.tokens import Tokens

SHORTEST_PASSWORD = 8
"""Characters, as NIST SP 800-63B (5.1.1.1) asks at least."""
NO_TEXT = "a password must be text in UTF-8, as it can be typed on a page"


class Office(NamedTuple):
    """Where accounts are kept."""

    people: People
    sessions: Sessions
    tokens: Tokens


def run(settings: HubSettings, options: argparse.Namespace) -> int:
    """Run one of these commands; returns its exit code."""
    try:
        return DO[options.deed](_office(settings), settings, options)
    except AccountError as error:
        print(f"{error}; nothing was changed", file=sys.stderr)
        return 1


def _user_add(office: Office, _: HubSettings, options: argparse.Namespace) -> int:
    name, role = options.name, options.role
    if not name or name != shown(name.strip()):
        raise AccountError(
            f"{name!r} can't be signed in with: no spaces around it, {SHOWN} characters at most"
        )
    known = office.people.all()
    is_new = all(account.name != name for account in known)
    if is_new and known and role is None:
        roles = "\n".join(f"  {role:14} {WORDS[role]}" for role in ROLES)
        print(f"{name} is new: say --role, one of\n{roles}\nnothing was changed", file=sys.stderr)
        return 1
    password = _password(name, options.password_file)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(f"a password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if not is_clean(password):
        raise AccountError(NO_TEXT)
    office.people.add(name, password, role)
    now: Role = next(account.role for account in office.people.all() if account.name == name)
    print(f"{'added' if is_new else 'new password for'} {name}: {now}, {WORDS[now]}")
    return 0


def _password(name: str, file: Path | None) -> str:
    """Return the password that is asked for or given; raises :class:`AccountError`."""
    try:
        if file is not None and str(file) != "-":
            return file.read_text(encoding="utf-8").strip("\r\n")
        if file is not None or not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\r\n")
    except OSError as error:
        raise AccountError(f"{file} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AccountError(NO_TEXT) from error
    password = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Again: ") != password:
        raise AccountError("the two passwords differ")
    return password


def _user_list(office: Office, settings: HubSettings, _: argparse.Namespace) -> int:
    for account in office.people.all():
        factor = "no second factor"
        if account.factor_since is not None:
            since = _moment(account.factor_since, settings)
            factor = f"second factor since {since}, {account.recovery_codes} recovery codes left"
        print(f"{account.name}\t{account.role}\tadded {_moment(account.created_at, settings)}\t{factor}")
    return 0


def _user_role(office: Office, _: HubSettings, options: argparse.Namespace) -> int:
    office.people.set_role(options.name, options.role)
    print(f"{options.name}: {options.role}, {WORDS[options.role]}")
    return 0


def _user_remove(office: Office, _: HubSettings, options: argparse.Namespace) -> int:
    office.people.remove(options.name)
    print(f"{options.name} can't sign in any more, and is signed out everywhere")
    return 0


def _user_remove_factor(office: Office, _: HubSettings, options: argparse.Namespace) -> int:
    if not office.people.remove_factor(options.name):
        raise AccountError(f"{options.name} has no second factor")
    print(f"{options.name} signs in by the password alone now")
    return 0


def _session_list(office: Office, settings: HubSettings, options: argparse.Namespace) -> int:
    for one in office.sessions.all(_now(), options.user):
        since, ends = _moment(one.since, settings), _moment(one.ends, settings)
        print(f"{one.id}\t{one.name}\tsince {since}, until {ends}\t{one.address}\t{one.browser}")
    return 0


def _session_end(office: Office, _: HubSettings, options: argparse.Namespace) -> int:
    if options.id is not None:
        ended = 0 if office.sessions.end(options.id) is None else 1
    else:
        ended = office.sessions.end_all(options.user)
    if not ended:
        print("there is no such session; nothing was changed", file=sys.stderr)
        return 1
    print(f"{ended} session{'s' if ended != 1 else ''} ended")
    return 0


def _token_add(office: Office, settings: HubSettings, options: argparse.Namespace) -> int:
    scopes = frozenset(scope.strip() for scope in options.scopes.split(","))
    unknown = scopes - {*RIGHTS, "all"}
    if unknown:
        allowed = ", ".join((*RIGHTS, "all"))
        print(f"no scope {', '.join(sorted(unknown))}; allowed: {allowed}", file=sys.stderr)
        return 1
    ends = None if options.ends is None else _end_of(options.ends, settings)
    if ends is not None and ends <= _now():
        print(f"{options.ends} is over already; nothing was changed", file=sys.stderr)
        return 1
    print(office.tokens.add(options.name, scopes, ends))
    return 0


def _token_list(office: Office, settings: HubSettings, _: argparse.Namespace) -> int:
    for token in office.tokens.all():
        ends = "without end"
        if token.ends is not None:
            ends = f"{'OVER since' if token.over(_now()) else 'until'} {_moment(token.ends, settings)}"
        made = _moment(token.created_at, settings)
        print(f"{token.name}\t{', '.join(sorted(token.scopes))}\tmade {made}\t{ends}")
    return 0


def _token_remove(office: Office, _: HubSettings, options: argparse.Namespace) -> int:
    if not office.tokens.remove(options.name):
        raise AccountError(f"no token is called {options.name}")
    print(f"the token {options.name} is nobody's any more")
    return 0


DO: dict[str, Callable[[Office, HubSettings, argparse.Namespace], int]] = {
    "user add": _user_add,
    "user list": _user_list,
    "user role": _user_role,
    "user remove": _user_remove,
    "user remove-factor": _user_remove_factor,
    "session list": _session_list,
    "session end": _session_end,
    "token add": _token_add,
    "token list": _token_list,
    "token remove": _token_remove,
}
"""What does what; the words are in :mod:`hub.cli`."""


def _office(settings: HubSettings) -> Office:
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = database_url(settings)
    engine = open_engine(url)
    bring_up(engine, url, settings.data)
    site = settings.site
    return Office(People(engine, site), Sessions(engine, site), Tokens(engine, site))


def _moment(wall: int, settings: HubSettings) -> str:
    return datetime.fromtimestamp(wall / 1000, ZoneInfo(settings.timezone)).strftime("%Y-%m-%d %H:%M")


def _end_of(day: date, settings: HubSettings) -> int:
    """Return the wall ms at which a day is over, by the school's clock."""
    after = day + timedelta(days=1)
    midnight = datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(settings.timezone))
    return round(midnight.timestamp() * 1000)


def _now() -> int:
    return time.time_ns() // 1_000_000
