"""From a press to a text on a phone and back: the hub as it runs, and a modem on a pseudo-terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.modem.simulated import Seen, SimulatedModem
from tests.modem import PtyModem
from tests.site import Site, until

pytestmark = pytest.mark.broker
SMITH, JONES = "+15550100001", "+15550100002"


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[PtyModem]:
    with PtyModem(tmp_path / "modem") as modem:
        yield modem


@pytest.fixture
def site(tmp_path: Path, modem: PtyModem) -> Iterator[Site]:
    with Site(tmp_path, rooms=2, hub=False) as running:
        text = running.hub_toml.read_text()
        text = text.replace('channels = ["hook"] }', 'channels = ["hook"], members = ["smith", "jones"] }')
        text = text.replace(
            "walk_tests =",
            f'channels.sms = {{ type = "modem", device = "{modem.path}",'
            f' numbers = {{ smith = "{SMITH}", jones = "{JONES}" }} }}\n'
            'channels.calls = { type = "call", modem = "sms" }\n'
            'people.smith = { name = "Officer Smith", reach = ["sms/smith"] }\n'
            'people.jones = { name = "Dr. Jones", reach = ["sms/jones", "calls/jones"] }\n'
            "walk_tests =",
        )
        running.hub_toml.write_text(text)
        running.start_hub()
        yield running


def sent(modem: PtyModem, to: str, begins: str, deadline_s: float = 30.0) -> Seen:
    return until(
        f"a text to {to} that begins with {begins!r}; there are {[seen.text for seen in modem.modem.seen]}",
        lambda: next((s for s in modem.modem.seen if s.to == to and s.text.startswith(begins)), None),
        deadline_s,
    )


def whats(site: Site, incident: str) -> set[str]:
    """What is on an incident's timeline."""
    return {line["what"] for line in site.ask(f"incidents/{incident}")["timeline"]}


def test_a_press_is_a_text_whose_answer_acknowledges_and_the_all_clear_is_a_text(
    site: Site, modem: PtyModem
) -> None:
    """Also: the other's phone rings until then, and what a phone has is on the timeline."""
    press = site.event()
    site.send(press)
    text = sent(modem, SMITH, "PANIC Room 101").text
    sent(modem, JONES, "PANIC Room 101")
    until("the other's phone rings", lambda: modem.modem.call, 20.0)
    until("it is delivered", lambda: modem.modem.seen)
    for seen in list(modem.modem.seen):
        modem.say(modem.modem.report(seen.references[0], seen.to))
    code = text.partition("Reply ")[2]
    assert code.startswith("ACK ")
    modem.receive(SMITH, "ack")
    assert code in sent(modem, SMITH, "Reply ACK").text
    modem.receive(SMITH, code.lower())
    for number in (SMITH, JONES):
        assert "Officer Smith has it since" in sent(modem, number, "PANIC acknowledged").text
    until("nobody's phone rings any more", lambda: modem.modem.call is None)
    (open_one,) = site.ask("incidents")["incidents"]
    assert open_one["acknowledged"]["via"] == "text"
    modem.receive(SMITH, "On scene")
    identity = open_one["id"]
    until("it is on the timeline", lambda: "note" in whats(site, identity))
    site.ask(f"incidents/{identity}/resolve", {"disposition": "false-alarm"})
    for number in (SMITH, JONES):
        assert "False alarm" in sent(modem, number, "PANIC resolved").text
    assert {"text-arrived", "note", "acknowledged"} <= whats(site, identity)
    until("all that came is deleted", lambda: not modem.modem.held)


def test_an_answer_that_came_while_the_hub_was_down_is_heard_as_it_starts(
    site: Site, modem: PtyModem
) -> None:
    """The modem keeps it until it is written down."""
    press = site.event()
    site.send(press)
    code = sent(modem, SMITH, "PANIC Room 101").text.partition("Reply ")[2]
    site.hub.kill()
    modem.receive(SMITH, code)
    assert modem.modem.held
    site.start_hub()
    until(
        "it is acknowledged",
        lambda: any(one["acknowledged"] for one in site.ask("incidents")["incidents"]),
        30.0,
    )
    until("it is deleted", lambda: not modem.modem.held)


def test_a_modem_that_is_unplugged_is_a_trouble_within_90_s_and_a_restart_of_it_ends_it(
    site: Site, modem: PtyModem
) -> None:
    """Asked for every 30 s, twice in vain: a trouble; plugged in again, it is over."""
    until("the modem is set up", lambda: modem.modem._notices == "2,1,0,1,0", 20.0)
    modem.unplug()
    key = "channel sms -"
    until("it is a trouble", lambda: key in site.troubles(), 90.0)
    old, modem.modem = modem.modem, SimulatedModem()
    modem.plug()
    until("it is over", lambda: key not in site.troubles(), 60.0)
    press = site.event()
    site.send(press)
    sent(modem, SMITH, "PANIC Room 101")
    assert not old.seen
