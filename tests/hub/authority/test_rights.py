"""The list of rights as text; what the broker makes of it is tested on the broker (tests/broker)."""

from __future__ import annotations

import pytest

from hub.authority.rights import rights


def test_each_party_has_its_own_lines_and_nobody_any_before_them() -> None:
    """Lines before the first user would be everybody's."""
    text = rights("lincoln", "hub-1", ["room-102", "room-101", "room-101"])
    assert (
        text
        == """\
# Written by the hub at each enrolment and revocation; changes here are lost.

user tocsin-hub-lincoln
topic read tocsin/v1/lincoln/+/event

user tocsin-hub-lincoln-rest
topic read tocsin/v1/lincoln/+/state
topic read tocsin/v1/lincoln/+/health
topic read tocsin/v1/lincoln/posture
topic read $SYS/broker/publish/messages/dropped
topic write tocsin/v1/lincoln/+/receipt
topic write tocsin/v1/lincoln/+/command
topic write tocsin/v1/lincoln/posture
topic write tocsin/v1/lincoln/hub/hub-1/state

user lincoln.room-101
topic read tocsin/v1/lincoln/room-101/receipt
topic read tocsin/v1/lincoln/room-101/command
topic read tocsin/v1/lincoln/posture
topic read tocsin/v1/lincoln/hub/+/state
topic write tocsin/v1/lincoln/room-101/event
topic write tocsin/v1/lincoln/room-101/state
topic write tocsin/v1/lincoln/room-101/health

user lincoln.room-102
topic read tocsin/v1/lincoln/room-102/receipt
topic read tocsin/v1/lincoln/room-102/command
topic read tocsin/v1/lincoln/posture
topic read tocsin/v1/lincoln/hub/+/state
topic write tocsin/v1/lincoln/room-102/event
topic write tocsin/v1/lincoln/room-102/state
topic write tocsin/v1/lincoln/room-102/health
"""
    )


@pytest.mark.parametrize(
    ("site", "hub", "device"),
    [
        ("lincoln", "hub-1", "room-101\ntopic readwrite #"),
        ("lincoln", "hub-1", "+"),
        ("lincoln", "hub-1", "hub"),
        ("lincoln", "hub-1", ""),
        ("lin.coln", "hub-1", "room-101"),
        ("lincoln", "#", "room-101"),
    ],
)
def test_a_name_that_is_no_id_gets_no_line(site: str, hub: str, device: str) -> None:
    """It could hold a right of its own."""
    with pytest.raises(ValueError, match="no ids"):
        rights(site, hub, [device])
