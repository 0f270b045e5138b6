"""``tocsin-hub channel test``: has the running hub tell a channel's ends a test, and shows each step."""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from config.hub_settings import HubSettings
from hub.cli_enrol import asked, who

PATIENCE_S: Final = 120.0
LOOK_S: Final = 0.2
WORDS: Final = {
    "owed": "handed to the channel",
    "delivered": "delivered",
    "delivery-failed": "failed",
    "delivery-given-up": "FAILED for good",
    "delivery-withdrawn": "given up",
}
"""What a row of the record says of a delivery, for people."""
OVER: Final = frozenset({"delivered", "delivery-given-up", "delivery-withdrawn"})


def test(settings: HubSettings, channel: str, target: str | None) -> int:
    """Test a channel; returns 0 where each end was told, 1 where not, or not within two minutes."""
    answer = asked(settings, "channel-test", channel=channel, target=target, by=who())
    if answer is None:
        return 1
    if not answer["deliveries"]:
        print(f"tocsin-hub: channel {channel} has no end", file=sys.stderr)
        return 1
    print(f"Channel {channel}: a test, marked as one, to {len(answer['deliveries'])} end(s)")
    for end in answer["unasked"]:
        print(f"  {end}: its far side can't be asked for; what it says is all that is known")
    if answer["reached"] is not None:
        print(f"  its far side was last reached at {answer['reached'][11:19]} UTC")
    told, left = _followed(settings, answer)
    if left:
        print(f"tocsin-hub: {len(left)} not told yet: {', '.join(left)}; the hub goes on for ten minutes")
    print(f"{told} of {len(answer['deliveries'])} told")
    return 0 if told == len(answer["deliveries"]) else 1


def _followed(settings: HubSettings, answer: dict[str, Any]) -> tuple[int, list[str]]:
    """Print each step as it comes; returns how many ends were told, and which are still being tried."""
    until, shown, told = time.monotonic() + PATIENCE_S, 0, 0
    left = dict.fromkeys(answer["deliveries"], "")
    while left and time.monotonic() < until:
        found = asked(settings, "channel-test-steps", about=answer["about"])
        if found is None:
            break
        for step in found["steps"][shown:]:
            detail = step["detail"]
            print(
                f"  {step['at'][11:23]} {detail['target']}: {WORDS[step['what']]}: {step['reason']}",
                flush=True,
            )
            left[detail["delivery"]] = detail["target"]
            if step["what"] in OVER:
                del left[detail["delivery"]]
                told += step["what"] == "delivered"
        shown = len(found["steps"])
        if left:
            time.sleep(LOOK_S)
    return told, [name or "one" for name in left.values()]
