"""The CAP channel against a real receiver."""

from __future__ import annotations

import asyncio
import time
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from config.channel_settings import CapSettings
from hub.cap.document import NAMESPACE
from hub.channels.cap import RECORD_S, CapChannel
from hub.delivery import Delivery, Outcome
from hub.notice import notice_body
from tests.hub.channels.making import delivery
from tests.hub.channels.receiver import Answer, Receiver
from tests.hub.making import T0, incident

SETTINGS = CapSettings(url="http://x/", sender="tocsin@lincoln.example.org", area="Lincoln")


def owed(number: int, kind: str = "incident.opened") -> Delivery:
    body = notice_body(incident(), kind, "dispatch", T0 + number * 1000)  # type: ignore[arg-type]
    return replace(delivery(number, channel="county"), type=kind, body=body)  # type: ignore[arg-type]


def channel(url: str, told: object = lambda *_: [], token: str | None = None) -> CapChannel:
    return CapChannel("county", url, token, SETTINGS, ("Lincoln", "UTC"), told)  # type: ignore[arg-type]


def sent(receiver: Receiver) -> list[tuple[str | None, str | None]]:
    found = [ET.fromstring(request.body) for request in receiver.requests]
    return [
        (one.findtext(f"{{{NAMESPACE}}}msgType"), one.findtext(f"{{{NAMESPACE}}}references")) for one in found
    ]


async def deliver(one: CapChannel, *deliveries: Delivery) -> list[Outcome]:
    try:
        return [await one.deliver(each) for each in deliveries]
    finally:
        await one.close()


def test_what_was_delivered_before_is_named_and_the_end_ends_it() -> None:
    told: list[Delivery] = []
    with Receiver() as receiver:
        one = channel(receiver.url, lambda *_: list(told), token="a-token-of-1234")
        first, second, last = owed(1), owed(2, "incident.updated"), owed(3, "incident.resolved")

        async def all_of_them() -> None:
            for each in (first, second, last):
                assert (await one.deliver(each)).verdict == "delivered"
                told.append(each)
            await one.close()

        asyncio.run(all_of_them())
        assert [kind for kind, _ in sent(receiver)] == ["Alert", "Update", "Update"]
        names = [references or "" for _, references in sent(receiver)]
        assert [text.count("tocsin@lincoln.example.org,d-") for text in names] == [0, 1, 2]
        headers = receiver.requests[0].headers
        assert (headers["content-type"], headers["authorization"]) == (
            "application/cap+xml",
            "Bearer a-token-of-1234",
        )


def test_an_end_of_what_was_never_told_is_not_told() -> None:
    with Receiver() as receiver:
        [outcome] = asyncio.run(deliver(channel(receiver.url), owed(1, "incident.resolved")))
        assert outcome == Outcome("delivered", "nothing to end: it was never told")
        assert receiver.requests == []


@pytest.mark.parametrize("hangs", [False, True])
def test_a_call_waits_for_no_sick_record(hangs: bool) -> None:
    """It goes as an alert of its own; an end waits."""

    def sick(*_: object) -> list[Delivery]:
        if hangs:
            time.sleep(3 * RECORD_S)  # the disk's own time: nothing here can hurry it
        raise OSError("disk I/O error")

    with Receiver() as receiver:
        outcomes = asyncio.run(deliver(channel(receiver.url, sick), owed(1), owed(2, "incident.resolved")))
        assert [one.verdict for one in outcomes] == ["delivered", "temporary"]
        assert sent(receiver) == [("Alert", None)]


def test_what_the_far_side_says_decides_and_its_token_is_shown_to_nobody() -> None:
    with Receiver([Answer(403, b"no a-token-of-1234 here")]) as receiver:
        [outcome] = asyncio.run(deliver(channel(receiver.url, token="a-token-of-1234"), owed(1)))
        assert outcome.verdict == "permanent"
        assert "a-token-of-1234" not in outcome.said


def test_its_far_side_is_asked_for_without_a_word() -> None:
    with Receiver() as receiver:
        assert asyncio.run(channel(receiver.url).probe()).verdict == "delivered"
        assert receiver.requests == []
