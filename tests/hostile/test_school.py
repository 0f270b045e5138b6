"""A whole school over TLS: a stolen room, and what its thief can do with its certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.authority.closing import close_session
from tests.school_site import SchoolSite
from tests.site import until

pytestmark = pytest.mark.broker
P = "tocsin/v1/school"
ALARM = (
    b'{"v":1,"id":"%s","boot":"b","seq":1,"zone":"wall","kind":"panic","what":"alarm","age_ms":0,'
    b'"test":false}'
)


@pytest.fixture
def school(tmp_path: Path) -> Iterator[SchoolSite]:
    with SchoolSite(tmp_path) as running:
        yield running


def opened(school: SchoolSite, *, after: int = 0) -> list[str]:
    """The rooms of the next incident, or of the next change to one."""
    post = school.sink.wait_for(lambda post: post.type.startswith("incident."), after=after)
    return [room["device"] for room in post.incident["rooms"]]


def test_presses_come_from_the_rooms_they_were_made_in(school: SchoolSite) -> None:
    """Over TLS both ways, by two identities of the hub, and the lamp says that it was received."""
    school.rooms["room-102"].tap("wall")
    assert opened(school) == ["room-102"]
    school.rooms["room-102"].wait_lamp("Received: the hub has it")
    said = school.hub.log.read_text()
    assert "the broker does not go by the newest lists" not in said
    assert "file-rights" not in said


def test_a_stolen_room_is_shut_out_and_its_neighbour_notices_nothing(school: SchoolSite) -> None:
    """Its Pi is told, a thief with its card isn't let in, and the neighbour's press is heard meanwhile."""
    broker, stolen = school.broker, school.broker.tls["room-101"]
    links = len([line for line in broker.words().splitlines() if "as school.room-102 " in line])
    broker.revoke(stolen, "room-101")
    close_session(broker.at(None), broker.authority, broker.data, "school.room-101")
    school.rooms["room-101"].wait_link(up=False)
    until("its log says why", lambda: "it was revoked; enrol" in school.rooms["room-101"].log.read_text(), 20)
    thief = broker.wire(stolen, "nothing")
    with pytest.raises(AssertionError, match="no subscription"):
        thief.open(2)
    thief.drop()
    school.rooms["room-102"].tap("desk")
    assert opened(school) == ["room-102"]
    assert links == len([line for line in broker.words().splitlines() if "as school.room-102 " in line])


def test_the_room_comes_back_with_a_new_pi(school: SchoolSite) -> None:
    """The same name and rights by another certificate; what it had sent before comes again for nothing."""
    broker = school.broker
    broker.revoke(broker.tls["room-101"])
    close_session(broker.at(None), broker.authority, broker.data, "school.room-101")
    school.rooms["room-101"].end()
    school.plug("room-101", broker.enrol("room-101"))
    school.rooms["room-101"].tap("wall")
    assert opened(school) == ["room-101"]
    school.rooms["room-101"].wait_lamp("Received: the hub has it")


def test_a_thief_with_a_card_cries_wolf_in_its_own_room_alone(school: SchoolSite) -> None:
    """Whatever it says of others is refused; an event of its own room, as often as it likes, is one alarm."""
    school.rooms["room-101"].end()
    with school.broker.wire(school.broker.tls["room-101"], f"{P}/#") as thief:
        for topic in ("room-102/event", "room-102/receipt", "room-102/command", "room-102/state", "posture"):
            assert not thief.publishes(f"{P}/{topic}", ALARM % b"forged")
        for _ in range(3):
            assert thief.publishes(f"{P}/room-101/event", ALARM % b"replayed")
        thief.wait_for(lambda m: m.topic.endswith("/receipt") and "replayed" in m.json["ids"])
    assert opened(school) == ["room-101"]
    school.rooms["room-102"].tap("wall")  # after it, the events of all that came before are told
    post = school.sink.wait_for(lambda post: len(post.incident["rooms"]) == 2)
    assert [event["id"] for event in post.incident["events"]].count("replayed") == 1
    assert {event["device"] for event in post.incident["events"]} == {"room-101", "room-102"}
    assert not [event for event in post.incident["events"] if event["id"] == "forged"]


def test_the_broker_dies_and_everybody_is_back(school: SchoolSite) -> None:
    """Sessions and retained words outlive it, rights and revocations are read as it starts."""
    school.broker.wait_stored()
    school.broker.kill()
    for room in school.rooms.values():
        room.wait_link(up=False)
    school.rooms["room-101"].tap("wall")
    school.broker.start()
    assert opened(school) == ["room-101"]
    school.rooms["room-101"].wait_lamp("Received: the hub has it")
    school.rooms["room-102"].wait_lamp("Ready: the hub is heard", 60)
