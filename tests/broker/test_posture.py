"""The posture on a real broker: every room hears it, late ones too, whoever of hub and broker has died."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mosquitto import HOST, Heard, Mosquitto, Wire
from tests.site import Site, until

pytestmark = pytest.mark.broker


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, rooms=2) as running:
        yield running


def sets(site: Site, posture: str, confirm: int | None = None) -> dict[str, Any]:
    """A person with a token says it; returns what holds then."""
    now: dict[str, Any] = site.ask("posture", {"posture": posture, "confirm": confirm})["posture"]
    return now


def heard(site: Site, posture: str, *, after: int = 0, ear: Wire | None = None) -> Heard:
    return (ear or site.ear).wait_for(
        lambda m: m.topic.endswith("/posture") and m.json["posture"] == posture, after=after
    )


def kept(site: Site, broker: Mosquitto | None = None) -> dict[str, Any]:
    """What whoever comes later hears at once: an agent after its power cut."""
    with Wire(broker or site.broker, f"tocsin/v1/{site.name}/posture") as late:
        found: dict[str, Any] = late.wait_for(lambda m: m.retain).json
        return found


def test_every_room_hears_it_and_so_does_one_that_comes_later(site: Site) -> None:
    """Numbered by the time; said to be a person's."""
    first = heard(site, "normal").json
    now = sets(site, "lockdown")
    said = heard(site, "lockdown").json
    assert said == kept(site)
    assert (said["n"], said["drill"], said["automatic"]) == (now["n"], False, False)
    assert said["n"] > first["n"]
    status, refused = site.http("/api/v1/posture", {"posture": "normal"}, f"Bearer {site.token}")
    assert (status, refused["confirm"]) == (409, now["n"])
    assert kept(site)["posture"] == "lockdown"
    sets(site, "normal", now["n"])
    heard(site, "normal", after=site.ear.messages.index(heard(site, "lockdown")))


def test_real_agents_hear_it(tmp_path: Path) -> None:
    """As the rooms page shows it."""
    with Site(tmp_path, rooms=2, agents=True) as site:
        until("the agents' normal", lambda: set(rooms_hold(site)) == {"normal"})
        sets(site, "secure")
        until("the agents' secure", lambda: set(rooms_hold(site)) == {"secure"})


def rooms_hold(site: Site) -> list[str | None]:
    with urllib.request.urlopen(f"http://{HOST}:{site.rooms_port}/api/stream", timeout=5) as stream:
        for line in stream:
            if line.startswith(b"data: "):
                rooms = json.loads(line[6:])["rooms"]
                return [room["posture"] and room["posture"]["posture"] for room in rooms]
    raise AssertionError("the rooms said nothing")


def test_it_is_said_again_by_a_hub_that_was_killed(site: Site) -> None:
    """The same, under the same number."""
    sets(site, "lockdown")
    before = heard(site, "lockdown").json
    site.hub.kill()
    heard_before = len(site.ear.messages)
    site.start_hub()
    assert heard(site, "lockdown", after=heard_before).json == before == kept(site)


def test_a_broker_that_lost_it_is_told_it_again(tmp_path: Path) -> None:
    """And so is one that was away when it was set: every broker has it once its link is up."""
    with Site(tmp_path, rooms=2, more_brokers=1) as site:
        second = site.more_brokers[0]
        site.more_ears[0].wait_for(lambda m: m.topic.endswith("/posture"))
        second.kill()
        until("known to be away", lambda: "broker rest broker-2" in site.troubles(), 20)
        sets(site, "lockdown")
        heard(site, "lockdown")
        (second.folder / "mosquitto.db").unlink(missing_ok=True)
        second.start()
        until("told it", lambda: said_by(second, site) == "lockdown", 20)
        assert kept(site, second) == kept(site)


def said_by(broker: Mosquitto, site: Site) -> str | None:
    with Wire(broker, f"tocsin/v1/{site.name}/posture") as late, contextlib.suppress(AssertionError):
        return str(late.wait_for(lambda m: m.retain, 1.0).json["posture"])
    return None


def test_a_lockdown_does_not_wait_for_the_disk_nor_is_it_lost_with_the_hub(site: Site) -> None:
    """Told from memory; the hub that comes after has no row of it, shows what rooms hold, and asks."""
    heard(site, "normal")
    assert site.ask("posture")["posture"]["by"] is None  # the token is made while the disk is well
    with contextlib.closing(sqlite3.connect(site.hub_data / "tocsin.db", isolation_level=None)) as db:
        db.execute("pragma busy_timeout = 5000")
        db.execute("begin immediate")
        answer = site.ask("posture", {"posture": "lockdown"})
        assert answer["recorded"] is False
        told = heard(site, "lockdown").json
        site.hub.kill()
    site.start_hub()
    until("taken up", lambda: site.ask("posture")["posture"]["posture"] == "lockdown")
    now = site.ask("posture")["posture"]
    assert (now["n"], now["by"]) == (told["n"], None)
    assert now["asked"]["why"].endswith("this hub's record has lost who set it")
    assert kept(site)["posture"] == "lockdown"
    assert sets(site, "lockdown")["asked"] is None
