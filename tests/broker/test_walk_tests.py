"""A walk test from end to end: hub, broker and a simulated agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.site import Site, until


def wall(site: Site) -> dict[str, Any]:
    """What the API says of room 101's wall button."""
    return {zone["zone"]: zone for zone in site.ask("devices")["devices"][0]["zones"]}["wall"]


def test_a_button_is_proved_and_then_live_again(tmp_path: Path) -> None:
    """Its press in the walk test calls nobody and is receipted; the next one, after it, is a real alarm."""
    with Site(tmp_path, rooms=1, agents=True) as site:
        until("heard", lambda: site.ask("devices")["devices"][0]["standing"] == "heard")
        assert wall(site)["proved"] is None
        opened = site.ask("devices/room-101/walk-test", {"zones": ["wall"], "for_s": 60})
        assert opened["walk_test"]["left"] == ["wall"]
        until("the agent is in it", lambda: wall(site)["walk_test"])
        before = len(site.ear.messages)
        site.touch("room-101", "tap")
        event = site.ear.wait_for(
            lambda m: m.topic.endswith("/event") and m.json["what"] == "alarm", 10, after=before
        ).json
        assert event["test"] is True
        site.wait_receipt(event["id"])
        until("proved", lambda: wall(site)["proved"] is not None)
        assert wall(site)["proved"]["by"] == opened["walk_test"]["by"]
        until("live again", lambda: not wall(site)["walk_test"], 15)
        until("over", lambda: site.ask("devices")["devices"][0]["walk_test"] is None)
        assert site.ask("incidents")["incidents"] == []
        site.touch("room-101", "tap")
        until("a real alarm", lambda: len(site.ask("incidents")["incidents"]) == 1)
        whats = [what for (what,) in site.rows("select what from record order by seq")]
        assert whats.count("proved") == 1
        assert whats.index("walk-test-opened") < whats.index("proved") < whats.index("walk-test-ended")
