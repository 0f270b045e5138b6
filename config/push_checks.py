"""What may be wrong with the settings of Web Push, and what is hardly meant."""

from __future__ import annotations

from collections.abc import Mapping

from config.channel_settings import ChannelSettings, PushSettings
from config.console_settings import ConsoleSettings, is_trusted
from config.people_settings import PersonSettings
from config.settings import Report


def check_push(
    channels: Mapping[str, ChannelSettings], people: Mapping[str, PersonSettings], report: Report
) -> None:
    """Report ends that are not a person's own phones, and a channel that is nobody's."""
    for name in (name for name, one in channels.items() if isinstance(one, PushSettings)):
        for key, person in people.items():
            for end in person.reach:
                if end.partition("/")[0] == name and end != f"{name}/{key}":
                    cure = f"must be {name}/{key}: the phones that are signed up as this person"
                    report(f"people.{key}.reach", f"found {end!r}", cure)
        if not targets_of(name, people):
            cure = f"put {name}/KEY into people.KEY.reach of whoever is to be told"
            report(f"channels.{name}", "it is nobody's", cure)


def targets_of(name: str, people: Mapping[str, PersonSettings]) -> tuple[str, ...]:
    """Return the keys of the people whom a channel of Web Push reaches."""
    return tuple(key for key, person in people.items() if f"{name}/{key}" in person.reach)


def doubts(channels: Mapping[str, ChannelSettings], console: ConsoleSettings) -> list[str]:
    """Return why phones can't be signed up, or open nothing but a sign-in page."""
    found = []
    for name in (name for name, one in channels.items() if isinstance(one, PushSettings)):
        if not is_trusted(console.https):
            found.append(
                f"channels.{name}: a phone takes Web Push only from a hub that it trusts: set console.https, "
                "with the school's certificate (cert_file) or authority_on_phones"
            )
        if console.public_url is None:
            found.append(
                f"channels.{name}: without console.public_url a notification opens the board, and may "
                "ask for a password"
            )
    return found
