"""Links that let one person answer one incident."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from config.console_settings import ConsoleSettings
from config.hub_settings import HubSettings
from config.people_settings import PersonSettings
from hub.delivery import Delivery, Target
from hub.links import FORM_MS, GOOD_MS, Invitations, Link, Links
from tests.hub.channels.making import delivery

KEY = b"k" * 32
LINK = Link("reyes", "i-1", 1_000)
SETTINGS = HubSettings(
    site="lincoln",
    name="Lincoln",
    data=Path("/nowhere"),
    console=ConsoleSettings(public_url="https://tocsin.example.org/"),
    people={
        "reyes": PersonSettings(name="Officer Reyes", reach=("phones/Reyes", "mail")),
        "okafor": PersonSettings(name="Dr. Okafor", reach=("phones/Okafor", "phones/Desk")),
        "office": PersonSettings(name="Front office", reach=("phones/Desk",)),
    },
)


def owed(channel: str = "phones", name: str = "Reyes", **more: object) -> Delivery:
    return replace(delivery(owed_at=5_000), target=Target("sro", channel, name), **more)


def test_a_link_is_read_as_it_was_signed() -> None:
    assert Links(KEY, "lincoln").open(Links(KEY, "lincoln").seal(LINK)) == LINK


def test_a_link_of_another_key_site_or_kind_is_none() -> None:
    """Nor is one that was cut short, or had a letter changed; nor what a form bears."""
    links = Links(KEY, "lincoln")
    token = links.seal(LINK)
    assert Links(b"x" * 32, "lincoln").open(token) is None
    assert Links(KEY, "oak-hill").open(token) is None
    assert links.open(links.seal_form(token, 1, 0)) is None
    for wrong in ("", ".", "x", token[:-1], token[1:], f"{token}x", "\0", "é"):
        assert links.open(wrong) is None
    payload, _, seal = token.rpartition(".")
    assert links.open(f"{payload[:-1]}{'A' if payload[-1] != 'A' else 'B'}.{seal}") is None


def test_a_form_says_what_its_own_page_showed_for_so_long() -> None:
    links = Links(KEY, "lincoln")
    form = links.seal_form("token", 3, 1_000)
    assert links.shown(form, "token", 1_000 + FORM_MS - 1) == 3
    assert links.shown(form, "token", 1_000 + FORM_MS) is None
    assert links.shown(form, "another", 2_000) is None
    assert links.shown(form, "token", 999) is None  # a page of the future is none of this hub's
    assert links.shown(links.seal(LINK), "token", 2_000) is None


def test_a_notice_to_one_person_has_a_link_of_its_own() -> None:
    """The same at every try; good for a day from when it was owed."""
    links = Links(KEY, "lincoln")
    invitations = Invitations(links, SETTINGS)
    line = invitations.line(owed())
    assert line is not None
    assert line == invitations.line(owed(attempts=3))
    before, _, token = line.rpartition("/")
    assert before == "Take it in hand: https://tocsin.example.org/go"
    assert links.open(token) == Link("reyes", "i-1", 5_000 + GOOD_MS)
    whole = invitations.line(owed("mail", "office@example.org"))
    assert whole is not None, "all ends of a channel are reached by one person alone"


@pytest.mark.parametrize(("channel", "name"), [("phones", "Desk"), ("phones", "Nobody"), ("hook", "-")])
def test_what_several_people_read_or_nobody_by_name_has_no_link(channel: str, name: str) -> None:
    invitations = Invitations(Links(KEY, "lincoln"), SETTINGS)
    assert invitations.line(owed(channel, name)) == "Take it in hand on the board."


def test_without_a_public_address_the_message_says_where() -> None:
    invitations = Invitations(Links(KEY, "lincoln"), replace(SETTINGS, console=ConsoleSettings()))
    assert invitations.line(owed()) == "Take it in hand on the board."
    assert Invitations(None, SETTINGS).line(owed()) == "Take it in hand on the board."


def test_where_nothing_is_to_be_answered_there_is_no_line() -> None:
    """An incident that somebody has, or that is over; a notice of troubles."""
    invitations = Invitations(Links(KEY, "lincoln"), SETTINGS)
    in_hand = owed().body.replace(b'"state":"open"', b'"state":"acknowledged"')
    assert invitations.line(owed(body=in_hand)) is None
    assert invitations.line(owed(incident="", body=b'{"title":"t","text":"t"}')) is None
