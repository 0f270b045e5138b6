"""The dead-man's switch against a real far side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from config.outside_ping_settings import OutsidePingSettings
from hub.inputs import Measured
from hub.outside_ping import OutsidePing, sent
from hub.view import TURNS_S, View
from tests.hub.channels.receiver import Answer, Receiver, free_port
from tests.scenarios.rig import site_settings
from tests.site import until


@contextmanager
def pinging(is_ready: Callable[[], bool], **settings: object) -> Iterator[list[Measured]]:
    found: list[Measured] = []
    whole = replace(site_settings(), outside_ping=OutsidePingSettings(**settings))  # type: ignore[arg-type]
    ping = OutsidePing(lambda: whole, is_ready, found.append)
    ping.start()
    try:
        yield found
    finally:
        ping.stop()


def test_it_pings_while_the_hub_can_work_and_no_longer(tmp_path: Path) -> None:
    """The URL may be in a file; nothing but the ping is said."""
    ready = [False]
    with Receiver() as receiver:
        (tmp_path / "url").write_text(f"{receiver.url}/1234\n")
        with pinging(lambda: ready[0], url_file=tmp_path / "url", every_s=10) as found:
            ready[0] = True
            until("it pings", lambda: found)
            assert found == [Measured(unpinged="")]
            [request] = receiver.requests
            assert (request.start.split()[0], request.start.split()[1][-5:]) == ("GET", "/1234")
            assert request.body == b""


def test_it_says_nothing_while_the_hub_can_not_work() -> None:
    asked: list[bool] = []

    def not_ready() -> bool:
        asked.append(True)
        return False

    with Receiver() as receiver, pinging(not_ready, url=receiver.url) as found:
        until("it was asked twice", lambda: len(asked) >= 2)
        assert (receiver.requests, found) == ([], [])


@pytest.mark.parametrize(("status", "said"), [(204, ""), (500, "HTTP Error 500")])
def test_what_the_far_side_says_decides(status: int, said: str) -> None:
    with Receiver([Answer(status)]) as receiver:
        why = sent(receiver.url, 5)
    assert (why == "") if said == "" else (said in why)


def test_a_far_side_that_is_away_is_said_without_the_url() -> None:
    why = sent(f"http://127.0.0.1:{free_port()}/a-secret-of-1234", 5)
    assert "Connection refused" in why
    assert "a-secret-of-1234" not in why


def test_a_hub_whose_recorder_hangs_can_not_work() -> None:
    """Whatever it said last."""
    view = View("lincoln", "Lincoln", "UTC", 0)
    assert not view.can_work(0.0)
    view.ready, view.turned = True, 100.0
    assert view.can_work(100.0 + TURNS_S - 1)
    assert not view.can_work(100.0 + TURNS_S)
