"""Spares, as scripts: a machine that waits for a room, and is given one."""

from __future__ import annotations

from hub.enrolment.asking import Assigned, AssignSpare, Enrolled, Hold, Renew, Revoke, Revoked
from tests.scenarios.rig import Rig
from tests.scenarios.test_enrolment import asked, enrolled, hashed, refused, spare_of, states


def test_a_spare_waits_for_a_room_and_is_given_one(rig: Rig) -> None:
    """It has no right at the broker; once the room's certificate is shown, the spare's is no good."""
    spare = spare_of(rig, "k1")
    assert (spare.is_spare, spare.state, spare.device) == (True, "held", f"spare-{hashed('k1')[:8]}")
    assert rig.site.book.rights().devices == frozenset()
    wants = Renew("s-k1", "s-k2", "lincoln.room-101", hashed("k2"), "PEM", "x")
    assert "was given no room yet" in refused(rig, wants, "spare")
    asked(rig, AssignSpare(spare.device, "room-101", "Lee", "board"), Assigned)
    rig.restart(5)
    one = asked(rig, wants, Enrolled).identity
    assert (one.device, one.given, one.by, one.is_spare) == ("room-101", "spare", "Lee", False)
    assert asked(rig, wants, Enrolled).identity == one
    asked(rig, Hold("s-k2", "x"), Enrolled)
    assert states(rig) == {"s-k1": "revoked", "s-k2": "held"}
    assert rig.site.book.rights().devices == {"room-101"}


def test_a_spare_takes_a_broken_pis_place_only_if_that_was_said(rig: Rig) -> None:
    """With ``replace``; else the room is taken."""
    enrolled(rig)
    spare = spare_of(rig, "k2").device
    refused(rig, AssignSpare(spare, "room-101", "Lee", "board"), "taken")
    asked(rig, AssignSpare(spare, "room-101", "Lee", "board", replace=True), Assigned)
    one = asked(rig, Renew("s-k2", "s-k3", "lincoln.room-101", hashed("k3"), "PEM", "x"), Enrolled).identity
    asked(rig, Hold(one.serial, "x"), Enrolled)
    assert states(rig) == {"s-k1": "revoked", "s-k2": "revoked", "s-k3": "held"}


def test_a_spare_whose_room_changed_meanwhile_asks_again(rig: Rig) -> None:
    """What was signed for the room that it had before is given to nobody."""
    spare = spare_of(rig, "k1").device
    asked(rig, AssignSpare(spare, "room-102", "Lee", "board"), Assigned)
    late = Renew("s-k1", "s-k2", "lincoln.room-101", hashed("k2"), "PEM", "x")
    assert refused(rig, late, "changed") == "it is room-102 now; ask again"


def test_a_spare_that_is_given_another_room_gets_that_one(rig: Rig) -> None:
    """What was signed for the one before holds no more, also where its agent has it already."""
    spare = spare_of(rig, "k1").device
    asked(rig, AssignSpare(spare, "room-102", "Lee", "board"), Assigned)
    asked(rig, Renew("s-k1", "s-k2", "lincoln.room-102", hashed("k2"), "PEM", "x"), Enrolled)
    asked(rig, AssignSpare(spare, "room-102", "Lee", "board"), Assigned)
    assert states(rig) == {"s-k1": "held", "s-k2": "signed"}
    asked(rig, AssignSpare(spare, "room-101", "Lee", "board"), Assigned)
    assert "was given another room" in refused(rig, Hold("s-k2", "x"), "revoked")
    again = Renew("s-k1", "s-k3", "lincoln.room-101", hashed("k2"), "PEM", "x")
    assert asked(rig, again, Enrolled).identity.device == "room-101"
    asked(rig, Hold("s-k3", "x"), Enrolled)
    assert rig.site.book.rights().devices == {"room-101"}


def test_a_spare_that_is_revoked_becomes_no_room(rig: Rig) -> None:
    """Also by a certificate of its room that it was given and has not shown."""
    spare = spare_of(rig, "k1").device
    asked(rig, AssignSpare(spare, "room-101", "Lee", "board"), Assigned)
    asked(rig, Renew("s-k1", "s-k2", "lincoln.room-101", hashed("k2"), "PEM", "x"), Enrolled)
    answer = asked(rig, Revoke(spare, "Lee", "command"), Revoked)
    assert [one.serial for one in answer.identities] == ["s-k1", "s-k2"]
    refused(rig, Hold("s-k2", "x"), "revoked")
    assert rig.site.book.rights().devices == frozenset()
